/**
 * The one error of the OVSDB library. `code` is stable and belongs to a program; `message` is for people; what the peer
 * said is kept in its own words in `peer`, with the operation that it spoke of in `operation`.
 */

/** Every code, once, with what it means. */
export const ovsdbErrorCodes = {
  'malformed-json': 'the bytes are not JSON as OVSDB has it',
  'message-too-large': 'a message is longer than the limit of the session',
  'malformed-message': 'the JSON is no JSON-RPC message or not the answer that RFC 7047 promises',
  'bad-value': 'a value does not have the type of its column',
  'bad-schema': 'a database schema is not well-formed',
  'schema-mismatch': 'the server lacks a table or column that is needed, or has it with another type',
  'unknown-database': 'the server has no database of this name',
  'unknown-method': 'the server does not know this method: it is older than what was asked',
  refused: 'the server answered a request with an error',
  'operation-failed': 'the server executed a transaction and one of its operations failed',
  canceled: 'the request was canceled before its answer came',
  'outcome-unknown':
    'the connection ended before the answer to a transaction came: it may or may not be committed',
  closed: 'the session is closed',
  'too-many-outstanding': 'too many requests wait for their answers',
  'slow-peer': 'the peer does not read what was sent to it',
  inactive: 'the peer answered no probe in time',
  timeout: 'something did not happen in the time allowed for it',
  'bad-target': 'a connection method is not of the form that OVSDB knows',
  'dial-failed': 'no connection could be made',
  'listen-failed': 'the listening socket could not be opened',
  'tls-failed': 'a key, a certificate or a CA cannot be used, or the peer could not be authenticated',
  'not-leader': 'the server is not the leader of its cluster',
  'unfit-server': 'the server is out of contact with its cluster, or behind what was seen of it before',
} as const

export type OvsdbErrorCode = keyof typeof ovsdbErrorCodes

/** What a server said of a failure: RFC 7047, section 3.1 (`<error>`). */
export interface PeerError {
  /** The short, stable word, for example `constraint violation`. */
  readonly error: string
  readonly details?: string
}

export interface OvsdbErrorFacts {
  readonly peer?: PeerError
  /**
   * The operation that failed, counted from 0, and its JSON; an index equal to the number of operations means that all of
   * them succeeded and the commit failed, and there is no `request`.
   */
  readonly operation?: { readonly index: number; readonly request?: unknown }
  /** Where in the bytes of a message an error was found. */
  readonly offset?: number
  readonly cause?: unknown
}

export class OvsdbError extends Error {
  override readonly name = 'OvsdbError'
  readonly code: OvsdbErrorCode
  readonly peer?: PeerError
  readonly operation?: { readonly index: number; readonly request?: unknown }
  readonly offset?: number

  constructor(code: OvsdbErrorCode, message: string, facts: OvsdbErrorFacts = {}) {
    super(message, 'cause' in facts ? { cause: facts.cause } : undefined)
    this.code = code
    if (facts.peer !== undefined) this.peer = facts.peer
    if (facts.operation !== undefined) this.operation = facts.operation
    if (facts.offset !== undefined) this.offset = facts.offset
  }
}

/** The same error with where it happened put before its message, so that a nested decoder can say its path; any other error as it is. */
export const within = (place: string, error: unknown): unknown =>
  error instanceof OvsdbError
    ? new OvsdbError(error.code, `${place}: ${error.message}`, { ...error, cause: error.cause })
    : error
