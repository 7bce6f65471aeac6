/** The data plane's header, two ways: the bytes of data-headers.txt and the value beside them; and what is read leniently. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataHeader, dataHeader } from '#lisp/data-header.js'
import { decode, encode } from '#wire/codec.js'
import { WireError } from '#wire/error.js'
import { goldenBlocks } from './golden-blocks.js'

const golden = goldenBlocks(readFileSync(new URL('data-headers.txt', import.meta.url), 'utf8'))
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

const bits = (width: number) => fc.integer({ min: 0, max: 2 ** width - 1 })
const anyHeader: fc.Arbitrary<DataHeader> = fc
  .record({
    first: fc.option(
      fc.oneof(
        fc.record({ nonce: fc.record({ value: bits(24), echo: fc.boolean() }) }),
        fc.record({ versions: fc.record({ source: bits(12), dest: bits(12) }) }),
      ),
    ),
    second: fc.oneof(
      fc.record({ statusBits: bits(32) }, { requiredKeys: [] }),
      fc.record({ statusBits: bits(8), instanceId: bits(24) }, { requiredKeys: ['instanceId'] }),
    ),
    keyId: bits(2),
  })
  .map(({ first, second, keyId }) => ({ ...first, ...second, keyId }))

describe('a data header', () => {
  it.each(golden)('$name', ({ hex, text }) => {
    const value = decode(dataHeader, bytesOf(hex))
    expect(JSON.parse(text)).toEqual(value)
    expect(Buffer.from(encode(dataHeader, value)).toString('hex')).toBe(hex)
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        expect(decode(dataHeader, encode(dataHeader, header))).toEqual(header)
      }),
    )
  })

  it.each([
    ['both a nonce and versions: a nonce', '90414243 00000000', { nonce: { value: 0x414243, echo: false } }],
    ['an echo without a nonce: nothing', '20414243 00000000', {}],
    ['status bits that are not announced: nothing', '08000000 00006455', { instanceId: 100 }],
    ['a reserved bit: nothing', '0c000000 00006400', { instanceId: 100 }],
  ])('with %s', (_, hex, expected) => {
    expect(decode(dataHeader, bytesOf(hex))).toEqual({ ...expected, keyId: 0 })
  })

  it.each<[string, DataHeader]>([
    [
      'a nonce and versions',
      { nonce: { value: 1, echo: false }, versions: { source: 1, dest: 1 }, keyId: 0 },
    ],
    ['a key id of three bits', { keyId: 4 }],
    ['a nonce of 25 bits', { nonce: { value: 0x100_0000, echo: false }, keyId: 0 }],
    ['nine status bits beside an instance id', { instanceId: 1, statusBits: 0x100, keyId: 0 }],
  ])('cannot have %s', (_, header) => {
    expect(() => encode(dataHeader, header)).toThrow(WireError)
  })

  it('is eight bytes', () => {
    expect(() => decode(dataHeader, bytesOf('00000000 000000'))).toThrow('4 bytes needed, 3 left')
  })
})
