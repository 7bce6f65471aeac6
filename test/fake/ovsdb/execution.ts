/** The operations of a transaction, executed on a draft (RFC 7047, section 5.2), for the fake OVSDB server. */
import { excerpt, isUuid, type Uuid } from '#ovsdb/atoms.js'
import {
  type ColumnType,
  checkDatum,
  type Datum,
  defaultDatum,
  parseDatum,
  printDatum,
} from '#ovsdb/datum.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member } from '#ovsdb/json.js'
import type { TableSchema } from '#ovsdb/schema.js'
import { columnTypeOf, type FakeRow, parseClauses, sameData, withoutLimits } from './clauses.js'
import type { Draft } from './draft.js'
import { parseMutation } from './mutations.js'
import { TransactionError, translate } from './transaction-error.js'

/** What an execution needs of the outside. */
export interface Surroundings {
  readonly makeUuid: () => Uuid
  /** Whether the session that asks owns the lock. */
  readonly owns: (lock: string) => boolean
  /** False once the time of a `wait` is over: then it fails. */
  readonly mayWait: (timeoutMs: number) => boolean
}

/** Thrown by a `wait` that may still come true: the transaction is to be tried again after the next one. */
export class NotYet extends Error {
  readonly timeoutMs: number
  constructor(timeoutMs: number) {
    super('the transaction waits')
    this.timeoutMs = timeoutMs
  }
}

type Execute = (draft: Draft, operation: JsonObject, around: Surroundings) => JsonObject

const tableOf = (operation: JsonObject): string => String(member(operation, 'table'))

const matching = (draft: Draft, operation: JsonObject): readonly (readonly [Uuid, FakeRow])[] => {
  const name = tableOf(operation)
  const schema = draft.tableSchema(name)
  const where = member(operation, 'where')
  const found = findByUuid(draft, name, where)
  if (found !== undefined) return found
  const clauses = parseClauses(schema, where)
  return [...draft.rows(name)].filter(([, row]) => clauses.every((clause) => clause(row)))
}

/** The one row of `_uuid == ...`, without a look at all of them. */
const findByUuid = (
  draft: Draft,
  table: string,
  where: Json | undefined,
): readonly (readonly [Uuid, FakeRow])[] | undefined => {
  const [clause, ...others] = isJsonArray(where) ? where : []
  const [column, is, value] = isJsonArray(clause) ? clause : []
  const uuid = isJsonArray(value) && value[0] === 'uuid' ? value[1] : undefined
  if (others.length > 0 || column !== '_uuid' || is !== '==' || typeof uuid !== 'string') return undefined
  const row = draft.get(table, uuid)
  return row === undefined ? [] : [[uuid, row]]
}

/** A value of another form is a syntax error, one outside the limits of its column a violation of them. */
const parseValue = (type: ColumnType, value: Json): Datum => {
  const datum = translate('syntax error', () => parseDatum(withoutLimits(type), value))
  translate('constraint violation', () => checkDatum(type, datum))
  return datum
}

/** The columns of `<row>`, read. */
const parseColumns = (schema: TableSchema, json: Json | undefined): ReadonlyMap<string, Datum> => {
  if (!isJsonObject(json)) throw new TransactionError('syntax error', `${excerpt(json)} is no row`)
  const columns = Object.entries(json).map(([name, value]) => {
    const type = columnTypeOf(schema, name)
    return [name, parseValue(type, value)] as const
  })
  return new Map(columns)
}

const insert: Execute = (draft, operation, { makeUuid }) => {
  const table = tableOf(operation)
  const schema = draft.tableSchema(table)
  const asked = member(operation, 'uuid')
  const uuid = typeof asked === 'string' && isUuid(asked) ? asked : makeUuid()
  if (draft.get(table, uuid) !== undefined)
    throw new TransactionError('duplicate uuid', `there is a row ${uuid}`)
  const defaults = [...schema.columns].map(([name, { type }]) => [name, defaultDatum(type)] as const)
  const given = parseColumns(schema, member(operation, 'row'))
  draft.put(table, uuid, new Map([...defaults, ...given, ['_uuid', { keys: [uuid] }]]))
  return { uuid: ['uuid', uuid] }
}

