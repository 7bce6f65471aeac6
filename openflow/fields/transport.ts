/** TCP, UDP, SCTP, ICMP and neighbour discovery. ovs-fields(7), "TCP, UDP, and SCTP Fields", "ICMPv4…", "ICMPv6 Fields". */
import { line, type Prerequisite } from './line.js'

const portOf = (protocol: 'TCP' | 'UDP' | 'SCTP', which: 'source' | 'destination', headers: string) =>
  line(16, 'decimal', 'rw masked', headers, `${protocol} ${which} port.`, {
    needs: protocol.toLowerCase() as Prerequisite,
    aliases: protocol === 'TCP' ? [which === 'source' ? 'tp_src' : 'tp_dst'] : [],
  })

const icmp4Only = { needs: 'icmpv4' } as const
const icmp6Only = { needs: 'icmpv6' } as const
const ndOnly = { needs: 'nd' } as const

export const transport = {
  tcp_src: portOf('TCP', 'source', 'OXM_OF_TCP_SRC(13) NXM_OF_TCP_SRC(9)'),
  tcp_dst: portOf('TCP', 'destination', 'OXM_OF_TCP_DST(14) NXM_OF_TCP_DST(10)'),
  tcp_flags: line(
    12,
    'tcp flags',
    'ro masked',
    'OXM_OF_TCP_FLAGS(42) ONFOXM_ET_TCP_FLAGS(42) NXM_NX_TCP_FLAGS(34)',
    'The flags of the TCP header.',
    { needs: 'tcp' },
  ),
  udp_src: portOf('UDP', 'source', 'OXM_OF_UDP_SRC(15) NXM_OF_UDP_SRC(11)'),
  udp_dst: portOf('UDP', 'destination', 'OXM_OF_UDP_DST(16) NXM_OF_UDP_DST(12)'),
  sctp_src: portOf('SCTP', 'source', 'OXM_OF_SCTP_SRC(17)'),
  sctp_dst: portOf('SCTP', 'destination', 'OXM_OF_SCTP_DST(18)'),
  icmp_type: line(
    8,
    'decimal',
    'rw exact',
    'OXM_OF_ICMPV4_TYPE(19) NXM_OF_ICMP_TYPE(13)',
    'ICMP type.',
    icmp4Only,
  ),
  icmp_code: line(
    8,
    'decimal',
    'rw exact',
    'OXM_OF_ICMPV4_CODE(20) NXM_OF_ICMP_CODE(14)',
    'ICMP code.',
    icmp4Only,
  ),
  icmpv6_type: line(
    8,
    'decimal',
    'rw exact',
    'OXM_OF_ICMPV6_TYPE(29) NXM_NX_ICMPV6_TYPE(21)',
    'ICMPv6 type.',
    icmp6Only,
  ),
  icmpv6_code: line(
    8,
    'decimal',
    'rw exact',
    'OXM_OF_ICMPV6_CODE(30) NXM_NX_ICMPV6_CODE(22)',
    'ICMPv6 code.',
    icmp6Only,
  ),
  nd_reserved: line(
    32,
    'decimal',
    'rw exact',
    'ERICOXM_OF_ICMPV6_ND_RESERVED(1)',
    'The 32 bits before the target address of a neighbour discovery message.',
    ndOnly,
  ),
  nd_target: line(
    128,
    'ipv6',
    'rw masked',
    'OXM_OF_IPV6_ND_TARGET(31) NXM_NX_ND_TARGET(23)',
    'Target address of a neighbour solicitation or advertisement.',
    ndOnly,
  ),
  nd_options_type: line(
    8,
    'decimal',
    'rw exact',
    'ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE(2)',
    'Type of the first option of a neighbour discovery message.',
    ndOnly,
  ),
  nd_sll: line(
    48,
    'ethernet',
    'rw masked',
    'OXM_OF_IPV6_ND_SLL(32) NXM_NX_ND_SLL(24)',
    'Source link-layer address option of a solicitation.',
    { needs: 'nd solicit' },
  ),
  nd_tll: line(
    48,
    'ethernet',
    'rw masked',
    'OXM_OF_IPV6_ND_TLL(33) NXM_NX_ND_TLL(25)',
    'Target link-layer address option of an advertisement.',
    { needs: 'nd advert' },
  ),
} as const
