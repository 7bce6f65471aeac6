/** What becomes of an answer: it fills the map-cache, is told to whoever waits, and says something of the resolver that gave it. */
import { printEid } from '../address-text.js'
import type { Eid } from '../eid.js'
import type { Endpoint } from '../map-server/effects.js'
import { type Refusals, type Refused, refused } from '../map-server/refusals.js'
import type { MapReply } from '../messages/map-reply.js'
import type { MappingRecord } from '../records.js'
import type { ResolverOutbox } from './effects.js'
import type { MapCache } from './map-cache.js'
import type { ResolverOptions } from './options.js'
import type { Queries } from './queries.js'
import type { Attempt, Query } from './query.js'
import type { ClientRefusal } from './refusals.js'
import type { Resolvers } from './resolvers.js'
import type { Subscriptions } from './subscriptions.js'

export interface AnswersParts {
  readonly options: ResolverOptions
  readonly cache: MapCache
  readonly queries: Queries
  readonly subscriptions: Subscriptions
  readonly resolvers: Resolvers
  readonly refusals: Refusals<ClientRefusal>
  /** A question for this EID has been answered. */
  readonly settled: (eid: Eid, now: number) => void
}

export class Answers {
  readonly #parts: AnswersParts

  constructor(parts: AnswersParts) {
    this.#parts = parts
  }

  /** Takes a Map-Reply: it counts by its nonce, exactly. */
  takeReply(
    message: MapReply,
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Refused<ClientRefusal> | undefined {
    const { queries } = this.#parts
    const attempt = queries.attempt(message.nonce)
    if (attempt === undefined) return refused('unknown-nonce')
    if (attempt.purpose === 'unsubscribe') {
      queries.end(attempt.query, now, out)
      return undefined
    }
    if (attempt.purpose === 'subscribe' && isDenial(message)) {
      this.#unsubscribable(attempt, now)
      queries.retry(attempt.query, now, out)
      return undefined
    }
    const { attempts } = attempt.query
    const ignored = attempts.some(
      ({ purpose, resolver }) => purpose === 'subscribe' && resolver === attempt.resolver,
    )
    if (attempt.purpose === 'resolve' && ignored) this.#unsubscribable(attempt, now)
    const eid = this.take(attempt, message.records, from, now, out)
    return 'refusal' in eid ? eid : undefined
  }

  /** Takes the records of an answer to `attempt`, and returns the prefix that covers what was asked. */
  take(
    attempt: Attempt,
    records: readonly MappingRecord[],
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Eid | Refused<ClientRefusal> {
    const { cache, queries, resolvers, refusals, settled } = this.#parts
    const { query, resolver } = attempt
    const found = cache.answer(query.eid, records, attempt.at, now, out)
    if (found === undefined) return refused('not-asked', printEid(query.eid))
    resolvers.prefer(resolver)
    const { eid, mapping, kept } = found
    if (!kept) refusals.refuse(refused('no-room', printEid(mapping.eid)), from, now, out)
    const { told, again, purpose } = query
    if (told) {
      out.push({ do: 'answered', asked: query.eid, mapping, from, rttMs: now - attempt.at })
    }
    queries.end(query, now, out)
    settled(query.eid, now)
    if (again) queries.ask(query.eid, { purpose, anew: true, smrInvoked: true }, now, out)
    return eid
  }

  /**
   * Answers a question whose turn has come from what the cache has learned meanwhile; a subscription has to be there too, where one is
   * wanted and to be had.
   */
  takeFromCache(query: Query, now: number, out: ResolverOutbox): boolean {
    const { cache, subscriptions, resolvers } = this.#parts
    const mapping = cache.lookup(query.eid)
    if (mapping === undefined || mapping.action === 'send-map-request') return false
    const isWanting = query.purpose === 'subscribe' && subscriptions.of(query.eid) === undefined
    if (isWanting && resolvers.subscribable(now)) return false
    if (query.told) out.push({ do: 'answered', asked: query.eid, mapping })
    this.#parts.settled(query.eid, now)
    return true
  }

  #unsubscribable({ resolver }: Attempt, now: number): void {
    resolver.unsubscribableUntil = now + this.#parts.options.unsubscribableMs
  }
}

/** A subscription that is refused is no statement about the EID. RFC 9437, section 5. */
const isDenial = ({ records: [record] }: MapReply): boolean =>
  record?.locators.length === 0 &&
  (record.action === 'drop-policy-denied' || record.action === 'drop-auth-failure')