const select: Execute = (draft, operation) => {
  const schema = draft.tableSchema(tableOf(operation))
  const asked = member(operation, 'columns')
  const names = isJsonArray(asked) ? asked.map(String) : ['_uuid', ...schema.columns.keys()]
  return { rows: matching(draft, operation).map(([, row]) => printColumns(schema, row, names)) }
}

export const printColumns = (schema: TableSchema, row: FakeRow, names: readonly string[]): JsonObject =>
  Object.fromEntries(
    names.map((name) => [name, printDatum(columnTypeOf(schema, name), row.get(name) ?? { keys: [] })]),
  )

const update: Execute = (draft, operation) => {
  const table = tableOf(operation)
  const schema = draft.tableSchema(table)
  const rows = matching(draft, operation)
  const given = parseColumns(schema, member(operation, 'row'))
  const fixed = [...given.keys()].find((name) => schema.columns.get(name)?.mutable !== true)
  if (fixed !== undefined)
    throw new TransactionError('constraint violation', `column ${fixed} cannot be changed`)
  for (const [uuid, row] of rows) draft.put(table, uuid, new Map([...row, ...given]))
  return { count: rows.length }
}

const mutate: Execute = (draft, operation) => {
  const table = tableOf(operation)
  const schema = draft.tableSchema(table)
  const asked = member(operation, 'mutations')
  const mutations = isJsonArray(asked) ? asked.map((mutation) => parseMutation(schema, mutation)) : []
  const rows = matching(draft, operation)
  for (const [uuid, row] of rows) {
    const changed = new Map(row)
    for (const { column, apply } of mutations) changed.set(column, apply(changed.get(column) ?? { keys: [] }))
    draft.put(table, uuid, changed)
  }
  return { count: rows.length }
}

const deleteRows: Execute = (draft, operation) => {
  const table = tableOf(operation)
  const rows = matching(draft, operation)
  for (const [uuid] of rows) draft.put(table, uuid, undefined)
  return { count: rows.length }
}

const wait: Execute = (draft, operation, { mayWait }) => {
  const schema = draft.tableSchema(tableOf(operation))
  const wanted = member(operation, 'rows')
  const rows = (isJsonArray(wanted) ? wanted : []).map((row) => parseColumns(schema, row))
  const names = member(operation, 'columns')
  const columns = isJsonArray(names) ? names.map(String) : []
  const there = matching(draft, operation).map(([, row]) => row)
  const same = (a: FakeRow, b: FakeRow): boolean =>
    columns.every((name) =>
      sameData(a.get(name) ?? { keys: [] }, b.get(name) ?? defaultDatum(columnTypeOf(schema, name))),
    )
  const equal = [
    there.every((row) => rows.some((other) => same(row, other))),
    rows.every((other) => there.some((row) => same(row, other))),
  ].every(Boolean)
  if (equal === (member(operation, 'until') === '==')) return {}
  const timeoutMs = Number(member(operation, 'timeout') ?? Number.POSITIVE_INFINITY)
  if (mayWait(timeoutMs)) throw new NotYet(timeoutMs)
  throw new TransactionError('timed out', `"wait" timed out after ${timeoutMs} ms`)
}

const executions: Readonly<Record<string, Execute>> = {
  insert,
  select,
  update,
  mutate,
  delete: deleteRows,
  wait,
  commit: () => ({}),
  comment: () => ({}),
  abort: () => {
    throw new TransactionError('aborted', 'aborted by request')
  },
  assert: (_draft, operation, { owns }) => {
    const lock = String(member(operation, 'lock'))
    if (owns(lock)) return {}
    throw new TransactionError('not owner', `the session does not own the lock ${lock}`)
  },
}

export const execute: Execute = (draft, operation, around) => {
  const op = member(operation, 'op')
  const found = typeof op === 'string' && Object.hasOwn(executions, op) ? executions[op] : undefined
  if (found === undefined) throw new TransactionError('syntax error', `there is no operation ${excerpt(op)}`)
  return found(draft, operation, around)
}
