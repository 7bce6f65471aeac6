/**
 * The one error of the OpenFlow library. Whatever a peer sends, and whatever a caller asks for, ends in a value, in an
 * `OpenFlowError`, or in the `LinkError` of the connection underneath.
 */
import { WireError } from '#wire/error.js'
import type { PeerErrorName } from './peer-errors.js'

export type OpenFlowErrorCode =
  /** Bytes that are no OpenFlow message. */
  | 'malformed'
  /** Text that is no flow, match or action. */
  | 'bad-text'
  /** A value that OpenFlow has no room for. */
  | 'unencodable'
  /** The peer does not speak OpenFlow 1.5. */
  | 'version-mismatch'
  /** The peer answered with an error message: see `peer`. */
  | 'rejected'
  /** A bundle that was committed at once has taken effect without the messages that the peer refused: see `index`. */
  | 'partly-rejected'
  /** The peer answered with a message of another kind. */
  | 'unexpected'
  /** A multipart reply grew over its limit. */
  | 'too-large'
  /** Too many requests wait for an answer, or too many bytes to be sent. */
  | 'busy'
  /** No answer in time. */
  | 'timeout'
  /** The channel is closed; nothing that was asked has taken effect after that. */
  | 'closed'
  /** The channel closed, or time ran out, after a commit was sent: it has taken effect or has not. Read back. */
  | 'outcome-unknown'

/** What an error message of the peer says. */
export interface PeerError {
  /** The error's name as Open vSwitch prints it; absent for one that is not in `peerErrors`. */
  readonly name?: PeerErrorName
  readonly type: number
  readonly code: number
  readonly experimenter?: number
  /** The failing request as the peer gives it back: at least its first 64 bytes; text after a failed hello. */
  readonly data: Uint8Array
}

export interface OpenFlowErrorDetails {
  readonly peer?: PeerError
  /** Which message of a bundle failed, counted from 0. */
  readonly index?: number
  readonly cause?: unknown
}

export class OpenFlowError extends Error {
  override readonly name = 'OpenFlowError'
  readonly peer?: PeerError
  readonly index?: number

  constructor(
    readonly code: OpenFlowErrorCode,
    message: string,
    details: OpenFlowErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    if (details.peer !== undefined) this.peer = details.peer
    if (details.index !== undefined) this.index = details.index
  }
}

/** Turns a wire codec's error into ours; anything else is a mistake of this library and passes unchanged. */
const fromWireError = (code: OpenFlowErrorCode, error: unknown): unknown =>
  error instanceof WireError ? new OpenFlowError(code, error.message, { cause: error }) : error

/** For an error in reading what a peer has sent. */
export const readingError = (error: unknown): unknown => fromWireError('malformed', error)

/** For an error in writing what a caller has asked for. */
export const writingError = (error: unknown): unknown => fromWireError('unencodable', error)

/** The error's name, or its numbers where it has none. */
export const describePeerError = (peer: PeerError): string =>
  peer.name ??
  (peer.experimenter === undefined
    ? `error type ${peer.type}, code ${peer.code}`
    : `error ${peer.code} of experimenter 0x${peer.experimenter.toString(16).padStart(8, '0')}`)
