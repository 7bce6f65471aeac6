/** Fields about the packet as a whole: its type, where it came in, where it will go out. ovs-fields(7), "Metadata Fields". */
import { line } from './line.js'

export const packet = {
  packet_type: line(
    32,
    'packet type',
    'ro exact',
    'OXM_OF_PACKET_TYPE(44)',
    'What the packet begins with: a namespace in the upper 16 bits, a type of it in the lower; 0 is Ethernet.',
  ),
  dp_hash: line(
    32,
    'hexadecimal',
    'ro masked',
    'NXM_NX_DP_HASH(35) NXOXM_ET_DP_HASH(0)',
    'Hash that the datapath computed over the flow; for the switch itself.',
  ),
  recirc_id: line(
    32,
    'decimal',
    'ro exact',
    'NXM_NX_RECIRC_ID(36)',
    'Which recirculation the packet is in; for the switch itself.',
  ),
  conj_id: line(
    32,
    'decimal',
    'ro exact',
    'NXM_NX_CONJ_ID(37)',
    'The conjunction of which every clause has matched, see the action `conjunction`.',
  ),
  in_port: line(
    16,
    'port',
    'rw exact',
    'NXM_OF_IN_PORT(0)',
    'The ofport by which the packet came in. As a key of a match it holds the 32-bit port number.',
    { ones: 0xffff_ffffn },
  ),
  in_port_oxm: line(
    32,
    'port',
    'rw exact',
    'OXM_OF_IN_PORT(0)',
    'The ofport by which the packet came in, in 32 bits.',
    { viewOf: ['in_port'] },
  ),
  actset_output: line(
    32,
    'port',
    'ro exact',
    'OXM_OF_ACTSET_OUTPUT(43) ONFOXM_ET_ACTSET_OUTPUT(43)',
    'The ofport to which the action set will send the packet.',
  ),
} as const

export const queue = {
  skb_priority: line(
    32,
    'hexadecimal',
    'ro exact',
    '',
    'The queue that `set_queue` chose, in the numbers of the operating system; cannot be matched.',
  ),
} as const
