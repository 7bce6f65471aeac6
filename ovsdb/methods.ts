/**
 * The methods of RFC 7047 (section 4.1) and of ovsdb-server(7), one function each, over a session. Answers are checked for their form here;
 * what a monitor's tables mean is the replica's business.
 */
import { excerpt, readUuid, type Uuid } from './atoms.js'
import { OvsdbError } from './errors.js'
import { isJsonArray, type Json } from './json.js'
import type { Operation, Results } from './operations.js'
import { decodeResults } from './results.js'
import { type DatabaseSchema, parseSchema } from './schema.js'
import type { RequestOptions, Session } from './session.js'

const malformed = (method: string, answer: Json): OvsdbError =>
  new OvsdbError('malformed-message', `${method} was answered with ${excerpt(answer)}`)

/** `list_dbs` (4.1.1): the names of the server's databases. */
export const listDbs = async (session: Session, options?: RequestOptions): Promise<readonly string[]> => {
  const answer = await session.request('list_dbs', [], options)
  if (!isJsonArray(answer)) throw malformed('list_dbs', answer)
  return answer.map((name) => {
    if (typeof name === 'string') return name
    throw malformed('list_dbs', answer)
  })
}

/** `get_schema` (4.1.2). */
export const getSchema = async (
  session: Session,
  db: string,
  options?: RequestOptions,
): Promise<DatabaseSchema> => parseSchema(await session.request('get_schema', [db], options))

/**
 * `transact` (4.1.3): executes all of the operations, or none of them; resolves with their results. Rejects with `operation-failed`
 * and the server's words; with `outcome-unknown` when the session ended before the answer came: read back before doing it again.
 * Aborting the signal sends `cancel` (4.1.4): the promise still settles only by the server's answer, `canceled` or not.
 */
export const transact = async <const O extends readonly Operation[]>(
  session: Session,
  db: string,
  operations: O,
  options?: RequestOptions,
): Promise<Results<O>> => {
  const requests = operations.map((operation) => operation.request)
  return decodeResults(operations, await session.request('transact', [db, ...requests], options))
}

/** `echo` (4.1.11): resolves when the peer is alive. */
export const echo = async (session: Session, options?: RequestOptions): Promise<void> => {
  await session.request('echo', [], options)
}

/** `set_db_change_aware`: an aware session stays when a database is added, removed or changes its schema (ovsdb-server(7), 4.1.16). */
export const setDbChangeAware = async (
  session: Session,
  aware: boolean,
  options?: RequestOptions,
): Promise<void> => {
  await session.request('set_db_change_aware', [aware], options)
}

/** `get_server_id`: differs from one start of a server to the next (ovsdb-server(7), 4.1.17). */
export const getServerId = async (session: Session, options?: RequestOptions): Promise<Uuid> => {
  const answer = await session.request('get_server_id', [], options)
  const id = typeof answer === 'string' ? answer : readUuid(answer)
  if (id === undefined) throw malformed('get_server_id', answer)
  return id
}
