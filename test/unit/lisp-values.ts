/** Arbitrary LISP addresses, records and messages for property tests, whatever their families and types. */
import fc from 'fast-check'
import type { Address, IpAddress } from '#lisp/address.js'
import type { LcafFamily } from '#lisp/lcaf-values.js'
import { encodeMessage, type Message } from '#lisp/messages.js'
import { actions, type EidRecord, type Locator, type MappingRecord } from '#lisp/records.js'

const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u24 = fc.nat(0xff_ffff)
const u32 = fc.nat(0xffff_ffff)
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const u128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
const bytes = fc.uint8Array({ maxLength: 24 }).map((data) => Uint8Array.from(data))
const latin1 = (min: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes))

const flags = <const N extends string>(...names: N[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, fc.boolean()])) as Record<N, fc.Arbitrary<boolean>>)

const ipv4: fc.Arbitrary<IpAddress> = fc.record({ family: fc.constant('ipv4'), value: u32 })
const ipv6: fc.Arbitrary<IpAddress> = fc.record({ family: fc.constant('ipv6'), value: u128 })
export const ipAddress = fc.oneof(ipv4, ipv6)

const u48 = fc.maxSafeNat().map((value) => value % 2 ** 48)

const plain: fc.Arbitrary<Address> = fc.oneof(
  fc.constant({ family: 'none' } as const),
  ipAddress,
  fc.record({ family: fc.constantFrom('mac', 'mac-802'), value: u48 }),
  fc.record({ family: fc.constant('eui64'), value: u64 }),
  fc.record({ family: fc.constant('name'), value: latin1(1, 40) }),
)

const angle = fc.record({ positive: fc.boolean(), degrees: fc.nat(0x7fff), minutes: u8, seconds: u8 })
const formats = flags('lisp', 'lisp-l2', 'vxlan', 'vxlan-gpe', 'nvgre', 'geneve', 'gue')

type Parts = Readonly<Record<string, fc.Arbitrary<unknown>>>

/** The fields of each LCAF; `address` for the addresses within. */
const lcafParts = (address: fc.Arbitrary<Address>): Readonly<Record<LcafFamily, Parts>> => ({
  'afi-list': { addresses: fc.array(address, { maxLength: 3 }) },
  'instance-id': { iidLength: fc.constantFrom(0, 24, 32), iid: u32, address },
  'as-number': { asn: u32, address },
  'application-data': {
    trafficClass: u24,
    protocol: u8,
    localPortMin: u16,
    localPortMax: u16,
    remotePortMin: u16,
    remotePortMax: u16,
    address,
  },
  geo: {
    latitude: angle,
    longitude: angle,
    altitude: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    address,
  },
  'opaque-key': { fieldsMinusOne: u8, wildcards: u16, key: bytes },
  'nat-traversal': {
    msPort: u16,
    etrPort: u16,
    globalEtr: address,
    ms: address,
    privateEtr: address,
    rtrs: fc.array(address, { maxLength: 2 }),
  },
  'nonce-locator': { nonce: u24, address },
  'multicast-info': { iid: u32, sourceLength: u8, groupLength: u8, source: address, group: address },
  'explicit-path': {
    hops: fc.array(fc.record({ flags: flags('lookup', 'probe', 'strict'), address }), { maxLength: 3 }),
  },
  'security-key': {
    algorithm: u8,
    flags: flags('revoked'),
    keys: fc.array(bytes, { maxLength: 3 }),
    address,
  },
  'source-dest': { sourceLength: u8, destLength: u8, source: address, dest: address },
  'replication-list': { entries: fc.array(fc.record({ level: u8, address }), { maxLength: 3 }) },
  json: { flags: flags('binary'), json: latin1(0, 20), address },
  'key-value': { key: address, value: address },
  encapsulation: { formats, address },
  'service-path': { pathId: u24, index: u8 },
  vendor: { oui: u24, data: bytes },
})

const lcafOf = (address: fc.Arbitrary<Address>): fc.Arbitrary<Address> => {
  const known = Object.entries(lcafParts(address)).map(([family, parts]) =>
    fc.record({ family: fc.constant(family), ...parts }),
  )
  const type = fc.integer({ min: 18, max: 254 })
  const unknown = fc.record({
    family: fc.constant('lcaf'),
    type,
    reserved1: u8,
    flags: u8,
    reserved2: u8,
    body: bytes,
  })
  return fc.oneof(...known, unknown) as fc.Arbitrary<Address>
}

