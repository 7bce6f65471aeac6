/**
 * A bundle's life as a state machine: opened, filled and closed in one go, committed only once the switch has taken every
 * message. That last pause is needed: Open vSwitch keeps a bundle open from which it has refused a message, and would commit
 * the others. Who commits at once saves the pause and has to read back when a message is refused. Pure: what came in, the next state and the control message to send out.
 */
import { describePeerError, OpenFlowError, type PeerError } from '../errors.js'
import type { Envelope, Message } from '../messages.js'

/** The xids of a bundle stand in a row: open, the messages, close, commit, discard. */
export const bundleXids = (first: number, count: number) => ({
  open: first,
  add: first + 1,
  close: first + count + 1,
  commit: first + count + 2,
  discard: first + count + 3,
  total: count + 4,
})
export type BundleXids = ReturnType<typeof bundleXids>

/** The first error of the switch, and which message of the bundle it is about. */
interface Failure {
  readonly peer: PeerError
  readonly index?: number
}

export type Bundle =
  /** Everything up to the close is sent. */
  | { readonly state: 'filling'; readonly failure?: Failure }
  /** From here on it may have taken effect. */
  | { readonly state: 'committing'; readonly failure?: Failure }
  | { readonly state: 'discarding'; readonly error: OpenFlowError }
  | { readonly state: 'done' }
  | { readonly state: 'failed'; readonly error: OpenFlowError }

/** `send`: the control message to send next. */
export interface BundleTurn {
  readonly bundle: Bundle
  readonly send?: 'commit' | 'discard'
}

/** A message of the switch with one of the bundle's xids. */
export const bundleReceived = (bundle: Bundle, xids: BundleXids, { xid, message }: Envelope): BundleTurn => {
  if (message.type === 'error') return refused(bundle, xids, xid, message.error)
  const control = message.type === 'bundle_control' ? message.control : undefined
  switch (bundle.state) {
    case 'filling':
      return control === 'close_reply' ? closed(bundle.failure) : { bundle }
    case 'committing':
      return control === 'commit_reply' ? { bundle: committed(bundle.failure) } : { bundle }
    case 'discarding':
      return control === 'discard_reply' ? { bundle: { state: 'failed', error: bundle.error } } : { bundle }
    default:
      return { bundle }
  }
}

/** The connection is gone, or the time is up; with the time up, the switch is told to forget a bundle that is not committed. */
export const bundleInterrupted = (bundle: Bundle, cause: Error, code: 'closed' | 'timeout'): BundleTurn => {
  switch (bundle.state) {
    case 'filling': {
      const error = new OpenFlowError(code, `before the bundle was committed: ${cause.message}`, { cause })
      return { bundle: { state: 'failed', error }, send: 'discard' }
    }
    case 'committing': {
      const words = `the bundle may have taken effect or not: ${cause.message}`
      return { bundle: { state: 'failed', error: new OpenFlowError('outcome-unknown', words, { cause }) } }
    }
    case 'discarding':
      return { bundle: { state: 'failed', error: bundle.error } }
    default:
      return { bundle }
  }
}

const refused = (bundle: Bundle, xids: BundleXids, xid: number, peer: PeerError): BundleTurn => {
  const isMessage = xid >= xids.add && xid < xids.close
  const failure: Failure = isMessage ? { peer, index: xid - xids.add } : { peer }
  switch (bundle.state) {
    case 'filling': {
      const first = bundle.failure ?? failure
      // A bundle that could not be closed is one that the switch has already forgotten.
      if (xid === xids.close) return { bundle: { state: 'failed', error: failureError(first) } }
      return { bundle: { state: 'filling', failure: first } }
    }
    case 'committing': {
      const first = bundle.failure ?? failure
      if (xid === xids.commit) return { bundle: { state: 'failed', error: failureError(first) } }
      return { bundle: { state: 'committing', failure: first } }
    }
    case 'discarding':
      return xid === xids.discard ? { bundle: { state: 'failed', error: bundle.error } } : { bundle }
    default:
      return { bundle }
  }
}

const closed = (failure: Failure | undefined): BundleTurn =>
  failure === undefined
    ? { bundle: { state: 'committing' }, send: 'commit' }
    : { bundle: { state: 'discarding', error: failureError(failure) }, send: 'discard' }

/** Only a bundle that was committed at once can have been committed without a message that was refused. */
const committed = (failure: Failure | undefined): Bundle =>
  failure === undefined ? { state: 'done' } : { state: 'failed', error: failureError(failure, true) }

const failureError = ({ peer, index }: Failure, partial = false): OpenFlowError =>
  new OpenFlowError(
    partial ? 'partly-rejected' : 'rejected',
    index === undefined
      ? `the switch refused the bundle: ${describePeerError(peer)}`
      : `the switch refused message ${index} of the bundle: ${describePeerError(peer)}`,
    index === undefined ? { peer } : { peer, index },
  )

/** A control message of a bundle. */
export const bundleControlOf = (
  control: 'open_request' | 'close_request' | 'commit_request' | 'discard_request',
  bundleId: number,
  flags: readonly ('atomic' | 'ordered')[],
): Message => ({ type: 'bundle_control', bundleId, control, flags, properties: [] })
