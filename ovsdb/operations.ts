/**
 * The operations of a transaction: RFC 7047, section 5.2. Each function makes a value that holds the operation's JSON and knows
 * how to read its result; `Session.transact` sends a list of them and answers with the list of their results, each of its own type.
 */
import { excerpt, isUuid, readUuid, type Uuid } from './atoms.js'
import {
  type Conditions,
  encodeConditions,
  encodeMutations,
  encodeValue,
  type Mutation,
} from './conditions.js'
import { OvsdbError, within } from './errors.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member } from './json.js'
import type { AnyTable, ColumnName, Row, RowInput } from './tables.js'

export interface Operation<R = unknown> {
  readonly request: JsonObject
  /** Reads the operation's result. Throws `malformed-message` or `bad-value`. */
  decode(result: JsonObject): R
}

/** Results of a list of operations, in its order. */
export type Results<O extends readonly Operation[]> = {
  readonly [I in keyof O]: O[I] extends Operation<infer R> ? R : never
}

/** `insert` (5.2.1): the new row's UUID. `name` is what `namedUuid(name)` in the same transaction refers to. */
export const insert = <T extends AnyTable>(table: T, row: RowInput<T>, name?: string): Operation<Uuid> => ({
  request: {
    op: 'insert',
    table: table.name,
    row: encodeRow(table, row),
    ...(name !== undefined && { 'uuid-name': name }),
  },
  decode: decodeInserted,
})

/** An insert under a UUID of the caller's choice, so that it can be repeated safely: Open vSwitch 2.17 and later. */
export const insertAs = <T extends AnyTable>(table: T, row: RowInput<T>, id: Uuid): Operation<Uuid> => {
  if (!isUuid(id)) throw new OvsdbError('bad-value', `${excerpt(id)} is no UUID`)
  return {
    request: { op: 'insert', table: table.name, row: encodeRow(table, row), uuid: id },
    decode: decodeInserted,
  }
}

export type SelectedRow<T extends AnyTable, K extends ColumnName<T> | '_uuid'> = Pick<Row<T>, K>

/** `select` (5.2.2): rows, in no order. Without `columns`, all that are declared, and `_uuid`. */
export const select = <T extends AnyTable, const K extends ColumnName<T> | '_uuid' = ColumnName<T> | '_uuid'>(
  table: T,
  where: Conditions<T>,
  columns?: readonly K[],
): Operation<readonly SelectedRow<T, K>[]> => ({
  request: {
    op: 'select',
    table: table.name,
    where: encodeConditions(table, where),
    ...(columns !== undefined && { columns }),
  },
  decode: (result) => {
    const rows = member(result, 'rows')
    if (!isJsonArray(rows)) throw malformed(`select answered ${excerpt(result)}`)
    const names: readonly string[] = columns ?? ['_uuid', ...Object.keys(table.columns)]
    return rows.map((row) => decodeSelected<T, K>(table, names, row))
  },
})

/** `update` (5.2.3): how many rows match and were set to these values. */
export const update = <T extends AnyTable>(
  table: T,
  where: Conditions<T>,
  row: RowInput<T>,
): Operation<number> => ({
  request: {
    op: 'update',
    table: table.name,
    where: encodeConditions(table, where),
    row: encodeRow(table, row),
  },
  decode: decodeCount,
})

/** `mutate` (5.2.4): how many rows match and were changed, the mutations being applied in their order. */
export const mutate = <T extends AnyTable>(
  table: T,
  where: Conditions<T>,
  mutations: readonly Mutation<T>[],
): Operation<number> => ({
  request: {
    op: 'mutate',
    table: table.name,
    where: encodeConditions(table, where),
    mutations: encodeMutations(table, mutations),
  },
  decode: decodeCount,
})

/** `delete` (5.2.5): how many rows match and are gone. */
export const deleteRows = <T extends AnyTable>(table: T, where: Conditions<T>): Operation<number> => ({
  request: { op: 'delete', table: table.name, where: encodeConditions(table, where) },
  decode: decodeCount,
})

