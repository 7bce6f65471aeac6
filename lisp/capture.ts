/**
 * The LISP messages of a capture file, pcap or pcapng, as tcpdump and Wireshark write them: for the command line, to print
 * what routers said to each other. A file comes from anywhere: it is bounded by its own size and read once.
 */
import { WireError } from '#wire/error.js'
import { Reader } from '#wire/reader.js'
import { LispError, readingError } from './errors.js'
import { type Datagram, datagram } from './messages/inner-packet.js'

/** The UDP port of LISP control messages: RFC 9301, section 12.1. */
export const controlPort = 4342

export interface CapturedMessage {
  /** Number of the packet in the file, from 1 on, as Wireshark shows it. */
  readonly packet: number
  /** Addresses, ports, and the message in `payload`. */
  readonly datagram: Datagram
}

interface Packet {
  readonly linkType: number
  readonly data: Uint8Array
}

const swap16 = (value: number): number => ((value & 0xff) << 8) | (value >>> 8)
const swap32 = (value: number): number => ((swap16(value & 0xffff) << 16) | swap16(value >>> 16)) >>> 0

/** Numbers in the order of bytes of the machine that wrote the file. */
interface Order {
  readonly u16: (r: Reader) => number
  readonly u32: (r: Reader) => number
}

const big: Order = { u16: (r) => r.u16(), u32: (r) => r.u32() }
const little: Order = { u16: (r) => swap16(r.u16()), u32: (r) => swap32(r.u32()) }

/** Timestamps in microseconds, and in nanoseconds. */
const pcapMagics = new Set([0xa1b2_c3d4, 0xa1b2_3c4d])
const sectionMagic = 0x0a0d_0d0a
const byteOrderMagic = 0x1a2b_3c4d

function* pcapPackets(r: Reader, order: Order): Generator<Packet> {
  r.take(16)
  const linkType = order.u32(r) & 0xffff
  while (r.remaining > 0) {
    r.take(8)
    const size = order.u32(r)
    r.take(4)
    yield { linkType, data: r.raw(size) }
  }
}

/** Ends the reading of one block at its length, which stands before and behind it. */
const blockEnd = (r: Reader, begin: number, length: number): number => {
  if (length < 12 || length % 4 !== 0 || begin + length > r.end) r.fail(`block of ${length} bytes`)
  return begin + length - 4
}

function* pcapngPackets(r: Reader): Generator<Packet> {
  let order = big
  let linkTypes: number[] = []
  while (r.remaining > 0) {
    const begin = r.pos
    const type = order.u32(r)
    const lengthAt = r.pos
    r.take(4)
    if (type === sectionMagic) {
      order = r.u32() === byteOrderMagic ? big : little
      linkTypes = []
    }
    const body = new Reader(r.bytes, lengthAt, r.end)
    const end = blockEnd(r, begin, order.u32(body))
    if (type === 1) linkTypes.push(order.u16(body))
    if (type === 6) {
      const linkType = linkTypes[order.u32(body)] ?? -1
      body.take(8)
      const size = order.u32(body)
      body.take(4)
      yield { linkType, data: body.raw(size) }
    }
    r.pos = end + 4
  }
}

const packetsOf = (data: Uint8Array): Generator<Packet> => {
  const r = new Reader(data)
  const magic = r.u32()
  if (pcapMagics.has(magic)) return pcapPackets(r, big)
  if (pcapMagics.has(swap32(magic))) return pcapPackets(r, little)
  if (magic !== sectionMagic) throw new LispError('malformed', 'neither a pcap nor a pcapng file')
  r.pos = 0
  return pcapngPackets(r)
}

const vlanTypes = new Set([0x8100, 0x88a8])

/** Moves past the link's header. The numbers are those of tcpdump's list of link types. */
const skipLink = (r: Reader, linkType: number): void => {
  if (linkType === 0) r.take(4)
  if (linkType === 113) r.take(16)
  if (linkType === 276) r.take(20)
  if (linkType !== 1) return
  r.take(12)
  while (vlanTypes.has(r.u16())) r.take(2)
}

/** The UDP datagram in a packet; undefined for whatever else it is. */
const datagramOf = ({ linkType, data }: Packet): Datagram | undefined => {
  const r = new Reader(data)
  try {
    skipLink(r, linkType)
    return datagram.read(r)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

const isControl = ({ sourcePort, destPort }: Datagram): boolean =>
  sourcePort === controlPort || destPort === controlPort

/** The datagrams to and from port 4342 of a capture file, in order. Throws `LispError` `malformed`. */
export function* capturedMessages(data: Uint8Array): Generator<CapturedMessage> {
  let packet = 0
  try {
    for (const captured of packetsOf(data)) {
      packet++
      const found = datagramOf(captured)
      if (found !== undefined && isControl(found)) yield { packet, datagram: found }
    }
  } catch (error) {
    throw readingError(error)
  }
}
