/**
 * What we have subscribed to (RFC 9437), and the nonces that say what is new. A Map-Server counts up with each Map-Notify of a
 * subscription. Several subscriptions may tell of one EID: of shorter and longer prefixes, with several servers; and on the way
 * messages overtake each other. So a nonce has to be in the series of a subscription, and there it has to be greater than the last one
 * that told of the same EID-prefix. Each server sends its last word until it is acknowledged, so the end is right in every order.
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
  /** The nonce that confirmed it: its series begins there. */
  floor: bigint
  /** Last nonces by the text of the EID-prefix, the latest last. What is not in it has to be greater than `floor`. */
  readonly told: Map<string, bigint>
}

export type Verdict =
  | 'new'
  /** The last one once more: it waits for its acknowledgement. */
  | 'again'
  /** Something newer has come already, or it is a replay. */
  | 'old'
  /** A replay, or of a subscription that a server has and we have not: not to be believed, but a reason to ask. */
  | 'stray'
  /** Nothing about the EID has been subscribed to. */
  | 'unknown'

/** EID-prefixes within a subscription whose last nonce is kept by itself. */
const toldMax = 1_024
/** Subscriptions begin so far from each other, so that what one counts up to is not another's. */
const seriesSpan = 1n << 24n

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
  nonce(now: number): bigint {
    const { wallTime, now: start, random } = this.#start
    const seconds = BigInt(Math.floor((wallTime + now - start) / 1_000))
    const fresh = (seconds << 32n) | BigInt(Math.floor(random() * 2 ** 32))
    const next = this.#lastNonce + seriesSpan
    this.#lastNonce = BigInt.asUintN(64, fresh > next ? fresh : next)
    return this.#lastNonce
  }

  /** A Map-Server has confirmed a subscription; false when there are too many. */
  confirm(eid: Eid, nonce: bigint, server: Endpoint): boolean {
    if (this.#byEid.get(eid) === undefined && this.size >= this.#start.max) return false
    this.#byEid.set(eid, { eid, server, floor: nonce, told: new Map() })
    return true
  }

  end(eid: Eid): Subscription | undefined {
    return this.#byEid.delete(eid)
  }

  /** Whether a confirmation comes after that of a later question. */
  isOvertaken(eid: Eid, nonce: bigint): boolean {
    return (this.#byEid.get(eid)?.floor ?? nonce) > nonce
  }

  /** What a nonce says of what is told about an EID-prefix. */
  judge(eid: Eid, nonce: bigint): Verdict {
    const series = this.#seriesOf(eid, nonce)
    if (series === undefined) return this.of(eid) === undefined ? 'unknown' : 'stray'
    const last = series.told.get(printEid(eid)) ?? series.floor
    if (nonce > last) return 'new'
    return nonce === last ? 'again' : 'old'
  }

  /** Remembers the nonce of what has been told. */
  note(eid: Eid, nonce: bigint): void {
    const series = this.#seriesOf(eid, nonce)
    if (series === undefined) return
    const { told } = series
    const name = printEid(eid)
    told.delete(name)
    told.set(name, nonce)
    if (told.size <= toldMax) return
    const [[oldest, seen] = ['', 0n]] = told
    told.delete(oldest)
    if (seen > series.floor) series.floor = seen
  }

  #seriesOf(eid: Eid, nonce: bigint): Subscription | undefined {
    return this.covering(eid).find(({ floor }) => nonce >= floor && nonce < floor + seriesSpan)
  }
}
