/**
 * A mapping system elsewhere, as a controller holds it: EIDs are resolved there and own EIDs registered there. One state machine of the
 * two clients, since both listen at one port: a Map-Notify is told apart by its nonce and EIDs. `README.md` has the signatures.
 */
import type { Random } from '#link/random.js'
import type { IpAddress } from './address.js'
import type { AuthKey } from './auth.js'
import type { Eid } from './eid.js'
import { LispError } from './errors.js'
import type { Endpoint } from './map-server/effects.js'
import type { KeptNonce } from './map-server/xtrs.js'
import type { XtrIdentity } from './messages/parts.js'
import { decodeMessage } from './messages.js'
import type { RegisteringEffect, ServerState } from './registering-client/effects.js'
import type { RegisteringOptions } from './registering-client/options.js'
import { type OwnEid, RegisteringClient, type RegistrationServer } from './registering-client.js'
import type { ResolverOptions } from './resolver-client/options.js'
import { type Resolved, ResolverClient, type ResolverEffect } from './resolver-client.js'

export type ClientEffect = ResolverEffect | RegisteringEffect

export interface MappingClientStart {
  readonly now: number
  /** Milliseconds since the Unix epoch at `now`: nonces grow with it over restarts. */
  readonly wallTime: number
  /** Nonces come from it: let nobody guess it (`secretRandom`). */
  readonly random: Random
  /** Own addresses, to which answers are sent: one of each family that is used. */
  readonly rlocs: readonly IpAddress[]
  /** Where answers are received: 4342, to which Map-Servers send whatever the port of the question. */
  readonly port?: number
  /** Who we are: needed for subscriptions, and for nonces that servers check. */
  readonly identity?: XtrIdentity
  /** What earlier runs were told to keep. */
  readonly nonces?: Iterable<KeptNonce>
  readonly resolving?: {
    readonly resolvers: readonly Endpoint[]
    /** Keys that Map-Servers publish with; without them nothing is subscribed to. */
    readonly subscriberKeys?: readonly AuthKey[]
    readonly options?: Partial<ResolverOptions>
  }
  readonly registering?: {
    readonly servers: readonly RegistrationServer[]
    readonly options?: Partial<RegisteringOptions>
  }
}

export class MappingClient {
  readonly resolver: ResolverClient
  readonly registrar: RegisteringClient

  constructor({ resolving, registering, identity, nonces, ...start }: MappingClientStart) {
    const { resolvers = [], subscriberKeys: keys = [] } = resolving ?? {}
    const servers = registering?.servers ?? []
    const pubsub = identity && keys.length > 0 ? { pubsub: { identity, keys } } : {}
    this.resolver = new ResolverClient({
      ...start,
      ...pubsub,
      resolvers,
      servers: servers.map(({ endpoint }) => endpoint.address),
      ...(resolving?.options && { options: resolving.options }),
    })
    this.registrar = new RegisteringClient({
      ...start,
      servers,
      ...(identity && { identity }),
      ...(nonces && { nonces }),
      ...(registering?.options && { options: registering.options }),
    })
  }

  /** How it stands with each Map-Server, by name. */
  get states(): ReadonlyMap<string, ServerState> {
    return this.registrar.states
  }

  /** Whether nothing is on its way: after `end`, it is over. */
  get settled(): boolean {
    return this.resolver.settled && this.registrar.settled
  }

  /** What the map-cache has; asks nobody. As everything here it throws `unencodable` for an EID that has no longest match. */
  lookup(eid: Eid): Resolved | undefined {
    return this.resolver.lookup(eid)
  }

  /** Asks once where nothing is cached: `answered` or `failed` follows, perhaps at once. */
  resolve(eid: Eid, now: number): readonly ClientEffect[] {
    return this.resolver.resolve(eid, now)
  }

  /** As `resolve`, and keeps the answer fresh until `unwatch`: `changed` tells. */
  watch(eid: Eid, now: number): readonly ClientEffect[] {
    return this.resolver.watch(eid, now)
  }

  unwatch(eid: Eid, now: number): readonly ClientEffect[] {
    return this.resolver.unwatch(eid, now)
  }

  /** Has an own EID registered everywhere, or what is new of it. False when there are too many. */
  register(own: OwnEid): boolean {
    return this.registrar.register(own)
  }

  /** Takes an own EID back everywhere. */
  deregister(eid: Eid): void {
    this.registrar.deregister(eid)
  }

  /** An orderly end: own EIDs and subscriptions are taken back. Go on with `receive` and `tick` for a moment, until `settled`. */
  end(now: number): readonly ClientEffect[] {
    return [...this.registrar.end(now), ...this.resolver.end(now)]
  }

  /** Takes a datagram. Whatever its bytes are, it throws nothing. */
  receive(data: Uint8Array, from: Endpoint, now: number): readonly ClientEffect[] {
    return this.#isForRegistrar(data)
      ? this.registrar.receive(data, from, now)
      : this.resolver.receive(data, from, now)
  }

  /** Lets time do its work. To be called some times a second. */
  tick(now: number): readonly ClientEffect[] {
    return [...this.registrar.tick(now), ...this.resolver.tick(now)]
  }

  #isForRegistrar(data: Uint8Array): boolean {
    if ((data[0] ?? 0) >>> 4 !== notifyType) return false
    try {
      const message = decodeMessage(data)
      return message.type === 'map-notify' && this.registrar.claims(message)
    } catch (error) {
      if (error instanceof LispError) return false
      throw error
    }
  }
}

/** In the first four bits of a Map-Notify. */
const notifyType = 4

export type { Endpoint, KeptNonce, OwnEid, RegistrationServer, Resolved }
