/**
 * The answer to a packet that was not carried on: ICMP and ICMPv6 errors, which tell the sender why. RFC 792, RFC 1812 (section
 * 4.3.2), RFC 4443.
 */

import { cidrHas, type Ip } from '#model/cidr.js'
import { gatewayMac, linkLocals } from '#model/gateway.js'
import type { IcmpError } from '#model/icmp-error.js'
import { encode, rest, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { type IpFrame, protocols, readAs, readIpFrame } from './frame.js'
import { icmp, writeIcmpFrame } from './icmp.js'

/** Type and code in each family. */
const numbers: Readonly<Record<IcmpError, Readonly<Record<4 | 6, readonly [type: number, code: number]>>>> = {
  'time-exceeded': { 4: [11, 0], 6: [3, 0] },
  'network-unreachable': { 4: [3, 0], 6: [1, 0] },
  'host-unreachable': { 4: [3, 1], 6: [1, 3] },
  'port-unreachable': { 4: [3, 3], 6: [1, 4] },
  prohibited: { 4: [3, 13], 6: [1, 1] },
  'too-big': { 4: [3, 4], 6: [2, 0] },
}

/** What stands between the checksum and the quotation. RFC 1191, section 4: the MTU is in the lower half. */
const body4 = struct({ unused: u16, mtu: u16, quoted: rest })
const body6 = struct({ mtu: u32, quoted: rest })

/** How much is quoted: no error is larger than what every link carries. RFC 1812, section 4.3.2.3; RFC 4443, section 3. */
const quotedMax = { 4: 576 - 20 - 8, 6: 1280 - 40 - 8 } as const

/** Internetwork control: RFC 1812, section 4.3.2.5. */
const tos = 0xc0
const ttl = 64

const errors4: ReadonlySet<number> = new Set([3, 4, 5, 11, 12])

/** Errors about errors would never end. An ICMPv6 type below 128 is an error; a redirect counts as one. */
const isError = ({ protocol, payload, source }: IpFrame): boolean => {
  if (protocol !== (source.family === 4 ? protocols.icmp : protocols.icmp6)) return false
  const type = readAs(icmp, payload)?.type
  if (type === undefined) return true
  return source.family === 4 ? errors4.has(type) : type < 128 || type === 137
}

const groups = {
  4: { family: 4, value: 0xe000_0000n, length: 3 },
  6: { family: 6, value: 0xffn << 120n, length: 8 },
} as const

/** Addresses that are not one host's: groups, everybody, nobody. */
const isMany = (address: Ip): boolean => cidrHas(groups[address.family], address) || address.value === 0n

/** Whether the sender may be told: RFC 1122, section 3.2.2; RFC 4443, section 2.4 (e). */
const mayAnswer = (frame: IpFrame): boolean =>
  !frame.later && !isMany(frame.source) && !isMany(frame.destination) && !isError(frame)

export interface ErrorFacts {
  readonly error: IcmpError
  /** The gateway's address in the sender's subnet. */
  readonly from: Ip
  /** MAC address of the endpoint that is told. */
  readonly to: number
  /** With `too-big`: bytes. */
  readonly mtu?: number
}

/** Less than every link has to carry is believed by nobody: RFC 791, RFC 8200 (section 5). */
const mtuMin = { 4: 68, 6: 1280 } as const

/** The frame that tells the sender of `frame`, or undefined where it must not be told. */
export const icmpErrorFor = (
  frame: Uint8Array,
  { error, from, to, mtu = 0 }: ErrorFacts,
): Uint8Array | undefined => {
  const refused = readIpFrame(frame)
  if (refused === undefined || !mayAnswer(refused)) return undefined
  const { family } = refused.source
  if (from.family !== family && !cidrHas(linkLocals, from)) return undefined
  const [type, code] = numbers[error][family]
  const quoted = refused.packet.subarray(0, quotedMax[family])
  const told = error === 'too-big' ? Math.max(mtu, mtuMin[family]) : 0
  const body =
    family === 4 ? encode(body4, { unused: 0, mtu: told, quoted }) : encode(body6, { mtu: told, quoted })
  const envelope = {
    sourceMac: gatewayMac,
    destinationMac: to,
    source: from,
    destination: refused.source,
  }
  return writeIcmpFrame(envelope, { type, code, body }, { ttl, ...(family === 4 && { tos }) })
}
