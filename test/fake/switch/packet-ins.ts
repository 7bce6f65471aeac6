/** Packets on their way to a controller: what waits for it, and what the messages say, in both forms that Open vSwitch has. */
import type { FieldName } from '#openflow/fields.js'
import type { Match } from '#openflow/match.js'
import { type PacketProperty, packetInReasons } from '#openflow/messages/packets.js'
import { noBuffer } from '#openflow/messages/parts.js'
import type { Message, MessageOf } from '#openflow/messages.js'
import { parsePacket } from '#trace/packet.js'
import type { FieldValues, PacketState } from '#trace/state.js'
import type { TracedPacketIn, Unfinished } from '#trace/switch.js'

/** Of a packet that began in no flow. */
export const noCookie = 0xffff_ffff_ffff_ffffn

export interface PacketForController extends TracedPacketIn {
  /** Of a packet that waits. */
  readonly continuation?: Uint8Array
}

export interface Paused {
  readonly state: PacketState
  readonly unfinished: Unfinished
  /** Of the flow that it began in. */
  readonly cookie: bigint
}

/** A real switch puts all of it into the message; this one forgets the oldest. */
const pausedMax = 10_000

/** Packets that wait, by their continuation. */
export class PausedPackets {
  private readonly byId = new Map<string, Paused>()
  private lastId = 0n

  keep(paused: Paused): Uint8Array {
    this.lastId += 1n
    const id = Buffer.alloc(16)
    id.writeBigUInt64BE(this.lastId, 8)
    this.byId.set(id.toString('hex'), paused)
    const [oldest] = this.byId.keys()
    if (this.byId.size > pausedMax && oldest !== undefined) this.byId.delete(oldest)
    return id
  }

  /** The packet as a controller sends it back, which may have changed it; undefined where nothing is known of it. */
  find(properties: readonly PacketProperty[]): Paused | undefined {
    const found: { id?: string; packet?: Uint8Array; match?: Match } = {}
    for (const property of properties) {
      if (property.type === 'continuation') found.id = Buffer.from(property.data).toString('hex')
      else if (property.type === 'packet') found.packet = property.data
      else if (property.type === 'metadata') found.match = property.match
    }
    const paused = this.byId.get(found.id ?? '')
    if (paused === undefined) return undefined
    const { packet, values } = paused.state
    return {
      ...paused,
      state: {
        packet: found.packet === undefined ? packet : parsePacket(found.packet, packet),
        values: new Map([...values, ...valuesOf(found.match ?? {})]),
      },
    }
  }
}

const valuesOf = (match: Match): [FieldName, number | bigint][] =>
  Object.entries(match).flatMap(([name, value]): [FieldName, number | bigint][] =>
    typeof value === 'number' || typeof value === 'bigint' ? [[name as FieldName, value]] : [],
  )

/** Metadata of a packet: what is not 0 and no header. */
const metadata = (values: FieldValues): Match =>
  Object.fromEntries([...values].filter(([name, value]) => name !== 'actset_output' && BigInt(value) !== 0n))

type Reason = MessageOf<'packet_in'>['reason']

const reasonBit = (reason: TracedPacketIn['reason']): number =>
  1 << (typeof reason === 'number' ? reason : packetInReasons[reason as keyof typeof packetInReasons])

const standardPacketIn = ({ state, table, cookie, reason, maxLen }: PacketForController): Message => {
  const { bytes } = state.packet
  return {
    type: 'packet_in',
    bufferId: noBuffer,
    totalLength: bytes.length,
    reason: reason as Reason,
    table,
    cookie,
    match: { in_port: Number(state.values.get('in_port') ?? 0) },
    data: bytes.subarray(0, maxLen),
  }
}

/** NXT_PACKET_IN2 of `nicira-ext.h`. */
const packetIn2 = (packet: PacketForController): Message => {
  const { state, table, cookie, reason, maxLen, paused, userdata, continuation } = packet
  const { bytes } = state.packet
  const data = paused ? bytes : bytes.subarray(0, maxLen)
  const properties: PacketProperty[] = [
    { type: 'packet', data },
    ...(data.length < bytes.length ? [{ type: 'full_length' as const, length: bytes.length }] : []),
    { type: 'table_id', table },
    ...(cookie === noCookie ? [] : [{ type: 'cookie' as const, cookie }]),
    { type: 'reason', reason: reason as Reason },
    { type: 'metadata', match: metadata(state.values) },
    ...(userdata === undefined ? [] : [{ type: 'userdata' as const, data: userdata }]),
    ...(continuation === undefined ? [] : [{ type: 'continuation' as const, data: continuation }]),
  ]
  return { type: 'packet_in2', properties }
}

/** How packet-ins come to one channel, and which. */
export interface PacketInSettings {
  readonly format: MessageOf<'set_packet_in_format'>['format']
  /** A bit for each reason. */
  readonly asked: number
  readonly controllerId: number
}

/** As Open vSwitch begins: packets whose time to live is over are for those who ask for them. */
export const standardSettings: PacketInSettings = {
  format: 'standard',
  asked: ~(1 << packetInReasons.invalid_ttl),
  controllerId: 0,
}

export const changedSettings = (
  settings: PacketInSettings,
  message: MessageOf<'set_packet_in_format' | 'set_controller_id' | 'set_async'>,
): PacketInSettings => {
  switch (message.type) {
    case 'set_packet_in_format':
      return { ...settings, format: message.format }
    case 'set_controller_id':
      return { ...settings, controllerId: message.controllerId }
    case 'set_async': {
      const asked = message.properties.find((property) => property.type === 'packet_in_primary')?.mask
      return asked === undefined ? settings : { ...settings, asked }
    }
  }
}

/** What a channel with these settings gets; nothing where the packet is not for it. */
export const packetInMessage = (
  packet: PacketForController,
  { format, asked, controllerId }: PacketInSettings,
): Message | undefined => {
  if (packet.controllerId !== controllerId || (asked & reasonBit(packet.reason)) === 0) return undefined
  return format === 'nxt_packet_in2' ? packetIn2(packet) : standardPacketIn(packet)
}
