/** What the connection tracker knows of the packet. ovs-fields(7), "Connection Tracking Fields". */
import { line } from './line.js'

const ctOnly = { needs: 'ct' } as const

export const conntrack = {
  ct_state: line(
    32,
    'ct state',
    'ro masked',
    'NXM_NX_CT_STATE(105)',
    'Flags of the connection: whether it is tracked, new, established, related, a reply, invalid, translated.',
    { ones: 0xffn },
  ),
  ct_zone: line(16, 'hexadecimal', 'ro exact', 'NXM_NX_CT_ZONE(106)', 'Zone in which it was tracked.'),
  ct_mark: line(
    32,
    'hexadecimal',
    'rw masked',
    'NXM_NX_CT_MARK(107)',
    'Mark of the connection; written inside the action `ct` only.',
  ),
  ct_label: line(
    128,
    'hexadecimal',
    'rw masked',
    'NXM_NX_CT_LABEL(108)',
    'Label of the connection; written inside the action `ct` only.',
  ),
  ct_nw_src: line(
    32,
    'ipv4',
    'ro masked',
    'NXM_NX_CT_NW_SRC(120)',
    'IPv4 source address in the original direction.',
    ctOnly,
  ),
  ct_ipv6_src: line(
    128,
    'ipv6',
    'ro masked',
    'NXM_NX_CT_IPV6_SRC(122)',
    'IPv6 source address in the original direction.',
    ctOnly,
  ),
  ct_nw_dst: line(
    32,
    'ipv4',
    'ro masked',
    'NXM_NX_CT_NW_DST(121)',
    'IPv4 destination address in the original direction.',
    ctOnly,
  ),
  ct_ipv6_dst: line(
    128,
    'ipv6',
    'ro masked',
    'NXM_NX_CT_IPV6_DST(123)',
    'IPv6 destination address in the original direction.',
    ctOnly,
  ),
  ct_nw_proto: line(
    8,
    'decimal',
    'ro exact',
    'NXM_NX_CT_NW_PROTO(119)',
    'IP protocol in the original direction.',
    ctOnly,
  ),
  ct_tp_src: line(
    16,
    'decimal',
    'ro masked',
    'NXM_NX_CT_TP_SRC(124)',
    'Source port in the original direction.',
    ctOnly,
  ),
  ct_tp_dst: line(
    16,
    'decimal',
    'ro masked',
    'NXM_NX_CT_TP_DST(125)',
    'Destination port in the original direction.',
    ctOnly,
  ),
} as const
