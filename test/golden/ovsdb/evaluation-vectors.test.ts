/**
 * Conditions and mutations as Open vSwitch's own tests have them (tests/ovsdb-condition.at, ovsdb-mutation.at, ovsdb-query.at): what keeps the fake
 * server of the tests honest.
 */
import { describe, expect, test } from 'vitest'
import { defaultDatum, parseDatum, printDatum } from '#ovsdb/datum.js'
import { isJsonArray, isJsonObject, type Json, parseJson } from '#ovsdb/json.js'
import { parseTable, type TableSchema } from '#ovsdb/schema.js'
import { type FakeRow, parseClauses } from '../../fake/ovsdb/clauses.js'
import { parseMutation } from '../../fake/ovsdb/mutations.js'
import { TransactionError } from '../../fake/ovsdb/transaction-error.js'
import { readVectors, title, vectorsAreThere } from './vectors.js'

interface EvaluationVector {
  readonly name: string
  readonly source: string
  readonly command: string
  readonly valid: boolean
  readonly args?: readonly string[]
  readonly schema_args?: readonly string[]
  readonly cases?: readonly { readonly input: string; readonly error?: string }[]
  readonly expected?: string
}

const vectors = readVectors<EvaluationVector>('ovsdb/ovsdb-values.json')
const of = (command: string): readonly EvaluationVector[] =>
  vectors.filter((vector) => vector.command === command)

const listOf = (text: string | undefined): readonly Json[] => {
  const json = parseJson(text ?? '')
  return isJsonArray(json) ? json : []
}

const rowOf = (table: TableSchema, json: Json): FakeRow =>
  new Map(
    [...table.columns].map(([name, { type }]) => {
      const value = isJsonObject(json) ? json[name] : undefined
      return [name, value === undefined ? defaultDatum(type) : parseDatum(type, value)]
    }),
  )

/** The upstream output as one word of `T` and `-` per condition. */
const truths = (expected: string): readonly string[] =>
  expected.split('\n').flatMap((line) => {
    const [, word] = /^(?:condition|query) +\d+: (.*)$/.exec(line) ?? []
    return word === undefined ? [] : [word.replaceAll(' ', '').replaceAll(/[^-]/g, 'T')]
  })

describe.skipIf(!vectorsAreThere)(title('conditions'), () => {
  const evaluated = [...of('evaluate-conditions'), ...of('evaluate-conditions-any'), ...of('query')]
  test.each(evaluated)('$command: $name ($source)', ({ command, args = [], expected = '' }) => {
    const [schema, second, third] = args
    const [conditions, rows] =
      command === 'query' ? [listOf(third), listOf(second)] : [listOf(second), listOf(third)]
    const table = parseTable('t', parseJson(schema ?? ''))
    const got = conditions.map((condition) => {
      const clauses = parseClauses(table, condition)
      const holds = (row: FakeRow): boolean =>
        command === 'evaluate-conditions-any'
          ? clauses.some((clause) => clause(row))
          : clauses.every((clause) => clause(row))
      return rows.map((row) => (holds(rowOf(table, row)) ? 'T' : '-')).join('')
    })
    expect(got).toEqual(truths(expected))
    expect(got.length).toBeGreaterThan(0)
  })

  test.each(of('parse-conditions'))('$valid: $name ($source)', ({ valid, schema_args = [], cases = [] }) => {
    const table = parseTable('t', parseJson(schema_args[0] ?? ''))
    for (const { input, error } of cases) {
      const parse = (): unknown => parseClauses(table, parseJson(input))
      if (valid || error === undefined) expect(parse, input).not.toThrow()
      else expect(parse, input).toThrow(TransactionError)
    }
  })
})

describe.skipIf(!vectorsAreThere)(title('mutations'), () => {
  test.each(of('parse-mutations'))('$valid: $name ($source)', ({ valid, schema_args = [], cases = [] }) => {
    const table = parseTable('t', parseJson(schema_args[0] ?? ''))
    for (const { input, error } of cases) {
      const parse = (): unknown => listOf(input).map((mutation) => parseMutation(table, mutation))
      if (valid || error === undefined) expect(parse, input).not.toThrow()
      else expect(parse, input).toThrow(TransactionError)
    }
  })

  test.each(of('execute-mutations'))('$name ($source)', ({ args = [], expected = '' }) => {
    const table = parseTable('t', parseJson(args[0] ?? ''))
    const lines = expected.split('\n').filter((line) => line.startsWith('row'))
    let at = 0
    for (const mutations of listOf(args[1])) {
      for (const row of listOf(args[2])) {
        const line = lines[at]?.replace(/^row \d+: /, '') ?? 'nothing'
        at += 1
        check(table, rowOf(table, row), mutations, line)
      }
    }
    expect(at).toBe(lines.length)
  })

  const check = (table: TableSchema, row: FakeRow, mutations: Json, line: string): void => {
    const run = (): FakeRow => {
      let result = row
      for (const mutation of isJsonArray(mutations) ? mutations : []) {
        const { column, apply } = parseMutation(table, mutation)
        result = new Map(result).set(column, apply(result.get(column) ?? { keys: [] }))
      }
      return result
    }
    if (!line.startsWith('{') && line !== 'no change') {
      const [error] = line.split(':')
      expect(run, line).toThrow(expect.objectContaining({ error }))
      return
    }
    const wanted =
      line === 'no change'
        ? row
        : new Map([
            ...row,
            ...rowOfChanges(table, parseJson(line.replaceAll(largest, '1.7976931348623157e+308'))),
          ])
    for (const [name, { type }] of table.columns) {
      const print = (from: FakeRow): Json => rounded(printDatum(type, from.get(name) ?? { keys: [] }))
      expect(print(run()), line).toEqual(print(wanted))
    }
  }

  /** The largest double in 15 digits, which is none any more. */
  const largest = '1.79769313486232e+308'

  /** Upstream prints 15 digits of a real. */
  const rounded = (json: Json): Json => {
    if (isJsonArray(json)) return json.map(rounded)
    return typeof json === 'number' && !Number.isSafeInteger(json) ? Number(json.toPrecision(15)) : json
  }

  const rowOfChanges = (table: TableSchema, json: Json): FakeRow => {
    const names = isJsonObject(json) ? Object.keys(json) : []
    return new Map([...rowOf(table, json)].filter(([name]) => names.includes(name)))
  }
})
