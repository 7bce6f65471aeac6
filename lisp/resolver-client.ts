/**
 * A client of Map-Resolvers as a state machine: a map-cache, the questions that fill it, and what keeps it fresh (Pub/Sub by RFC 9437,
 * SMRs by RFC 9301, section 6.1, TTLs). It has no clock and no socket: `udp.ts` obeys. `mapping-client.ts` joins it with the other half.
 */
import type { Eid } from './eid.js'
import { LispError } from './errors.js'
import type { Endpoint } from './map-server/effects.js'
import { SourceBuckets } from './map-server/limits.js'
import { Refusals, type Refused, refused } from './map-server/refusals.js'
import { decodeMessage, type Message } from './messages.js'
import { Answers } from './resolver-client/answers.js'
import type { FailureReason, Resolved, ResolverEffect, ResolverOutbox } from './resolver-client/effects.js'
import { MapCache } from './resolver-client/map-cache.js'
import { type ResolverOptions, type ResolverStart, resolverDefaults } from './resolver-client/options.js'
import { Publications } from './resolver-client/publications.js'
import { Queries } from './resolver-client/queries.js'
import type { Query } from './resolver-client/query.js'
import type { ClientRefusal } from './resolver-client/refusals.js'
import type { Purpose } from './resolver-client/requests.js'
import { Resolvers } from './resolver-client/resolvers.js'
import { solicited } from './resolver-client/solicitations.js'
import { Subscriptions } from './resolver-client/subscriptions.js'
import { Upkeep } from './resolver-client/upkeep.js'
import { Watches } from './resolver-client/watches.js'

const controlPort = 4342
const perTickMax = 2_000
const sourcePlaces = 4_096

export class ResolverClient {
  readonly cache: MapCache
  readonly refusals: Refusals<ClientRefusal>
  readonly #start: ResolverStart
  readonly #options: ResolverOptions
  readonly #watches: Watches
  readonly #subscriptions: Subscriptions
  readonly #queries: Queries
  readonly #answers: Answers
  readonly #publications: Publications
  readonly #upkeep: Upkeep
  readonly #sources: SourceBuckets
  /** Map-Servers and Map-Resolvers of ours. */
  readonly #servers: ReadonlySet<number | bigint>
  /** EID-prefixes of which nothing is known any more since this call began. */
  #gone: Eid[] = []
  /** EID-prefixes of which two things were said. */
  #doubts: Eid[] = []

