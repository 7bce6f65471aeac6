/** Capture files: pcap of both byte orders, pcapng, the link layers of both, and whatever else may be in a file. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, printAddress } from '#lisp/address-text.js'
import { capturedMessages } from '#lisp/capture.js'
import { LispError } from '#lisp/errors.js'
import { datagram } from '#lisp/messages/inner-packet.js'
import { encode } from '#wire/codec.js'

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const ip = (text: string) => {
  const address = parseAddress(text)
  return address.family === 'ipv4' || address.family === 'ipv6' ? address : expect.fail(text)
}

const packet = (source: string, dest: string, destPort = 4342): Uint8Array =>
  encode(datagram, {
    source: ip(source),
    dest: ip(dest),
    sourcePort: 60_000,
    destPort,
    ttl: 64,
    payload: unhex('10000001'),
  })
const ipv4 = packet('10.0.0.1', '10.0.0.2')
const ipv6 = packet('2001:db8::1', '2001:db8::2')

const u32 = (value: number, little: boolean): Buffer => {
  const data = Buffer.from(value.toString(16).padStart(8, '0'), 'hex')
  return little ? data.reverse() : data
}

const pcap = (
  linkType: number,
  packets: readonly Uint8Array[],
  little = false,
  magic = 0xa1b2c3d4,
): Buffer => {
  const words = [magic, little ? 0x0004_0002 : 0x0002_0004, 0, 0, 65_535, linkType]
  const head = words.map((word) => u32(word, little))
  const body = packets.flatMap((data) => [
    ...[1, 2, data.length, data.length].map((word) => u32(word, little)),
    data,
  ])
  return Buffer.concat([...head, ...body])
}

const block = (type: number, body: Uint8Array): Buffer => {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  const length = u32(padded.length + 12, true)
  return Buffer.concat([u32(type, true), length, padded, length])
}

const found = (file: Uint8Array): readonly string[] =>
  [...capturedMessages(file)].map(({ packet: number, datagram: { source, dest, payload } }) =>
    [number, printAddress(source), printAddress(dest), Buffer.from(payload).toString('hex')].join(' '),
  )

const four = '10.0.0.1 10.0.0.2 10000001'
const six = '2001:db8::1 2001:db8::2 10000001'
const ethernet = (type: string, data: Uint8Array): Buffer =>
  Buffer.concat([unhex('020000000001 020000000002'), unhex(type), data, Buffer.alloc(6)])

describe('a capture', () => {
  it.each([
    ['big-endian', false, 0xa1b2c3d4],
    ['little-endian', true, 0xa1b2c3d4],
    ['with nanoseconds', true, 0xa1b23c4d],
  ])('of raw IP, %s', (_, little, magic) => {
    expect(found(pcap(101, [ipv4, ipv6], little, magic))).toEqual([`1 ${four}`, `2 ${six}`])
  })

  it('of Ethernet, with tags and padding', () => {
    const packets = [
      ethernet('0800', ipv4),
      ethernet('8100 0064 86dd', ipv6),
      ethernet('88a8 0001 8100 0002 0800', ipv4),
    ]
    expect(found(pcap(1, packets))).toEqual([`1 ${four}`, `2 ${six}`, `3 ${four}`])
  })

  it.each([
    [0, '02000000'],
    [113, '0000 0001 0006 020000000001 0000 0800'],
    [276, '0800 0000 00000001 0001 00 06 0200000000010000'],
  ])('of link type %i', (linkType, header) => {
    expect(found(pcap(linkType, [Buffer.concat([unhex(header), ipv4])]))).toEqual([`1 ${four}`])
  })

  it('in pcapng, with blocks that say nothing', () => {
    const section = block(
      0x0a0d0d0a,
      Buffer.concat([u32(0x1a2b3c4d, true), unhex('01000000 ffffffffffffffff')]),
    )
    const description = block(1, unhex('6500 0000 00000400'))
    const enhanced = (data: Uint8Array): Buffer =>
      block(6, Buffer.concat([Buffer.alloc(12), u32(data.length, true), u32(data.length, true), data]))
    const statistics = block(5, Buffer.alloc(12))
    const file = Buffer.concat([section, description, enhanced(ipv4), statistics, enhanced(ipv6)])
    expect(found(file)).toEqual([`1 ${four}`, `2 ${six}`])
  })

  it('passes over what is not LISP', () => {
    const packets = [
      packet('10.0.0.1', '10.0.0.2', 53),
      unhex('45000014'),
      ethernet('0806', Buffer.alloc(28)),
      ipv4,
    ]
    expect(found(pcap(101, packets))).toEqual([`4 ${four}`])
  })

  it.each([
    ['nothing', '', '4 bytes needed'],
    ['something else', '89504e47', 'neither a pcap nor a pcapng file'],
    [
      'a pcap cut off',
      'a1b2c3d4 00020004 00000000 00000000 0000ffff 00000065 0000000100000002 00000040 00000040',
      '64 bytes needed',
    ],
    ['a pcapng with a block of no length', '0a0d0d0a 00000000 4d3c2b1a 01000000', 'block of 0 bytes'],
  ])('of %s is refused', (_, hex, reason) => {
    expect(() => found(unhex(hex))).toThrow(LispError)
    expect(() => found(unhex(hex))).toThrow(reason)
  })

  it('of mutilated bytes ends in packets or in the typed error', () => {
    const file = pcap(1, [ethernet('0800', ipv4), ethernet('86dd', ipv6)])
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(), (changes, cut) => {
        const data = Uint8Array.from(file)
        for (const [at, byte] of changes) data[at % data.length] = byte
        try {
          found(data.subarray(0, cut % (data.length + 1)))
        } catch (error) {
          expect(error).toBeInstanceOf(LispError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
