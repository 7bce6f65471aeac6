/** Runs a bundle's state machine: sends what it asks for, tells the caller how it ended. */
import { OpenFlowError } from '../errors.js'
import { version } from '../messages/parts.js'
import type { Message } from '../messages.js'
import {
  type Bundle,
  type BundleTurn,
  type BundleXids,
  bundleControlOf,
  bundleInterrupted,
  bundleReceived,
  bundleXids,
} from './bundle.js'
import type { Addressed, Outlet } from './outlet.js'
import type { Waiter } from './waiting.js'

export type BundleFlag = 'atomic' | 'ordered'

export interface BundleOptions {
  /**
   * `ordered`: in the order given. `atomic`: a packet sees all of the changes or none. Both when absent. Open vSwitch has
   * port_mods in bundles that are not atomic, and no meter_mods.
   */
  readonly flags?: readonly BundleFlag[]
  /**
   * `checked`, when absent: once the switch has taken every message. `at-once`: everything in one go, which takes one
   * round trip instead of two; a message that is refused is then left out (`partly-rejected`).
   */
  readonly commit?: 'checked' | 'at-once'
}

const noBytes = new Uint8Array()

/** The messages of one bundle, each with its xid. */
const partsOf = (bundleId: number, flags: readonly BundleFlag[], xids: BundleXids) => ({
  control: (name: 'open' | 'close' | 'commit' | 'discard'): Addressed => [
    bundleControlOf(`${name}_request`, bundleId, flags),
    xids[name],
  ],
  add: (message: Message, index: number): Addressed => {
    const xid = xids.add + index
    const request = { version, xid, message }
    return [{ type: 'bundle_add', bundleId, flags, request, properties: noBytes }, xid]
  },
})

/**
 * Resolves when the switch has committed all messages. Rejects with `OpenFlowError`: `rejected` where it has refused one of
 * them (`index` says which, `peer` why) or the bundle itself, and nothing has changed; `partly-rejected` where all but those
 * that it refused have taken effect; `unencodable` (with `index`), `busy`, `timeout` or `closed` where nothing has changed
 * either; `outcome-unknown` where the answer to the commit is lost.
 */
export const runBundle = (
  outlet: Outlet,
  bundleId: number,
  messages: readonly Message[],
  options: BundleOptions = {},
): Promise<void> =>
  new Promise((resolve, reject) => {
    const { waiting, clock, limits } = outlet
    const count = bundleXids(0, messages.length).total
    const xids = bundleXids(waiting.allocate(count), messages.length)
    const { control, add } = partsOf(bundleId, options.flags ?? ['atomic', 'ordered'], xids)
    const atOnce = options.commit === 'at-once'
    let bundle: Bundle = { state: atOnce ? 'committing' : 'filling' }
    let cancel = (): void => {}
    const take = (turn: BundleTurn): void => {
      bundle = turn.bundle
      if (turn.send !== undefined) outlet.sendNow([control(turn.send)])
      if (bundle.state !== 'done' && bundle.state !== 'failed') return
      cancel()
      waiting.remove(waiter)
      if (bundle.state === 'done') resolve()
      else reject(bundle.error)
    }
    const waiter: Waiter = {
      first: xids.open,
      count,
      onMessage: (envelope) => take(bundleReceived(bundle, xids, envelope)),
      onMalformed: (error) => take(bundleInterrupted(bundle, error, 'closed')),
      onClose: (error) => take({ bundle: bundleInterrupted(bundle, error, 'closed').bundle }),
    }
    waiting.add(waiter)
    try {
      const commit = atOnce ? [control('commit')] : []
      outlet.send([control('open'), ...messages.map(add), control('close'), ...commit])
    } catch (error) {
      waiting.remove(waiter)
      throw placedInBundle(error)
    }
    const overdue = new Error(`${limits.bundleMsMax} ms passed`)
    cancel = clock.schedule(limits.bundleMsMax, () => take(bundleInterrupted(bundle, overdue, 'timeout')))
  })

/** Counts from the bundle's first message instead of from the open request in front of it. */
const placedInBundle = (error: unknown): unknown =>
  error instanceof OpenFlowError && error.index !== undefined
    ? new OpenFlowError(error.code, error.message, { index: error.index - 1, cause: error.cause })
    : error
