/** The small facts of a mapping, packed into one word of its slot. */
import { type Action, actions } from '../records.js'

/** Where a mapping comes from: a Map-Register, an operator, or the controller that runs this server. */
export const origins = ['registered', 'static', 'local'] as const
export type Origin = (typeof origins)[number]

export interface MappingTraits {
  readonly action: Action
  readonly origin: Origin
  /** The Map-Server answers for the EID; otherwise it sends the asker on to an ETR. */
  readonly proxyReply: boolean
  /** RFC 9302, 12 bits; 0 where versions are not used. */
  readonly mapVersion: number
}

const actionMask = 0x7
const originShift = 3
const originMask = 0x3
const proxyBit = 1 << 5
const versionShift = 16

export const packTraits = ({ action, origin, proxyReply, mapVersion }: MappingTraits): number =>
  (actions.indexOf(action) |
    (origins.indexOf(origin) << originShift) |
    (proxyReply ? proxyBit : 0) |
    ((mapVersion & 0xfff) << versionShift)) >>>
  0

export const actionIn = (bits: number): Action => actions[bits & actionMask] ?? 'no-action'
export const originIn = (bits: number): Origin => origins[(bits >>> originShift) & originMask] ?? 'registered'
export const proxyReplyIn = (bits: number): boolean => (bits & proxyBit) !== 0
export const mapVersionIn = (bits: number): number => bits >>> versionShift
