/** ICMP and ICMPv6 messages in frames: RFC 792, RFC 4443. */
import { encode, rest, u8, u16 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { checksum, type Envelope, protocols, segmentChecksum, writeIpFrame } from './frame.js'

export const icmp = struct({ type: u8, code: u8, checksum: u16, body: rest })

export interface IcmpMessage {
  readonly type: number
  readonly code: number
  readonly body: Uint8Array
}

/** Hop limit 255 for neighbour discovery, which is how receivers know that nobody routed it: RFC 4861, section 6.1. */
export const writeIcmpFrame = (
  envelope: Envelope,
  message: IcmpMessage,
  facts: { readonly ttl: number; readonly tos?: number },
): Uint8Array => {
  const draft = encode(icmp, { ...message, checksum: 0 })
  const is4 = envelope.source.family === 4
  const sum = is4 ? checksum(draft) : segmentChecksum(envelope, protocols.icmp6, draft)
  const whole = encode(icmp, { ...message, checksum: sum })
  return writeIpFrame(envelope, { ...facts, protocol: is4 ? protocols.icmp : protocols.icmp6 }, whole)
}
