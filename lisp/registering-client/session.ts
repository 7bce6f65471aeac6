/**
 * One Map-Server and what it knows of our EIDs: every one is sent when its time comes, in messages of bounded length, again and again
 * until it is acknowledged. RFC 9301, sections 5.6, 5.7 and 8.2.
 */
import type { Random } from '#link/random.js'
import { checkAuthentication, seal } from '../auth.js'
import { type Refused, refused } from '../map-server/refusals.js'
import { checkedEid } from '../map-server/registration.js'
import { TimingWheel } from '../mapping/timing-wheel.js'
import type { MapNotify } from '../messages/map-notify.js'
import type { XtrIdentity } from '../messages/parts.js'
import type { ClientRefusal } from '../resolver-client/refusals.js'
import { type Batch, Batches } from './batches.js'
import type { RegisteringOutbox } from './effects.js'
import type { RegisteringOptions, RegistrationServer } from './options.js'
import type { Own, OwnEids } from './own-eids.js'
import type { Standing } from './standing.js'

export interface SessionParts {
  readonly now: number
  readonly server: RegistrationServer
  readonly identity: XtrIdentity | undefined
  readonly random: Random
  readonly options: RegisteringOptions
  readonly owns: OwnEids
  readonly standing: Standing
  /** The nonce of the next Map-Register is greater than this. */
  readonly nonce: bigint
}

/** Header, authentication data and identity of a Map-Register, at most. */
const overheadBytes = 80
/** The field is one byte. */
const recordsMax = 255
const retryMsMax = 16_000

