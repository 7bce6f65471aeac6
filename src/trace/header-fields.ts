/** Where match fields stand in a packet's headers: one line each. ovs-fields(7) says what they mean. */
import type { FieldName } from '#openflow/fields.js'
import { bigintAt, bytesOf, numberAt, putBits } from './bits.js'
import { mendChecksums } from './checksums.js'
import { etherTypes, type LayerName, type Packet, reparsed, spliced } from './packet.js'

/** A header, the first bit in it, and how many bits. */
type Place = readonly [layer: LayerName, bit: number, width: number]

const places: Partial<Readonly<Record<FieldName, readonly Place[]>>> = {
  eth_dst: [['ethernet', 0, 48]],
  eth_src: [['ethernet', 48, 48]],
  vlan_pcp: [['vlan', 16, 3]],
  mpls_label: [['mpls', 0, 20]],
  mpls_tc: [['mpls', 20, 3]],
  mpls_bos: [['mpls', 23, 1]],
  mpls_ttl: [['mpls', 24, 8]],
  arp_op: [['arp', 48, 16]],
  arp_sha: [['arp', 64, 48]],
  arp_spa: [['arp', 112, 32]],
  arp_tha: [['arp', 144, 48]],
  arp_tpa: [['arp', 192, 32]],
  ip_src: [['ipv4', 96, 32]],
  ip_dst: [['ipv4', 128, 32]],
  ipv6_src: [['ipv6', 64, 128]],
  ipv6_dst: [['ipv6', 192, 128]],
  ipv6_label: [['ipv6', 12, 20]],
  ip_dscp: [
    ['ipv4', 8, 6],
    ['ipv6', 4, 6],
  ],
  nw_ecn: [
    ['ipv4', 14, 2],
    ['ipv6', 10, 2],
  ],
  nw_ttl: [
    ['ipv4', 64, 8],
    ['ipv6', 56, 8],
  ],
  tcp_src: [['tcp', 0, 16]],
  tcp_dst: [['tcp', 16, 16]],
  tcp_flags: [['tcp', 100, 12]],
  udp_src: [['udp', 0, 16]],
  udp_dst: [['udp', 16, 16]],
  sctp_src: [['sctp', 0, 16]],
  sctp_dst: [['sctp', 16, 16]],
  icmp_type: [['icmp', 0, 8]],
  icmp_code: [['icmp', 8, 8]],
  icmpv6_type: [['icmpv6', 0, 8]],
  icmpv6_code: [['icmpv6', 8, 8]],
  nd_reserved: [['nd', 32, 32]],
  nd_target: [['nd', 64, 128]],
  nd_options_type: [['lla', 0, 8]],
  nd_sll: [['sll', 16, 48]],
  nd_tll: [['tll', 16, 48]],
}

const tagPresent = 0x1000

/** The outer tag as Open vSwitch sees it: priority, a bit that says a tag is there, VLAN id; 0 without a tag. */
const tciOf = ({ bytes, layers: { vlan } }: Packet): number =>
  vlan === undefined ? 0 : numberAt(bytes, (vlan + 2) * 8, 16) | tagPresent

/** Fields that say which other fields there are. */
const deciding: ReadonlySet<FieldName> = new Set(['icmpv6_type', 'icmpv6_code', 'nd_options_type'] as const)

/** Fields that are worked out. */
const derived: Partial<Readonly<Record<FieldName, (packet: Packet) => number>>> = {
  packet_type: ({ packetType }) => packetType,
  eth_type: ({ etherType }) => etherType,
  vlan_tci: tciOf,
  vlan_vid: (packet) => tciOf(packet) & 0x1fff,
  nw_proto: ({ protocol, layers, bytes }) =>
    layers.arp === undefined ? protocol : numberAt(bytes, (layers.arp + 6) * 8, 16),
  ip_frag: ({ fragment }) => fragment,
}

const placeIn = (packet: Packet, field: FieldName): Place | undefined =>
  places[field]?.find(([layer]) => packet.layers[layer] !== undefined)

/** Whether headers hold the field, be they there or not. */
export const isHeaderField = (field: FieldName): boolean =>
  places[field] !== undefined || derived[field] !== undefined

/** Whether the packet has the field. */
export const hasField = (packet: Packet, field: FieldName): boolean =>
  derived[field] !== undefined || placeIn(packet, field) !== undefined

/** The value, 0 where the packet has no such header: numbers up to 32 bits, bigints above. */
export const readHeader = (packet: Packet, field: FieldName, wide: boolean): number | bigint => {
  const derive = derived[field]
  if (derive !== undefined) return derive(packet)
  const place = placeIn(packet, field)
  if (place === undefined) return wide ? 0n : 0
  const [layer, bit, width] = place
  const at = (packet.layers[layer] ?? 0) * 8 + bit
  return wide ? bigintAt(packet.bytes, at, width) : numberAt(packet.bytes, at, width)
}

