/** The action `controller`: a packet-in, with reason, controller id, user data, pause and meter. */
import { bytes, type Codec, enumOf, pad, rest, u8, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import type { Action } from '../actions.js'
import { refuse } from './error.js'
import { reservedPorts } from './ports.js'
import { type ActionSpec, action, nx, variable } from './spec.js'
import { badText, keyValues, parseBytes, parseNumber, printBytes } from './text.js'

/** Why a packet-in is sent: OpenFlow 1.5, section 7.4.1. */
export const packetInReasons = {
  no_match: 0,
  action: 1,
  invalid_ttl: 2,
  action_set: 3,
  group: 4,
  packet_out: 5,
} as const

export type PacketInReason = keyof typeof packetInReasons

export interface Controller {
  /** Bytes of the packet to send; 65535: all. */
  readonly maxLen: number
  readonly reason: PacketInReason | number
  /** Which controllers get it: those that gave themselves this number, 0 if they gave none. */
  readonly controllerId: number
  /** Comes back in the packet-in. */
  readonly userdata?: Uint8Array
  /** The packet waits: the packet-in has a continuation, which NXT_RESUME gives back. */
  readonly pause?: true
  /** Drops what exceeds this meter. */
  readonly meterId?: number
}

const reason = enumOf(u8, packetInReasons, { open: true })
const simple: Codec<Controller> = struct({ maxLen: u16, controllerId: u16, reason, _pad: pad(1) })

const property = tlv(
  {
    maxLen: [0, struct({ maxLen: u16, _pad: pad(2) })],
    controllerId: [1, struct({ controllerId: u16, _pad: pad(2) })],
    reason: [2, struct({ reason })],
    userdata: [3, struct({ userdata: rest })],
    pause: [4, struct({})],
    meterId: [5, struct({ meterId: u32 })],
  },
  8,
)

const reserved = bytes(6)

/** NXAST_CONTROLLER2: what differs from its default stands there as a property. */
const extended: Codec<Controller> = {
  read: (r) => {
    if (reserved.read(r).some((byte) => byte !== 0))
      refuse(r, 'NXBRC_MUST_BE_ZERO', 'reserved bytes are not zero')
    let found: Controller = { maxLen: 0xffff, reason: 'action', controllerId: 0 }
    while (r.remaining > 0) {
      const { type, ...value } = property.read(r)
      if (type === 'unknown') return refuse(r, 'OFPBPC_BAD_TYPE', 'an unknown property')
      found = { ...found, ...value, ...(type === 'pause' && { pause: true }) }
    }
    return found
  },
  write: (w, { maxLen, controllerId, reason, userdata, pause, meterId }) => {
    w.zeros(6)
    if (maxLen !== 0xffff) property.write(w, { type: 'maxLen', maxLen })
    if (controllerId !== 0) property.write(w, { type: 'controllerId', controllerId })
    if (reason !== 'action') property.write(w, { type: 'reason', reason })
    if (userdata !== undefined && userdata.length > 0) property.write(w, { type: 'userdata', userdata })
    if (pause) property.write(w, { type: 'pause' })
    if (meterId !== undefined) property.write(w, { type: 'meterId', meterId })
  },
}

const isSimple = ({ userdata, pause, meterId }: Controller): boolean =>
  (userdata === undefined || userdata.length === 0) && !pause && meterId === undefined

const print = (body: Controller): string => {
  const { maxLen, reason, controllerId, userdata, pause, meterId } = body
  if (isSimple(body) && reason === 'action' && controllerId === 0) return `CONTROLLER:${maxLen}`
  const parts: string[] = []
  if (reason !== 'action') parts.push(`reason=${reason}`)
  if (maxLen !== 0xffff) parts.push(`max_len=${maxLen}`)
  if (controllerId !== 0) parts.push(`id=${controllerId}`)
  if (userdata !== undefined && userdata.length > 0) parts.push(`userdata=${printBytes(userdata)}`)
  if (pause) parts.push('pause')
  if (meterId !== undefined) parts.push(`meter_id=${meterId}`)
  return `controller(${parts.join(',')})`
}

const parseReason = (text: string): PacketInReason | number => {
  if (text in packetInReasons) return text as PacketInReason
  const number = parseNumber(text, 0xff, 'reason')
  const named = Object.entries(packetInReasons).find(([, code]) => code === number)
  return named === undefined ? number : (named[0] as PacketInReason)
}

const parseArgument = (key: string, value: string): Partial<Controller> => {
  switch (key) {
    case 'reason':
      return { reason: parseReason(value) }
    case 'max_len':
      return { maxLen: parseNumber(value, 0xffff, key) }
    case 'id':
      return { controllerId: parseNumber(value, 0xffff, key) }
    case 'userdata':
      return { userdata: parseBytes(value, key) }
    case 'pause':
      return { pause: true }
    case 'meter_id':
      return { meterId: parseNumber(value, 0xffff_ffff, key) }
    default:
      return badText(`controller has no argument ${key}`)
  }
}

/** A plain packet-in is an output to the controller port. */
const parse = (argument: string): Controller | readonly Action[] => {
  let found: Controller = { maxLen: 0xffff, reason: 'action', controllerId: 0 }
  if (/^\d+$/.test(argument)) found = { ...found, maxLen: parseNumber(argument, 0xffff, 'max_len') }
  else for (const { key, value } of keyValues(argument)) found = { ...found, ...parseArgument(key, value) }
  return isSimple(found) && found.reason === 'action' && found.controllerId === 0
    ? [{ type: 'output', port: reservedPorts.controller, maxLen: found.maxLen }]
    : found
}

export const controller: ActionSpec<Controller> = action(
  [nx(20, 16, simple, { when: isSimple }), nx(37, variable(16), extended)],
  {
    names: ['controller'],
    syntax: [
      'controller',
      'controller:max_len',
      'controller(max_len=bytes,reason=reason,id=controller,userdata=hex,pause,meter_id=meter)',
    ],
    print,
    parse,
  },
  'Sends the packet to the controller, for a reason of our choice, with data of ours, or to be resumed.',
)
