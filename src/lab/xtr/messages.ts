/**
 * The few LISP messages that a simulated xTR says and hears, written down from RFC 9301 and RFC 9437 once more and with nothing of
 * `lisp/`: a mistake there is not answered by the same mistake here. IPv4 and IPv6 EIDs in an instance, IPv4 RLOCs, HMAC-SHA-256-128.
 */
import { createHmac } from 'node:crypto'
import {
  bytes,
  type Codec,
  constant,
  decode,
  encode,
  lengthOf,
  list,
  pad,
  rest,
  u8,
  u16,
  u32,
  u64,
  uint,
  type ValueOf,
} from '#wire/codec.js'
import { countOf, repeat, struct } from '#wire/struct.js'

const ipv4 = struct({ _afi: constant(u16, 1), value: u32 })

/** An EID's address: 32 bits as a number, 128 as a bigint. The AFI before it says which: RFC 9301, section 5.1. */
export interface EidAddress {
  readonly value: number | bigint
}
const ip6 = uint(16)
const eidIp: Codec<EidAddress> = {
  read: (r) => {
    const afi = u16.read(r)
    if (afi !== 1 && afi !== 2) r.fail(`AFI ${afi} where that of an IP address is expected`)
    return { value: afi === 1 ? u32.read(r) : ip6.read(r) }
  },
  write: (w, { value }) => {
    u16.write(w, typeof value === 'number' ? 1 : 2)
    if (typeof value === 'number') u32.write(w, value)
    else ip6.write(w, value)
  },
}

/** An address in an instance-id LCAF: RFC 8060, section 4.1. Its length does not count the first eight bytes. */
const eidAddress = struct({
  _afi: constant(u16, 16_387),
  _reserved: pad(2),
  _type: constant(u8, 2),
  _maskLength: pad(1),
  _length: lengthOf(u16, 2, 8),
  iid: u32,
  address: eidIp,
})

/** RFC 9301, section 5.4. */
const locator = struct({
  priority: u8,
  weight: u8,
  multicastPriority: u8,
  multicastWeight: u8,
  flags: u16,
  rloc: ipv4,
})

export const record = struct({
  /** Minutes. */
  ttl: u32,
  _count: countOf('locators', u8),
  maskLength: u8,
  /** Action in the upper three bits, then A: authoritative. */
  action: u16,
  mapVersion: u16,
  eid: eidAddress,
  locators: repeat('_count', locator),
})
export type MappingRecord = ValueOf<typeof record>

/** Who sends: RFC 9301, section 5.6. */
const identity = struct({ xtrId: u64, xtrIdLow: u64, siteId: u64 })
export interface Identity {
  /** The lower half of the xTR-ID; the upper one is zero. */
  readonly xtrId: bigint
  readonly siteId: bigint
}
const identityOf = ({ xtrId, siteId }: Identity): ValueOf<typeof identity> => ({
  xtrId: 0n,
  xtrIdLow: xtrId,
  siteId,
})

const codeLength = 32
const authenticated = struct({
  head: u32,
  nonce: u64,
  keyId: u8,
  /** 2 is HMAC-SHA-256-128: RFC 9301, section 12.5. */
  _algorithmId: constant(u8, 2),
  _codeLength: constant(u16, codeLength),
  code: bytes(codeLength),
  body: rest,
})

const types = { 1: 'map-request', 2: 'map-reply', 3: 'map-register', 4: 'map-notify' } as const

export interface Key {
  readonly id: number
  readonly secret: string
}

/** The code over a message that has zeros in its place: RFC 9301, section 5.6. */
const codeOf = (value: ValueOf<typeof authenticated>, { secret }: Key): Buffer =>
  createHmac('sha256', secret)
    .update(encode(authenticated, { ...value, code: new Uint8Array(codeLength) }))
    .digest()

const sealed = (head: number, nonce: bigint, key: Key, body: Uint8Array): Uint8Array => {
  const value = { head: head >>> 0, nonce, keyId: key.id, code: new Uint8Array(codeLength), body }
  return encode(authenticated, { ...value, code: codeOf(value, key) })
}

