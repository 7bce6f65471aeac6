/** Open vSwitch's own session messages, experimenter 0x2320: facts of its `nicira-ext.h`. Its packets are in `packets.ts`. */
import { enumOf, list, pad, u8, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'

/** How packet-ins come: as the standard says, or in an extended form. Continuations need `nxt_packet_in2`. */
export const setPacketInFormat = struct({
  format: enumOf(u32, { standard: 0, nxt_packet_in: 1, nxt_packet_in2: 2 }, { open: true }),
})

/** Which `controller_id` this channel has for the action `controller`. */
export const setControllerId = struct({ _zero: pad(6), controllerId: u16 })

/** Whether the table of a flow_mod is in its command; a matter of OpenFlow 1.0. */
export const flowModTableId = struct({ set: u8, _zero: pad(7) })

export const ctFlushZone = struct({ _zero: pad(6), zone: u16 })

/** One Geneve option and the `tun_metadata` field that shows it. */
const tlvMap = struct({ optionClass: u16, optionType: u8, optionLength: u8, index: u16, _pad: pad(2) })

export const tlvTableMod = struct({
  command: enumOf(u16, { add: 0, delete: 1, clear: 2 }, { open: true }),
  _pad: pad(6),
  mappings: list(tlvMap),
})

export const tlvTableReply = struct({
  maxOptionSpace: u32,
  maxFields: u16,
  _reserved: pad(10),
  mappings: list(tlvMap),
})
