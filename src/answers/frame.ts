/**
 * Frames that the controller reads and sends: Ethernet, IPv4, IPv6, UDP, as far as answers need them. What the sender wrote is not
 * trusted: whatever is cut off or wrong reads as undefined.
 */
import type { Family, Ip } from '#model/cidr.js'
import { type Codec, decode, encode, mapped, rest, u8, u16, u32, uint } from '#wire/codec.js'
import { WireError } from '#wire/error.js'
import { struct } from '#wire/struct.js'

/** 48 bits. */
export const mac: Codec<number> = mapped(uint(6), Number, BigInt)

export const etherTypes = { 4: 0x0800, 6: 0x86dd } as const
export const protocols = { icmp: 1, udp: 17, icmp6: 58 } as const
export const everybody = 0xffff_ffff_ffff

const ethernet = struct({ destination: mac, source: mac, type: u16, payload: rest })

/** RFC 791, section 3.1; options are in the payload. */
const ipv4 = struct({
  versionAndLength: u8,
  tos: u8,
  length: u16,
  id: u16,
  /** Three flags, 13 bits of offset. */
  fragment: u16,
  ttl: u8,
  protocol: u8,
  checksum: u16,
  source: u32,
  destination: u32,
  payload: rest,
})

/** RFC 8200, section 3. */
const ipv6 = struct({
  versionClassLabel: u32,
  length: u16,
  protocol: u8,
  hopLimit: u8,
  source: uint(16),
  destination: uint(16),
  payload: rest,
})

const udp = struct({ source: u16, destination: u16, length: u16, checksum: u16, payload: rest })

/** What stands in front of the segment when its sum is taken: RFC 9293, section 3.1; RFC 8200, section 8.1. */
const pseudo4 = struct({ source: u32, destination: u32, protocol: u16, length: u16 })
const pseudo6 = struct({ source: uint(16), destination: uint(16), length: u32, protocol: u32 })

const header = { 4: 20, 6: 40 } as const

/** Undefined where the bytes are not what the codec says. */
export const readAs = <T>(codec: Codec<T>, bytes: Uint8Array): T | undefined => {
  try {
    return decode(codec, bytes)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The complement of the sum of 16-bit words: RFC 1071. */
export const checksum = (...parts: readonly Uint8Array[]): number => {
  let sum = 0
  let high = true
  for (const part of parts) {
    for (const byte of part) {
      sum += high ? byte * 256 : byte
      high = !high
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000)
  return ~sum & 0xffff
}

/** An IP packet in a frame. */
export interface IpFrame {
  readonly source: Ip
  readonly destination: Ip
  readonly protocol: number
  /** Not the first fragment of its datagram. */
  readonly later: boolean
  /** The packet from its IP header to the end that the header says. */
  readonly packet: Uint8Array
  readonly payload: Uint8Array
}

const readIp4 = (bytes: Uint8Array): IpFrame | undefined => {
  const found = readAs(ipv4, bytes)
  if (found === undefined || found.versionAndLength >> 4 !== 4) return undefined
  const headerLength = (found.versionAndLength & 15) * 4
  if (headerLength < header[4] || found.length < headerLength || found.length > bytes.length) return undefined
  return {
    source: { family: 4, value: BigInt(found.source) },
    destination: { family: 4, value: BigInt(found.destination) },
    protocol: found.protocol,
    later: (found.fragment & 0x1fff) !== 0,
    packet: bytes.subarray(0, found.length),
    payload: bytes.subarray(headerLength, found.length),
  }
}

const readIp6 = (bytes: Uint8Array): IpFrame | undefined => {
  const found = readAs(ipv6, bytes)
  if (found === undefined || found.versionClassLabel >>> 28 !== 6) return undefined
  const end = header[6] + found.length
  if (end > bytes.length) return undefined
  return {
    source: { family: 6, value: found.source },
    destination: { family: 6, value: found.destination },
    protocol: found.protocol,
    later: false,
    packet: bytes.subarray(0, end),
    payload: bytes.subarray(header[6], end),
  }
}

export const readIpFrame = (frame: Uint8Array): IpFrame | undefined => {
  const outer = readAs(ethernet, frame)
  if (outer?.type === etherTypes[4]) return readIp4(outer.payload)
  return outer?.type === etherTypes[6] ? readIp6(outer.payload) : undefined
}

/** The payload of a datagram from one port to another. */
export const readUdp = (frame: IpFrame, source: number, destination: number): Uint8Array | undefined => {
  if (frame.protocol !== protocols.udp || frame.later) return undefined
  const found = readAs(udp, frame.payload)
  return found?.source === source && found.destination === destination ? found.payload : undefined
}

/** From whom to whom. */
export interface Envelope {
  readonly sourceMac: number
  readonly destinationMac: number
  /** Of one family. */
  readonly source: Ip
  readonly destination: Ip
}

export interface IpFacts {
  readonly protocol: number
  /** Or hop limit. */
  readonly ttl: number
  /** Type of service, or traffic class. */
  readonly tos?: number
}

const writeIp4 = ({ source, destination }: Envelope, facts: IpFacts, payload: Uint8Array): Uint8Array => {
  const value = {
    versionAndLength: 0x45,
    tos: facts.tos ?? 0,
    length: header[4] + payload.length,
    id: 0,
    fragment: 0x4000,
    ttl: facts.ttl,
    protocol: facts.protocol,
    checksum: 0,
    source: Number(source.value),
    destination: Number(destination.value),
    payload,
  }
  const head = encode(ipv4, { ...value, payload: new Uint8Array() })
  return encode(ipv4, { ...value, checksum: checksum(head) })
}

const writeIp6 = ({ source, destination }: Envelope, facts: IpFacts, payload: Uint8Array): Uint8Array =>
  encode(ipv6, {
    versionClassLabel: 6 * 2 ** 28 + (facts.tos ?? 0) * 2 ** 20,
    length: payload.length,
    protocol: facts.protocol,
    hopLimit: facts.ttl,
    source: source.value,
    destination: destination.value,
    payload,
  })

/** A whole frame. */
export const writeIpFrame = (envelope: Envelope, facts: IpFacts, payload: Uint8Array): Uint8Array => {
  const { family }: { readonly family: Family } = envelope.source
  return encode(ethernet, {
    destination: envelope.destinationMac,
    source: envelope.sourceMac,
    type: etherTypes[family],
    payload: (family === 4 ? writeIp4 : writeIp6)(envelope, facts, payload),
  })
}

const pseudoHeader = ({ source, destination }: Envelope, protocol: number, length: number): Uint8Array =>
  source.family === 4
    ? encode(pseudo4, {
        source: Number(source.value),
        destination: Number(destination.value),
        protocol,
        length,
      })
    : encode(pseudo6, { source: source.value, destination: destination.value, length, protocol })

/** The sum of a segment and of the addresses that it is between. */
export const segmentChecksum = (envelope: Envelope, protocol: number, segment: Uint8Array): number =>
  checksum(pseudoHeader(envelope, protocol, segment.length), segment)

/** A datagram in a frame. */
export const writeUdpFrame = (
  envelope: Envelope,
  ports: { readonly source: number; readonly destination: number },
  payload: Uint8Array,
): Uint8Array => {
  const value = { ...ports, length: 8 + payload.length, checksum: 0, payload }
  // A sum of 0 is sent as all ones, since 0 says that there is none: RFC 768.
  const sum = segmentChecksum(envelope, protocols.udp, encode(udp, value)) || 0xffff
  return writeIpFrame(
    envelope,
    { protocol: protocols.udp, ttl: 64 },
    encode(udp, { ...value, checksum: sum }),
  )
}
