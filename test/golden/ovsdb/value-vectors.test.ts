/**
 * Atoms, data and types as Open vSwitch's own tests have them (tests/ovsdb-data.at, ovsdb-types.at, ovsdb-column.at, ovsdb-table.at,
 * ovsdb-schema.at), good and bad. The text syntax of `ovs-vsctl` (parse-…-strings) and what only a server does are not ours.
 */
import { describe, expect, test } from 'vitest'
import { atomicTypes, compareAtoms, defaultAtom, parseAtom, printAtom } from '#ovsdb/atoms.js'
import { parseBaseType, parseColumnType, printBaseType, printColumnType } from '#ovsdb/base-type.js'
import { checkDatum, defaultDatum, parseDatum, printDatum } from '#ovsdb/datum.js'
import { OvsdbError } from '#ovsdb/errors.js'
import { Framing } from '#ovsdb/framing.js'
import { isJsonArray, isJsonObject, type Json, parseJson } from '#ovsdb/json.js'
import { parseColumn, parseSchema, parseTable } from '#ovsdb/schema.js'
import { printColumn, printSchema, printTable } from '#ovsdb/schema-print.js'
import { readVectors, title, vectorsAreThere } from './vectors.js'

interface Case {
  readonly input: string
  /** What Open vSwitch prints: JSON, or the words of an error. */
  readonly expected?: string
  readonly error?: string
}

interface ValueVector {
  readonly name: string
  readonly source: string
  readonly command: string
  readonly valid: boolean
  readonly args?: readonly string[]
  readonly args_hex?: readonly string[]
  readonly schema_args?: readonly string[]
  readonly cases?: readonly Case[]
  readonly expected?: string
  readonly error_contains?: string
}

const vectors = readVectors<ValueVector>('ovsdb/ovsdb-values.json')
const of = (command: string): readonly ValueVector[] => vectors.filter((vector) => vector.command === command)

/** The upstream test program takes what it parses either by itself or in an array of one. */
const unwrap = (json: Json): Json => {
  const [only] = isJsonArray(json) ? json : []
  return isJsonArray(json) && json.length === 1 && only !== undefined ? only : json
}
const read = (text: string): Json => unwrap(parseJson(text))

/** A printed value: a scalar by itself is no JSON text here, so that it is put into an array. */
const readPrinted = (text: string): Json => unwrap(parseJson(`[${text}]`))

