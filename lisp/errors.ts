/**
 * The one error of the LISP library. Whatever a peer sends, and whatever a caller asks for, ends in a value or in a
 * `LispError`.
 */
import { WireError } from '#wire/error.js'

export type LispErrorCode =
  /** Bytes that are no LISP message. RFC 9301, section 5.1: the message is dropped. */
  | 'malformed'
  /** A message of a type that this library does not read: to be ignored. */
  | 'unknown-type'
  /** Text that is no address, EID or message. */
  | 'bad-text'
  /** A value that the format has no room for. */
  | 'unencodable'

export class LispError extends Error {
  override readonly name = 'LispError'

  constructor(
    readonly code: LispErrorCode,
    message: string,
    options?: { readonly cause: unknown },
  ) {
    super(message, options)
  }
}

const fromWireError = (code: LispErrorCode, error: unknown): unknown =>
  error instanceof WireError ? new LispError(code, error.message, { cause: error }) : error

/** For an error in reading what a peer has sent; a mistake of this library passes unchanged. */
export const readingError = (error: unknown): unknown => fromWireError('malformed', error)

/** For an error in writing what a caller has asked for. */
export const writingError = (error: unknown): unknown => fromWireError('unencodable', error)
