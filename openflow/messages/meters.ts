/** Meters: rate limiters that flows point at. OpenFlow 1.5, sections 7.3.4.4 and 7.3.5.13 to 7.3.5.15. */
import { enumOf, lengthOf, list, pad, rest, u8, u16, u32, u64 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { experimenterType, flags } from './parts.js'

export const meterFlags = { kbps: 1 << 0, pktps: 1 << 1, burst: 1 << 2, stats: 1 << 3 } as const

/** Rates in kbit/s or packets/s, bursts in kbit or packets, as the meter's flags say. */
const band = tlv(
  {
    drop: [1, struct({ rate: u32, burstSize: u32, _pad: pad(4) })],
    dscp_remark: [2, struct({ rate: u32, burstSize: u32, precLevel: u8, _pad: pad(3) })],
    experimenter: [experimenterType, struct({ rate: u32, burstSize: u32, experimenter: u32, data: rest })],
  },
  8,
)

export const meterMod = struct({
  command: enumOf(u16, { add: 0, modify: 1, delete: 2 }, { open: true }),
  flags: flags(u16, meterFlags),
  meterId: u32,
  bands: list(band),
})

export const meterRequest = struct({ meterId: u32, _pad: pad(4) })

export const meterDesc = struct({
  _length: lengthOf(u16, 2),
  flags: flags(u16, meterFlags),
  meterId: u32,
  bands: list(band),
})

export const meterStats = struct({
  meterId: u32,
  _length: lengthOf(u16, 2),
  _pad: pad(6),
  flowCount: u32,
  packetInCount: u64,
  byteInCount: u64,
  durationSec: u32,
  durationNsec: u32,
  bands: list(struct({ packetCount: u64, byteCount: u64 })),
})

export const meterFeatures = struct({
  maxMeter: u32,
  /** Bit N: bands of type N. */
  bandTypes: u32,
  capabilities: flags(u32, meterFlags),
  maxBands: u8,
  maxColor: u8,
  _pad: pad(2),
  /** OpenFlow 1.5 has 8 more bytes than Open vSwitch 3.1 sends. */
  extension: rest,
})