const isErrorText = (text: string): boolean => /^(constraint violation|syntax ")/.test(text)

const roundTrip = (vector: ValueVector, print: (json: Json) => Json): void => {
  for (const { input, expected = '' } of vector.cases ?? []) {
    if (isErrorText(expected)) expect(() => print(read(input)), input).toThrow(OvsdbError)
    else expect(print(read(input)), input).toEqual(readPrinted(expected))
  }
}

const refuse = (vector: ValueVector, parse: (json: Json) => unknown): void => {
  const inputs = vector.args ?? vector.cases?.map(({ input }) => input) ?? []
  expect(inputs.length).toBeGreaterThan(0)
  for (const input of inputs) expect(() => parse(read(input)), input).toThrow(OvsdbError)
}

const typeOf = (vector: ValueVector): Json => read(vector.schema_args?.[0] ?? '')

describe.skipIf(!vectorsAreThere)(title('OVSDB value vectors'), () => {
  test('there are as many as the catalogue says', () => expect(vectors).toHaveLength(251))

  test.each(of('parse-atoms').filter(({ cases }) => cases))('atom: $name ($source)', (vector) => {
    const base = parseBaseType(typeOf(vector))
    roundTrip(vector, (json) => printAtom(base.type, parseAtom(base, json)))
  })

  test.each(of('parse-atoms').filter(({ args_hex }) => args_hex))(
    'atom: $name ($source)',
    ({ args_hex = [] }) => {
      for (const hex of args_hex)
        expect(() => [...new Framing().feed(Buffer.from(hex, 'hex'))]).toThrow(OvsdbError)
    },
  )

  test.each(of('sort-atoms'))('$name ($source)', (vector) => {
    const base = parseBaseType(typeOf(vector))
    roundTrip(vector, (json) => {
      const atoms = isJsonArray(json) ? json.map((atom) => parseAtom(base, atom)) : []
      return atoms.sort(compareAtoms).map((atom) => printAtom(base.type, atom))
    })
  })

  const data = of('parse-data')
  test.each(data.filter(({ valid }) => valid))('datum: $name ($source)', (vector) => {
    const type = parseColumnType(typeOf(vector))
    for (const { input, expected = '' } of vector.cases ?? []) {
      // An element by itself stands in an array of one here, as in the upstream test; "set" and "map" do not.
      const json = parseJson(input)
      const value = isJsonArray(json) && json.length === 1 ? unwrap(json) : json
      expect(printDatum(type, parseDatum(type, value)), input).toEqual(readPrinted(expected))
    }
  })
  test.each(data.filter(({ valid }) => !valid))('bad datum: $name ($source)', (vector) => {
    refuse(vector, (json) => parseDatum(parseColumnType(typeOf(vector)), json))
  })

  test.each(of('parse-atomic-type'))('$valid atomic type: $name ($source)', (vector) => {
    if (vector.valid) roundTrip(vector, (json) => printBaseType(parseBaseType(json)))
    else refuse(vector, parseBaseType)
  })
  test.each(of('parse-base-type'))('$valid base type: $name ($source)', (vector) => {
    if (vector.valid) roundTrip(vector, (json) => printBaseType(parseBaseType(json)))
    else refuse(vector, parseBaseType)
  })
  test.each(of('parse-type'))('$valid type: $name ($source)', (vector) => {
    if (vector.valid) roundTrip(vector, (json) => printColumnType(parseColumnType(json)))
    else refuse(vector, parseColumnType)
  })

  test.each(of('parse-column'))('column: $name ($source)', ({ args = [], expected = '' }) => {
    const [name = '', json = ''] = args
    expect(printColumn(parseColumn(name, parseJson(json)))).toEqual(parseJson(expected))
  })
  // A third argument asks for another way to print, which is the upstream test program's own.
  const tables = of('parse-table').filter(({ args = [] }) => args.length === 2)
  test.each(tables)('$valid table: $name ($source)', ({ args = [], valid, expected = '' }) => {
    const [name = '', json = ''] = args
    if (valid) expect(printTable(parseTable(name, parseJson(json)))).toEqual(parseJson(expected))
    else
      expect(() => parseTable(name, parseJson(json))).toThrow(expect.objectContaining({ code: 'bad-schema' }))
  })
  test.each(of('parse-schema'))('$valid schema: $name ($source)', ({ args = [], valid, expected = '' }) => {
    const schema = (): Json => printSchema(parseSchema(parseJson(args[0] ?? '')))
    if (valid) expect(schema()).toEqual(parseJson(expected))
    else expect(schema).toThrow(expect.objectContaining({ code: 'bad-schema' }))
  })

  test.each(of('parse-rows'))('row: $name ($source)', ({ schema_args = [], args = [], expected = '' }) => {
    const { columns } = parseTable('t', parseJson(schema_args[0] ?? ''))
    const printed = expected.split('\n').filter((line) => line.startsWith('{'))
    expect(printed).toHaveLength(args.length)
    args.forEach((arg, index) => {
      const row = parseJson(arg)
      const values = [...columns].map(([name, { type }]) => {
        const json = isJsonObject(row) ? row[name] : undefined
        return [
          name,
          printDatum(type, json === undefined ? defaultDatum(type) : parseDatum(type, json)),
        ] as const
      })
      expect(parseJson(printed[index] ?? '')).toMatchObject(Object.fromEntries(values))
    })
  })

  test('defaults fit their types', () => {
    for (const key of atomicTypes) {
      for (const value of [undefined, ...atomicTypes]) {
        for (const min of [0, 1] as const) {
          const type = {
            key: { type: key },
            min,
            max: 1,
            ...(value !== undefined && { value: { type: value } }),
          }
          expect(() => checkDatum(type, defaultDatum(type))).not.toThrow()
          expect(parseDatum(type, printDatum(type, defaultDatum(type)))).toEqual(defaultDatum(type))
        }
      }
      expect(parseAtom({ type: key }, printAtom(key, defaultAtom(key)))).toBe(defaultAtom(key))
    }
  })
})

describe.skipIf(!vectorsAreThere)(title('whole schemas of the upstream tests'), () => {
  const schemas = Object.entries(readVectors<Json>('ovsdb/schemas.json'))
  test.each(schemas)('%s is read and printed', (_name, json) => {
    const schema = parseSchema(json as Json)
    expect(parseSchema(printSchema(schema))).toEqual(schema)
  })
})
