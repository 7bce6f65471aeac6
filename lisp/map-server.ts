/**
 * A Map-Server and Map-Resolver (RFC 9301, section 8; RFC 9437) as a state machine: a datagram, its source and the time in,
 * effects out. It has no clock and no socket: `udp.ts` obeys. Own nodes are registered by their controller through `put`.
 */
import type { Random } from '#link/random.js'
import type { IpAddress } from './address.js'
import type { Eid } from './eid.js'
import { LispError } from './errors.js'
import { type Answer, MapResolver } from './map-resolver.js'
import { Askers } from './map-server/askers.js'
import type { Effect, Endpoint, Outbox } from './map-server/effects.js'
import { SourceBuckets, TokenBucket } from './map-server/limits.js'
import { Notices } from './map-server/notices.js'
import { type MapServerOptions, mapServerDefaults } from './map-server/options.js'
import { type Local, type Owner, operator } from './map-server/owners.js'
import { type Refusal, Refusals, type Refused, refused } from './map-server/refusals.js'
import { Registration } from './map-server/registration.js'
import { Registry } from './map-server/registry.js'
import { Resolution } from './map-server/resolution.js'
import { type Site, type SiteConflict, type SitePrefix, Sites } from './map-server/sites.js'
import { Subscriptions } from './map-server/subscriptions.js'
import { type KeptNonce, Xtrs } from './map-server/xtrs.js'
import { locatorSet } from './mapping/locator-set.js'
import { type MappingEntry, MappingSystem } from './mapping-system.js'
import { decodeMessage, type Message } from './messages.js'
import type { Action, Locator } from './records.js'

export interface MapServerStart {
  readonly now: number
  readonly random: Random
  /** The server's own address: requests that it sends on or asks for come from there. */
  readonly rloc: IpAddress
  /** What earlier runs were told to keep. */
  readonly nonces?: Iterable<KeptNonce>
  /** After a restart routers need a registration period before "nobody has it" is true; at a first start they do not. */
  readonly quiet?: boolean
  readonly options?: Partial<MapServerOptions>
}

/** A mapping that is put in without a datagram. */
export interface OwnMapping {
  readonly eid: Eid
  readonly locators: readonly Locator[]
  /** A node of the controller's; without it the mapping is an operator's. */
  readonly node?: Local
  /** Minutes. */
  readonly ttl?: number
  /** For a mapping without locators. */
  readonly action?: Action
}

/** What was taken and sent, since the start. */
export interface Counters {
  requests: number
  registers: number
  acks: number
  replies: number
  negatives: number
  forwards: number
}

/** Expiries and retransmissions at one tick: the others come with the next, a moment later. */
const perTickMax = 2_000
const ownTtl = 1_440

export class MapServer {
  readonly system: MappingSystem<Owner>
  readonly sites = new Sites()
  readonly resolver: MapResolver
  readonly refusals: Refusals
  readonly subscriptions: Subscriptions
  readonly notices: Notices
  readonly xtrs: Xtrs
  readonly counters: Counters = { requests: 0, registers: 0, acks: 0, replies: 0, negatives: 0, forwards: 0 }
  readonly #registry: Registry
  readonly #registration: Registration
  readonly #resolution: Resolution
  readonly #sources: SourceBuckets
  readonly #requests: TokenBucket
  readonly #registers: TokenBucket

  constructor(start: MapServerStart) {
    const { now, random, rloc } = start
    const options = { ...mapServerDefaults, ...start.options }
    this.system = new MappingSystem<Owner>({ now, seed: Math.floor(random() * 0x1_0000_0000) })
    this.resolver = new MapResolver(this.system, this.sites)
    this.refusals = new Refusals(options.logEveryMs)
    this.notices = new Notices(options.controlPort, options.noticesMax, now)
    this.subscriptions = new Subscriptions(this.system, this.notices, options.subscriptions, now)
    this.xtrs = new Xtrs(random, start.nonces ?? [])
    this.#sources = new SourceBuckets(options.sourceRate, random)
    this.#requests = new TokenBucket(options.requestRate)
    this.#registers = new TokenBucket(options.registerRate)
    const askers = new Askers(options.askersMax, options.askerMs)
    const { system, sites, xtrs, refusals, subscriptions, notices, resolver, counters } = this
    this.#registry = new Registry({ system, subscriptions, notices, askers, random, rloc })
    const registry = this.#registry
    this.#registration = new Registration({ system, registry, sites, xtrs, refusals, options })
    const quietUntil = start.quiet === false ? now : now + options.registrationMs
    const sources = this.#sources
    const parts = { resolver, sites, xtrs, subscriptions, askers, refusals, sources, counters, options }
    this.#resolution = new Resolution({ ...parts, rloc, quietUntil })
  }

