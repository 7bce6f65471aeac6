/** Which asynchronous messages a controller wants: GET_ASYNC and SET_ASYNC, OpenFlow 1.5, section 7.3.10. */
import { list, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'

/** Bit N of `mask` asks for messages of reason N. */
const reasons = struct({ mask: u32 })

/** Each kind of message twice: while this controller is secondary, and while it is primary or equal. */
export const asyncConfig = struct({
  properties: list(
    tlv(
      {
        packet_in_secondary: [0, reasons],
        packet_in_primary: [1, reasons],
        port_status_secondary: [2, reasons],
        port_status_primary: [3, reasons],
        flow_removed_secondary: [4, reasons],
        flow_removed_primary: [5, reasons],
        role_status_secondary: [6, reasons],
        role_status_primary: [7, reasons],
        table_status_secondary: [8, reasons],
        table_status_primary: [9, reasons],
        requestforward_secondary: [10, reasons],
        requestforward_primary: [11, reasons],
      },
      8,
    ),
  ),
})
