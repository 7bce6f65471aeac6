/**
 * A packet as bytes, and where its headers begin. What is not written to leaves as it came, byte for byte; what is written
 * to is changed in place with its checksums. Headers are found as Open vSwitch finds them: ovs-fields(7).
 */
import { byteAt, numberAt } from './bits.js'

export const etherTypes = {
  ipv4: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  /** Of an 802.3 frame that has none. */
  none: 0x05ff,
} as const

export const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const

export type LayerName =
  | 'ethernet'
  | 'vlan'
  | 'mpls'
  | 'arp'
  | 'ipv4'
  | 'ipv6'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmpv6'
  | 'nd'
  /** The first link-layer address option of neighbour discovery, whichever it is. */
  | 'lla'
  | 'sll'
  | 'tll'

/** Where each header that is there begins, in bytes. */
export type Layers = Partial<Readonly<Record<LayerName, number>>>

export interface Packet {
  readonly bytes: Uint8Array
  /** 0 for an Ethernet frame; else 1 in the upper 16 bits and the Ethertype of what the packet begins with in the lower. */
  readonly packetType: number
  readonly layers: Layers
  /** Behind the VLAN tags that are looked at. */
  readonly etherType: number
  /** Of the IP header, or of the last extension header of IPv6; 0 without one. */
  readonly protocol: number
  /** Bit 0: a fragment; bit 1: not the first one. */
  readonly fragment: number
}

export interface ParseOptions {
  /** How many VLAN tags are looked at; more are payload. Open vSwitch's `other_config:vlan-limit`, 1 unless said. */
  readonly vlanLimit?: number
  /** As `Packet.packetType`. */
  readonly packetType?: number
}

interface Found {
  layers: Partial<Record<LayerName, number>>
  protocol: number
  fragment: number
}

/** Finds the headers. Never fails: a header that is cut off or wrong is payload. */
export const parsePacket = (bytes: Uint8Array, options: ParseOptions = {}): Packet => {
  const { packetType = 0, vlanLimit = 1 } = options
  const found: Found = { layers: {}, protocol: 0, fragment: 0 }
  let etherType = packetType & 0xffff
  let at = 0
  if (packetType === 0) {
    if (bytes.length >= 14) found.layers.ethernet = 0
    ;[etherType, at] = findEtherType(bytes, vlanLimit, found.layers)
  }
  findNetwork(bytes, at, etherType, found)
  return { bytes, packetType, etherType, ...found }
}

const isTag = (type: number): boolean => type === etherTypes.vlan || type === etherTypes.serviceVlan

const typeAt = (bytes: Uint8Array, at: number): number => numberAt(bytes, at * 8, 16)

/** The Ethertype and where its payload begins. A tag's layer begins at the Ethertype that announces it. */
const findEtherType = (
  bytes: Uint8Array,
  vlanLimit: number,
  layers: Partial<Record<LayerName, number>>,
): [type: number, payload: number] => {
  let at = 12
  for (let tags = 0; tags < vlanLimit && isTag(typeAt(bytes, at)) && bytes.length >= at + 6; tags++) {
    layers.vlan ??= at
    at += 4
  }
  const type = typeAt(bytes, at)
  if (type >= 0x600) return [type, at + 2]
  const snap = numberAt(bytes, (at + 2) * 8, 24) === 0xaaaa03 && numberAt(bytes, (at + 5) * 8, 24) === 0
  const inSnap = snap && bytes.length >= at + 10 ? typeAt(bytes, at + 8) : 0
  return inSnap >= 0x600 ? [inSnap, at + 10] : [etherTypes.none, at + 2]
}

const findNetwork = (bytes: Uint8Array, at: number, etherType: number, found: Found): void => {
  const room = bytes.length - at
  switch (etherType) {
    case etherTypes.ipv4:
      findIpv4(bytes, at, found)
      break
    case etherTypes.ipv6:
      findIpv6(bytes, at, found)
      break
    case etherTypes.arp:
    case etherTypes.rarp:
      if (room >= 28 && numberAt(bytes, at * 8, 32) === 0x0001_0800 && typeAt(bytes, at + 4) === 0x0604)
        found.layers.arp = at
      break
    case etherTypes.mpls:
    case etherTypes.mplsMulticast:
      if (room >= 4) found.layers.mpls = at
      break
    default:
      break
  }
}