/** The packet with another value in the field and its checksums right; the same packet where it has no such field. */
export const writeHeader = (packet: Packet, field: FieldName, value: bigint): Packet => {
  if (field === 'vlan_vid' || field === 'vlan_tci') return writeTag(packet, field, Number(value))
  const place = placeIn(packet, field)
  if (place === undefined) return packet
  const [layer, bit, width] = place
  const start = packet.layers[layer] ?? 0
  const bytes = packet.bytes.slice()
  putBits(bytes, start * 8 + bit, width, value)
  const from = start + ((bit >> 4) << 1)
  const to = start + (((bit + width + 15) >> 4) << 1)
  mendChecksums(packet, bytes, layer, from, to)
  return deciding.has(field) ? reparsed(packet, bytes) : { ...packet, bytes }
}

/** A VLAN id that is written into a frame without a tag puts one there. */
const writeTag = (packet: Packet, field: 'vlan_vid' | 'vlan_tci', value: number): Packet => {
  if (packet.layers.ethernet === undefined) return packet
  if (field === 'vlan_tci' && (value & tagPresent) === 0) return popVlan(packet)
  const tagged = packet.layers.vlan === undefined ? pushVlan(packet, etherTypes.vlan) : packet
  const bytes = tagged.bytes.slice()
  const at = ((tagged.layers.vlan ?? 0) + 2) * 8
  if (field === 'vlan_vid') putBits(bytes, at + 4, 12, BigInt(value & 0xfff))
  else putBits(bytes, at, 16, BigInt(value & ~tagPresent))
  return { ...tagged, bytes }
}

/** Puts an empty tag outside all others. */
export const pushVlan = (packet: Packet, tpid: number): Packet => {
  if (packet.layers.ethernet === undefined) return packet
  const tag = new Uint8Array([...bytesOf(tpid, 2), 0, 0])
  const pushed = reparsed(packet, spliced(packet.bytes, 12, 0, tag))
  // What was behind the tag is still what the packet is known to have.
  const layers = Object.fromEntries(
    Object.entries(packet.layers).map(([layer, at]) => [layer, at >= 12 ? at + 4 : at]),
  )
  return { ...packet, bytes: pushed.bytes, layers: { ...layers, ethernet: 0, vlan: 12 } }
}

/** Takes the outer tag off. */
export const popVlan = (packet: Packet): Packet => {
  if (packet.layers.vlan === undefined) return packet
  return reparsed(packet, spliced(packet.bytes, packet.layers.vlan, 4, new Uint8Array()))
}

const labelOf = (packet: Packet): Uint8Array => {
  const { mpls, ipv4, ipv6 } = packet.layers
  if (mpls !== undefined) {
    const label = packet.bytes.slice(mpls, mpls + 4)
    label[2] = (label[2] ?? 0) & 0xfe
    return label
  }
  const ttl = Number(readHeader(packet, 'nw_ttl', false))
  const hasIp = ipv4 !== undefined || ipv6 !== undefined
  const trafficClass = hasIp ? Number(readHeader(packet, 'ip_dscp', false)) & 7 : 0
  // Explicit null for the IP version, as RFC 3032 has it; 0 for what is no IP.
  const label = ipv6 === undefined ? 0 : 2
  return bytesOf(label * 4096 + trafficClass * 512 + 256 + (hasIp ? ttl : 64), 4)
}

/** Where the payload begins that the Ethertype in front of it announces. */
const payloadAt = (packet: Packet): number => {
  if (packet.layers.ethernet === undefined) return 0
  return packet.layers.vlan === undefined ? 14 : packet.layers.vlan + 6
}

const withEtherType = (packet: Packet, bytes: Uint8Array, etherType: number): Packet => {
  if (packet.layers.ethernet === undefined) return reparsed(packet, bytes, 0x1_0000 + etherType)
  putBits(bytes, (payloadAt(packet) - 2) * 8, 16, BigInt(etherType))
  return reparsed(packet, bytes)
}

/** Puts a label outside all others, with what it takes over from the header inside. */
export const pushMpls = (packet: Packet, etherType: number): Packet => {
  const label = labelOf(packet)
  return withEtherType(packet, spliced(packet.bytes, payloadAt(packet), 0, label), etherType)
}

/** Takes the outer label off; what is inside is of `etherType`. */
export const popMpls = (packet: Packet, etherType: number): Packet => {
  const { mpls } = packet.layers
  if (mpls === undefined) return packet
  return withEtherType(packet, spliced(packet.bytes, mpls, 4, new Uint8Array()), etherType)
}

/** Puts an Ethernet header of zeros in front of a packet that has none. */
export const pushEthernet = (packet: Packet): Packet => {
  if (packet.packetType === 0) return packet
  const header = new Uint8Array([...new Uint8Array(12), ...bytesOf(packet.packetType & 0xffff, 2)])
  return reparsed(packet, spliced(packet.bytes, 0, 0, header), 0)
}

/** Takes the Ethernet header off a frame that has no tag. */
export const popEthernet = (packet: Packet): Packet => {
  if (packet.packetType !== 0 || packet.layers.vlan !== undefined) return packet
  return reparsed(packet, packet.bytes.slice(14), 0x1_0000 + packet.etherType)
}
