/** The messages by which two peers come to know each other and stay in touch: OpenFlow 1.5, sections 7.1, 7.3 and 7.5. */
import { type Codec, enumOf, list, pad, rest, text, u8, u16, u32, u64 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import type { PeerError } from '../errors.js'
import { experimenterErrorType, peerErrorName } from '../peer-errors.js'
import { flags } from './parts.js'

export const empty = struct({})

/** HELLO: the versions that the sender speaks, as a bitmap in 32-bit words. */
export const hello = struct({
  elements: list(tlv({ version_bitmap: [1, struct({ bitmaps: list(u32) })] }, 8)),
})

/** ERROR: names, numbers, and what failed. */
export const error: Codec<{ readonly error: PeerError }> = {
  read: (r) => {
    const type = r.u16()
    const code = r.u16()
    if (type !== experimenterErrorType) {
      const name = peerErrorName(type, code)
      const data = rest.read(r)
      return { error: name === undefined ? { type, code, data } : { name, type, code, data } }
    }
    const experimenter = r.u32()
    const name = peerErrorName(type, code, experimenter)
    const numbers = { type, code, experimenter, data: rest.read(r) }
    return { error: name === undefined ? numbers : { name, ...numbers } }
  },
  write: (w, { error }) => {
    w.u16(error.type)
    w.u16(error.code)
    if (error.type === experimenterErrorType) w.u32(error.experimenter ?? 0)
    w.raw(error.data)
  },
}

export const echo = struct({ data: rest })

export const capabilities = {
  flow_stats: 1 << 0,
  table_stats: 1 << 1,
  port_stats: 1 << 2,
  group_stats: 1 << 3,
  ip_reasm: 1 << 5,
  queue_stats: 1 << 6,
  port_blocked: 1 << 8,
  bundles: 1 << 9,
  flow_monitoring: 1 << 10,
} as const

export const featuresReply = struct({
  datapathId: u64,
  bufferCount: u32,
  tableCount: u8,
  auxiliaryId: u8,
  _pad: pad(2),
  capabilities: flags(u32, capabilities),
  _reserved: pad(4),
})

/** SET_CONFIG and GET_CONFIG_REPLY. The two low bits of `flags` say how IP fragments are handled. */
export const config = struct({ flags: u16, missSendLength: u16 })

export const roles = { nochange: 0, equal: 1, primary: 2, secondary: 3 } as const

/** ROLE_REQUEST and ROLE_REPLY. */
export const role = struct({
  role: enumOf(u32, roles, { open: true }),
  shortId: u16,
  _pad: pad(2),
  generationId: u64,
})

export const roleStatus = struct({
  role: enumOf(u32, roles, { open: true }),
  reason: enumOf(
    u8,
    { primary_request: 0, configuration_changed: 1, experimenter_data_changed: 2 },
    { open: true },
  ),
  _pad: pad(3),
  generationId: u64,
  properties: list(tlv({}, 8)),
})

/** The life of another controller's channel: CONTROLLER_STATUS and its multipart. Open vSwitch 3.1 sends neither. */
export const controllerStatus = struct({ body: rest })

/** The body of a DESC reply: who made the switch. */
export const desc = struct({
  manufacturer: text(256, false),
  hardware: text(256, false),
  software: text(256, false),
  serialNumber: text(32, false),
  datapath: text(256, false),
})

/** A message of an experimenter that is not in the table. */
export const experimenterMessage = struct({ experimenter: u32, expType: u32, body: rest })
