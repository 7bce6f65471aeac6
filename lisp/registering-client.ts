/**
 * A client of Map-Servers as a state machine: own EIDs are registered at each of them, kept registered, and taken back. RFC 9301,
 * sections 5.6, 5.7 and 8.2. It has no clock and no socket: `udp.ts` obeys. `mapping-client.ts` joins it with the other half.
 */
import { checkAuthentication, seal } from './auth.js'
import type { Eid } from './eid.js'
import { LispError } from './errors.js'
import type { Endpoint } from './map-server/effects.js'
import { Refusals, type Refused, refused } from './map-server/refusals.js'
import { checkedEid } from './map-server/registration.js'
import type { MapNotify } from './messages/map-notify.js'
import { decodeMessage } from './messages.js'
import { RecentMap } from './recent-map.js'
import type { RegisteringEffect, RegisteringOutbox, ServerState } from './registering-client/effects.js'
import {
  type RegisteringOptions,
  type RegisteringStart,
  type RegistrationServer,
  registeringDefaults,
} from './registering-client/options.js'
import { type OwnEid, OwnEids } from './registering-client/own-eids.js'
import { nonceName, Session } from './registering-client/session.js'
import { Standing } from './registering-client/standing.js'
import type { ClientRefusal } from './resolver-client/refusals.js'

/** Nonces of notices that are remembered, so that one that comes twice is told once. */
const noticesMax = 256
/** What may have been sent since a nonce was kept the last time. */
const keptSlack = 1n << 20n

export class RegisteringClient {
  readonly refusals: Refusals<ClientRefusal>
  readonly #options: RegisteringOptions
  readonly #owns = new OwnEids()
  readonly #sessions: readonly Session[]
  readonly #standings: ReadonlyMap<string, Standing>
  readonly #noticed = new RecentMap<string, true>(noticesMax)

  constructor({ now, wallTime, random, servers, identity, nonces = [], ...start }: RegisteringStart) {
    const options = { ...registeringDefaults, ...start.options }
    this.#options = options
    this.refusals = new Refusals(options.logEveryMs)
    const kept = new Map([...nonces].map(({ xtr, nonce }) => [xtr, nonce]))
    const seconds = BigInt(Math.floor(wallTime / 1_000))
    this.#standings = new Map(servers.map((server) => [server.name, new Standing(server, options)]))
    this.#sessions = servers.map((server) => {
      const fresh = (seconds << 32n) | BigInt(Math.floor(random() * 2 ** 32))
      const last = (kept.get(nonceName(server)) ?? 0n) + keptSlack
      const nonce = last > fresh ? last : fresh
      const standing = this.#standings.get(server.name) ?? new Standing(server, options)
      return new Session({ now, server, identity, random, options, owns: this.#owns, standing, nonce })
    })
  }

  /** Own EIDs, with those that are being taken back. */
  get size(): number {
    return this.#owns.size
  }

