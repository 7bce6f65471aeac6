/** RFC 7047 over a transport for a simulated switch's database: get_schema, transact, monitors with conditions on none, echo. */
import type { Transport } from '#link/transport.js'
import { OvsdbError } from '#ovsdb/errors.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member, printJson } from '#ovsdb/json.js'
import { type Method, Session } from '#ovsdb/session.js'
import { TransactionError } from '../ovsdb/transaction-error.js'
import { printChange, printRow } from './changes.js'
import type { Committed, SwitchDatabase } from './database.js'
import { vswitchSchema } from './schema.js'
import { type Column, columnOf, tableOf } from './values.js'

type Views = ReadonlyMap<string, readonly Column[]>
type Kind = 'monitor_cond' | 'monitor_cond_since'

const viewsOf = (requests: Json | undefined): Views => {
  const entries = isJsonObject(requests) ? Object.entries(requests) : []
  return new Map(
    entries.map(([name, json]) => {
      const table = tableOf(name)
      const request = isJsonArray(json) ? json[0] : json
      const asked = isJsonObject(request) ? member(request, 'columns') : undefined
      const names = isJsonArray(asked) ? asked.map(String) : [...table.columns.keys()]
      return [name, names.map((column) => columnOf(table, column))]
    }),
  )
}

const contentsOf = (database: SwitchDatabase, views: Views): JsonObject => {
  const tables: Record<string, Json> = {}
  for (const [name, columns] of views) {
    const rows: Record<string, Json> = {}
    for (const [uuid, row] of database.rows(name)) rows[uuid] = { initial: printRow(row, columns) }
    if (Object.keys(rows).length > 0) tables[name] = rows
  }
  return tables
}

const changesOf = ({ changes }: Committed, views: Views): JsonObject | undefined => {
  const tables: Record<string, Record<string, Json>> = {}
  for (const [uuid, change] of changes) {
    const columns = views.get(change.table.name)
    const shown = columns && printChange(change, columns)
    if (shown === undefined) continue
    const rows = tables[change.table.name] ?? {}
    rows[uuid] = shown
    tables[change.table.name] = rows
  }
  return Object.keys(tables).length === 0 ? undefined : tables
}

const words =
  (method: Method): Method =>
  (params) => {
    try {
      return method(params)
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error
      throw new OvsdbError('refused', error.message, { peer: { error: error.error, details: error.details } })
    }
  }

const schemaJson: Json = vswitchSchema

const requireDatabase = (name: Json | undefined): void => {
  if (name !== vswitchSchema.name)
    throw new TransactionError('unknown database', `there is no database ${String(name)}`)
}

export interface ServedTransactions {
  /** A transaction of this client is about to be executed; `lost`: its answer never arrives. */
  onTransact?(): 'lost' | undefined
}

/** Serves a client until the connection ends. */
export const serveDatabase = (
  transport: Transport,
  database: SwitchDatabase,
  onClose: () => void,
  hooks: ServedTransactions = {},
): Session => {
  const monitors = new Map<string, () => void>()
  const start = (kind: Kind, id: Json, requests: Json | undefined): Json => {
    const views = viewsOf(requests)
    const contents = contentsOf(database, views)
    const stop = database.onCommit((committed) => {
      const shown = changesOf(committed, views)
      if (shown === undefined) return
      if (kind === 'monitor_cond') session.notify('update2', [id, shown])
      else session.notify('update3', [id, committed.id, shown])
    })
    monitors.set(printJson([id]), stop)
    return kind === 'monitor_cond' ? contents : [false, database.lastTransaction, contents]
  }
  const methods: Record<string, Method> = {
    list_dbs: () => [vswitchSchema.name],
    get_schema: ([db]) => {
      requireDatabase(db)
      return schemaJson
    },
    transact: ([db, ...operations]) => {
      requireDatabase(db)
      const lost = hooks.onTransact?.() === 'lost'
      const results = database.transact(operations)
      if (lost) session.close()
      return results
    },
    monitor_cond: ([, id, requests]) => start('monitor_cond', id ?? null, requests),
    monitor_cond_since: ([, id, requests]) => start('monitor_cond_since', id ?? null, requests),
    monitor_cancel: ([id]) => {
      monitors.get(printJson([id ?? null]))?.()
      return {}
    },
  }
  const session: Session = new Session(transport, {
    methods: Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, words(method)])),
    onClose: () => {
      for (const stop of monitors.values()) stop()
      onClose()
    },
  })
  return session
}
