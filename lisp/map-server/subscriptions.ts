/**
 * Publish/subscribe (RFC 9437): subscribing, and the Map-Notify messages that tell of changes. A subscription stands at the prefix
 * that the subscriber was told of, since that is what its map-cache has.
 */
import { printEid } from '../address-text.js'
import { seal } from '../auth.js'
import type { Eid } from '../eid.js'
import { keyLength, sameEid } from '../mapping/eid-key.js'
import type { MappingSystem } from '../mapping-system.js'
import type { XtrIdentity } from '../messages/parts.js'
import type { MappingRecord } from '../records.js'
import { negativeRecord, recordOf } from './answers.js'
import type { Outbox } from './effects.js'
import type { Notice, Notices } from './notices.js'
import type { SubscriptionOptions } from './options.js'
import type { Owner } from './owners.js'
import { Publication } from './publication.js'
import { type NewSubscription, type Subscription, SubscriptionBook } from './subscription-book.js'

export interface SubscriptionRequest extends NewSubscription {
  readonly asked: Eid
  /** What the subscriber is told now: the prefix, then what is more specific in it. */
  readonly records: readonly MappingRecord[]
  /** Nobody has registered the prefix. */
  readonly temporary: boolean
}

const mutedMax = 64
/** Subscribed prefixes within a changed one that hear of it. */
const withinMax = 10_000

export class Subscriptions {
  readonly book: SubscriptionBook
  readonly #options: SubscriptionOptions
  readonly #system: MappingSystem<Owner>
  readonly #notices: Notices
  /** Those with changes that wait. */
  readonly #busy = new Set<Subscription>()

  constructor(system: MappingSystem<Owner>, notices: Notices, options: SubscriptionOptions, now: number) {
    this.#system = system
    this.#notices = notices
    this.#options = options
    this.book = new SubscriptionBook(options, now)
  }

