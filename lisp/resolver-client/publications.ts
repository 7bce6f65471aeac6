/**
 * Map-Notify messages of the mapping system: confirmations of subscriptions, publications, farewells. Authenticated, in order, and
 * acknowledged. RFC 9437, sections 5 and 6; RFC 9301, section 5.7.
 */
import { printPrefix } from '../address-text.js'
import { checkAuthentication, type Proof, seal } from '../auth.js'
import type { Eid } from '../eid.js'
import type { Endpoint } from '../map-server/effects.js'
import { type Refused, refused } from '../map-server/refusals.js'
import { checkedEid } from '../map-server/registration.js'
import type { MapNotify } from '../messages/map-notify.js'
import type { MappingRecord } from '../records.js'
import type { ResolverOutbox } from './effects.js'
import { longestCovering, type MapCache } from './map-cache.js'
import type { PubSub } from './options.js'
import type { Queries } from './queries.js'
import type { Attempt } from './query.js'
import type { ClientRefusal } from './refusals.js'
import type { Subscriptions } from './subscriptions.js'

export interface PublicationsParts {
  readonly pubsub: PubSub | undefined
  readonly queries: Queries
  readonly cache: MapCache
  readonly subscriptions: Subscriptions
  /** Takes an answer to what was asked: the prefix that it is about. */
  readonly answer: (
    attempt: Attempt,
    records: readonly MappingRecord[],
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ) => Eid | Refused<ClientRefusal>
  /** A subscription has been confirmed. */
  readonly confirmed: (eid: Eid, now: number, out: ResolverOutbox) => void
  /** The server has ended the subscription of an EID-prefix. */
  readonly ended: (eid: Eid, now: number, out: ResolverOutbox) => void
}

interface Told {
  readonly eid: Eid
  readonly record: MappingRecord
}

export class Publications {
  readonly #parts: PublicationsParts

  constructor(parts: PublicationsParts) {
    this.#parts = parts
  }

  /** Takes a Map-Notify, of which `data` are the bytes. */
  take(
    message: MapNotify,
    data: Uint8Array,
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Refused<ClientRefusal> | undefined {
    const { pubsub, queries, subscriptions } = this.#parts
    const told = message.records.flatMap((record): readonly Told[] => {
      const eid = checkedEid(record)
      return typeof eid === 'string' ? [] : [{ eid, record }]
    })
    const attempt = queries.attempt(message.nonce) ?? this.#lateAttempt(message.nonce)
    const isKnown = attempt !== undefined || told.some(({ eid }) => subscriptions.of(eid) !== undefined)
    // Before any code is computed: strangers shall not have us compute.
    if (pubsub === undefined || !isKnown) return refused('unknown-notify', nameOf(message))
    const proof = checkAuthentication(data, pubsub.keys)
    if (typeof proof === 'string') return refused(proof, nameOf(message))
    if (attempt === undefined) return this.#takePublication(message, told, proof, from, now, out)
    return this.#takeAnswer(attempt, message, told, proof, from, now, out)
  }

  /** A confirmation that comes after its question was answered otherwise: good as long as nothing later has been confirmed. */
  #lateAttempt(nonce: bigint): Attempt | undefined {
    const { queries, subscriptions } = this.#parts
    const attempt = queries.lateAttempt(nonce)
    if (attempt === undefined) return undefined
    const later = subscriptions.covering(attempt.query.eid).some(({ floor }) => floor >= nonce)
    return later ? undefined : attempt
  }

  #takeAnswer(
    attempt: Attempt,
    message: MapNotify,
    told: readonly Told[],
    proof: Proof,
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Refused<ClientRefusal> | undefined {
    const { queries, subscriptions, confirmed } = this.#parts
    // Whoever ends a subscription asks for this message, and does not acknowledge it.
    if (attempt.purpose === 'unsubscribe') {
      queries.end(attempt.query, now, out)
      return undefined
    }
    const main = longestCovering(attempt.query.eid, told)
    if (main !== undefined && subscriptions.isOvertaken(main.eid, message.nonce)) return undefined
    const eid = this.#parts.answer(attempt, message.records, from, now, out)
    if ('refusal' in eid) return eid
    // Without room the subscription is not confirmed, and ends by itself.
    if (!subscriptions.confirm(eid, message.nonce, from)) return undefined
    acknowledge(message, proof, from, out)
    this.#parts.cache.confirm(eid, message.records, attempt.at)
    attempt.resolver.unsubscribableUntil = Number.NEGATIVE_INFINITY
    confirmed(eid, now, out)
    return undefined
  }

  #takePublication(
    message: MapNotify,
    told: readonly Told[],
    proof: Proof,
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Refused<ClientRefusal> | undefined {
    const { cache, subscriptions } = this.#parts
    const [first] = told
    if (first !== undefined && told.length === 1 && this.#isEnd(first, message.nonce)) {
      this.#parts.ended(first.eid, now, out)
      return undefined
    }
    let worst: 'replayed-nonce' | 'unknown-notify' | undefined
    let taken = 0
    for (const { eid, record } of told) {
      const verdict = subscriptions.judge(eid, message.nonce)
      if (verdict === 'stray') cache.question(eid, record)
      if (verdict !== 'new' && verdict !== 'again') {
        worst = verdict === 'unknown' ? 'unknown-notify' : 'replayed-nonce'
        continue
      }
      taken += 1
      if (verdict === 'again') continue
      subscriptions.note(eid, message.nonce)
      cache.put(eid, record, 'published', now, out)
    }
    if (taken > 0) acknowledge(message, proof, from, out)
    return worst && refused(worst, nameOf(message))
  }

  /** The last word of a server that got no acknowledgement: it comes under the last nonce, not a new one. RFC 9437, section 5. */
  #isEnd({ eid, record }: Told, nonce: bigint): boolean {
    if (record.action !== 'drop-auth-failure' || record.locators.length > 0) return false
    const verdict = this.#parts.subscriptions.judge(eid, nonce)
    return verdict === 'new' || verdict === 'again'
  }
}

/** RFC 9301, section 5.7: its fields as they came, authenticated anew. */
const acknowledge = (message: MapNotify, proof: Proof, to: Endpoint, out: ResolverOutbox): void => {
  const { nonce, records, xtr } = message
  const ack = { type: 'map-notify-ack' as const, flags: {}, nonce, records }
  out.push({ do: 'send', to, data: seal(xtr === undefined ? ack : { ...ack, xtr }, proof) })
}

const nameOf = ({ records: [first] }: MapNotify): string =>
  first === undefined ? 'no records' : printPrefix(first.eid, first.maskLength)
