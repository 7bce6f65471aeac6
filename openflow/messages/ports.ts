/** Ports: their description, changes and counters. OpenFlow 1.5, sections 7.2.2, 7.3.4.3, 7.3.5.7 and 7.4.3. */
import { enumOf, lengthOf, list, pad, text, u8, u16, u32, u64 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { experimenter, experimenterType, flags, mac } from './parts.js'

/** What a controller may set on a port. */
export const portConfigs = {
  port_down: 1 << 0,
  no_recv: 1 << 2,
  no_fwd: 1 << 5,
  no_packet_in: 1 << 6,
} as const

/** What the port is like. */
export const portStates = { link_down: 1 << 0, blocked: 1 << 1, live: 1 << 2 } as const

/** Speeds and media, OFPPF_*. */
export const portFeatures = {
  '10MB-HD': 1 << 0,
  '10MB-FD': 1 << 1,
  '100MB-HD': 1 << 2,
  '100MB-FD': 1 << 3,
  '1GB-HD': 1 << 4,
  '1GB-FD': 1 << 5,
  '10GB-FD': 1 << 6,
  '40GB-FD': 1 << 7,
  '100GB-FD': 1 << 8,
  '1TB-FD': 1 << 9,
  OTHER: 1 << 10,
  COPPER: 1 << 11,
  FIBER: 1 << 12,
  AUTO_NEG: 1 << 13,
  AUTO_PAUSE: 1 << 14,
  AUTO_PAUSE_ASYM: 1 << 15,
} as const

const features = flags(u32, portFeatures)

/** Speeds in kbit/s. */
const ethernet = struct({
  _pad: pad(4),
  current: features,
  advertised: features,
  supported: features,
  peer: features,
  currentSpeed: u32,
  maxSpeed: u32,
})

export const portDesc = struct({
  portNo: u32,
  _length: lengthOf(u16, 2),
  _pad: pad(2),
  hwAddr: mac,
  _pad2: pad(2),
  name: text(16, false),
  config: flags(u32, portConfigs),
  state: flags(u32, portStates),
  properties: list(tlv({ ethernet: [0, ethernet], experimenter: [experimenterType, experimenter] }, 8)),
})

export const portReasons = { add: 0, delete: 1, modify: 2 } as const

export const portStatus = struct({
  reason: enumOf(u8, portReasons, { open: true }),
  _pad: pad(7),
  port: portDesc,
})

export const portMod = struct({
  portNo: u32,
  _pad: pad(4),
  hwAddr: mac,
  _pad2: pad(2),
  config: flags(u32, portConfigs),
  /** Which bits of `config` are to be changed. */
  mask: flags(u32, portConfigs),
  properties: list(
    tlv(
      { ethernet: [0, struct({ advertise: features })], experimenter: [experimenterType, experimenter] },
      8,
    ),
  ),
})

/** A port number and nothing else: requests for the description or the counters of one port, or of `any`. */
export const portRequest = struct({ portNo: u32, _pad: pad(4) })

/** Counters that the switch does not keep are all ones. */
export const portStats = struct({
  _length: lengthOf(u16, 2),
  _pad: pad(2),
  portNo: u32,
  durationSec: u32,
  durationNsec: u32,
  rxPackets: u64,
  txPackets: u64,
  rxBytes: u64,
  txBytes: u64,
  rxDropped: u64,
  txDropped: u64,
  rxErrors: u64,
  txErrors: u64,
  properties: list(
    tlv(
      {
        ethernet: [
          0,
          struct({ _pad: pad(4), rxFrameErrors: u64, rxOverErrors: u64, rxCrcErrors: u64, collisions: u64 }),
        ],
        experimenter: [experimenterType, experimenter],
      },
      8,
    ),
  ),
})