export class Session {
  readonly server: RegistrationServer
  readonly #parts: SessionParts
  readonly #batches: Batches
  /** When each own EID is to be registered again, by its number. Those in a batch have no time. */
  readonly #wheel: TimingWheel
  /** Those whose time has come, in the order in which it came. */
  readonly #due = new Set<Own>()
  /** The nonces of this run: after the first, up to the last. */
  readonly #first: bigint
  #last: bigint

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.server = parts.server
    this.#batches = new Batches(parts.now)
    this.#wheel = new TimingWheel({ tickMs: 250, now: parts.now })
    this.#first = parts.nonce
    this.#last = parts.nonce
  }

  get name(): string {
    return nonceName(this.server)
  }

  /** Whether nothing waits to be sent or acknowledged. */
  get settled(): boolean {
    return this.#due.size === 0 && this.#batches.size === 0
  }

  /** An own EID is new or has changed: it is sent with the next tick. */
  touch(own: Own): void {
    this.#wheel.cancel(own.id)
    this.#due.add(own)
  }

  tick(now: number, out: RegisteringOutbox): void {
    const { options, owns } = this.#parts
    for (const batch of this.#batches.overdue(now)) this.#again(batch, now, out)
    this.#wheel.advance(now, Number.MAX_SAFE_INTEGER, (id) => {
      const own = owns.get(id)
      if (own !== undefined) this.#due.add(own)
    })
    for (let room = options.windowMax - this.#batches.size; room > 0 && this.#due.size > 0; room--) {
      const owns = this.#pack()
      for (const own of owns) this.#due.delete(own)
      this.#send(owns, { since: now, nonces: [] }, now, out)
    }
  }

  /** Whether a Map-Notify answers a Map-Register of ours. */
  has(nonce: bigint): boolean {
    return nonce > this.#first && nonce <= this.#last
  }

  /** Takes the answer to a Map-Register. */
  takeAnswer(
    message: MapNotify,
    data: Uint8Array,
    now: number,
    out: RegisteringOutbox,
  ): Refused<ClientRefusal> | undefined {
    const batch = this.#batches.find(message.nonce)
    // Another of its transmissions has been answered.
    if (batch === undefined) return undefined
    const proof = checkAuthentication(data, [this.server.proof.key])
    if (typeof proof === 'string') return refused(proof, this.server.name)
    this.#batches.remove(batch)
    const { owns, standing } = this.#parts
    const taken = new Set(
      message.records.flatMap((record) => {
        const eid = checkedEid(record)
        return typeof eid === 'string' ? [] : [owns.find(eid)]
      }),
    )
    const missing = [...batch.sent.keys()].filter((own) => !taken.has(own) && isOurs(own))
    standing.heard(now)
    this.#settle(batch, (own) => taken.has(own), now)
    if (missing.length > 0) standing.refuses(missing, now, out)
    else if (owns.size > 0) standing.accepts(this.settled, now, out)
    return undefined
  }

  /** As many EIDs as fit into a message. */
  #pack(): readonly Own[] {
    const { messageBytes } = this.#parts.options
    const packed: Own[] = []
    let bytes = overheadBytes
    for (const own of this.#due) {
      bytes += own.bytes
      if (packed.length > 0 && (bytes > messageBytes || packed.length >= recordsMax)) break
      packed.push(own)
    }
    return packed
  }

  #send(
    owns: readonly Own[],
    { since, nonces: earlier }: Pick<Batch, 'since' | 'nonces'>,
    now: number,
    out: RegisteringOutbox,
  ): void {
    const { server, identity, options, random } = this.#parts
    const { proxyReply, merge, wantNotify, proof, endpoint } = server
    this.#last += 1n
    const nonce = this.#last
    const register = {
      type: 'map-register' as const,
      flags: { proxyReply, merge, wantNotify },
      nonce,
      records: owns.map(({ record }) => record),
    }
    const data = seal(identity === undefined ? register : { ...register, xtr: identity }, proof)
    out.push({ do: 'keep-nonce', xtr: this.name, nonce }, { do: 'send', to: endpoint, data })
    const nonces = [...earlier, nonce]
    const batch = { sent: new Map(owns.map((own) => [own, own.version])), nonces, since }
    if (!wantNotify) {
      this.#settle({ ...batch, id: 0 }, () => true, now)
      return
    }
    const wait = Math.min(options.retryMs * 2 ** earlier.length, retryMsMax)
    this.#batches.add(batch, now + wait * (0.9 + 0.2 * random()))
  }

  /** Nobody has acknowledged a message: what of it still holds is sent under a new nonce, since the old one may have arrived. */
  #again(batch: Batch, now: number, out: RegisteringOutbox): void {
    const { options, standing } = this.#parts
    const current = [...batch.sent].flatMap(([own, version]) => (this.#isCurrent(own, version) ? [own] : []))
    if (current.length === 0) return
    if (batch.nonces.length < options.attemptsMax) {
      this.#send(current, batch, now, out)
      return
    }
    // What is not ours any more may be somebody else's already: then its end is not acknowledged.
    const missing = current.filter(isOurs)
    if (missing.length > 0) standing.ignores(missing, batch.since, now, out)
    this.#settle(batch, () => false, now)
  }

  /** Whether the version that was sent is the last, and it is not to be sent anew already. */
  #isCurrent(own: Own, version: number): boolean {
    return own.version === version && this.#parts.owns.get(own.id) === own && !this.#due.has(own)
  }

  /** What was sent gets its next time, all together; what was taken back and heard of, or given up, is gone. */
  #settle(batch: Batch, isTaken: (own: Own) => boolean, now: number): void {
    const { options, random, owns } = this.#parts
    const next = now + options.refreshMs * (0.9 + 0.1 * random())
    for (const [own, version] of batch.sent) {
      if (!this.#isCurrent(own, version)) continue
      if (own.record.ttl === 0) owns.heardGone(own)
      else this.#wheel.schedule(own.id, isTaken(own) ? next : now + options.refreshMs)
    }
  }
}

const isOurs = ({ record }: Own): boolean => record.ttl > 0

/** The name under which the nonces for a server and key are kept. */
export const nonceName = ({ name, proof }: RegistrationServer): string => `to ${name}/${proof.key.keyId}`
