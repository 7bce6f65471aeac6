/** Frames that ordinary switches keep for themselves or change, as they are on a cable from the destination address on. */

/** The sender of all of them: an address of nobody's, by which they are recognized. */
export const sender = '0200000000fe'

export interface Frame {
  readonly name: string
  readonly title: string
  /** Hexadecimal, lower case, without blanks. */
  readonly hex: string
}

const frame = (name: string, title: string, ...parts: readonly string[]): Frame => ({
  name,
  title,
  hex: parts.join('').replaceAll(' ', ''),
})

const textOf = (text: string): string => Buffer.from(text).toString('hex')

export const frames: readonly Frame[] = [
  // IEEE 802.1AB, clause 8: chassis and port as text, 120 s to live, end.
  frame(
    'lldp',
    'LLDP (01:80:c2:00:00:0e)',
    `0180c200000e ${sender} 88cc`,
    `0207 07 ${textOf('heddle')} 0405 05 ${textOf('gig1')} 0602 0078 0000`,
    '00'.repeat(24),
  ),
  // IEEE 802.1D, clause 9.3.1: a configuration BPDU behind LLC 42-42-03, 38 bytes of length.
  frame(
    'stp',
    'Spanning Tree (01:80:c2:00:00:00)',
    `0180c2000000 ${sender} 0026 424203`,
    `0000 00 00 00 8000${sender} 00000000 8000${sender} 8001 0000 1400 0200 0f00`,
    '00'.repeat(8),
  ),
  // IEEE 802.1AX, clause 6.4.2: actor, partner, collector, terminator.
  frame(
    'lacp',
    'LACP (01:80:c2:00:00:02)',
    `0180c2000002 ${sender} 8809 01 01`,
    `0114 8000 ${sender} 0001 8000 0001 3d 000000`,
    `0214 8000 ${sender} 0002 8000 0002 3d 000000`,
    '0310 0000 000000000000000000000000 0000',
    '00'.repeat(50),
  ),
  // IEEE 802.1X, clause 11.3: EAPOL-Start.
  frame('eapol', 'EAPOL (01:80:c2:00:00:03)', `0180c2000003 ${sender} 888e 02 01 0000`, '00'.repeat(42)),
  // IEEE 802.1Q, clause 9: a service tag 100 of priority 5 around a customer tag 200, and an experimental EtherType.
  frame(
    'double-tag',
    'a double-tagged frame (S-VLAN 100, C-VLAN 200)',
    `02000000000f ${sender} 88a8 a064 8100 00c8 88b5`,
    textOf('the same bytes at the far end, both tags with them'),
  ),
]