export interface WaitFacts<T extends AnyTable> {
  readonly where: Conditions<T>
  readonly until: '==' | '!='
  /** What the matching rows have to be (or not to be), in these columns. */
  readonly columns: readonly (ColumnName<T> | '_uuid')[]
  readonly rows: readonly RowInput<T>[]
  /** How long to wait; 0 fails at once. Without it the server waits for ever. */
  readonly timeoutMs?: number
}

/** `wait` (5.2.6): holds the transaction until the rows are as described, or fails it with `timed out`. */
export const wait = <T extends AnyTable>(table: T, facts: WaitFacts<T>): Operation<void> => ({
  request: {
    op: 'wait',
    table: table.name,
    where: encodeConditions(table, facts.where),
    columns: facts.columns,
    until: facts.until,
    rows: facts.rows.map((row) => encodeRow(table, row)),
    ...(facts.timeoutMs !== undefined && { timeout: facts.timeoutMs }),
  },
  decode: decodeNothing,
})

/** `commit` (5.2.7): with `durable`, the answer comes when the transaction is on disk. */
export const commit = (durable: boolean): Operation<void> => ({
  request: { op: 'commit', durable },
  decode: decodeNothing,
})

/** `abort` (5.2.8): the transaction fails with the error `aborted`, whatever came before. */
export const abort = (): Operation<void> => ({ request: { op: 'abort' }, decode: decodeNothing })

/** `comment` (5.2.9): a remark for the server's log of transactions. */
export const comment = (text: string): Operation<void> => ({
  request: { op: 'comment', comment: text },
  decode: decodeNothing,
})

/** `assert` (5.2.10): the transaction fails with `not owner` unless this session owns the lock. */
export const assertLock = (lock: string): Operation<void> => ({
  request: { op: 'assert', lock },
  decode: decodeNothing,
})

const malformed = (message: string): OvsdbError => new OvsdbError('malformed-message', message)

/** `<row>`: the columns that are given. */
export const encodeRow = (table: AnyTable, row: object): JsonObject => {
  const members = Object.entries(row).filter(([, value]) => value !== undefined)
  return Object.fromEntries(members.map(([name, value]) => [name, encodeValue(table, name, value)]))
}

const decodeInserted = (result: JsonObject): Uuid => {
  const id = readUuid(member(result, 'uuid'))
  if (id === undefined) throw malformed(`insert answered ${excerpt(result)}`)
  return id
}

const decodeCount = (result: JsonObject): number => {
  const count = member(result, 'count')
  if (typeof count !== 'number') throw malformed(`an operation that changes rows answered ${excerpt(result)}`)
  return count
}

const decodeNothing = (): void => undefined

/** Unlike in a monitor's row, a column that is left out here does not exist at the server. */
const decodeSelected = <T extends AnyTable, K extends ColumnName<T> | '_uuid'>(
  table: T,
  names: readonly string[],
  json: Json,
): SelectedRow<T, K> => {
  if (!isJsonObject(json)) throw malformed(`select answered with the row ${excerpt(json)}`)
  const row: Record<string, unknown> = {}
  for (const name of names) row[name] = decodeMember(table, name, member(json, name))
  // The loop made the members that K names, of the types that the declaration infers.
  return row as SelectedRow<T, K>
}

const decodeMember = (table: AnyTable, name: string, json: Json | undefined): unknown => {
  const column = table.columns[name]
  const value =
    name === '_uuid' ? readUuid(json) : json === undefined ? undefined : decodeIn(table, name, json)
  if (value === undefined && column?.maybe !== true)
    throw malformed(`select answered without ${table.name}.${name}`)
  return value
}

const decodeIn = (table: AnyTable, name: string, json: Json): unknown => {
  try {
    return table.columns[name]?.decode(json)
  } catch (error) {
    throw within(`${table.name}.${name}`, error)
  }
}
