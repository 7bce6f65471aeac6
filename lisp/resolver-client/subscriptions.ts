/**
 * What we have subscribed to (RFC 9437), and the nonces that say what is new. A Map-Server counts up with each Map-Notify of a
 * subscription; on the way they may overtake each other, so the last nonce is kept for each EID-prefix that we were told of.
 */
import type { Random } from '#link/random.js'
import { printEid } from '../address-text.js'
import type { Eid } from '../eid.js'
import type { Endpoint } from '../map-server/effects.js'
import { EidMap } from '../mapping/eid-map.js'

export interface Subscription {
  readonly eid: Eid
  /** Who has confirmed it. */
  readonly server: Endpoint
  /** What is not in `told` has to be greater. */
  floor: bigint
  highest: bigint
  /** Last nonces, by the text of the EID-prefix; the latest last. */
  readonly told: Map<string, bigint>
}

export type Verdict =
  | 'new'
  /** The last one once more: it waits for its acknowledgement. */
  | 'again'
  /** Something newer has come already, or it is a replay. */
  | 'old'
  | 'unknown'

/** EID-prefixes within a subscription whose last nonce is kept by itself. */
const toldMax = 1_024

export interface SubscriptionsStart {
  readonly now: number
  /** Milliseconds since the Unix epoch at `now`. */
  readonly wallTime: number
  readonly random: Random
  readonly max: number
}

export class Subscriptions {
  readonly #start: SubscriptionsStart
  readonly #byEid = new EidMap<Subscription>()
  #lastNonce = 0n

  constructor(start: SubscriptionsStart) {
    this.#start = start
  }

  get size(): number {
    return this.#byEid.size
  }

  /** The one that says what is heard of an EID. */
  of(eid: Eid): Subscription | undefined {
    return this.#byEid.longest(eid)
  }

  covering(eid: Eid): readonly Subscription[] {
    return this.#byEid.covering(eid)
  }

  *all(): Generator<Subscription> {
    for (const [, subscription] of this.#byEid.entries()) yield subscription
  }

  /**
   * A nonce greater than every one that a Map-Server may remember of us: the seconds of the calendar, then chance. So nothing has to be
   * kept over a restart, and what was published and lost does not matter (RFC 9437, section 5, asks for the last one plus one).
   */
  nonceFor(eid: Eid, now: number): bigint {
    const { wallTime, now: start, random } = this.#start
    const seconds = BigInt(Math.floor((wallTime + now - start) / 1_000))
    const fresh = (seconds << 32n) | BigInt(Math.floor(random() * 2 ** 32))
    const known = this.covering(eid).map(({ highest }) => highest + 1n)
    const nonce = [this.#lastNonce + 1n, ...known].reduce((best, one) => (one > best ? one : best), fresh)
    this.#lastNonce = BigInt.asUintN(64, nonce)
    return this.#lastNonce
  }

  /** A Map-Server has confirmed a subscription; false when there are too many. */
  confirm(eid: Eid, nonce: bigint, server: Endpoint): boolean {
    const old = this.#byEid.get(eid)
    if (old === undefined && this.size >= this.#start.max) return false
    // What has been published after it, and was faster.
    const newer = [...(old?.told ?? [])].filter(([, seen]) => seen > nonce)
    const told = new Map([[printEid(eid), nonce], ...newer])
    const highest = newer.reduce((best, [, seen]) => (seen > best ? seen : best), nonce)
    this.#byEid.set(eid, { eid, server, floor: nonce, highest, told })
    return true
  }

  end(eid: Eid): Subscription | undefined {
    return this.#byEid.delete(eid)
  }

  /** What a nonce says of what is told about an EID-prefix. */
  judge(eid: Eid, nonce: bigint): Verdict {
    const subscription = this.of(eid)
    if (subscription === undefined) return 'unknown'
    const last = subscription.told.get(printEid(eid)) ?? subscription.floor
    if (nonce > last) return 'new'
    return nonce === last ? 'again' : 'old'
  }

  /** Remembers the nonce of what has been told. */
  note(eid: Eid, nonce: bigint): void {
    const subscription = this.of(eid)
    if (subscription === undefined) return
    const { told } = subscription
    const name = printEid(eid)
    told.delete(name)
    told.set(name, nonce)
    if (nonce > subscription.highest) subscription.highest = nonce
    if (told.size <= toldMax) return
    const [[oldest, seen] = ['', 0n]] = told
    told.delete(oldest)
    if (seen > subscription.floor) subscription.floor = seen
  }
}
