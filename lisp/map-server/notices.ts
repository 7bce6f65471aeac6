/**
 * Map-Notify messages that nobody asked for: sent again until they are acknowledged. RFC 9301, section 5.7: three times after
 * 3 s each, then three times with the interval doubled; then they are lost.
 */
import type { IpAddress } from '../address.js'
import { checkAuthentication, type Proof } from '../auth.js'
import { TimingWheel } from '../mapping/timing-wheel.js'
import type { MapNotifyAck } from '../messages/map-notify.js'
import type { Outbox } from './effects.js'

/** Waits before each transmission after the first, and before giving up. */
const waitsMs = [3_000, 3_000, 3_000, 6_000, 12_000, 24_000, 48_000]
/** After so many transmissions the next address is tried (RFC 9437, section 6). */
const firstAddressMax = 3

export interface Notice {
  readonly nonce: bigint
  /** The same bytes each time. */
  readonly data: Uint8Array
  /** Where the receiver is, best first. */
  readonly addresses: readonly IpAddress[]
  readonly proof: Proof
  /** Whom it tells: notices to it end together. */
  readonly party: object
  /** What it tells: a newer notice to the same party about the same thing takes its place. */
  readonly topic?: string
  /** Called when nobody has acknowledged it at the end. */
  readonly lost?: (now: number, out: Outbox) => void
}

interface Sent extends Notice {
  readonly id: number
  transmissions: number
}

export class Notices {
  readonly port: number
  readonly #max: number
  readonly #wheel: TimingWheel
  readonly #sent = new Map<number, Sent>()
  readonly #byNonce = new Map<bigint, Set<Sent>>()
  readonly #byParty = new Map<object, Map<string | Sent, Sent>>()
  readonly #free: number[] = []

  /** `port`: where everybody listens. `max`: notices that may wait for an acknowledgement. */
  constructor(port: number, max: number, now: number) {
    this.port = port
    this.#max = max
    this.#wheel = new TimingWheel({ tickMs: 250, now })
  }

  /** Notices that are not acknowledged yet. */
  get size(): number {
    return this.#sent.size
  }

  /** Sends a notice; when too many wait already, this once only. */
  send(notice: Notice, now: number, out: Outbox): void {
    const overtaken =
      notice.topic === undefined ? undefined : this.#byParty.get(notice.party)?.get(notice.topic)
    if (overtaken !== undefined) this.#drop(overtaken)
    const id = this.#free.pop() ?? this.#sent.size + 1
    const sent: Sent = { ...notice, id, transmissions: 0 }
    this.#transmit(sent, out)
    if (this.#sent.size >= this.#max) {
      this.#free.push(id)
      return
    }
    this.#sent.set(id, sent)
    const others = this.#byNonce.get(sent.nonce)
    if (others === undefined) this.#byNonce.set(sent.nonce, new Set([sent]))
    else others.add(sent)
    const party = this.#byParty.get(sent.party)
    if (party === undefined) this.#byParty.set(sent.party, new Map([[sent.topic ?? sent, sent]]))
    else party.set(sent.topic ?? sent, sent)
    this.#wheel.schedule(id, now + (waitsMs[0] ?? 0))
  }

  /** Takes an acknowledgement; true when it was one, authenticated with the notice's key. */
  acknowledge(ack: MapNotifyAck, data: Uint8Array): boolean {
    for (const sent of this.#byNonce.get(ack.nonce) ?? []) {
      if (typeof checkAuthentication(data, [sent.proof.key]) === 'string') continue
      this.#drop(sent)
      return true
    }
    return false
  }

  /** Ends all notices to a party. */
  end(party: object): void {
    for (const sent of [...(this.#byParty.get(party)?.values() ?? [])]) this.#drop(sent)
  }

  tick(now: number, max: number, out: Outbox): void {
    this.#wheel.advance(now, max, (id) => {
      const sent = this.#sent.get(id)
      if (sent === undefined) return
      const wait = waitsMs[sent.transmissions]
      if (wait === undefined) {
        this.#drop(sent)
        sent.lost?.(now, out)
        return
      }
      this.#transmit(sent, out)
      this.#wheel.schedule(id, now + wait)
    })
  }

  #transmit(sent: Sent, out: Outbox): void {
    const { addresses, transmissions, data } = sent
    const address = addresses[transmissions <= firstAddressMax ? 0 : 1 % addresses.length]
    sent.transmissions += 1
    if (address !== undefined) out.push({ do: 'send', to: { address, port: this.port }, data })
  }

  #drop(sent: Sent): void {
    this.#wheel.cancel(sent.id)
    this.#sent.delete(sent.id)
    this.#free.push(sent.id)
    const others = this.#byNonce.get(sent.nonce)
    others?.delete(sent)
    if (others?.size === 0) this.#byNonce.delete(sent.nonce)
    const party = this.#byParty.get(sent.party)
    party?.delete(sent.topic ?? sent)
    if (party?.size === 0) this.#byParty.delete(sent.party)
  }
}
