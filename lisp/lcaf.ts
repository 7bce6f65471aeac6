/**
 * LISP Canonical Address Format (RFC 8060): addresses made of other addresses and of facts about them. Each type is one
 * structure here; their values are described in `lcaf-values.ts`, their text in `lcaf-text.ts`. A type that is not here is
 * kept as it came.
 */
import { type Codec, lengthOf, list, mapped, nested, pad, rest, tag, u8, u16, u24, u32 } from '#wire/codec.js'
import { WireError, within } from '#wire/error.js'
import { flagField } from '#wire/flags.js'
import type { Reader } from '#wire/reader.js'
import { countOf, repeat, sized, sizeOf, struct } from '#wire/struct.js'
import { type Address, address as anyAddress } from './address.js'
import type { Lcaf, LcafFamily, UnknownLcaf } from './lcaf-values.js'

/** Addresses inside addresses: more levels than any use that RFC 8060 describes, far fewer than the stack holds. */
const depthMax = 8
const address: Codec<Address> = nested(depthMax, () => anyAddress)

/** The second reserved byte and the length, which counts what follows it: every structure below begins with them. */
const reserved = pad(1)
const length = lengthOf(u16, 2, 3)

/** An address that the sender may leave out. */
const optionalAddress: Codec<Address> = {
  read: (r) => (r.remaining === 0 ? { family: 'none' } : address.read(r)),
  write: (w, value) => address.write(w, value),
}

/** Bytes of their own, so that a stored address does not keep a whole datagram in memory. */
const ownBytes: Codec<Uint8Array> = mapped(
  rest,
  (view) => Uint8Array.from(view),
  (view) => view,
)

const latin1: Codec<string> = mapped(
  rest,
  (view) => Buffer.from(view).toString('latin1'),
  (text) => Buffer.from(text, 'latin1'),
)

const i32: Codec<number> = mapped(
  u32,
  (value) => value | 0,
  (value) => value >>> 0,
)

const angle = struct({ bits: u16, minutes: u8, seconds: u8 })
/** Degrees with the hemisphere in the uppermost bit: north or east when set. */
const geoAngle = mapped(
  angle,
  ({ bits, minutes, seconds }) => ({
    positive: (bits & 0x8000) !== 0,
    degrees: bits & 0x7fff,
    minutes,
    seconds,
  }),
  ({ positive, degrees, minutes, seconds }) => ({
    bits: (positive ? 0x8000 : 0) + degrees,
    minutes,
    seconds,
  }),
)

const hop = struct({ flags: flagField(u16, { lookup: 4, probe: 2, strict: 1 }), address })
const replica = struct({ _reserved: pad(3), level: u8, address })
const key = struct({ _length: sizeOf('key', u16, 2), key: sized('_length', ownBytes) })
const keys = mapped(
  key,
  (value) => value.key,
  (value: Uint8Array) => ({ key: value }),
)

/** Bits of the encapsulations, from the least significant on. RFC 8060, section 5.6. */
const encapsulations = {
  lisp: 1 << 0,
  'lisp-l2': 1 << 1,
  vxlan: 1 << 2,
  'vxlan-gpe': 1 << 3,
  nvgre: 1 << 4,
  geneve: 1 << 5,
  gue: 1 << 6,
} as const

/** The structure of a type that has no use for the second reserved byte. */
const body = <const F extends string, const B extends Readonly<Record<string, Codec<unknown>>>>(
  family: F,
  fields: B,
) => struct({ family: tag(family), _reserved: reserved, _length: length, ...fields })

type LcafOf<F extends LcafFamily> = Extract<Lcaf, { readonly family: F }>
type Lines = { readonly [F in LcafFamily]: readonly [type: number, body: Codec<LcafOf<F>>] }

