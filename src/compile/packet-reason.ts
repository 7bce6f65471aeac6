/**
 * What a packet-in of an overlay network says: userdata says whose packet it is, a register what it is there for. Only packets of
 * local endpoints get to the controller, by the two flows that each has in the table `controller`.
 */
import { type IcmpError, icmpErrors } from '#model/icmp-error.js'
import type { Match } from '#openflow/match.js'
import { decode, encode, mapped, u24, uint } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { readRegister } from './registers.js'

/** Values of the register `reason`. */
export const reasons = { miss: 1, error: 2, dhcp: 3, 'router-solicitation': 4 } as const

/** Whose packet it is. */
export interface Asker {
  readonly vni: number
  /** Serial of the endpoint. */
  readonly endpoint: number
}

export type PacketReason = Asker &
  (
    | {
        /** Nothing is known of its destination: the packet waits to be resumed. */
        readonly reason: 'miss'
      }
    | {
        /** Its sender is to get this ICMP error. */
        readonly reason: 'error'
        readonly error: IcmpError
        /** With `too-big`: bytes that its way carries. */
        readonly mtu: number
      }
    | { readonly reason: 'dhcp' | 'router-solicitation' }
  )

/** Userdata: VNI in 24 bits, serial of the endpoint in 40. */
const asker = struct({ vni: u24, endpoint: mapped(uint(5), Number, BigInt) })

export const userdataOf = (whose: Asker): Uint8Array => encode(asker, whose)

const errorOf = (code: number): IcmpError | undefined =>
  Object.entries(icmpErrors).find(([, number]) => number === code)?.[0] as IcmpError | undefined

/**
 * Reads a packet-in; `match` is what it says of the packet's metadata. Undefined for one that is not of an overlay network, which
 * userdata of another length shows. Never throws.
 */
export const readPacketReason = (
  userdata: Uint8Array | undefined,
  match: Match,
): PacketReason | undefined => {
  if (userdata?.length !== 8) return undefined
  const whose = decode(asker, userdata)
  switch (readRegister('reason', match)) {
    case reasons.miss:
      return { ...whose, reason: 'miss' }
    case reasons.dhcp:
      return { ...whose, reason: 'dhcp' }
    case reasons['router-solicitation']:
      return { ...whose, reason: 'router-solicitation' }
    case reasons.error: {
      const error = errorOf(readRegister('error', match))
      return error && { ...whose, reason: 'error', error, mtu: readRegister('mtu', match) }
    }
    default:
      return undefined
  }
}
