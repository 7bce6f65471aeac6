/** The codec combinators: lengths, counts, padding, paths of errors, and that nothing is allocated on a liar's word. */
import { describe, expect, it } from 'vitest'
import {
  bytes,
  decode,
  encode,
  enumOf,
  lengthOf,
  list,
  pad,
  padTo,
  text,
  u8,
  u16,
  u24,
  u32,
  u64,
  uint,
} from '#wire/codec.js'
import { bits, countOf, repeat, sized, sizeOf, struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { Writer } from '#wire/writer.js'

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
const unhex = (data: string): Uint8Array => Buffer.from(data.replaceAll(' ', ''), 'hex')

const action = struct({ type: u16, _length: lengthOf(u16, 2), port: u32, _align: padTo(8) })
const message = struct({
  version: u8,
  _length: lengthOf(u16, 2),
  _count: countOf('names', u8),
  names: repeat('_count', text(4)),
  actions: list(action),
})

describe('struct', () => {
  it('writes lengths, counts and padding that are not in the value', () => {
    const value = { version: 6, names: ['ab', 'c'], actions: [{ type: 1, port: 2 }] }
    const data = encode(message, value)
    expect(hex(data)).toBe('06 0014 02 61620000 63000000 0001 0008 00000002'.replaceAll(' ', ''))
    expect(decode(message, data)).toEqual(value)
  })

  it.each([
    [
      'a truncated field',
      '06 0014 02 61620000 63000000 0001 0008 0000',
      'message._length: length 20 does not fit',
    ],
    ['a length shorter than the fields', '06 0002 02', 'length 2 does not fit'],
    [
      'a nested length of zero',
      '06 0010 01 61620000 0001 0000 00000002',
      'message.actions[0]._length: length 0',
    ],
    [
      'a nested length beyond the message',
      '06 0010 01 61620000 0001 0100 00000002',
      'message.actions[0]._length',
    ],
    ['a count that lies', '06 0008 ff 61620000', 'message.names: 255 items in 4 bytes, at byte 4'],
    ['bytes after the message', '06 0004 00 00', 'message: 1 bytes left over, at byte 4'],
  ])('refuses %s and says where', (_, data, reason) => {
    expect(() => decode(message, unhex(data), 'message')).toThrow(reason)
  })

  it('refuses values that do not fit', () => {
    expect(() => encode(message, { version: 256, names: [], actions: [] })).toThrow(
      'version: 256 is not in 0..255',
    )
    expect(() => encode(struct({ name: text(4) }), { name: 'abcd' })).toThrow(
      'name: text of 4 bytes where 3 fit',
    )
  })
})

it('a structure of no fields takes no bytes', () => {
  expect(decode(struct({}), encode(struct({}), {}))).toEqual({})
})

describe('a field sized by an earlier one', () => {
  const packet = struct({
    _size: sizeOf('actions', u16, 2),
    port: u8,
    actions: sized('_size', list(action)),
    rest: u8,
  })
  it('is bounded by it, and sets it', () => {
    const value = { port: 9, actions: [{ type: 1, port: 2 }], rest: 7 }
    const data = encode(packet, value)
    expect(hex(data)).toBe('000809 0001000800000002 07'.replaceAll(' ', ''))
    expect(decode(packet, data)).toEqual(value)
  })
  it.each([
    ['000909 0001000800000002 07', 'packet.actions[1].type: 2 bytes needed, 1 left'],
    ['000c09 0001000800000002 07', 'packet.actions: length 12 does not fit'],
    ['000709 0001000800000002 07', 'packet.actions[0]._length: length 8 does not fit'],
  ])('refuses %s', (data, reason) => {
    expect(() => decode(packet, unhex(data), 'packet')).toThrow(reason)
  })
})

describe('numbers', () => {
  it.each([
    [u24, 0xabcdef, 'abcdef'],
    [u64, 0xffff_ffff_ffff_fffen, 'fffffffffffffffe'],
    [uint(6), 0x0a0b0c0d0e0fn, '0a0b0c0d0e0f'],
    [uint(16), 0x2001_0db8_0000_0000_0000_0000_0000_0001n, '20010db8000000000000000000000001'],
    [uint(19), 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10_1112_13n, '0102030405060708090a0b0c0d0e0f10111213'],
  ])('go both ways', (codec, value, data) => {
    const both = codec as typeof u64
    expect(hex(encode(both, value as bigint))).toBe(data)
    expect(decode(both, unhex(data))).toBe(value)
  })

  it('take bits apart from the most significant one', () => {
    const flags = bits(u16, 16, { _unused: 13, local: 1, probed: 1, reachable: 1 })
    expect(decode(flags, unhex('0005'))).toEqual({ local: 1, probed: 0, reachable: 1 })
    expect(hex(encode(flags, { local: 1, probed: 0, reachable: 1 }))).toBe('0005')
  })

  it('have names, or are refused', () => {
    const reason = enumOf(u8, { idle: 0, hard: 1 })
    expect(decode(reason, unhex('01'))).toBe('hard')
    expect(() => decode(reason, unhex('07'))).toThrow('unknown value 7')
    expect(decode(enumOf(u8, { idle: 0 }, { open: true }), unhex('07'))).toBe(7)
  })
})

describe('a writer that outgrows its buffer', () => {
  it.each([
    [u8, 0x12, '12'],
    [u16, 0x1234, '1234'],
    [u32, 0x12345678, '12345678'],
    [u64, 0x123456789abcdef0n, '123456789abcdef0'],
    [uint(6), 0x123456789abcn, '123456789abc'],
    [bytes(3), unhex('123456'), '123456'],
    [text(4), 'abc', '61626300'],
  ])('keeps what it writes at the edge', (codec, value, data) => {
    const both = codec as typeof u8
    for (let filled = 0; filled < 9; filled++) {
      const writer = new Writer(8)
      writer.zeros(filled)
      both.write(writer, value as number)
      expect(hex(writer.finish())).toBe('00'.repeat(filled) + data)
    }
  })
})

describe('tlv', () => {
  const property = tlv({ speed: [1, struct({ mbps: u32 })], name: [2, struct({ name: bytes(3) })] }, 8)
  it('keeps what it does not know, and pads', () => {
    const data = '0001000800000064 0002 0007 616263 00 0009 0006 beef 0000'.replaceAll(' ', '')
    const values = decode(list(property), unhex(data))
    expect(values.map((value) => value.type)).toEqual(['speed', 'name', 'unknown'])
    expect(hex(encode(list(property), values))).toBe(data)
  })
  it.each([
    ['0001 0003', 'length 3 is shorter than its header'],
    ['0001 0010 00000000', 'length 16 exceeds the 8 bytes left'],
    ['0001 000c 00000000 00000000', '[0].speed: 4 bytes left over'],
  ])('refuses %s', (data, reason) => {
    expect(() => decode(list(property), unhex(data))).toThrow(reason)
  })
})

it('padding is not looked at', () => {
  expect(decode(struct({ _pad: pad(2), value: u8 }), unhex('ffff07'))).toEqual({ value: 7 })
})
