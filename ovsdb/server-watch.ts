/**
 * Is this the server to talk to? A server of Open vSwitch 2.9 or later tells of itself in its database `_Server` (ovsdb-server(5)):
 * whether it has our database, is in contact with its cluster, and leads it. An older server has no cluster to speak of.
 */
import { OvsdbError } from './errors.js'
import { getSchema, setDbChangeAware } from './methods.js'
import { Replica } from './replica.js'
import { replicate } from './replication.js'
import { type DatabaseRow, database as databaseTable, serverDatabaseName } from './schemas/server.js'
import type { RequestOptions, Session } from './session.js'

/** How far into a cluster's log we have seen: a member that is behind would show us the past. */
export interface ClusterMemory {
  cluster?: string
  index: number
}

export interface ServerWatch {
  readonly database: string
  readonly leaderOnly: boolean
  readonly memory: ClusterMemory
}

/**
 * Resolves when the server is fit to serve the database; rejects with `unknown-database`, `not-leader` or `unfit-server`. Ends the session
 * with the same errors when the server stops being fit.
 */
export const watchServer = async (
  session: Session,
  watch: ServerWatch,
  options?: RequestOptions,
): Promise<void> => {
  const schema = await unlessTooOld(getSchema(session, serverDatabaseName, options))
  if (schema === undefined) return
  await unlessTooOld(setDbChangeAware(session, true, options))
  const replica = new Replica([databaseTable])
  await replicate(replica, { session, schema, monitor: serverDatabaseName }, options)
  const rows = replica.table(databaseTable)
  const judge = (): OvsdbError | undefined => complain(rows.one('name', watch.database), watch)
  const complaint = judge()
  if (complaint !== undefined) throw complaint
  replica.onChange(() => {
    const reason = judge()
    if (reason !== undefined) session.close(reason)
  })
}

const unlessTooOld = async <R>(answer: Promise<R>): Promise<R | undefined> => {
  try {
    return await answer
  } catch (error) {
    const code = error instanceof OvsdbError ? error.code : undefined
    if (code === 'unknown-method' || code === 'unknown-database') return undefined
    throw error
  }
}

const complain = (row: DatabaseRow | undefined, watch: ServerWatch): OvsdbError | undefined => {
  const { database, leaderOnly, memory } = watch
  if (row === undefined) return new OvsdbError('unknown-database', `the server has no database ${database}`)
  if (!row.connected) {
    return new OvsdbError('unfit-server', `the server is not in contact with the cluster of ${database}`)
  }
  if (leaderOnly && row.model === 'clustered' && !row.leader)
    return new OvsdbError('not-leader', `the server does not lead ${database}`)
  return complainOfAge(row, memory)
}

const complainOfAge = (row: DatabaseRow, memory: ClusterMemory): OvsdbError | undefined => {
  if (row.cid === null || row.index === null) return undefined
  if (memory.cluster === row.cid && row.index < memory.index) {
    const age = `at entry ${row.index} of the log, ${memory.index} was seen`
    return new OvsdbError('unfit-server', `the server is behind its cluster: ${age}`)
  }
  memory.cluster = row.cid
  memory.index = row.index
  return undefined
}
