/** Queues: which there are and what went through. OpenFlow 1.5, sections 7.3.5.8 and 7.3.5.9. */
import { lengthOf, list, pad, rest, u16, u32, u64 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { experimenter, experimenterType } from './parts.js'

export const queueRequest = struct({ portNo: u32, queueId: u32 })

export const queueStats = struct({
  _length: lengthOf(u16, 2),
  _pad: pad(6),
  portNo: u32,
  queueId: u32,
  txBytes: u64,
  txPackets: u64,
  txErrors: u64,
  durationSec: u32,
  durationNsec: u32,
  properties: rest,
})

/** In tenths of a per cent of the port's rate; more than 1000 means that there is no such rate. */
const rate = struct({ rate: u16, _pad: pad(2) })

export const queueDesc = struct({
  portNo: u32,
  queueId: u32,
  _length: lengthOf(u16, 2),
  _pad: pad(6),
  properties: list(
    tlv({ min_rate: [1, rate], max_rate: [2, rate], experimenter: [experimenterType, experimenter] }, 8),
  ),
})
