/**
 * A UDP datagram with its IPv4 or IPv6 header, as it stands inside an Encapsulated Control Message and in captures. Lengths and checksums
 * are computed when written. When read, a wrong length is an error; whether the checksums are right is told, since there are
 * senders that leave them as they were before a NAT, or do not compute them, and the message around has one of its own.
 */
import { type Codec, u8, u16, u32, uint } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import type { IpAddress } from '../address.js'

export interface Datagram {
  readonly source: IpAddress
  /** Of the same family as `source`. */
  readonly dest: IpAddress
  readonly sourcePort: number
  readonly destPort: number
  /** Hops that are left. */
  readonly ttl: number
  readonly payload: Uint8Array
  /** As they were read; `absent` is a right IPv4 header and a UDP checksum of 0. Nothing to say when writing. */
  readonly checksums?: 'right' | 'wrong' | 'absent'
}

const udpProtocol = 17
const udpBytes = 8
const ipv4Bytes = 20

const udp = struct({ sourcePort: u16, destPort: u16, length: u16, checksum: u16 })

const ipv4 = struct({
  versionAndWords: u8,
  tos: u8,
  totalLength: u16,
  id: u16,
  fragment: u16,
  ttl: u8,
  protocol: u8,
  checksum: u16,
  source: u32,
  dest: u32,
})

const ipv6 = struct({
  versionAndFlow: u32,
  payloadLength: u16,
  nextHeader: u8,
  ttl: u8,
  source: uint(16),
  dest: uint(16),
})

/** Sum of 16-bit words, the last byte filled up with zero. RFC 1071. */
const sumOf = (data: Uint8Array): number => {
  let sum = 0
  const even = data.length & ~1
  for (let i = 0; i < even; i += 2) sum += ((data[i] as number) << 8) | (data[i + 1] as number)
  return even === data.length ? sum : sum + ((data[even] as number) << 8)
}

const sumOfNumber = (value: number): number => (value >>> 16) + (value & 0xffff)

const sumOfBigint = (value: bigint): number => {
  let sum = 0
  for (let rest = value; rest > 0n; rest >>= 32n) sum += sumOfNumber(Number(rest & 0xffff_ffffn))
  return sum
}

const sumOfAddress = (address: IpAddress): number =>
  address.family === 'ipv4' ? sumOfNumber(address.value) : sumOfBigint(address.value)

const fold = (sum: number): number => {
  let folded = sum
  while (folded > 0xffff) folded = Math.floor(folded / 0x1_0000) + (folded % 0x1_0000)
  return folded
}

/** The checksum field that makes the sum of everything 0xffff. */
const checksumOf = (sum: number): number => ~fold(sum) & 0xffff

/** The checksum of a UDP datagram of `addresses` whose ports and payload sum up to `sum`; never 0, which means none. */
const udpChecksum = (addresses: number, length: number, sum: number): number =>
  checksumOf(addresses + udpProtocol + length + length + sum) || 0xffff

type IpHeader = Pick<Datagram, 'source' | 'dest' | 'ttl'> & { readonly headerOk: boolean }

const readUdp = (r: Reader, { source, dest, ttl, headerOk }: IpHeader): Datagram => {
  const { sourcePort, destPort, length, checksum } = udp.read(r)
  if (length !== r.remaining + udpBytes)
    r.fail(`UDP length ${length} where the packet has ${r.remaining + udpBytes}`)
  const payload = r.raw(r.remaining)
  const sum = sourcePort + destPort + sumOf(payload)
  const expected = udpChecksum(sumOfAddress(source) + sumOfAddress(dest), length, sum)
  const ok = headerOk && (checksum === 0 || checksum === expected)
  const checksums = ok ? (checksum === 0 ? 'absent' : 'right') : 'wrong'
  return { source, dest, sourcePort, destPort, ttl, payload, checksums }
}

const readIpv4 = (r: Reader): Datagram => {
  const begin = r.pos
  const header = ipv4.read(r)
  const headerBytes = 4 * (header.versionAndWords & 15)
  if (headerBytes < ipv4Bytes) r.fail(`IPv4 header of ${headerBytes} bytes`)
  r.take(headerBytes - ipv4Bytes)
  const headerOk = checksumOf(sumOf(r.bytes.subarray(begin, r.pos))) === 0
  if (header.protocol !== udpProtocol) r.fail(`protocol ${header.protocol} where UDP is expected`)
  if ((header.fragment & 0x3fff) !== 0) r.fail('a fragment')
  if (header.totalLength > r.end - begin)
    r.fail(`IPv4 length ${header.totalLength} where there are ${r.end - begin} bytes`)
  r.limit(begin + header.totalLength)
  const source = { family: 'ipv4', value: header.source } as const
  const dest = { family: 'ipv4', value: header.dest } as const
  return readUdp(r, { source, dest, ttl: header.ttl, headerOk })
}

const readIpv6 = (r: Reader): Datagram => {
  const header = ipv6.read(r)
  if (header.nextHeader !== udpProtocol) r.fail(`next header ${header.nextHeader} where UDP is expected`)
  if (header.payloadLength > r.remaining)
    r.fail(`IPv6 length ${header.payloadLength} where there are ${r.remaining} bytes`)
  r.limit(r.pos + header.payloadLength)
  const source = { family: 'ipv6', value: header.source } as const
  const dest = { family: 'ipv6', value: header.dest } as const
  return readUdp(r, { source, dest, ttl: header.ttl, headerOk: true })
}

const writeIpv4 = (w: Writer, source: number, dest: number, ttl: number, length: number): void => {
  const header = {
    versionAndWords: 0x45,
    tos: 0,
    totalLength: ipv4Bytes + length,
    id: 0,
    fragment: 0,
    ttl,
    protocol: udpProtocol,
    source,
    dest,
  }
  const words = 0x4500 + header.totalLength + ((ttl << 8) | udpProtocol)
  const checksum = checksumOf(words + sumOfNumber(source) + sumOfNumber(dest))
  ipv4.write(w, { ...header, checksum })
}

const writeIp = (w: Writer, { source, dest, ttl }: Datagram, length: number): void => {
  if (source.family === 'ipv4' && dest.family === 'ipv4') {
    writeIpv4(w, source.value, dest.value, ttl, length)
  } else if (source.family === 'ipv6' && dest.family === 'ipv6') {
    const fields = { versionAndFlow: 0x6000_0000, payloadLength: length, nextHeader: udpProtocol }
    ipv6.write(w, { ...fields, ttl, source: source.value, dest: dest.value })
  } else w.fail('addresses of two families')
}

const readIp = (r: Reader): Datagram => {
  const version = (r.bytes[r.pos] ?? 0) >>> 4
  if (version === 4) return readIpv4(r)
  if (version === 6) return readIpv6(r)
  return r.fail(r.remaining === 0 ? 'no packet' : `IP version ${version}`)
}

/** Ends where the IP header says so: what is behind is left to the reader. */
export const datagram: Codec<Datagram> = {
  read: (r) => {
    const { end } = r
    const value = readIp(r)
    r.end = end
    return value
  },
  write: (w, value) => {
    const { source, dest, sourcePort, destPort, payload } = value
    const length = udpBytes + payload.length
    writeIp(w, value, length)
    const addresses = sumOfAddress(source) + sumOfAddress(dest)
    const checksum = udpChecksum(addresses, length, sourcePort + destPort + sumOf(payload))
    udp.write(w, { sourcePort, destPort, length, checksum })
    w.raw(payload)
  },
}