  /** Takes a datagram. Whatever its bytes are, it throws nothing. */
  receive(data: Uint8Array, from: Endpoint, now: number): readonly Effect[] {
    const out: Outbox = []
    const refusal = this.#sources.take(from.address, now)
      ? this.#read(data, from, now, out)
      : refused('source-rate')
    if (refusal !== undefined) this.refusals.refuse(refusal, from, now, out)
    return out
  }

  /** Lets time do its work: expiry, retransmission, what waited. To be called some times a second. */
  tick(now: number): readonly Effect[] {
    const out: Outbox = []
    this.#registry.expire(now, perTickMax, out)
    this.notices.tick(now, perTickMax, out, (notice) => this.subscriptions.lost(notice, out))
    this.subscriptions.tick(now, perTickMax, out)
    return out
  }

  /** Puts in a mapping of the controller's own or of an operator, in the place of whatever is there; it does not expire. */
  put(
    { eid, locators, node, ttl = ownTtl, action = 'no-action' }: OwnMapping,
    now: number,
  ): readonly Effect[] {
    const out: Outbox = []
    const content = {
      locators: locatorSet(locators),
      owner: node ?? operator,
      ttl,
      action,
      origin: node === undefined ? ('static' as const) : ('local' as const),
      proxyReply: true,
      mapVersion: 0,
    }
    const old = this.system.find(eid)
    const cause = old === undefined || old.owner === content.owner ? 'configured' : 'moved'
    this.#registry.put(eid, content, cause, now, out)
    return out
  }

  /** Takes a mapping out, whoever put it in. */
  remove(eid: Eid, now: number): readonly Effect[] {
    const out: Outbox = []
    this.#registry.withdraw(eid, 'configured', now, out)
    return out
  }

  /** Adds or replaces a site. What xTRs have registered there and may not any more is withdrawn. */
  putSite(site: Site, now: number): SiteConflict | readonly Effect[] {
    const old = this.sites.get(site.name)
    return this.sites.put(site) ?? this.#sweep([...(old?.prefixes ?? []), ...site.prefixes], now)
  }

  removeSite(name: string, now: number): readonly Effect[] {
    const old = this.sites.remove(name)
    this.xtrs.forgetSite(name)
    return this.#sweep(old?.prefixes ?? [], now)
  }

  /** What is answered to a request for an EID, and all mappings that cover it: the longest match, and why. */
  explain(eid: Eid): {
    readonly answer: Answer
    readonly site: Site | undefined
    readonly covering: readonly MappingEntry<Owner>[]
  } {
    return {
      answer: this.resolver.answer(eid, false),
      site: this.sites.of(eid)?.site,
      covering: this.system.covering(eid),
    }
  }

  /** EIDs that the xTRs of a site have registered. */
  registered(site: string): number {
    return this.#registry.registered(site)
  }

  #read(data: Uint8Array, from: Endpoint, now: number, out: Outbox): Refused | undefined {
    try {
      return this.#take(decodeMessage(data), data, from, now, out)
    } catch (error) {
      if (!(error instanceof LispError)) throw error
      return refused(error.code === 'unknown-type' ? 'unknown-type' : 'malformed', error.message)
    }
  }

  #take(message: Message, data: Uint8Array, from: Endpoint, now: number, out: Outbox): Refused | undefined {
    switch (message.type) {
      case 'map-request':
      case 'encapsulated':
        this.counters.requests += 1
        if (!this.#requests.take(now)) return refused('total-rate', message.type)
        return this.#resolution.take(message, data, from, now, out)
      case 'map-register':
        this.counters.registers += 1
        if (!this.#registers.take(now)) return refused('total-rate', message.type)
        return this.#registration.take(message, data, from, now, out)
      case 'map-notify-ack':
        this.counters.acks += 1
        return this.notices.acknowledge(message, data, from.address) ? undefined : refused('unknown-ack')
      case 'map-reply':
      case 'map-notify':
        out.push({ do: 'pass', message, data, from })
        return undefined
      default:
        return refused('unsupported', message.type)
    }
  }

  /** Withdraws registrations within prefixes that no site allows any more. */
  #sweep(prefixes: readonly SitePrefix[], now: number): readonly Effect[] {
    const out: Outbox = []
    for (const { eid } of prefixes) {
      for (const mapping of this.system.within(eid, Number.POSITIVE_INFINITY)) {
        if (mapping.origin !== 'registered' || this.#registration.mayStay(mapping)) continue
        this.#registry.withdraw(mapping.eid, 'configured', now, out)
      }
    }
    return out
  }
}

export type { Effect, Endpoint, KeptNonce, Refusal, Site }
