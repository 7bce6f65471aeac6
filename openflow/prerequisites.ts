/** What a match must say before it may name a field: ovs-fields(7), "Prerequisites"; OpenFlow 1.5, section 7.2.3.6. */
import type { Prerequisite } from './fields/line.js'
import type { AnyMatch, Match } from './match.js'

export const ethertypes = {
  ip: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  nsh: 0x894f,
} as const

export const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const

/** The upper half of a packet type whose lower half is an Ethertype: OpenFlow 1.5, OFPHTN_ETHERTYPE. */
const ethertypeNamespace = 1

/** Connection states that only a tracked, valid connection has: new, established, related, reply, translated. */
const validStates = 0xc7
const invalidState = 0x10
const trackedState = 0x20

/** The exact value of a field of up to 32 bits; `undefined` for none or a masked one. */
const exact = (match: AnyMatch, name: string): number | undefined => {
  const constraint = match[name]
  return typeof constraint === 'number' ? constraint : undefined
}

/** The Ethertype that the match asks for, by `eth_type` or by `packet_type`; 0 for none. */
export const ethertypeOf = (match: Match): number => {
  const packetType = exact(match as AnyMatch, 'packet_type') ?? 0
  if (packetType === 0) return exact(match as AnyMatch, 'eth_type') ?? 0
  return packetType >>> 16 === ethertypeNamespace ? packetType & 0xffff : 0
}

const isIp = (match: Match): boolean => {
  const type = ethertypeOf(match)
  return type === ethertypes.ip || type === ethertypes.ipv6
}

const hasTag = (match: Match): boolean => {
  const vid = match.vlan_vid ?? match.vlan_tci
  return ((typeof vid === 'object' ? vid.value : (vid ?? 0)) & 0x1000) !== 0
}

const isValidConnection = (match: Match): boolean => {
  const state = match.ct_state ?? 0
  const { value, mask } = typeof state === 'object' ? state : { value: state, mask: 0xffff_ffff }
  if ((value & validStates) !== 0) return true
  return (value & trackedState) !== 0 && (mask & invalidState) !== 0 && (value & invalidState) === 0
}

/** Transport headers are in first fragments only. */
const hasTransport = (match: Match, protocol: number): boolean => {
  const frag = match.ip_frag ?? 0
  const later = (typeof frag === 'object' ? frag.value : frag) & 2
  return isIp(match) && match.nw_proto === protocol && later === 0
}

const isIcmp6 = (match: Match): boolean =>
  ethertypeOf(match) === ethertypes.ipv6 && match.nw_proto === protocols.icmpv6

const isDiscovery = (match: Match, ...types: number[]): boolean =>
  isIcmp6(match) && types.includes(exact(match, 'icmpv6_type') ?? 0) && (match.icmpv6_code ?? 0) === 0

const solicitation = 135
const advertisement = 136

const conditions: Readonly<Record<Prerequisite, (match: Match) => boolean>> = {
  none: () => true,
  ethernet: (match) => (match.packet_type ?? 0) === 0,
  vlan: hasTag,
  mpls: (match) => {
    const type = ethertypeOf(match)
    return type === ethertypes.mpls || type === ethertypes.mplsMulticast
  },
  ipv4: (match) => ethertypeOf(match) === ethertypes.ip,
  ipv6: (match) => ethertypeOf(match) === ethertypes.ipv6,
  ip: isIp,
  arp: (match) => {
    const type = ethertypeOf(match)
    return type === ethertypes.arp || type === ethertypes.rarp
  },
  nsh: (match) => ethertypeOf(match) === ethertypes.nsh,
  ct: isValidConnection,
  tcp: (match) => hasTransport(match, protocols.tcp),
  udp: (match) => hasTransport(match, protocols.udp),
  sctp: (match) => hasTransport(match, protocols.sctp),
  icmpv4: (match) => ethertypeOf(match) === ethertypes.ip && match.nw_proto === protocols.icmp,
  icmpv6: isIcmp6,
  'nd solicit': (match) => isDiscovery(match, solicitation),
  'nd advert': (match) => isDiscovery(match, advertisement),
  nd: (match) => isDiscovery(match, solicitation, advertisement),
}

/** Whether `match`, as far as it goes, allows a field with this prerequisite. */
export const meets = (match: Match, needs: Prerequisite): boolean => conditions[needs](match)
