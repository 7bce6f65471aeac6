/** Checksums after a change: of the IPv4 header and of what IP carries. RFC 1624 for sums, RFC 9260 for SCTP's CRC. */
import { byteAt, numberAt, putBits } from './bits.js'
import type { LayerName, Packet } from './packet.js'

/** HC' = ~(~HC + ~m + m'), word by word: a checksum that was wrong stays wrong by as much. */
const adjusted = (checksum: number, before: Uint8Array, after: Uint8Array): number => {
  let sum = ~checksum & 0xffff
  for (let at = 0; at < before.length; at += 2) {
    sum += (~wordAt(before, at) & 0xffff) + wordAt(after, at)
    sum = (sum & 0xffff) + (sum >>> 16)
  }
  return ~sum & 0xffff
}

const wordAt = (bytes: Uint8Array, at: number): number => (byteAt(bytes, at) << 8) | byteAt(bytes, at + 1)

/** Where the checksum of a header stands, in bytes from its beginning. */
const places: Partial<Record<LayerName, number>> = { tcp: 16, udp: 6, icmp: 2, icmpv6: 2 }

const transports = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp'] as const

/** The header whose sum also covers the addresses of the IP header around it. */
const overAddresses = ['tcp', 'udp', 'icmpv6'] as const

const fixSum = (
  packet: Packet,
  bytes: Uint8Array,
  layer: (typeof transports)[number],
  from: number,
  to: number,
): void => {
  const start = packet.layers[layer]
  const place = places[layer]
  if (start === undefined || place === undefined) return
  const at = (start + place) * 8
  const checksum = numberAt(bytes, at, 16)
  if (layer === 'udp' && checksum === 0) return // the sender gave none
  const fixed = adjusted(checksum, packet.bytes.subarray(from, to), bytes.subarray(from, to))
  putBits(bytes, at, 16, BigInt(layer === 'udp' && fixed === 0 ? 0xffff : fixed))
}

/**
 * Mends the checksums of `bytes`, which are those of `packet` but for a change in the header `layer` from byte `from` to
 * byte `to`, both even numbers of bytes from the header's beginning.
 */
export const mendChecksums = (
  packet: Packet,
  bytes: Uint8Array,
  layer: LayerName,
  from: number,
  to: number,
): void => {
  const { layers } = packet
  if (layer === 'ipv4') {
    const at = ((layers.ipv4 ?? 0) + 10) * 8
    const old = numberAt(bytes, at, 16)
    putBits(bytes, at, 16, BigInt(adjusted(old, packet.bytes.subarray(from, to), bytes.subarray(from, to))))
  }
  if (layer === 'ipv4' || layer === 'ipv6') {
    const addresses = (layers[layer] ?? 0) + (layer === 'ipv4' ? 12 : 8)
    if (from >= addresses) for (const one of overAddresses) fixSum(packet, bytes, one, from, to)
    return
  }
  if (layer === 'nd' || layer === 'lla' || layer === 'sll' || layer === 'tll')
    fixSum(packet, bytes, 'icmpv6', from, to)
  else if (layer === 'sctp') mendSctp(packet, bytes)
  else if (layer === 'tcp' || layer === 'udp' || layer === 'icmp' || layer === 'icmpv6')
    fixSum(packet, bytes, layer, from, to)
}

/** CRC-32c over the whole SCTP packet with the checksum taken as 0, little end first: RFC 9260, section 6.8. */
const mendSctp = (packet: Packet, bytes: Uint8Array): void => {
  const start = packet.layers.sctp ?? 0
  const { ipv4, ipv6 } = packet.layers
  const end =
    ipv4 === undefined
      ? (ipv6 ?? 0) + 40 + numberAt(bytes, ((ipv6 ?? 0) + 4) * 8, 16)
      : ipv4 + numberAt(bytes, (ipv4 + 2) * 8, 16)
  bytes.fill(0, start + 8, start + 12)
  const crc = crc32c(bytes.subarray(start, end))
  for (let byte = 0; byte < 4; byte++) bytes[start + 8 + byte] = (crc >>> (8 * byte)) & 0xff
}

const crc32c = (bytes: Uint8Array): number => {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0x82f6_3b78 : 0)
  }
  return ~crc >>> 0
}
