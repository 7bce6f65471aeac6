/** What keeps watched EIDs fresh: subscriptions where servers take them, questions before TTLs end, and after mappings have gone. */
import type { Random } from '#link/random.js'
import type { Eid } from '../eid.js'
import type { ResolverOutbox } from './effects.js'
import type { MapCache } from './map-cache.js'
import type { ResolverOptions } from './options.js'
import type { Queries, Wish } from './queries.js'
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
    const { cache, queries, subscriptions, subscribes } = this.#parts
    const { eid } = watch
    for (const farewell of queries.farewells(eid)) queries.end(farewell, now, out)
    const known = cache.lookup(eid)
    if (known !== undefined && known.action !== 'send-map-request') {
      out.push({ do: 'answered', asked: eid, mapping: known })
      this.schedule(eid, now)
      if (subscribes && subscriptions.of(eid) === undefined) this.#ask(watch, {}, now, out)
      return
    }
    const silent = queries.isSilent(eid, now)
    if (silent) out.push({ do: 'failed', asked: eid, reason: 'silent' })
    this.#ask(watch, { told: !silent }, now, out)
  }

  /** Sets when a watch is to be looked at: some time before what it watches expires. */
  schedule(eid: Eid, now: number): void {
    const { watches, cache, options, random } = this.#parts
    const watch = watches.get(eid)
    if (watch === undefined) return
    const expires = cache.lookupEntry(eid)?.expires
    const lead = leadOf((expires ?? now) - now) * (0.5 + 0.5 * random())
    watches.lookAt(watch, expires === undefined ? now + options.restMs : expires - lead)
  }

  /** The time of a watch has come. */
  look(watch: Watch, now: number, out: ResolverOutbox): void {
    const found = this.#parts.cache.lookupEntry(watch.eid)
    const life = (found?.mapping.ttl ?? 0) * 60_000
    // Somebody else's question may have refreshed it.
    if (found !== undefined && found.expires - now > leadOf(life) + 1_000) this.schedule(watch.eid, now)
    else this.#ask(watch, { anew: true }, now, out)
  }

  /** Nothing is known any more of some prefixes: what is watched in them is asked for. */
  revive(gone: readonly Eid[], now: number, out: ResolverOutbox): void {
    const { watches, cache } = this.#parts
    for (const eid of gone) {
      for (const watch of watches.within(eid, revivedMax)) {
        if (cache.lookup(watch.eid) === undefined) this.#ask(watch, {}, now, out)
      }
    }
  }

  /** A server has ended a subscription: those who watch want another. */
  resubscribe(eid: Eid, now: number, out: ResolverOutbox): void {
    const { watches, subscriptions } = this.#parts
    subscriptions.end(eid)
    const [watch] = watches.within(eid, 1)
    if (watch !== undefined) this.#ask(watch, { anew: true }, now, out)
  }

  /** Ends the subscriptions over an EID in which nobody watches any more. */
  release(eid: Eid, now: number, out: ResolverOutbox): void {
    const { watches, subscriptions, queries } = this.#parts
    for (const { eid: subscribed } of subscriptions.covering(eid)) {
      if (watches.within(subscribed, 1).length > 0) continue
      subscriptions.end(subscribed)
      queries.ask(subscribed, { purpose: 'unsubscribe', anew: true }, now, out)
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
