/** Packets between switch and controller: OpenFlow 1.5, 7.3.6 and 7.4.1, and Nicira's packet-in 2 that can be resumed. */
import { enumOf, list, pad, rest, u8, u16, u32, u64, type ValueOf } from '#wire/codec.js'
import { sized, sizeOf, struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import type { Match } from '../match.js'
import { actionList, match, reportedMatch, reportedOxmList } from './flow-parts.js'

/** Why a packet comes to the controller. */
export const packetInReasons = {
  no_match: 0,
  action: 1,
  invalid_ttl: 2,
  action_set: 3,
  group: 4,
  packet_out: 5,
} as const

const reason = enumOf(u8, packetInReasons, { open: true })

export const packetIn = struct({
  bufferId: u32,
  /** Of the packet as it came in; `data` may be shorter. */
  totalLength: u16,
  reason,
  table: u8,
  cookie: u64,
  match: reportedMatch,
  _pad: pad(2),
  data: rest,
})

export const packetOut = struct({
  bufferId: u32,
  _actionsLength: sizeOf('actions', u16, 2),
  _pad: pad(2),
  /** At least `in_port`; Open vSwitch takes other fields that a pipeline can hold as well. */
  match,
  actions: sized('_actionsLength', actionList),
  data: rest,
})

/** NXT_PACKET_IN2 and NXT_RESUME: what is known of the packet, as properties. */
export const packetProperties = struct({
  properties: list(
    tlv(
      {
        packet: [0, struct({ data: rest })],
        full_length: [1, struct({ length: u32 })],
        buffer_id: [2, struct({ bufferId: u32 })],
        table_id: [3, struct({ table: u8 })],
        cookie: [4, struct({ _pad: pad(4), cookie: u64 })],
        reason: [5, struct({ reason })],
        metadata: [6, struct({ match: reportedOxmList })],
        userdata: [7, struct({ data: rest })],
        /** What the switch needs to go on; private to it, and kept as it came. */
        continuation: [8, struct({ data: rest })],
      },
      8,
    ),
  ),
})
export type PacketProperty = ValueOf<typeof packetProperties>['properties'][number]

/** A packet-in as a value, whichever message brought it. */
export interface PacketInfo {
  readonly packet: Uint8Array
  readonly totalLength: number
  readonly table: number
  /** Of the flow that sent the packet; all ones where there was none. */
  readonly cookie: bigint
  readonly reason: keyof typeof packetInReasons | number
  readonly match: Match
  readonly userdata?: Uint8Array
  readonly continuation?: Uint8Array
}

const noCookie = 0xffff_ffff_ffff_ffffn

/** Reads the properties together; absent ones have the meaning that Open vSwitch gives their absence. */
export const packetInfo = (properties: readonly PacketProperty[]): PacketInfo => {
  const find = <T extends PacketProperty['type']>(type: T) =>
    properties.find((property): property is Extract<PacketProperty, { type: T }> => property.type === type)
  const packet = find('packet')?.data ?? new Uint8Array()
  const userdata = find('userdata')?.data
  const continuation = find('continuation')?.data
  return {
    packet,
    totalLength: find('full_length')?.length ?? packet.length,
    table: find('table_id')?.table ?? 0,
    cookie: find('cookie')?.cookie ?? noCookie,
    reason: find('reason')?.reason ?? 'no_match',
    match: find('metadata')?.match ?? {},
    ...(userdata === undefined ? {} : { userdata }),
    ...(continuation === undefined ? {} : { continuation }),
  }
}
