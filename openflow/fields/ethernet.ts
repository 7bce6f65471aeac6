/** Ethernet, 802.1Q and MPLS headers. ovs-fields(7), "Ethernet Fields", "VLAN Fields", "MPLS Fields". */
import { line } from './line.js'

const ethernetOnly = { needs: 'ethernet' } as const
const mplsOnly = { needs: 'mpls' } as const

export const ethernet = {
  eth_src: line(48, 'ethernet', 'rw masked', 'OXM_OF_ETH_SRC(4) NXM_OF_ETH_SRC(2)', 'Source MAC address.', {
    ...ethernetOnly,
    aliases: ['dl_src'],
  }),
  eth_dst: line(
    48,
    'ethernet',
    'rw masked',
    'OXM_OF_ETH_DST(3) NXM_OF_ETH_DST(1)',
    'Destination MAC address.',
    { ...ethernetOnly, aliases: ['dl_dst'] },
  ),
  eth_type: line(
    16,
    'hexadecimal',
    'ro exact',
    'OXM_OF_ETH_TYPE(5) NXM_OF_ETH_TYPE(3)',
    'Ethertype of the payload, behind any VLAN tags; 0x05ff where an 802.3 frame has none.',
    { ...ethernetOnly, aliases: ['dl_type'] },
  ),
  vlan_vid: line(
    12,
    'decimal',
    'rw masked',
    'OXM_OF_VLAN_VID(6)',
    'VLAN id of the outer tag plus 0x1000; 0 where the frame has no tag.',
    { ...ethernetOnly, ones: 0x1fffn },
  ),
  vlan_pcp: line(3, 'decimal', 'rw exact', 'OXM_OF_VLAN_PCP(7)', 'Priority of the outer VLAN tag.', {
    needs: 'vlan',
  }),
  vlan_tci: line(
    16,
    'hexadecimal',
    'rw masked',
    'NXM_OF_VLAN_TCI(4)',
    'The outer tag whole: priority, a bit that says a tag is there, VLAN id.',
    { ...ethernetOnly, viewOf: ['vlan_vid', 'vlan_pcp'] },
  ),
  dl_vlan: line(
    12,
    'decimal',
    'rw exact',
    '',
    'VLAN id of the outer tag, 0xffff for no tag: the spelling of OpenFlow 1.0, in text only.',
    { ...ethernetOnly, ones: 0xffffn, viewOf: ['vlan_vid'] },
  ),
  dl_vlan_pcp: line(
    3,
    'decimal',
    'rw exact',
    '',
    'Priority of the outer VLAN tag: the spelling of OpenFlow 1.0, in text only.',
    { ...ethernetOnly, viewOf: ['vlan_vid', 'vlan_pcp'] },
  ),
  mpls_tc: line(
    3,
    'decimal',
    'rw exact',
    'OXM_OF_MPLS_TC(35)',
    'Traffic class of the outer MPLS label.',
    mplsOnly,
  ),
  mpls_bos: line(
    1,
    'decimal',
    'ro exact',
    'OXM_OF_MPLS_BOS(36)',
    '1 where the outer MPLS label is the last of the stack.',
    mplsOnly,
  ),
  mpls_ttl: line(
    8,
    'decimal',
    'rw exact',
    'NXM_NX_MPLS_TTL(30)',
    'Time to live of the outer MPLS label.',
    mplsOnly,
  ),
  mpls_label: line(20, 'decimal', 'rw exact', 'OXM_OF_MPLS_LABEL(34)', 'The outer MPLS label.', mplsOnly),
} as const