  /** Subscribes, or renews with what is new, and tells the present state; false when there is no room. */
  subscribe(request: SubscriptionRequest, now: number, out: Outbox): boolean {
    const known = this.book.get(request.identity, request.eid)
    // A subscription that nobody confirms ends by its first notice: without room for that there is none for it.
    const subscription = known ?? (this.#notices.isFull ? undefined : this.book.add(request))
    if (subscription === undefined) return false
    subscription.rlocs = request.rlocs
    subscription.proof = request.proof
    this.book.noteAsked(subscription, request.asked)
    this.book.endAt(subscription, request.temporary ? now + this.#options.temporaryMs : undefined)
    const told = new Publication(request.records)
    this.#send(subscription, request.nonce, told, printEid(request.eid), now, out)
    return true
  }

  /**
   * Ends the subscription of a prefix, or, where only a shorter one is subscribed to, has it say nothing more of this one. The
   * Map-Notify that confirms it is the caller's to send.
   */
  unsubscribe(identity: XtrIdentity, eid: Eid, nonce: bigint): void {
    this.book.keepNonce(identity, eid, nonce)
    const covering = this.book.coveringOf(identity, eid)
    const own =
      covering.find((one) => sameEid(one.eid, eid)) ??
      covering.findLast((one) => one.asked.some((asked) => sameEid(asked, eid)))
    if (own !== undefined) {
      own.nonce = nonce
      this.#end(own)
      return
    }
    const wide = covering.at(-1)
    if (wide !== undefined && wide.muted.length < mutedMax) wide.muted.push(eid)
  }

  /** Tells all whom it concerns that what is known of an EID-prefix has changed. */
  publish(eid: Eid, now: number, out: Outbox): void {
    if (this.book.size === 0) return
    const name = printEid(eid)
    const told = new Publication([this.#present(eid, true)])
    const exists = this.#system.find(eid) !== undefined
    for (const one of this.#longest(eid)) {
      if (!one.muted.some((muted) => sameEid(muted, eid))) {
        this.#tell(this.#follow(one, eid, exists, now), eid, told, name, now, out)
      }
    }
    for (const one of [...this.book.within(eid, withinMax)]) {
      if (!this.#depends(one, eid)) continue
      const part = this.#present(one.eid, false)
      this.book.endAt(one, part.ttl === 0 ? now + this.#options.temporaryMs : undefined)
      this.#tell(one, one.eid, new Publication([part]), printEid(one.eid), now, out)
    }
  }

  tick(now: number, max: number, out: Outbox): void {
    this.book.tick(now, max)
    for (const subscription of this.#busy) this.#flush(subscription, now, out)
  }

  /** Of each subscriber the subscription of the longest prefix that covers an EID-prefix. */
  #longest(eid: Eid): readonly Subscription[] {
    const bySubscriber = new Map<object, Subscription>()
    for (const one of this.book.covering(eid)) bySubscriber.set(one.subscriber, one)
    return [...bySubscriber.values()]
  }

  /** Whether a subscriber of a longer prefix hears what is known of this one, for want of something more specific. */
  #depends(subscription: Subscription, eid: Eid): boolean {
    const mapping = this.#system.lookup(subscription.eid)
    return mapping === undefined || keyLength(mapping.eid) <= keyLength(eid)
  }

  /** What is known of exactly a prefix; with `exact` false, also what a shorter one says of it. */
  #present(eid: Eid, exact: boolean): MappingRecord {
    const mapping = exact ? this.#system.find(eid) : this.#system.lookup(eid)
    return mapping === undefined ? negativeRecord(eid, 'natively-forward', 0) : recordOf(mapping, eid)
  }

  /**
   * A subscription to a hole moves to the EID-prefix that has been registered there, when that is what was asked for; one to a
   * registered prefix gets an end when the prefix goes, and loses it when it comes back.
   */
  #follow(subscription: Subscription, eid: Eid, exists: boolean, now: number): Subscription {
    if (sameEid(subscription.eid, eid)) {
      this.book.endAt(subscription, exists ? undefined : now + this.#options.temporaryMs)
      return subscription
    }
    const wanted = subscription.asked.some((one) => this.#isAt(one, eid))
    if (!exists || !wanted || !this.book.isTemporary(subscription)) return subscription
    const { identity, rlocs, proof, nonce, asked } = subscription
    const moved = this.book.get(identity, eid) ?? this.book.add({ identity, eid, rlocs, proof, nonce })
    for (const one of asked) if (moved !== undefined) this.book.noteAsked(moved, one)
    return moved ?? subscription
  }

  /** Whether `eid` is the prefix that says where `asked` is. */
  #isAt(asked: Eid, eid: Eid): boolean {
    const mapping = this.#system.lookup(asked)
    return mapping !== undefined && sameEid(mapping.eid, eid)
  }

  #tell(
    subscription: Subscription,
    eid: Eid,
    told: Publication,
    name: string,
    now: number,
    out: Outbox,
  ): void {
    if (subscription.waiting.size === 0 && subscription.subscriber.bucket.take(now)) {
      this.#send(subscription, subscription.nonce + 1n, told, name, now, out)
    } else if (subscription.waiting.size < this.#options.waitingMax) {
      subscription.waiting.set(name, eid)
      this.#busy.add(subscription)
    } else {
      this.#lose(subscription, subscription.nonce, out)
    }
  }

  #flush(subscription: Subscription, now: number, out: Outbox): void {
    const { waiting, subscriber } = subscription
    while (waiting.size > 0 && subscriber.bucket.take(now)) {
      const batch = [...waiting].slice(0, this.#options.recordsPerNotify)
      for (const [name] of batch) waiting.delete(name)
      const records = batch.map(([, eid]) => this.#present(eid, !sameEid(eid, subscription.eid)))
      const topic = batch.length === 1 ? batch[0]?.[0] : undefined
      this.#send(subscription, subscription.nonce + 1n, new Publication(records), topic, now, out)
    }
    if (waiting.size === 0) this.#busy.delete(subscription)
  }

  #send(
    subscription: Subscription,
    nonceWanted: bigint,
    told: Publication,
    topic: string | undefined,
    now: number,
    out: Outbox,
  ): void {
    const nonce = BigInt.asUintN(64, nonceWanted)
    subscription.nonce = nonce
    const { proof, rlocs: addresses } = subscription
    const sealed = told.sealed(nonce, proof)
    this.#notices.send({ nonce, sealed, addresses, proof, party: subscription, topic }, now, out)
  }

  /** Takes a notice that nobody has acknowledged. */
  lost({ party, nonce }: Notice, out: Outbox): void {
    if (this.book.has(party)) this.#lose(party, nonce, out)
  }

  /** Nobody answers: the subscription ends, and one message says so. RFC 9437, section 5. */
  #lose(subscription: Subscription, nonce: bigint, out: Outbox): void {
    this.#end(subscription)
    const [address] = subscription.rlocs
    if (address === undefined) return
    const records = [negativeRecord(subscription.eid, 'drop-auth-failure', 1)]
    const data = seal({ type: 'map-notify', flags: {}, nonce, records }, subscription.proof)
    out.push({ do: 'send', to: { address, port: this.#notices.port }, data })
  }

  #end(subscription: Subscription): void {
    this.book.remove(subscription)
    subscription.waiting.clear()
    this.#busy.delete(subscription)
    this.#notices.end(subscription)
  }
}