/** Map-Register of one record: P (the server answers for us), I (the identity follows), M (a Map-Notify is wanted). */
export const mapRegister = (nonce: bigint, one: MappingRecord, who: Identity, key: Key): Uint8Array => {
  const head = (3 << 28) | (1 << 27) | (1 << 25) | (1 << 8) | 1
  const body = Buffer.concat([encode(record, one), encode(identity, identityOf(who))])
  return sealed(head, nonce, key, body)
}

/** Map-Notify-Ack with the records of a Map-Notify: RFC 9301, section 5.7. */
export const mapNotifyAck = (nonce: bigint, records: readonly MappingRecord[], key: Key): Uint8Array =>
  sealed((5 << 28) | records.length, nonce, key, encode(list(record), records))

const request = struct({
  head: u32,
  nonce: u64,
  _noSourceEid: constant(u16, 0),
  itrRloc: ipv4,
  /** N, "notify me", is the first bit: RFC 9437, section 4. */
  recordFlags: u8,
  maskLength: u8,
  eid: eidAddress,
  identity: rest,
})

export interface Question {
  readonly nonce: bigint
  readonly iid: number
  /** The address that is asked for. */
  readonly address: EidAddress['value']
  /** Where the answer is to go. */
  readonly itrRloc: number
  /** Whoever wants to hear of changes says who it is. */
  readonly subscriber?: Identity
}

/** Map-Request for one address: RFC 9301, section 5.2. With a subscriber the I bit and the N bit are set. */
export const mapRequest = ({ nonce, iid, address, itrRloc, subscriber }: Question): Uint8Array =>
  encode(request, {
    head: ((1 << 28) | (subscriber === undefined ? 0 : 1 << 20) | 1) >>> 0,
    nonce,
    itrRloc: { value: itrRloc },
    recordFlags: subscriber === undefined ? 0 : 0x80,
    maskLength: typeof address === 'number' ? 32 : 128,
    eid: { iid, address: { value: address } },
    identity: subscriber === undefined ? new Uint8Array(0) : encode(identity, identityOf(subscriber)),
  })

const reply = struct({ head: u32, nonce: u64, body: rest })

/** Solicit-Map-Request, "ask again": RFC 9301, section 6.1. The source EID is there, and the EID once more in the record. */
const solicitation = struct({
  head: u32,
  nonce: u64,
  sourceEid: eidAddress,
  itrRloc: ipv4,
  recordFlags: u8,
  maskLength: u8,
  eid: eidAddress,
})
/** S, of the header of a Map-Request. */
const solicits = 1 << 24

/** The EID that a solicitation is about; undefined for any other message. Throws `WireError` for bytes that are none. */
export const solicited = (data: Uint8Array): EidAddress['value'] | undefined => {
  const { head } = decode(reply, data)
  if (head >>> 28 !== 1 || (head & solicits) === 0) return undefined
  return decode(solicitation, data).eid.address.value
}

/** What an xTR hears: a Map-Reply, or a Map-Notify and whether its code is right. */
export interface Heard {
  readonly type: 'map-reply' | 'map-notify'
  readonly nonce: bigint
  readonly records: readonly MappingRecord[]
  /** Always for a Map-Reply, which has no code. */
  readonly authentic: boolean
}

/** As many records as the header counts; an identity may follow them. */
const recordsOf = (head: number): Codec<readonly MappingRecord[]> => ({
  read: (r) => {
    const records = Array.from({ length: head & 0xff }, () => record.read(r))
    rest.read(r)
    return records
  },
  write: (w) => w.fail('only read'),
})

/** Reads a datagram; undefined for a message that this xTR has no use for. Throws `WireError` for bytes that are none. */
export const hear = (data: Uint8Array, key: Key): Heard | undefined => {
  const { head, nonce, body } = decode(reply, data)
  const type = types[(head >>> 28) as keyof typeof types]
  if (type === 'map-reply') return { type, nonce, records: decode(recordsOf(head), body), authentic: true }
  if (type !== 'map-notify') return undefined
  const value = decode(authenticated, data)
  const authentic = value.keyId === key.id && codeOf(value, key).equals(value.code)
  return { type, nonce, records: decode(recordsOf(head), value.body), authentic }
}