/** Addresses, nested at most three deep. */
export const address: fc.Arbitrary<Address> = fc.oneof(
  { arbitrary: plain, weight: 3 },
  { arbitrary: lcafOf(fc.oneof(plain, lcafOf(plain))), weight: 1 },
)

const locator: fc.Arbitrary<Locator> = fc.record({
  priority: u8,
  weight: u8,
  multicastPriority: u8,
  multicastWeight: u8,
  flags: flags('local', 'probed', 'reachable'),
  rloc: address,
})

/** Of 32 bits at most, which every family has. */
const maskLength = fc.nat(32)

const mapping: fc.Arbitrary<MappingRecord> = fc.record({
  ttl: u32,
  maskLength,
  action: fc.constantFrom(...actions),
  authoritative: fc.boolean(),
  mapVersion: fc.nat(0xfff),
  eid: address,
  locators: fc.array(locator, { maxLength: 3 }),
})
const mappings = fc.array(mapping, { maxLength: 3 })
const eidRecord: fc.Arbitrary<EidRecord> = fc.record({ notify: fc.boolean(), maskLength, eid: address })
const authentication = fc.record({ keyId: u8, algorithmId: u8, data: bytes })
const xtr = fc.record({ xtrId: u128, siteId: u64 })
const optional = { requiredKeys: [] as [] }

const requestFlags = flags(
  'authoritative',
  'probe',
  'smr',
  'pitr',
  'smrInvoked',
  'mobileNode',
  'localXtr',
  'dontReply',
)

const mapRequest = fc
  .record({
    type: fc.constant('map-request'),
    flags: requestFlags,
    nonce: u64,
    sourceEid: address,
    itrRlocs: fc
      .tuple(ipAddress, fc.array(address, { maxLength: 3 }))
      .map(([first, more]) => [first, ...more]),
    records: fc.array(eidRecord, { maxLength: 3 }),
    more: fc.record({ mapReply: mapping, xtr }, optional),
  })
  .map(({ more, flags: set, ...message }) => ({
    ...message,
    flags: { ...set, mapReply: more.mapReply !== undefined },
    ...more,
  }))

const mapReply = fc
  .record({
    type: fc.constant('map-reply'),
    flags: flags('probe', 'echoNonce'),
    nonce: u64,
    records: mappings,
    more: fc.record({ security: bytes }, optional),
  })
  .map(({ more, ...message }) => ({ ...message, ...more }))

const registerFlags = flags(
  'proxyReply',
  'security',
  'rtr',
  'eidNotify',
  'useTtl',
  'merge',
  'mobileNode',
  'wantNotify',
)

const notice = <T extends string>(type: T, set: fc.Arbitrary<object>) =>
  fc
    .record({
      type: fc.constant(type),
      flags: set,
      nonce: u64,
      authentication,
      records: mappings,
      more: fc.record({ xtr }, optional),
    })
    .map(({ more, ...message }) => ({ ...message, ...more }))

const info = fc.record({
  type: fc.constantFrom('info-request', 'info-reply'),
  nonce: u64,
  authentication,
  ttl: u32,
  maskLength,
  eid: address,
  nat: address,
})

const encapsulated = fc
  .record({
    flags: flags('ddt', 'toEtr', 'toMs'),
    ends: fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6)),
    ports: fc.tuple(u16, u16),
    ttl: u8,
    payload: fc.oneof(
      bytes,
      mapReply.map((message) => encodeMessage(message as Message)),
    ),
  })
  .map(({ flags: set, ends: [source, dest], ports: [sourcePort, destPort], ttl, payload }) => ({
    type: 'encapsulated',
    flags: set,
    inner: { source, dest, sourcePort, destPort, ttl, payload, checksums: 'right' },
  }))

export const message: fc.Arbitrary<Message> = fc.oneof(
  mapRequest,
  mapReply,
  notice('map-register', registerFlags),
  notice('map-notify', fc.constant({ rtr: false })),
  notice('map-notify-ack', fc.constant({ rtr: false })),
  info,
  encapsulated,
) as fc.Arbitrary<Message>
