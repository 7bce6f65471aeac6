/**
 * Map-Notify messages that nobody asked for: sent again until they are acknowledged. RFC 9301, section 5.7: three times after
 * 3 s each, then three times with the interval doubled; then they are lost.
 */
import type { IpAddress } from '../address.js'
import { checkAuthentication, type Proof } from '../auth.js'
import { TimingWheel } from '../mapping/timing-wheel.js'
import type { MapNotifyAck } from '../messages/map-notify.js'
import type { Outbox } from './effects.js'
import { type Sealed, SendSealed } from './sealed.js'

/** Waits before each transmission after the first, and before giving up. */
const waitsMs = [3_000, 3_000, 3_000, 6_000, 12_000, 24_000, 48_000]
/** After so many transmissions the next address is tried (RFC 9437, section 6). */
const firstAddressMax = 3

/** Whom notices tell: it carries what it has not acknowledged, by topic. */
export interface NoticeParty {
  readonly unconfirmed: Map<string | bigint, SentNotice>
}

export interface Notice {
  readonly nonce: bigint
  readonly sealed: Sealed
  /** Where the receiver is, best first. */
  readonly addresses: readonly IpAddress[]
  readonly proof: Proof
  readonly party: NoticeParty
  /** What it tells: a newer notice to the same party about the same thing takes its place. */
  readonly topic: string | undefined
}

export interface SentNotice {
  readonly id: number
  notice: Notice
  /** What acknowledgements are known by: one number for each address. */
  origins: readonly number[]
  transmissions: number
}

export class Notices {
  readonly port: number
  readonly #max: number
  readonly #wheel: TimingWheel
  readonly #sent = new Map<number, SentNotice>()
  /** By a number made of an address and the nonce: what an acknowledgement is known by. */
  readonly #byOrigin = new Map<number, readonly SentNotice[]>()
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

  get isFull(): boolean {
    return this.#sent.size >= this.#max
  }

  /** Sends a notice; when too many wait already, this once only. */
  send(notice: Notice, now: number, out: Outbox): void {
    const sent = this.#overtaken(notice) ?? this.#fresh(notice)
    this.#transmit(sent, out)
    if (sent.id === 0) return
    sent.origins = notice.addresses.map((address) => originOf(address, notice.nonce))
    for (const origin of sent.origins) {
      const others = this.#byOrigin.get(origin)
      this.#byOrigin.set(origin, others === undefined ? [sent] : [...others, sent])
    }
    this.#wheel.schedule(sent.id, now + (waitsMs[0] ?? 0))
  }

  /** The place of an older notice about the same, with the new one in it. */
  #overtaken(notice: Notice): SentNotice | undefined {
    const sent = notice.party.unconfirmed.get(notice.topic ?? notice.nonce)
    if (sent === undefined) return undefined
    this.#forgetOrigin(sent)
    sent.notice = notice
    sent.transmissions = 0
    return sent
  }

  /** A place for a notice; without a number when there is no room. */
  #fresh(notice: Notice): SentNotice {
    if (this.isFull) return { id: 0, notice, origins: [], transmissions: 0 }
    const id = this.#free.pop() ?? this.#sent.size + 1
    const sent: SentNotice = { id, notice, origins: [], transmissions: 0 }
    this.#sent.set(sent.id, sent)
    notice.party.unconfirmed.set(notice.topic ?? notice.nonce, sent)
    return sent
  }

  /** Takes an acknowledgement: true when it is one, from where a notice was sent to and authenticated with its key. */
  acknowledge({ nonce }: MapNotifyAck, data: Uint8Array, from: IpAddress): boolean {
    for (const sent of this.#byOrigin.get(originOf(from, nonce)) ?? []) {
      const { notice } = sent
      if (notice.nonce !== nonce || !notice.addresses.some((one) => one.value === from.value)) continue
      if (typeof checkAuthentication(data, [notice.proof.key]) === 'string') continue
      this.#drop(sent)
      return true
    }
    return false
  }

  /** Ends all notices to a party. */
  end(party: NoticeParty): void {
    for (const sent of [...party.unconfirmed.values()]) this.#drop(sent)
  }

  /** Sends again what is due, up to `max`, and calls `lost` for what nobody has acknowledged at the end. */
  tick(now: number, max: number, out: Outbox, lost: (notice: Notice) => void): void {
    this.#wheel.advance(now, max, (id) => {
      const sent = this.#sent.get(id)
      if (sent === undefined) return
      const wait = waitsMs[sent.transmissions]
      if (wait === undefined) {
        this.#drop(sent)
        lost(sent.notice)
        return
      }
      this.#transmit(sent, out)
      this.#wheel.schedule(id, now + wait)
    })
  }

  #transmit(sent: SentNotice, out: Outbox): void {
    const { addresses, sealed } = sent.notice
    const address = addresses[sent.transmissions <= firstAddressMax ? 0 : 1 % addresses.length]
    sent.transmissions += 1
    if (address !== undefined) out.push(new SendSealed({ address, port: this.port }, sealed))
  }

  #drop(sent: SentNotice): void {
    const { topic, nonce, party } = sent.notice
    this.#wheel.cancel(sent.id)
    this.#sent.delete(sent.id)
    this.#free.push(sent.id)
    party.unconfirmed.delete(topic ?? nonce)
    this.#forgetOrigin(sent)
  }

  #forgetOrigin(sent: SentNotice): void {
    for (const origin of sent.origins) {
      const others = this.#byOrigin.get(origin)
      if (others === undefined || (others.length === 1 && others[0] === sent)) this.#byOrigin.delete(origin)
      else
        this.#byOrigin.set(
          origin,
          others.filter((one) => one !== sent),
        )
    }
  }
}

/** 21 bits of the nonce and 32 of the address: seldom two alike. */
const originOf = ({ family, value }: IpAddress, nonce: bigint): number => {
  const low = family === 'ipv4' ? value : Number(BigInt.asUintN(32, value))
  return Number(BigInt.asUintN(21, nonce)) * 0x1_0000_0000 + low
}
