/** Who has subscribed to which EID-prefix, within limits, and the nonces that must grow (RFC 9437, section 5). */
import type { IpAddress } from '../address.js'
import { printEid } from '../address-text.js'
import type { Proof } from '../auth.js'
import type { Eid } from '../eid.js'
import { sameEid } from '../mapping/eid-key.js'
import { EidMap } from '../mapping/eid-map.js'
import { TimingWheel } from '../mapping/timing-wheel.js'
import type { XtrIdentity } from '../messages/parts.js'
import { TokenBucket } from './limits.js'
import type { NoticeParty } from './notices.js'
import type { SubscriptionOptions } from './options.js'

export interface Subscriber {
  readonly name: string
  readonly bucket: TokenBucket
  subscriptions: number
}

export interface Subscription extends NoticeParty {
  readonly id: number
  readonly subscriber: Subscriber
  readonly identity: XtrIdentity
  /** The prefix that the subscriber was told of. */
  readonly eid: Eid
  /** What it asked for, where that is not the prefix itself. */
  readonly asked: Eid[]
  /** More specific prefixes of which it wants to hear nothing. */
  readonly muted: Eid[]
  /** Changes that wait for its turn, by the text of the EID. */
  readonly waiting: Map<string, Eid>
  rlocs: readonly IpAddress[]
  proof: Proof
  /** Of the last message in either direction. */
  nonce: bigint
}

/** What a subscription begins with. */
export type NewSubscription = Pick<Subscription, 'identity' | 'eid' | 'rlocs' | 'proof' | 'nonce'>

const nameOf = ({ siteId, xtrId }: XtrIdentity): string => `${siteId.toString(16)}/${xtrId.toString(16)}`

/** Prefixes that a subscriber asked for within one subscription; the oldest is forgotten. */
const askedMax = 16

export class SubscriptionBook {
  readonly #options: SubscriptionOptions
  readonly #subscribers = new Map<string, Subscriber>()
  readonly #byPrefix = new EidMap<Map<string, Subscription>>()
  readonly #byId = new Map<number, Subscription>()
  /** Ends of temporary ones. */
  readonly #wheel: TimingWheel
  readonly #free: number[] = []
  /** Last nonces of subscriptions that have ended. */
  readonly #nonces = new Map<string, bigint>()

  constructor(options: SubscriptionOptions, now: number) {
    this.#options = options
    this.#wheel = new TimingWheel({ tickMs: 250, now })
  }

  get size(): number {
    return this.#byId.size
  }

  get subscribers(): number {
    return this.#subscribers.size
  }

  /** The last nonce of a subscriber for a prefix, also after the subscription. */
  lastNonce(identity: XtrIdentity, eid: Eid): bigint | undefined {
    return this.get(identity, eid)?.nonce ?? this.#nonces.get(`${nameOf(identity)} ${printEid(eid)}`)
  }

  /** Keeps a nonce without a subscription; the oldest kept is forgotten when there are too many. */
  keepNonce(identity: XtrIdentity, eid: Eid, nonce: bigint): void {
    const name = `${nameOf(identity)} ${printEid(eid)}`
    this.#nonces.delete(name)
    this.#nonces.set(name, nonce)
    if (this.#nonces.size <= this.#options.noncesMax) return
    for (const oldest of this.#nonces.keys()) {
      this.#nonces.delete(oldest)
      return
    }
  }

  get(identity: XtrIdentity, eid: Eid): Subscription | undefined {
    return this.#byPrefix.get(eid)?.get(nameOf(identity))
  }

  /** The subscriptions of one subscriber that cover an EID-prefix, the shortest first. */
  coveringOf(identity: XtrIdentity, eid: Eid): readonly Subscription[] {
    const name = nameOf(identity)
    return this.#byPrefix.covering(eid).flatMap((all) => all.get(name) ?? [])
  }

  *covering(eid: Eid): Generator<Subscription> {
    for (const all of this.#byPrefix.covering(eid)) yield* all.values()
  }

  /** Those of prefixes that `eid` covers, its own left out, as far as `limit` prefixes. */
  *within(eid: Eid, limit: number): Generator<Subscription> {
    for (const all of this.#byPrefix.within(eid, limit)) {
      for (const one of all.values()) if (!sameEid(one.eid, eid)) yield one
    }
  }

  /** Undefined when there is no room. */
  add(fresh: NewSubscription): Subscription | undefined {
    const name = nameOf(fresh.identity)
    const subscriber = this.#subscribers.get(name) ?? this.#admit(name)
    if (subscriber === undefined || this.#byId.size >= this.#options.subscriptionsMax) return undefined
    if (subscriber.subscriptions >= this.#options.perSubscriberMax) return undefined
    const id = this.#free.pop() ?? this.#byId.size + 1
    const made: Subscription = {
      ...fresh,
      id,
      subscriber,
      asked: [],
      muted: [],
      waiting: new Map(),
      unconfirmed: new Map(),
    }
    subscriber.subscriptions += 1
    this.#subscribers.set(name, subscriber)
    this.#byId.set(id, made)
    const others = this.#byPrefix.get(fresh.eid)
    if (others === undefined) this.#byPrefix.set(fresh.eid, new Map([[name, made]]))
    else others.set(name, made)
    return made
  }

  remove(subscription: Subscription): void {
    const { id, subscriber, eid } = subscription
    if (this.#byId.get(id) !== subscription) return
    this.keepNonce(subscription.identity, eid, subscription.nonce)
    this.#byId.delete(id)
    this.#free.push(id)
    this.#wheel.cancel(id)
    const others = this.#byPrefix.get(eid)
    others?.delete(subscriber.name)
    if (others?.size === 0) this.#byPrefix.delete(eid)
    subscriber.subscriptions -= 1
    if (subscriber.subscriptions === 0) this.#subscribers.delete(subscriber.name)
  }

  /** Notes what the subscriber asked for: it may end the subscription under this name, and hears of it again. */
  noteAsked({ eid, asked, muted }: Subscription, wanted: Eid): void {
    const again = muted.findIndex((one) => sameEid(one, wanted))
    if (again >= 0) muted.splice(again, 1)
    if (sameEid(wanted, eid) || asked.some((one) => sameEid(one, wanted))) return
    asked.push(wanted)
    if (asked.length > askedMax) asked.shift()
  }

  /** Gives a subscription an end, or with undefined takes it away. */
  endAt({ id }: Subscription, at: number | undefined): void {
    if (at === undefined) this.#wheel.cancel(id)
    else this.#wheel.schedule(id, at)
  }

  /** Whether a party that notices tell is a subscription that is still in force. */
  has(party: NoticeParty): party is Subscription {
    return 'subscriber' in party && this.#byId.get((party as Subscription).id) === party
  }

  isTemporary({ id }: Subscription): boolean {
    return this.#wheel.has(id)
  }

  /** Ends temporary ones whose time is up. */
  tick(now: number, max: number): void {
    this.#wheel.advance(now, max, (id) => {
      const ended = this.#byId.get(id)
      if (ended !== undefined) this.remove(ended)
    })
  }

  #admit(name: string): Subscriber | undefined {
    if (this.#subscribers.size >= this.#options.subscribersMax) return undefined
    return { name, bucket: new TokenBucket(this.#options.notifyRate), subscriptions: 0 }
  }
}
