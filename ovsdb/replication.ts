/** Keeps a replica as the server has it, over one session, by the best monitor method that the server knows. */

import { type Conditions, encodeConditions } from './conditions.js'
import { OvsdbError } from './errors.js'
import { isJsonArray, type Json } from './json.js'
import { fallbackOf, type MonitoredTables, type MonitorMethod } from './monitor.js'
import type { MonitorEvent } from './monitoring.js'
import { startMonitor } from './monitoring.js'
import type { Replica } from './replica.js'
import type { DatabaseSchema } from './schema.js'
import type { RequestOptions, Session } from './session.js'
import type { AnyTable } from './tables.js'

/** A restriction on what is replicated of one table. */
export interface WantedRows {
  readonly table: string
  readonly where: readonly Json[]
}

/** The rows for which any one of the conditions holds; `[false]` for none. */
export const rowsWhere = <T extends AnyTable>(table: T, anyOf: Conditions<T>): WantedRows => {
  const where = encodeConditions(table, anyOf)
  return { table: table.name, where: isJsonArray(where) ? where : [] }
}

export interface Replication {
  readonly session: Session
  readonly schema: DatabaseSchema
  /** Names the monitor among those of the session. */
  readonly monitor: string
  /** Tables that are not named here are replicated whole. Servers before Open vSwitch 2.6 send every row all the same. */
  readonly where?: readonly WantedRows[]
}

/**
 * Resolves with the method once the replica is loaded; from then on it follows. Rejects with `schema-mismatch`, and as a request does.
 * News that do not fit, and the server ending the monitor, end the session.
 */
export const replicate = async (
  replica: Replica,
  { session, schema, monitor, where = [] }: Replication,
  options?: RequestOptions,
): Promise<MonitorMethod> => {
  const restricted = new Map(where.map((rows) => [rows.table, rows.where]))
  const tables = [...replica.bind(schema)].map(([name, columns]): [string, MonitoredTables[string]] => {
    const conditions = restricted.get(name)
    return [name, conditions === undefined ? { columns } : { columns, where: conditions }]
  })
  const { lastTransaction } = replica
  const request = {
    database: schema.name,
    monitor,
    tables: Object.fromEntries(tables),
    ...(lastTransaction !== undefined && { lastTransaction }),
  }
  for (let method: MonitorMethod = 'monitor_cond_since'; ; ) {
    try {
      await startMonitor(session, method, request, (event) => follow(replica, session, event), options)
      return method
    } catch (error) {
      const next = fallbackOf(method)
      if (!(error instanceof OvsdbError) || error.code !== 'unknown-method' || next === undefined) throw error
      method = next
    }
  }
}

const follow = (replica: Replica, session: Session, event: MonitorEvent): void => {
  switch (event.kind) {
    case 'reply':
      replica.load(event.reply)
      break
    case 'update':
      replica.update(event.update)
      break
    case 'canceled':
      session.close(new OvsdbError('closed', 'the server ended the monitor: its database has changed'))
  }
}