  constructor(start: ResolverStart) {
    const { now, wallTime, random, rlocs, pubsub } = start
    const options = { ...resolverDefaults, ...start.options }
    this.#start = start
    this.#options = options
    this.refusals = new Refusals(options.logEveryMs)
    this.#sources = new SourceBuckets(options.sourceRate, random, sourcePlaces)
    this.#watches = new Watches(options.watchesMax, now)
    this.#subscriptions = new Subscriptions({ now, wallTime, random, max: options.subscriptionsMax })
    const resolvers = new Resolvers(start.resolvers, rlocs)
    const addresses = [...start.resolvers.map(({ address }) => address), ...(start.servers ?? [])]
    this.#servers = new Set(addresses.map(({ value }) => value))
    const isWatched = (eid: Eid): boolean => this.#watches.within(eid, 1).length > 0
    this.cache = new MapCache({
      now,
      options,
      isWatched,
      gone: (eid) => this.#gone.push(eid),
      doubt: (eid) => this.#doubts.push(eid),
    })
    this.#queries = this.#makeQueries(resolvers)
    const { cache, refusals } = this
    const watches = this.#watches
    const subscriptions = this.#subscriptions
    const queries = this.#queries
    const subscribes = pubsub !== undefined
    this.#upkeep = new Upkeep({ options, random, subscribes, watches, subscriptions, queries, cache })
    const settled = (eid: Eid, at: number): void => this.#upkeep.schedule(eid, at)
    this.#answers = new Answers({
      options,
      cache,
      queries,
      subscriptions,
      resolvers,
      refusals,
      settled,
    })
    this.#publications = new Publications({
      pubsub,
      queries,
      cache,
      subscriptions,
      answer: (...answer) => this.#answers.take(...answer),
      confirmed: (...confirmed) => this.#upkeep.release(...confirmed),
      ended: (...ended) => this.#upkeep.resubscribe(...ended),
    })
  }

  /** For metrics. */
  get counts(): Readonly<Record<'entries' | 'queries' | 'subscriptions' | 'watches', number>> {
    const { size: queries } = this.#queries
    const { size: subscriptions } = this.#subscriptions
    return { entries: this.cache.size, queries, subscriptions, watches: this.#watches.size }
  }

  /** Whether nothing is on its way. */
  get settled(): boolean {
    return this.#queries.size === 0
  }

  /** What the map-cache has. As everything here it throws `unencodable` for an EID that has no longest match. */
  lookup(eid: Eid): Resolved | undefined {
    return this.cache.lookup(eid)
  }

  /** Asks once where nothing is cached: `answered` or `failed` follows, perhaps at once. */
  resolve(eid: Eid, now: number): readonly ResolverEffect[] {
    const out: ResolverOutbox = []
    const known = this.lookup(eid)
    if (known !== undefined && known.action !== 'send-map-request') {
      out.push({ do: 'answered', asked: eid, mapping: known })
    } else if (this.#queries.isSilent(eid, now)) {
      out.push({ do: 'failed', asked: eid, reason: 'silent' })
    } else if (!this.#queries.ask(eid, { purpose: 'resolve', told: true }, now, out)) {
      out.push({ do: 'failed', asked: eid, reason: 'busy' })
    }
    return this.#finished(now, out)
  }

  /** As `resolve`, and keeps the answer fresh until `unwatch`. */
  watch(eid: Eid, now: number): readonly ResolverEffect[] {
    const out: ResolverOutbox = []
    if (this.#watches.get(eid) === undefined) {
      const watch = this.#watches.add(eid)
      if (watch === undefined) out.push({ do: 'failed', asked: eid, reason: 'busy' })
      else this.#upkeep.begin(watch, now, out)
    }
    return this.#finished(now, out)
  }

  unwatch(eid: Eid, now: number): readonly ResolverEffect[] {
    const out: ResolverOutbox = []
    if (this.#watches.remove(eid) !== undefined) this.#upkeep.release(eid, now, out)
    return this.#finished(now, out)
  }

  /** Ends all watches and subscriptions; `settled` when the Map-Servers have heard of it, or will not. */
  end(now: number): readonly ResolverEffect[] {
    const out: ResolverOutbox = []
    for (const { eid } of [...this.#watches.all()]) this.#watches.remove(eid)
    this.#queries.clear()
    for (const { eid } of [...this.#subscriptions.all()]) this.#upkeep.release(eid, now, out)
    return this.#finished(now, out)
  }

  /** Takes a datagram. Whatever its bytes are, it throws nothing. */
  receive(data: Uint8Array, from: Endpoint, now: number): readonly ResolverEffect[] {
    const out: ResolverOutbox = []
    const refusal = this.#sources.take(from.address, now)
      ? this.#read(data, from, now, out)
      : refused<ClientRefusal>('source-rate')
    if (refusal !== undefined) this.refusals.refuse(refusal, from, now, out)
    return this.#finished(now, out)
  }

  /** Lets time do its work: expiry, retransmission, what waited. To be called some times a second. */
  tick(now: number): readonly ResolverEffect[] {
    const out: ResolverOutbox = []
    this.cache.expire(now, perTickMax, out)
    this.#queries.tick(now, out)
    this.#watches.due(now, perTickMax, (watch) => this.#upkeep.look(watch, now, out))
    return this.#finished(now, out)
  }

  #makeQueries(resolvers: Resolvers): Queries {
    const { now, random, rlocs, pubsub, port = controlPort } = this.#start
    const options = this.#options
    const { encapsulated, sourceEid } = options
    const identity = pubsub && { identity: pubsub.identity }
    return new Queries({
      now,
      options,
      random,
      resolvers,
      asker: { rlocs, port, encapsulated, sourceEid, ...identity },
      nonceFor: (purpose, at) => this.#nonceFor(purpose, at),
      isAnswered: (query, at, out) => this.#answers.takeFromCache(query, at, out),
      lost: (query, reason, at, out) => this.#lose(query, reason, at, out),
    })
  }

  /** 64 bits that nobody can guess: all that a Map-Reply proves itself by. */
  #nonceFor(purpose: Purpose, now: number): bigint {
    if (purpose !== 'resolve') return this.#subscriptions.nonce(now)
    const { random } = this.#start
    const word = (): bigint => BigInt(Math.floor(random() * 2 ** 32))
    return (word() << 32n) | word()
  }

  #lose({ eid, told, purpose }: Query, reason: FailureReason, now: number, out: ResolverOutbox): void {
    if (told) out.push({ do: 'failed', asked: eid, reason })
    const watch = purpose === 'unsubscribe' ? undefined : this.#watches.get(eid)
    if (watch !== undefined) this.#watches.lookAt(watch, now + this.#options.restMs)
  }

  #read(
    data: Uint8Array,
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Refused<ClientRefusal> | undefined {
    try {
      return this.#take(decodeMessage(data), data, from, now, out)
    } catch (error) {
      if (!(error instanceof LispError)) throw error
      return refused(error.code === 'unknown-type' ? 'unknown-type' : 'malformed', error.message)
    }
  }

  #take(
    message: Message,
    data: Uint8Array,
    from: Endpoint,
    now: number,
    out: ResolverOutbox,
  ): Refused<ClientRefusal> | undefined {
    if (message.type === 'map-reply') return this.#answers.takeReply(message, from, now, out)
    if (message.type === 'map-notify') return this.#publications.take(message, data, from, now, out)
    if (message.type !== 'map-request' || message.flags.smr !== true)
      return refused('unsupported', message.type)
    const found = solicited(message, from, this.#servers.has(from.address.value), this.cache)
    if ('refusal' in found) return found
    for (const eid of found.eids) {
      const purpose = this.#upkeep.purposeFor(eid)
      this.#queries.ask(eid, { purpose, anew: true, smrInvoked: true }, now, out)
    }
    return undefined
  }

  /** What a call has caused, with what follows from mappings that went. */
  #finished(now: number, out: ResolverOutbox): readonly ResolverEffect[] {
    const gone = this.#gone
    const doubts = this.#doubts
    if (gone.length === 0 && doubts.length === 0) return out
    this.#gone = []
    this.#doubts = []
    this.#upkeep.revive(gone, now, out)
    for (const eid of doubts) this.#upkeep.renew(eid, now, out)
    return out
  }
}

export type { Resolved, ResolverEffect, ResolverStart }
