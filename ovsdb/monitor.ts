/**
 * Monitors on the wire: the three methods by which a server reports its rows (RFC 7047, section 4.1.5, and `monitor_cond`,
 * `monitor_cond_since` of ovsdb-server(7)), and their replies and notifications read into one form. Pure; replica.ts applies it.
 */
import { excerpt, isUuid, type Uuid } from './atoms.js'
import { OvsdbError } from './errors.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject } from './json.js'

/** From the best to the one that every server has. */
export const monitorMethods = ['monitor_cond_since', 'monitor_cond', 'monitor'] as const
export type MonitorMethod = (typeof monitorMethods)[number]

/** The method to try where a server does not know this one. */
export const fallbackOf = (method: MonitorMethod): MonitorMethod | undefined =>
  monitorMethods[monitorMethods.indexOf(method) + 1]

/** What is wanted of one table. */
export interface MonitoredTable {
  readonly columns: readonly string[]
  /** Encoded conditions of which one must hold. `monitor` knows none: there, every row comes. */
  readonly where?: readonly Json[]
}

export type MonitoredTables = Readonly<Record<string, MonitoredTable>>

/** What became of one row. A column that `insert` leaves out has its default; one that the others leave out is as it was. */
export type RowUpdate =
  | { readonly uuid: Uuid; readonly kind: 'insert'; readonly row: Json }
  /** `row` holds new values. */
  | { readonly uuid: Uuid; readonly kind: 'replace'; readonly row: Json }
  /** `row` holds differences: `<row-update2>`. */
  | { readonly uuid: Uuid; readonly kind: 'modify'; readonly row: Json }
  | { readonly uuid: Uuid; readonly kind: 'delete' }

export interface TableUpdate {
  readonly table: string
  readonly rows: readonly RowUpdate[]
}

export interface MonitorReply {
  /** The updates follow the transaction that was asked for. Otherwise they are everything that there is. */
  readonly since: boolean
  /** The transaction up to which we know everything, where the server says so. */
  readonly lastTransaction?: Uuid
  readonly tables: readonly TableUpdate[]
}

export interface MonitorNotification {
  readonly monitor: Json
  readonly lastTransaction?: Uuid
  readonly tables: readonly TableUpdate[]
}

/** The transaction that no server has: asks for everything. */
export const noTransaction: Uuid = '00000000-0000-0000-0000-000000000000'

export interface MonitorRequest {
  readonly database: string
  /** Comes back with every notification. */
  readonly monitor: string
  readonly tables: MonitoredTables
  /** The last transaction that we know; only `monitor_cond_since` can use it. */
  readonly lastTransaction?: Uuid
}

export const monitorParams = (method: MonitorMethod, request: MonitorRequest): readonly Json[] => {
  const { database, monitor, tables } = request
  const wanted = Object.entries(tables).map(([name, { columns, where }]): [string, Json] => [
    name,
    [method === 'monitor' || where === undefined ? { columns } : { columns, where: [...where] }],
  ])
  const params = [database, monitor, Object.fromEntries(wanted)]
  return method === 'monitor_cond_since' ? [...params, request.lastTransaction ?? noTransaction] : params
}

/** Params of `monitor_cond_change`; tables left out keep their conditions. */
export const conditionChangeParams = (
  monitor: string,
  where: Readonly<Record<string, readonly Json[]>>,
): readonly Json[] => {
  const wanted = Object.entries(where).map(
    ([name, conditions]) => [name, [{ where: [...conditions] }]] as const,
  )
  return [monitor, monitor, Object.fromEntries(wanted)]
}

/** Reads the result of a monitor request. Throws `malformed-message`. */
export const readReply = (method: MonitorMethod, result: Json): MonitorReply => {
  if (method === 'monitor') return { since: false, tables: readTables(result, readRow) }
  if (method === 'monitor_cond') return { since: false, tables: readTables(result, readRow2) }
  const [found, last, updates] = isJsonArray(result) ? result : []
  if (typeof found !== 'boolean' || updates === undefined)
    throw malformed('the reply to monitor_cond_since', result)
  return { since: found, ...readTransaction(last), tables: readTables(updates, readRow2) }
}

/** Reads an `update`, `update2` or `update3`; undefined for any other notification. Throws `malformed-message`. */
export const readNotification = (method: string, params: Json): MonitorNotification | undefined => {
  if (!method.startsWith('update')) return undefined
  const [monitor, second, third] = isJsonArray(params) ? params : []
  if (monitor === undefined || second === undefined) throw malformed(method, params)
  switch (method) {
    case 'update':
      return { monitor, tables: readTables(second, readRow) }
    case 'update2':
      return { monitor, tables: readTables(second, readRow2) }
    case 'update3':
      if (third === undefined) throw malformed(method, params)
      return { monitor, ...readTransaction(second), tables: readTables(third, readRow2) }
    default:
      return undefined
  }
}

const malformed = (what: string, json: Json | undefined): OvsdbError =>
  new OvsdbError('malformed-message', `${what} is malformed: ${excerpt(json)}`)

/** A server that keeps no history says zero. */
const readTransaction = (json: Json | undefined): { readonly lastTransaction?: Uuid } => {
  if (typeof json !== 'string' || !isUuid(json)) throw malformed('a transaction id', json)
  return json === noTransaction ? {} : { lastTransaction: json }
}

type ReadRow = (uuid: Uuid, update: JsonObject) => RowUpdate

const readTables = (json: Json, read: ReadRow): readonly TableUpdate[] => {
  if (!isJsonObject(json)) throw malformed('an update', json)
  return Object.entries(json).map(([table, rows]) => {
    if (!isJsonObject(rows)) throw malformed(`an update of table ${table}`, rows)
    return { table, rows: readRows(table, rows, read) }
  })
}

const readRows = (table: string, rows: JsonObject, read: ReadRow): readonly RowUpdate[] => {
  const updates: RowUpdate[] = []
  for (const uuid of Object.keys(rows)) {
    const update = rows[uuid]
    if (!isUuid(uuid) || !isJsonObject(update))
      throw malformed(`the update of row ${uuid} of ${table}`, update)
    updates.push(read(uuid, update))
  }
  return updates
}

/** `<row-update>`: RFC 7047, section 4.1.6. `new` has all columns, so that `old` tells nothing more. */
const readRow: ReadRow = (uuid, update) => {
  const { old, new: row } = update
  if (row === undefined) {
    if (old === undefined) throw malformed('a row update', update)
    return { uuid, kind: 'delete' }
  }
  return { uuid, kind: old === undefined ? 'insert' : 'replace', row }
}

/** `<row-update2>`: ovsdb-server(7), section 4.1.14. */
const readRow2: ReadRow = (uuid, update) => {
  const inserted = update.initial ?? update.insert
  if (inserted !== undefined) return { uuid, kind: 'insert', row: inserted }
  if (update.modify !== undefined) return { uuid, kind: 'modify', row: update.modify }
  if (update.delete !== undefined) return { uuid, kind: 'delete' }
  throw malformed('a row update', update)
}
