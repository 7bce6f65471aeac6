/** The `_Server` database, by which a server tells of its databases and of its place in a cluster: ovsdb-server(5). */
import { boolean, integer, oneOf, optional, string, uuid } from '../columns.js'
import { type Row, table } from '../tables.js'

export const serverDatabaseName = '_Server'

export const database = table('Database', {
  name: string,
  model: oneOf('standalone', 'clustered', 'relay'),
  /** The server has the database: it is in contact with most of its cluster. */
  connected: boolean,
  /** Always true of a standalone database. */
  leader: boolean,
  /** The schema as JSON text; null while the server does not know it. */
  schema: optional(string),
  /** Cluster and server identifiers, and the index of the log; null of a standalone database. */
  cid: optional(uuid),
  sid: optional(uuid),
  index: optional(integer),
})

export type DatabaseRow = Row<typeof database>