  /** How it stands with each Map-Server, by name. */
  get states(): ReadonlyMap<string, ServerState> {
    return new Map([...this.#standings].map(([name, { state }]) => [name, state]))
  }

  /** Whether every Map-Server has acknowledged everything, or been given up. */
  get settled(): boolean {
    return this.#sessions.every(({ settled }) => settled)
  }

  /**
   * Has an own EID registered everywhere, or what is new of it; it is sent with the next tick. False when there are too many. Throws
   * `unencodable` for an EID that has no longest match.
   */
  register(own: OwnEid): boolean {
    if (this.#owns.size >= this.#options.eidsMax && this.#owns.find(own.eid) === undefined) return false
    const changed = this.#owns.put(own)
    if (changed !== undefined) for (const session of this.#sessions) session.touch(changed)
    return true
  }

  /** Takes an own EID back everywhere. */
  deregister(eid: Eid): void {
    const changed = this.#owns.takeBack(eid, this.#sessions.length)
    if (changed === undefined) return
    if (this.#sessions.length === 0) this.#owns.heardGone(changed)
    for (const session of this.#sessions) session.touch(changed)
  }

  /** An orderly end: everything is taken back; `settled` when the Map-Servers have heard of it, or will not. */
  end(now: number): readonly RegisteringEffect[] {
    for (const { eid } of [...this.#owns.all()]) this.deregister(eid)
    return this.tick(now)
  }

  tick(now: number): readonly RegisteringEffect[] {
    const out: RegisteringOutbox = []
    for (const session of this.#sessions) session.tick(now, out)
    if (this.size === 0) for (const standing of this.#standings.values()) standing.rests(now, out)
    return out
  }

  /** Whether a Map-Notify is about own EIDs. */
  claims({ nonce, records }: MapNotify): boolean {
    if (this.#sessions.some((session) => session.has(nonce))) return true
    return records.some((record) => {
      const eid = checkedEid(record)
      return typeof eid !== 'string' && this.#owns.find(eid) !== undefined
    })
  }

  /** Takes a datagram. Whatever its bytes are, it throws nothing. */
  receive(data: Uint8Array, from: Endpoint, now: number): readonly RegisteringEffect[] {
    const out: RegisteringOutbox = []
    const refusal = this.#read(data, from, now, out)
    if (refusal !== undefined) this.refusals.refuse(refusal, from, now, out)
    return out
  }

  #read(
    data: Uint8Array,
    from: Endpoint,
    now: number,
    out: RegisteringOutbox,
  ): Refused<ClientRefusal> | undefined {
    try {
      const message = decodeMessage(data)
      if (message.type !== 'map-notify') return refused('unsupported', message.type)
      const answered = this.#sessionOf(message.nonce, from)
      if (answered !== undefined) return answered.takeAnswer(message, data, now, out)
      return this.#takeNotice(message, data, from, out)
    } catch (error) {
      if (!(error instanceof LispError)) throw error
      return refused(error.code === 'unknown-type' ? 'unknown-type' : 'malformed', error.message)
    }
  }

  /** A Map-Notify that answers nothing: somebody else has registered what is ours. RFC 9301, section 5.7. */
  #takeNotice(
    message: MapNotify,
    data: Uint8Array,
    from: Endpoint,
    out: RegisteringOutbox,
  ): Refused<ClientRefusal> | undefined {
    const server = this.#serverAt(from)
    if (server === undefined || !this.claims(message)) return refused('unknown-notify')
    const proof = checkAuthentication(data, [server.proof.key])
    if (typeof proof === 'string') return refused(proof, server.name)
    const { nonce, records, xtr } = message
    const ack = { type: 'map-notify-ack' as const, flags: {}, nonce, records }
    out.push({ do: 'send', to: from, data: seal(xtr === undefined ? ack : { ...ack, xtr }, proof) })
    if (!this.#isNews(`${server.name} ${nonce}`)) return undefined
    for (const record of records) {
      const eid = checkedEid(record)
      if (typeof eid === 'string' || this.#owns.find(eid) === undefined) continue
      out.push({ do: 'displaced', server: server.name, eid, record })
    }
    return undefined
  }

  /** Whose Map-Register has a nonce: first of those at the sender's address, since nonces of two servers may be near each other. */
  #sessionOf(nonce: bigint, from: Endpoint): Session | undefined {
    const sent = this.#sessions.filter((session) => session.has(nonce))
    return sent.find(({ server }) => server === this.#serverAt(from)) ?? sent[0]
  }

  #serverAt({ address }: Endpoint): RegistrationServer | undefined {
    return this.#sessions.find(({ server }) => server.endpoint.address.value === address.value)?.server
  }

  #isNews(notice: string): boolean {
    const isNews = this.#noticed.get(notice) === undefined
    this.#noticed.set(notice, true)
    return isNews
  }
}

export type { OwnEid, RegisteringEffect, RegisteringStart, RegistrationServer }
