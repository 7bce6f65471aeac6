/** Map-Referral: a node of the delegated database tree says whom to ask next. RFC 8111, section 6.4. */
import { type Codec, pad, rest, u8, u16, u32 } from '#wire/codec.js'
import { countOf, repeat, sized, sizeOf, struct } from '#wire/struct.js'
import { type Address, address } from '../address.js'
import { checkPrefix } from '../eid.js'
import { type Locator, locator } from '../records.js'
import { count, parts, typeBits, writeParts } from './parts.js'

/** By number: RFC 8111, section 6.1. */
export const referralActions = [
  'node-referral',
  'ms-referral',
  'ms-ack',
  'ms-not-registered',
  'delegation-hole',
  'not-authoritative',
  'unassigned-6',
  'unassigned-7',
] as const

export interface Signature {
  /** Minutes. */
  readonly originalTtl: number
  /** Seconds since 1970. */
  readonly expiration: number
  /** Seconds since 1970. */
  readonly inception: number
  readonly keyTag: number
  /** 1 is RSA-SHA1, 2 RSA-SHA256. */
  readonly algorithm: number
  readonly signature: Uint8Array
}

export interface ReferralRecord {
  /** Minutes. */
  readonly ttl: number
  readonly maskLength: number
  readonly action: (typeof referralActions)[number]
  readonly authoritative: boolean
  /** There are more referrals than these. */
  readonly incomplete: boolean
  readonly mapVersion: number
  readonly eid: Address
  readonly referrals: readonly Locator[]
  /** At most 15. */
  readonly signatures: readonly Signature[]
}

export interface MapReferral {
  readonly type: 'map-referral'
  readonly nonce: bigint
  readonly records: readonly ReferralRecord[]
}

const signature: Codec<Signature> = struct({
  originalTtl: u32,
  expiration: u32,
  inception: u32,
  keyTag: u16,
  _length: sizeOf('signature', u16, 2),
  algorithm: u8,
  _reserved: pad(3),
  signature: sized('_length', rest),
})

const fields = struct({
  ttl: u32,
  _count: countOf('referrals', u8),
  maskLength: u8,
  /** Action (3 bits), authoritative, incomplete, reserved. */
  bits: u16,
  /** Number of signatures (4 bits), map-version (12 bits). */
  version: u16,
  eid: address,
  referrals: repeat('_count', locator),
})

const record: Codec<ReferralRecord> = {
  read: (r) => {
    const { ttl, maskLength, bits, version, eid, referrals } = fields.read(r)
    return {
      ttl,
      maskLength: checkPrefix(r, eid, maskLength),
      action: referralActions[bits >>> 13] ?? 'node-referral',
      authoritative: (bits & 0x1000) !== 0,
      incomplete: (bits & 0x0800) !== 0,
      mapVersion: version & 0xfff,
      eid,
      referrals,
      signatures: parts(r, 'signatures', signature, version >>> 12),
    }
  },
  write: (w, value) => {
    const { authoritative, incomplete, mapVersion, signatures } = value
    const flags = (authoritative ? 0x1000 : 0) | (incomplete ? 0x0800 : 0)
    const bits = (referralActions.indexOf(value.action) << 13) | flags
    const version = (count(w, 'signatures', signatures, 15) << 12) | (mapVersion & 0xfff)
    fields.write(w, { ...value, bits, version })
    writeParts(w, 'signatures', signature, signatures)
  },
}

export const mapReferral: Codec<MapReferral> = {
  read: (r) => {
    const word = r.u32()
    const nonce = r.u64()
    return { type: 'map-referral', nonce, records: parts(r, 'records', record, word & 0xff) }
  },
  write: (w, { nonce, records }) => {
    w.u32((typeBits(6) | count(w, 'records', records)) >>> 0)
    w.u64(nonce)
    writeParts(w, 'records', record, records)
  },
}
