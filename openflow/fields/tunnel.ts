/** What a tunnel's outer headers said, or will say. ovs-fields(7), "Tunnel Fields". */
import { line, numbered } from './line.js'

const options = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
  29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55,
  56, 57, 58, 59, 60, 61, 62, 63,
] as const

export const tunnel = {
  tun_id: line(
    64,
    'hexadecimal',
    'rw masked',
    'OXM_OF_TUNNEL_ID(38) NXM_NX_TUN_ID(16)',
    'Key of the tunnel: the VNI of VXLAN and Geneve, the key of GRE; 0 outside tunnels.',
    { aliases: ['tunnel_id'] },
  ),
  tun_flags: line(
    1,
    'tunnel flags',
    'rw masked',
    'NXM_NX_TUN_FLAGS(104)',
    'Bit 0, `oam`: the tunnel header marks a control packet.',
    { bytes: 2 },
  ),
  tun_src: line(32, 'ipv4', 'rw masked', 'NXM_NX_TUN_IPV4_SRC(31)', 'Outer IPv4 source address.'),
  tun_dst: line(32, 'ipv4', 'rw masked', 'NXM_NX_TUN_IPV4_DST(32)', 'Outer IPv4 destination address.'),
  tun_ipv6_src: line(128, 'ipv6', 'rw masked', 'NXM_NX_TUN_IPV6_SRC(109)', 'Outer IPv6 source address.'),
  tun_ipv6_dst: line(128, 'ipv6', 'rw masked', 'NXM_NX_TUN_IPV6_DST(110)', 'Outer IPv6 destination address.'),
  tun_gbp_id: line(16, 'decimal', 'rw masked', 'NXM_NX_TUN_GBP_ID(38)', 'Group policy id of VXLAN-GBP.'),
  tun_gbp_flags: line(
    8,
    'hexadecimal',
    'rw masked',
    'NXM_NX_TUN_GBP_FLAGS(39)',
    'Group policy flags of VXLAN-GBP.',
  ),
  ...numbered('tun_metadata', options, (index) =>
    line(
      992,
      'hexadecimal',
      'rw masked',
      `NXM_NX_TUN_METADATA${index}(${40 + index})`,
      `Contents of the Geneve option that the switch's TLV table maps to ${index}.`,
      { variable: true },
    ),
  ),
  tun_erspan_idx: line(
    20,
    'hexadecimal',
    'rw masked',
    'NXOXM_ET_ERSPAN_IDX(11)',
    'Index of an ERSPAN version 1 header.',
    { ones: 0xffff_ffffn },
  ),
  tun_erspan_ver: line(4, 'decimal', 'rw masked', 'NXOXM_ET_ERSPAN_VER(12)', 'Version of the ERSPAN header.'),
  tun_erspan_dir: line(
    1,
    'decimal',
    'rw masked',
    'NXOXM_ET_ERSPAN_DIR(13)',
    'Whether ERSPAN mirrored what came in (0) or went out (1).',
  ),
  tun_erspan_hwid: line(
    6,
    'hexadecimal',
    'rw masked',
    'NXOXM_ET_ERSPAN_HWID(14)',
    'Which hardware sent an ERSPAN version 2 header.',
  ),
  tun_gtpu_flags: line(
    8,
    'hexadecimal',
    'ro masked',
    'NXOXM_ET_GTPU_FLAGS(15)',
    'Flags of the GTP-U header.',
  ),
  tun_gtpu_msgtype: line(
    8,
    'decimal',
    'ro masked',
    'NXOXM_ET_GTPU_MSGTYPE(16)',
    'Message type of the GTP-U header.',
  ),
} as const