const findIpv4 = (bytes: Uint8Array, at: number, found: Found): void => {
  const room = bytes.length - at
  const first = byteAt(bytes, at)
  const headerSize = (first & 15) * 4
  const length = typeAt(bytes, at + 2)
  if (room < 20 || first >> 4 !== 4 || headerSize < 20 || length < headerSize || length > room) return
  found.layers.ipv4 = at
  found.protocol = byteAt(bytes, at + 9)
  const fragment = typeAt(bytes, at + 6)
  if ((fragment & 0x1fff) !== 0) found.fragment = 3
  else if ((fragment & 0x2000) !== 0) found.fragment = 1
  if ((found.fragment & 2) === 0) findTransport(bytes, at + headerSize, at + length, found)
}

/** Extension headers whose second byte is their length in units of 8 bytes beyond the first 8: RFC 8200, section 4. */
const extensions: ReadonlySet<number> = new Set([0, 43, 60, 135, 139, 140])
const authentication = 51
const fragmentHeader = 44
const extensionsMax = 16

const findIpv6 = (bytes: Uint8Array, start: number, found: Found): void => {
  const end = start + 40 + typeAt(bytes, start + 4)
  if (bytes.length - start < 40 || byteAt(bytes, start) >> 4 !== 6 || end > bytes.length) return
  found.layers.ipv6 = start
  let next = byteAt(bytes, start + 6)
  let at = start + 40
  for (let count = 0; count < extensionsMax && at + 8 <= end; count++) {
    if (extensions.has(next)) [next, at] = [byteAt(bytes, at), at + 8 + byteAt(bytes, at + 1) * 8]
    else if (next === authentication) [next, at] = [byteAt(bytes, at), at + 8 + byteAt(bytes, at + 1) * 4]
    else if (next === fragmentHeader) {
      found.fragment = (typeAt(bytes, at + 2) & 0xfff8) === 0 ? 1 : 3
      ;[next, at] = [byteAt(bytes, at), at + 8]
      if (found.fragment === 3) break
    } else break
  }
  found.protocol = next
  if ((found.fragment & 2) === 0) findTransport(bytes, at, end, found)
}

const headerSizes = { tcp: 20, udp: 8, sctp: 12, icmp: 8, icmpv6: 8 } as const

const findTransport = (bytes: Uint8Array, at: number, end: number, found: Found): void => {
  const name = (Object.keys(headerSizes) as (keyof typeof headerSizes)[]).find(
    (one) => protocols[one] === found.protocol,
  )
  if (name === undefined || end - at < headerSizes[name]) return
  found.layers[name] = at
  if (name === 'icmpv6') findDiscovery(bytes, at, end, found)
}

const solicitation = 135
const advertisement = 136

const findDiscovery = (bytes: Uint8Array, start: number, end: number, found: Found): void => {
  const type = byteAt(bytes, start)
  const isDiscovery = type === solicitation || type === advertisement
  if (!isDiscovery || byteAt(bytes, start + 1) !== 0 || end - start < 24) return
  found.layers.nd = start
  for (let at = start + 24; at + 8 <= end; ) {
    const length = byteAt(bytes, at + 1) * 8
    if (length === 0 || at + length > end) return
    const option = byteAt(bytes, at)
    if (option === 1 || option === 2) found.layers.lla ??= at
    if (option === 1 && type === solicitation) found.layers.sll = at
    if (option === 2 && type === advertisement) found.layers.tll = at
    at += length
  }
}

/** The same packet with other bytes. */
export const reparsed = (packet: Packet, bytes: Uint8Array, packetType = packet.packetType): Packet =>
  parsePacket(bytes, { packetType })

/** Bytes `insert` in the place of `remove` bytes at `at`. */
export const spliced = (bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array => {
  const result = new Uint8Array(bytes.length - remove + insert.length)
  result.set(bytes.subarray(0, at))
  result.set(insert, at)
  result.set(bytes.subarray(at + remove), at + insert.length)
  return result
}