/** [type, structure from the second reserved byte on]. Comments name the section of RFC 8060, or the RFC. */
const lcafs: Lines = {
  // 4.10
  'afi-list': [1, body('afi-list', { addresses: list(address) })],
  // 4.1
  'instance-id': [
    2,
    struct({ family: tag('instance-id'), iidLength: u8, _length: length, iid: u32, address }),
  ],
  // 4.2
  'as-number': [3, body('as-number', { asn: u32, address })],
  // 5.1
  'application-data': [
    4,
    body('application-data', {
      trafficClass: u24,
      protocol: u8,
      localPortMin: u16,
      localPortMax: u16,
      remotePortMin: u16,
      remotePortMax: u16,
      address,
    }),
  ],
  // 4.3
  geo: [5, body('geo', { latitude: geoAngle, longitude: geoAngle, altitude: i32, address })],
  // 5.2
  'opaque-key': [6, body('opaque-key', { fieldsMinusOne: u8, wildcards: u16, key: ownBytes })],
  // 4.4
  'nat-traversal': [
    7,
    body('nat-traversal', {
      msPort: u16,
      etrPort: u16,
      globalEtr: address,
      ms: address,
      privateEtr: address,
      rtrs: list(address),
    }),
  ],
  // 5.3
  'nonce-locator': [8, body('nonce-locator', { _reserved2: pad(1), nonce: u24, address })],
  // 4.5
  'multicast-info': [
    9,
    body('multicast-info', {
      iid: u32,
      _reserved2: pad(2),
      sourceLength: u8,
      groupLength: u8,
      source: address,
      group: address,
    }),
  ],
  // 4.6
  'explicit-path': [10, body('explicit-path', { hops: list(hop) })],
  // 4.7
  'security-key': [
    11,
    body('security-key', {
      _count: countOf('keys', u8),
      _reserved2: pad(1),
      algorithm: u8,
      flags: flagField(u8, { revoked: 1 }),
      keys: repeat('_count', keys),
      address,
    }),
  ],
  // 4.8
  'source-dest': [
    12,
    body('source-dest', {
      _reserved2: pad(2),
      sourceLength: u8,
      destLength: u8,
      source: address,
      dest: address,
    }),
  ],
  // 4.9
  'replication-list': [13, body('replication-list', { entries: list(replica) })],
  // 5.4
  json: [
    14,
    struct({
      family: tag('json'),
      flags: flagField(u8, { binary: 1 }),
      _length: length,
      _jsonLength: sizeOf('json', u16, 2),
      json: sized('_jsonLength', latin1),
      address: optionalAddress,
    }),
  ],
  // 5.5
  'key-value': [15, body('key-value', { key: address, value: address })],
  // 5.6
  encapsulation: [16, body('encapsulation', { formats: flagField(u32, encapsulations), address })],
  // draft-ietf-lisp-nsh, as VPP sends it
  'service-path': [17, body('service-path', { pathId: u24, index: u8 })],
  // RFC 9306
  vendor: [255, body('vendor', { _reserved2: pad(1), oui: u24, data: ownBytes })],
}

const unknown = struct({ family: tag('lcaf'), reserved2: u8, _length: length, body: ownBytes })

const byType = new Map<number, readonly [name: string, body: Codec<Lcaf>]>(
  Object.entries(lcafs).map(([name, [type, codec]]) => [type, [name, codec]]),
)

const readUnknown = (r: Reader, type: number, reserved1: number, flags: number): UnknownLcaf => {
  const { family, reserved2, body } = unknown.read(r)
  return { family, type, reserved1, flags, reserved2, body }
}

/**
 * Types of which routers send forms that RFC 8060 does not have: newer geo-coordinates (draft-ietf-lisp-geo), replication
 * lists with names (lispers.net). Nothing is looked up by them, so what cannot be read is kept as it came.
 */
const variable: ReadonlySet<string> = new Set<LcafFamily>(['geo', 'json', 'replication-list', 'security-key'])

const readVariable = (r: Reader, codec: Codec<Lcaf>, asUnknown: () => UnknownLcaf): Lcaf | UnknownLcaf => {
  const { pos, start, end, depth } = r
  try {
    return codec.read(r)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    Object.assign(r, { pos, start, end, depth })
    return asUnknown()
  }
}

/** What follows AFI 16387. Flags and reserved bytes of known types are not looked at; those of others are kept. */
export const lcaf: Codec<Lcaf | UnknownLcaf> = {
  read: (r) => {
    const reserved1 = r.u8()
    const flags = r.u8()
    const type = r.u8()
    const known = byType.get(type)
    const asUnknown = (): UnknownLcaf => readUnknown(r, type, reserved1, flags)
    if (known === undefined) return asUnknown()
    const [family, codec] = known
    try {
      return variable.has(family) ? readVariable(r, codec, asUnknown) : codec.read(r)
    } catch (error) {
      throw within(error, family)
    }
  },
  write: (w, value) => {
    if (value.family === 'lcaf') {
      w.u8(value.reserved1)
      w.u8(value.flags)
      w.u8(value.type)
      unknown.write(w, value)
      return
    }
    const [type, codec]: readonly [number, Codec<Lcaf>] = lcafs[value.family]
    w.u16(0)
    w.u8(type)
    codec.write(w, value)
  },
}
