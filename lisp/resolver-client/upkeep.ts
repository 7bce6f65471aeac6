/** What keeps watched EIDs fresh: subscriptions where servers take them, questions before TTLs end, and after mappings have gone. */
import type { Random } from '#link/random.js'
import type { Eid } from '../eid.js'
import type { Resolved, ResolverOutbox } from './effects.js'
import type { MapCache } from './map-cache.js'
import type { ResolverOptions } from './options.js'
import type { Queries } from './queries.js'
import type { Wish } from './query.js'
import type { Purpose } from './requests.js'
import type { Subscriptions } from './subscriptions.js'
import type { Watch, Watches } from './watches.js'

export interface UpkeepParts {
  readonly options: ResolverOptions
  readonly random: Random
  /** Whether we may subscribe. */
  readonly subscribes: boolean
  readonly watches: Watches
  readonly subscriptions: Subscriptions
  readonly queries: Queries
  readonly cache: MapCache
}

/** Before a mapping expires it is asked for again: this part of its life before, and no earlier than that. */
const leadPart = 0.2
const leadMsMax = 60_000
/** Watches that are revived at once when a mapping goes; others are when they are looked at. */
const revivedMax = 4_096

export class Upkeep {
  readonly #parts: UpkeepParts

  constructor(parts: UpkeepParts) {
    this.#parts = parts
  }

  /** What a question for an EID is to do: subscribe where somebody watches. */
  purposeFor(eid: Eid): Purpose {
    const { subscribes, watches } = this.#parts
    return subscribes && watches.within(eid, 1).length > 0 ? 'subscribe' : 'resolve'
  }

  /** A new watch: answered by the cache or asked for; subscribed in any case. */
  begin(watch: Watch, now: number, out: ResolverOutbox): void {
    const { cache, queries } = this.#parts
    const { eid } = watch
    for (const farewell of queries.farewells(eid)) queries.end(farewell, now, out)
    const known = cache.lookup(eid)
    if (known !== undefined && known.action !== 'send-map-request' && this.#isSure(eid, known)) {
      out.push({ do: 'answered', asked: eid, mapping: known })
      this.schedule(eid, now)
      if (!this.#isTold(eid)) this.#ask(watch, {}, now, out)
      return
    }
    const silent = queries.isSilent(eid, now)
    if (silent) out.push({ do: 'failed', asked: eid, reason: 'silent' })
    this.#ask(watch, { told: !silent, anew: known !== undefined }, now, out)
  }

  /** Sets when a watch is to be looked at: some time before what it watches expires, and sooner where it is not subscribed to. */
  schedule(eid: Eid, now: number): void {
    const { watches, cache, options, random } = this.#parts
    const watch = watches.get(eid)
    if (watch === undefined) return
    const expires = cache.lookupEntry(eid)?.expires
    const lead = leadOf((expires ?? now) - now) * (0.5 + 0.5 * random())
    const renewal = expires === undefined ? now + options.restMs : expires - lead
    const again = now + options.unsubscribableMs * (1 + 0.1 * random())
    watches.lookAt(watch, this.#isTold(eid) ? renewal : Math.min(renewal, again))
  }

  /** The time of a watch has come. */
  look(watch: Watch, now: number, out: ResolverOutbox): void {
    const found = this.#parts.cache.lookupEntry(watch.eid)
    const life = (found?.mapping.ttl ?? 0) * 60_000
    // Somebody else's question may have refreshed it.
    const isFresh = found !== undefined && found.expires - now > leadOf(life) + 1_000
    if (isFresh && this.#isTold(watch.eid)) this.schedule(watch.eid, now)
    else this.#ask(watch, { anew: true }, now, out)
  }

  /** Whether nothing says that a cached mapping may be old: neither TTLs nor a subscription that ought to tell of it and does not. */
  #isSure(eid: Eid, known: Resolved): boolean {
    const { subscribes, subscriptions, cache } = this.#parts
    return !subscribes || subscriptions.of(eid) === undefined || cache.isTrusted(known)
  }

  /** Whether changes are told, or nobody is asked to. */
  #isTold(eid: Eid): boolean {
    const { subscribes, subscriptions } = this.#parts
    return !subscribes || subscriptions.of(eid) !== undefined
  }

  /** Nothing is known any more of some prefixes: what is watched in them is asked for, and subscribed to. */
  revive(gone: readonly Eid[], now: number, out: ResolverOutbox): void {
    const { watches, cache } = this.#parts
    for (const eid of gone) {
      for (const watch of watches.within(eid, revivedMax)) {
        const isKnown = cache.lookup(watch.eid) !== undefined && this.#isTold(watch.eid)
        if (!isKnown) this.#ask(watch, {}, now, out)
      }
    }
  }

  /** What is known of exactly an EID-prefix is in doubt: it is asked for, as a prefix (RFC 9301, section 5.2). */
  renew(eid: Eid, now: number, out: ResolverOutbox): void {
    this.#parts.queries.ask(eid, { purpose: this.purposeFor(eid), anew: true }, now, out)
  }

  /** A server has ended a subscription: whatever was told by it may be old, so those who watch ask anew. */
  resubscribe(eid: Eid, now: number, out: ResolverOutbox): void {
    const { watches, subscriptions, cache } = this.#parts
    subscriptions.end(eid)
    cache.distrust(eid)
    for (const watch of watches.within(eid, revivedMax)) this.#ask(watch, { anew: true }, now, out)
  }

  /** Ends the subscriptions over an EID in which nobody watches any more. */
  release(eid: Eid, now: number, out: ResolverOutbox): void {
    const { watches, subscriptions, queries, cache } = this.#parts
    for (const { eid: subscribed, server } of subscriptions.covering(eid)) {
      if (watches.within(subscribed, 1).length > 0) continue
      subscriptions.end(subscribed)
      cache.distrust(subscribed)
      queries.ask(subscribed, { purpose: 'unsubscribe', anew: true, first: server }, now, out)
    }
  }

  #ask(watch: Watch, wish: Pick<Wish, 'told' | 'anew'>, now: number, out: ResolverOutbox): void {
    const { queries, watches, options } = this.#parts
    const purpose = this.purposeFor(watch.eid)
    if (queries.ask(watch.eid, { ...wish, purpose }, now, out)) return
    if (wish.told) out.push({ do: 'failed', asked: watch.eid, reason: 'busy' })
    watches.lookAt(watch, now + options.restMs)
  }
}

/** How long before its end a mapping of so long a life is asked for again, at most. */
const leadOf = (lifeMs: number): number => Math.min(leadMsMax, leadPart * lifeMs)
