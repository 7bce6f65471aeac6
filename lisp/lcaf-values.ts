/**
 * The values of LISP Canonical Addresses (RFC 8060), one type each. The bytes are declared in `lcaf.ts`. Lengths are those of
 * prefixes, in bits; an `address` may be AFI 0 where there is none.
 */
import type { Flags } from '#wire/flags.js'
import type { Address } from './address.js'

/** Section 4.10: several addresses of one thing, or one that not every receiver knows beside one that it does. */
export interface AfiList {
  readonly family: 'afi-list'
  readonly addresses: readonly Address[]
}

/** Section 4.1: an address of the VPN `iid`. With AFI 0 it stands for all instance ids that share `iidLength` bits. */
export interface InstanceId {
  readonly family: 'instance-id'
  readonly iidLength: number
  /** 32 bits; only those of 24 fit in a data packet. */
  readonly iid: number
  readonly address: Address
}

/** Section 4.2. */
export interface AsNumber {
  readonly family: 'as-number'
  readonly asn: number
  readonly address: Address
}

/** Section 5.1: an address for one kind of traffic. */
export interface ApplicationData {
  readonly family: 'application-data'
  /** IPv4 TOS, IPv6 traffic class or flow label. */
  readonly trafficClass: number
  readonly protocol: number
  readonly localPortMin: number
  readonly localPortMax: number
  readonly remotePortMin: number
  readonly remotePortMax: number
  readonly address: Address
}

export interface GeoAngle {
  /** North, or east. */
  readonly positive: boolean
  readonly degrees: number
  readonly minutes: number
  readonly seconds: number
}

/** Section 4.3. */
export interface Geo {
  readonly family: 'geo'
  readonly latitude: GeoAngle
  readonly longitude: GeoAngle
  /** Metres over the sea; 0x7fffffff where it is not known. */
  readonly altitude: number
  readonly address: Address
}

/** Section 5.2: a key of equally long fields, of which `wildcards` do not count. */
export interface OpaqueKey {
  readonly family: 'opaque-key'
  readonly fieldsMinusOne: number
  readonly wildcards: number
  readonly key: Uint8Array
}

/** Section 4.4: what an xTR behind a NAT learns of itself. */
export interface NatTraversal {
  readonly family: 'nat-traversal'
  readonly msPort: number
  readonly etrPort: number
  readonly globalEtr: Address
  readonly ms: Address
  readonly privateEtr: Address
  readonly rtrs: readonly Address[]
}

/** Section 5.3: the nonce (24 bits) that a PETR wants to see. */
export interface NonceLocator {
  readonly family: 'nonce-locator'
  readonly nonce: number
  readonly address: Address
}

/** Section 4.5: (instance id, source prefix, group prefix). */
export interface MulticastInfo {
  readonly family: 'multicast-info'
  readonly iid: number
  readonly sourceLength: number
  readonly groupLength: number
  readonly source: Address
  readonly group: Address
}

export interface PathHop {
  readonly flags: Flags<'lookup' | 'probe' | 'strict'>
  readonly address: Address
}

/** Section 4.6: the hops at which a packet is encapsulated again. */
export interface ExplicitPath {
  readonly family: 'explicit-path'
  readonly hops: readonly PathHop[]
}

/** Section 4.7. */
export interface SecurityKey {
  readonly family: 'security-key'
  readonly algorithm: number
  readonly flags: Flags<'revoked'>
  readonly keys: readonly Uint8Array[]
  readonly address: Address
}

/** Section 4.8: a mapping by source and destination. */
export interface SourceDest {
  readonly family: 'source-dest'
  readonly sourceLength: number
  readonly destLength: number
  readonly source: Address
  readonly dest: Address
}

export interface Replica {
  readonly level: number
  readonly address: Address
}

/** Section 4.9: to whom multicast packets are copied. */
export interface ReplicationList {
  readonly family: 'replication-list'
  readonly entries: readonly Replica[]
}

/** Section 5.4. */
export interface JsonData {
  readonly family: 'json'
  readonly flags: Flags<'binary'>
  /** One character a byte. */
  readonly json: string
  readonly address: Address
}

/** Section 5.5. */
export interface KeyValue {
  readonly family: 'key-value'
  readonly key: Address
  readonly value: Address
}

/** Section 5.6: the encapsulations that a locator understands. */
export interface Encapsulation {
  readonly family: 'encapsulation'
  readonly formats: Flags<'lisp' | 'lisp-l2' | 'vxlan' | 'vxlan-gpe' | 'nvgre' | 'geneve' | 'gue'>
  readonly address: Address
}

/** A path of service functions (24 bits) and the place in it. */
export interface ServicePath {
  readonly family: 'service-path'
  readonly pathId: number
  readonly index: number
}

/** RFC 9306: what only the owner of the OUI understands. */
export interface Vendor {
  readonly family: 'vendor'
  readonly oui: number
  readonly data: Uint8Array
}

export type Lcaf =
  | AfiList
  | InstanceId
  | AsNumber
  | ApplicationData
  | Geo
  | OpaqueKey
  | NatTraversal
  | NonceLocator
  | MulticastInfo
  | ExplicitPath
  | SecurityKey
  | SourceDest
  | ReplicationList
  | JsonData
  | KeyValue
  | Encapsulation
  | ServicePath
  | Vendor

export type LcafFamily = Lcaf['family']

/** A type that this library does not know: written back as it was read. */
export interface UnknownLcaf {
  readonly family: 'lcaf'
  readonly type: number
  readonly reserved1: number
  readonly flags: number
  readonly reserved2: number
  readonly body: Uint8Array
}
