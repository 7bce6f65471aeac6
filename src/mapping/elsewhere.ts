/**
 * Mapping systems elsewhere, for as long as a term lasts: Map-Resolvers that are asked for what is not known here, Map-Servers where the
 * fabric's own EIDs are registered. What the client tells is answered, logged and told on here.
 */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { IpAddress } from '#lisp/address.js'
import { printAddress, printEid } from '#lisp/address-text.js'
import type { Eid } from '#lisp/eid.js'
import type { KeepNonce, Send } from '#lisp/map-server/effects.js'
import type { KeptNonce, OwnMapping } from '#lisp/map-server.js'
import { EidMap } from '#lisp/mapping/eid-map.js'
import {
  type ClientEffect,
  type Endpoint,
  MappingClient,
  type RegistrationServer,
  type Resolved,
} from '#lisp/mapping-client.js'
import type { ServerState } from '#lisp/registering-client/effects.js'
import type { FabricEventType } from '#model/event.js'
import type { Logger } from '#model/logger.js'
import type { Report } from './change-reports.js'

/** What the settings say of mapping systems elsewhere. */
export interface ElsewhereSettings {
  readonly resolvers: readonly Endpoint[]
  readonly servers: readonly RegistrationServer[]
  /** Own addresses, one of each family. */
  readonly rlocs: readonly IpAddress[]
  /** Where answers are received. */
  readonly port: number
}

export interface ElsewhereOptions extends ElsewhereSettings {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** 128 bits: all controllers of the fabric are one xTR. */
  readonly xtrId: bigint
  readonly nonces: readonly KeptNonce[]
  readonly tell: (report: Report) => void
  /** Does what the client wants after a call to it. */
  readonly obey: (effects: readonly ClientEffect[]) => void
  /** What is known of an EID-prefix has changed. */
  readonly onChanged: (eid: Eid) => void
}

/** What is left of the client's effects when datagrams are sent and nonces kept. */
export type ClientRest = Exclude<ClientEffect, Send | KeepNonce>
type Told = Exclude<ClientRest, { readonly do: 'log' }>
type Answer = (mapping: Resolved | undefined) => void

const stateTypes: Readonly<Record<Exclude<ServerState, 'unknown'>, FabricEventType>> = {
  registered: 'map-server-registered',
  silent: 'map-server-silent',
  refusing: 'map-server-refusing',
}

export class Elsewhere {
  readonly client: MappingClient
  readonly #options: ElsewhereOptions
  readonly #waiting = new EidMap<Answer[]>()
  #open = true

  constructor(options: ElsewhereOptions) {
    const { clock, random, rlocs, port, xtrId, nonces, resolvers, servers } = options
    this.#options = options
    this.client = new MappingClient({
      now: clock.now(),
      wallTime: clock.wallTime(),
      random,
      rlocs,
      port,
      identity: { xtrId, siteId: 0n },
      nonces,
      resolving: { resolvers, subscriberKeys: servers.map(({ proof }) => proof.key) },
      registering: { servers },
    })
  }

  /** Whether there is anybody to ask. */
  get resolves(): boolean {
    return this.#options.resolvers.length > 0
  }

  /** Calls `answer` once: with undefined when nobody answers, or the term ends. */
  resolve(eid: Eid, answer: Answer): void {
    if (!this.resolves || !this.#open) {
      answer(undefined)
      return
    }
    const waiting = this.#waiting.get(eid)
    if (waiting !== undefined) {
      waiting.push(answer)
      return
    }
    this.#waiting.set(eid, [answer])
    this.#options.obey(this.client.resolve(eid, this.#options.clock.now()))
  }

  watch(eid: Eid): void {
    if (this.resolves) this.#options.obey(this.client.watch(eid, this.#options.clock.now()))
  }

  unwatch(eid: Eid): void {
    this.#options.obey(this.client.unwatch(eid, this.#options.clock.now()))
  }

  /** Has a mapping of the fabric's own registered. */
  register({ eid, locators, ttl }: OwnMapping): void {
    if (this.client.register({ eid, locators, ...(ttl !== undefined && { ttl }) })) return
    this.#options.logger.warn({ eid: printEid(eid) }, 'there is no room to register one more EID elsewhere')
  }

  /** Ends it: whoever waits is told that nobody answers. Registrations stay until they expire, for the controller that comes next. */
  close(): void {
    this.#open = false
    for (const [eid] of [...this.#waiting.entries()]) this.#answer(eid, undefined)
  }

  take(effect: Told): void {
    const { tell, onChanged } = this.#options
    switch (effect.do) {
      case 'answered':
        this.#answer(effect.asked, effect.mapping)
        break
      case 'failed':
        this.#answer(effect.asked, undefined)
        break
      case 'changed':
        onChanged(effect.eid)
        break
      case 'server-state':
        this.#tellState(effect)
        break
      case 'displaced': {
        const rlocs = effect.record.locators.map(({ rloc }) => printAddress(rloc)).join(', ')
        const name = printEid(effect.eid)
        tell({
          type: 'mapping-displaced',
          object: `mapping ${name}`,
          message: `${name} was registered at ${effect.server} by somebody else: ${rlocs || 'nowhere'}`,
          data: { iid: effect.eid.iid, server: effect.server },
        })
      }
    }
  }

  #answer(eid: Eid, mapping: Resolved | undefined): void {
    for (const answer of this.#waiting.delete(eid) ?? []) answer(mapping)
  }

  #tellState({ server, state, detail }: Extract<Told, { readonly do: 'server-state' }>): void {
    if (state === 'unknown') return
    this.#options.tell({
      type: stateTypes[state],
      object: `map-server ${server}`,
      message: detail,
      data: { server, state },
    })
  }
}
