/** What can go wrong with a connection, whatever is spoken on it. OVSDB and OpenFlow pass these on as they are. */

export type LinkErrorCode =
  /** A target such as `tcp:HOST:PORT` cannot be read. */
  | 'bad-target'
  /** The key, certificate or CA is missing or unusable. */
  | 'bad-credentials'
  /** The peer refused, is unreachable, or failed the TLS handshake. */
  | 'dial-failed'
  /** The address cannot be listened on. */
  | 'listen-failed'
  /** Connecting, the handshake or the initial load took too long. */
  | 'timeout'
  /** The peer did not answer a probe. */
  | 'no-answer'
  /** The peer does not read: more than the limit waits to be sent. */
  | 'queue-full'
  /** The connection broke. */
  | 'broken'
  /** The peer closed, or we did, in order. */
  | 'closed'

export class LinkError extends Error {
  override readonly name = 'LinkError'
  constructor(
    readonly code: LinkErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** Keeps the words of an error that the runtime gave, under a code of ours. */
export const linkError = (code: LinkErrorCode, context: string, cause: unknown): LinkError =>
  cause instanceof LinkError
    ? cause
    : new LinkError(code, `${context}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
