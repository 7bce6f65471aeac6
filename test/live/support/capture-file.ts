/** Capture files for tshark to read: Ethernet frames, or packets of raw IP, written by hand. */
import type { IpAddress } from '#lisp/address.js'
import { type Datagram, datagram } from '#lisp/messages/inner-packet.js'
import { encode, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'

const file = struct({
  magic: u32,
  major: u16,
  minor: u16,
  zone: u32,
  accuracy: u32,
  snapLength: u32,
  linkType: u32,
})
const packetHeader = struct({ seconds: u32, fraction: u32, captured: u32, original: u32 })

const loopback: IpAddress = { family: 'ipv4', value: 0x7f00_0001 }

export const linkTypes = { ethernet: 1, rawIp: 101 } as const

/** A pcap file. */
export const captureFile = (
  packets: readonly Uint8Array[],
  linkType: number = linkTypes.ethernet,
): Uint8Array => {
  const header = { major: 2, minor: 4, zone: 0, accuracy: 0, snapLength: 65_535, linkType }
  const records = packets.map((data): Uint8Array => {
    const times = { seconds: 0, fraction: 0, captured: data.length, original: data.length }
    return Buffer.concat([encode(packetHeader, times), data])
  })
  return Buffer.concat([encode(file, { magic: 0xa1b2_c3d4, ...header }), ...records])
}

/** One UDP datagram to port 4342 for each payload. */
export const captureOf = (payloads: readonly Uint8Array[]): Uint8Array =>
  captureFile(
    payloads.map((payload) => {
      const message: Datagram = {
        source: loopback,
        dest: loopback,
        sourcePort: 4342,
        destPort: 4342,
        ttl: 64,
        payload,
      }
      return encode(datagram, message)
    }),
    linkTypes.rawIp,
  )
