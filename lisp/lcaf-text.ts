/**
 * LISP Canonical Addresses as text: `name(field=value,…)`, for instance `as-number(asn=65000,address=10.0.0.1)`. The fields are
 * those of `lcaf-values.ts`. An instance id stands in front instead: `[100]10.0.0.1`.
 */
import type { Address } from './address.js'
import type { GeoAngle, InstanceId, Lcaf, LcafFamily, PathHop, Replica, UnknownLcaf } from './lcaf-values.js'
import {
  fieldsOf,
  flagNames,
  hex,
  listOf,
  number,
  quoted,
  type TextCursor,
  type TextKind,
} from './text-kinds.js'

const u8 = number(0xff)
const u16 = number(0xffff)
const u24 = number(0xff_ffff)
const u32 = number(0xffff_ffff)

/** `48:12:30N`, `16:22:00W`. */
const angle = (positive: string, negative: string): TextKind<GeoAngle> => ({
  print: (value) =>
    `${value.degrees}:${value.minutes}:${value.seconds}${value.positive ? positive : negative}`,
  parse: (cursor) => {
    const degrees = number(0x7fff).parse(cursor)
    cursor.expect(':')
    const minutes = u8.parse(cursor)
    cursor.expect(':')
    const seconds = u8.parse(cursor)
    const isPositive = cursor.skip(positive)
    if (!isPositive) cursor.expect(negative)
    return { positive: isPositive, degrees, minutes, seconds }
  },
})

type OthersOf<F extends LcafFamily> = Omit<Extract<Lcaf, { readonly family: F }>, 'family'>
type Kinds = { readonly [F in Exclude<LcafFamily, 'instance-id'>]: TextKind<OthersOf<F>> }

/** The text of each LCAF; `address` is the kind of the addresses within. */
const kindsWith = (address: TextKind<Address>): Kinds => {
  const hop = fieldsOf<PathHop>({ flags: flagNames(['lookup', 'probe', 'strict']), address })
  const replica = fieldsOf<Replica>({ level: u8, address })
  const formats = flagNames(['lisp', 'lisp-l2', 'vxlan', 'vxlan-gpe', 'nvgre', 'geneve', 'gue'])
  const ports = { localPortMin: u16, localPortMax: u16, remotePortMin: u16, remotePortMax: u16 }
  const etrs = { globalEtr: address, ms: address, privateEtr: address, rtrs: listOf(address) }
  const lengths = { sourceLength: u8, groupLength: u8, source: address, group: address }
  const keys = { algorithm: u8, flags: flagNames(['revoked']), keys: listOf(hex), address }
  const angles = { latitude: angle('N', 'S'), longitude: angle('E', 'W') }
  return {
    'afi-list': fieldsOf({ addresses: listOf(address) }),
    'as-number': fieldsOf({ asn: u32, address }),
    'application-data': fieldsOf({ trafficClass: u24, protocol: u8, ...ports, address }),
    geo: fieldsOf({ ...angles, altitude: number(0x7fff_ffff, -0x8000_0000), address }),
    'opaque-key': fieldsOf({ fieldsMinusOne: u8, wildcards: u16, key: hex }),
    'nat-traversal': fieldsOf({ msPort: u16, etrPort: u16, ...etrs }),
    'nonce-locator': fieldsOf({ nonce: u24, address }),
    'multicast-info': fieldsOf({ iid: u32, ...lengths }),
    'explicit-path': fieldsOf({ hops: listOf(hop) }),
    'security-key': fieldsOf(keys),
    'source-dest': fieldsOf({ sourceLength: u8, destLength: u8, source: address, dest: address }),
    'replication-list': fieldsOf({ entries: listOf(replica) }),
    json: fieldsOf({ flags: flagNames(['binary']), json: quoted, address }),
    'key-value': fieldsOf({ key: address, value: address }),
    encapsulation: fieldsOf({ formats, address }),
    'service-path': fieldsOf({ pathId: u24, index: u8 }),
    vendor: fieldsOf({ oui: u24, data: hex }),
  }
}

const unknown: TextKind<Omit<UnknownLcaf, 'family'>> = fieldsOf({
  type: u8,
  reserved1: u8,
  flags: u8,
  reserved2: u8,
  body: hex,
})

/** `[100]10.0.0.1`; `[100/24]none` where the instance id has a prefix length of its own. */
const instanceId = (address: TextKind<Address>): TextKind<InstanceId> => ({
  print: ({ iid, iidLength, address: inner }) =>
    `[${iid}${iidLength === 0 ? '' : `/${iidLength}`}]${address.print(inner)}`,
  parse: (cursor) => {
    cursor.expect('[')
    const iid = u32.parse(cursor)
    const iidLength = cursor.skip('/') ? u8.parse(cursor) : 0
    cursor.expect(']')
    return { family: 'instance-id', iidLength, iid, address: address.parse(cursor) }
  },
})

export interface LcafText {
  print(value: Lcaf | UnknownLcaf): string
  /** Undefined where no LCAF begins at the cursor. */
  parse(cursor: TextCursor): Lcaf | UnknownLcaf | undefined
}

/** The text of LCAFs, `address` being that of any address. */
export const lcafText = (address: TextKind<Address>): LcafText => {
  const kinds = kindsWith(address)
  const inInstance = instanceId(address)
  const byName = new Map<string, TextKind<object>>([...Object.entries(kinds), ['lcaf', unknown]])
  return {
    print: (value) => {
      if (value.family === 'instance-id') return inInstance.print(value)
      return `${value.family}${byName.get(value.family)?.print(value) ?? ''}`
    },
    parse: (cursor) => {
      if (cursor.text[cursor.pos] === '[') return inInstance.parse(cursor)
      const begin = cursor.pos
      const family = cursor.match(/[a-z]+(?:-[a-z]+)*(?=\()/y) ?? ''
      const kind = byName.get(family)
      if (kind !== undefined) return { family, ...kind.parse(cursor) } as Lcaf | UnknownLcaf
      cursor.pos = begin
      return undefined
    },
  }
}
