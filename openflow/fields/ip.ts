/** IPv4, IPv6 and ARP headers. ovs-fields(7), "IPv4/IPv6 Fields", "ARP Fields". */
import { line } from './line.js'

const ip4Only = { needs: 'ipv4' } as const
const ip6Only = { needs: 'ipv6' } as const
const ipOnly = { needs: 'ip' } as const
const arpOnly = { needs: 'arp' } as const

export const ip = {
  ip_src: line(32, 'ipv4', 'rw masked', 'OXM_OF_IPV4_SRC(11) NXM_OF_IP_SRC(7)', 'IPv4 source address.', {
    ...ip4Only,
    aliases: ['nw_src'],
  }),
  ip_dst: line(32, 'ipv4', 'rw masked', 'OXM_OF_IPV4_DST(12) NXM_OF_IP_DST(8)', 'IPv4 destination address.', {
    ...ip4Only,
    aliases: ['nw_dst'],
  }),
  ipv6_src: line(
    128,
    'ipv6',
    'rw masked',
    'OXM_OF_IPV6_SRC(26) NXM_NX_IPV6_SRC(19)',
    'IPv6 source address.',
    ip6Only,
  ),
  ipv6_dst: line(
    128,
    'ipv6',
    'rw masked',
    'OXM_OF_IPV6_DST(27) NXM_NX_IPV6_DST(20)',
    'IPv6 destination address.',
    ip6Only,
  ),
  ip_frag: line(
    2,
    'frag',
    'ro masked',
    'NXM_NX_IP_FRAG(26)',
    'Bit 0: the packet is a fragment; bit 1: it is not the first one.',
    { ...ipOnly, aliases: ['nw_frag'] },
  ),
  ip_dscp: line(
    6,
    'decimal',
    'rw exact',
    'OXM_OF_IP_DSCP(8)',
    'Differentiated services code point of the IPv4 or IPv6 header.',
    ipOnly,
  ),
  nw_tos: line(
    8,
    'decimal',
    'rw exact',
    'NXM_OF_IP_TOS(5)',
    'The code point where it stands in the header, that is times 4.',
    { ...ipOnly, viewOf: ['ip_dscp'] },
  ),
  nw_ecn: line(
    2,
    'decimal',
    'rw exact',
    'OXM_OF_IP_ECN(9) NXM_NX_IP_ECN(28)',
    'Explicit congestion notification bits.',
    { ...ipOnly, aliases: ['ip_ecn'] },
  ),
  nw_ttl: line(8, 'decimal', 'rw exact', 'NXM_NX_IP_TTL(29)', 'Time to live, or hop limit.', ipOnly),
  ipv6_label: line(
    20,
    'hexadecimal',
    'rw masked',
    'OXM_OF_IPV6_FLABEL(28) NXM_NX_IPV6_LABEL(27)',
    'IPv6 flow label.',
    ip6Only,
  ),
  nw_proto: line(
    8,
    'decimal',
    'ro exact',
    'OXM_OF_IP_PROTO(10) NXM_OF_IP_PROTO(6)',
    'Protocol of the IPv4 header, or the last next-header of IPv6.',
    { ...ipOnly, aliases: ['ip_proto'] },
  ),
} as const

export const arp = {
  arp_op: line(16, 'decimal', 'rw exact', 'OXM_OF_ARP_OP(21) NXM_OF_ARP_OP(15)', 'ARP operation.', arpOnly),
  arp_spa: line(
    32,
    'ipv4',
    'rw masked',
    'OXM_OF_ARP_SPA(22) NXM_OF_ARP_SPA(16)',
    'IPv4 address of the sender.',
    arpOnly,
  ),
  arp_tpa: line(
    32,
    'ipv4',
    'rw masked',
    'OXM_OF_ARP_TPA(23) NXM_OF_ARP_TPA(17)',
    'IPv4 address that is asked for.',
    arpOnly,
  ),
  arp_sha: line(
    48,
    'ethernet',
    'rw masked',
    'OXM_OF_ARP_SHA(24) NXM_NX_ARP_SHA(17)',
    'MAC address of the sender.',
    arpOnly,
  ),
  arp_tha: line(
    48,
    'ethernet',
    'rw masked',
    'OXM_OF_ARP_THA(25) NXM_NX_ARP_THA(18)',
    'MAC address of the target.',
    arpOnly,
  ),
} as const
