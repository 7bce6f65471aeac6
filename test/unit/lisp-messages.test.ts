/**
 * Properties of LISP messages and addresses: written and read they are the same, as bytes and as text; mutilated bytes end
 * in a value or in the typed error, in time and memory that depend on their length alone.
 */
import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address as addressCodec } from '#lisp/address.js'
import { parseAddress, parseEid, printAddress } from '#lisp/address-text.js'
import { LispError } from '#lisp/errors.js'
import { decodeMessage, encodeMessage, type Message, writeMessage } from '#lisp/messages.js'
import { printMessage } from '#lisp/print.js'
import { decode, encode } from '#wire/codec.js'
import { Writer } from '#wire/writer.js'
import { cases } from '../golden/lisp/message-cases.js'
import { address, message } from './lisp-values.js'

describe('any message', () => {
  it('is read as it was written', () => {
    const writer = new Writer(16)
    fc.assert(
      fc.property(message, (value) => {
        writer.reset()
        writeMessage(writer, value)
        expect(decodeMessage(writer.written())).toEqual(value)
      }),
      { numRuns: 400 },
    )
  })

  it('has text', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(printMessage(value)).not.toMatch(/undefined|\[object/)
      }),
    )
  })
})

describe('any address', () => {
  it('is read as it was written, as bytes and as text', () => {
    fc.assert(
      fc.property(address, (value) => {
        expect(decode(addressCodec, encode(addressCodec, value))).toEqual(value)
        expect(parseAddress(printAddress(value))).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })
})

/** The message that `data` is, or undefined; any other error than ours is a failure. */
const read = (data: Uint8Array): Message | undefined => {
  try {
    return decodeMessage(data)
  } catch (error) {
    if (!(error instanceof LispError)) throw error
    return undefined
  }
}

/** What is read of other people's bytes can be printed, and written so that it is read as the same. */
const survives = (data: Uint8Array): void => {
  const value = read(data)
  if (value === undefined) return
  expect(printMessage(value)).not.toBe('')
  const again = decodeMessage(encodeMessage(value))
  const canonical = encodeMessage(again)
  expect(Buffer.from(encodeMessage(decodeMessage(canonical)))).toEqual(Buffer.from(canonical))
}

const seeds: readonly Uint8Array[] = [
  ...Object.values(cases).map((value) => encodeMessage(value)),
  ...((): readonly Uint8Array[] => {
    const file = new URL('../../../shared/vectors/lisp/odl-control.json', import.meta.url)
    if (!existsSync(file)) return []
    const vectors: { readonly hex: string }[] = JSON.parse(readFileSync(file, 'utf8'))
    return vectors.map(({ hex }) => Uint8Array.from(Buffer.from(hex, 'hex')))
  })(),
]

describe('mutilated bytes', () => {
  it('of every length', () => {
    for (const seed of seeds) for (let size = 0; size < seed.length; size++) survives(seed.subarray(0, size))
  })

  it('with any byte changed', () => {
    const change = fc.record({ at: fc.nat(), byte: fc.nat(255) })
    const changes = fc.array(change, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.constantFrom(...seeds), changes, (seed, list) => {
        const data = Uint8Array.from(seed)
        for (const { at, byte } of list) data[at % data.length] = byte
        survives(data)
      }),
      { numRuns: 2000 },
    )
  })

  it('with nothing right but the type', () => {
    const type = fc.integer({ min: 1, max: 8 })
    fc.assert(
      fc.property(type, fc.uint8Array({ maxLength: 120 }), (code, data) => {
        if (data.length > 0) data[0] = (code << 4) | ((data[0] ?? 0) & 0x0f)
        survives(data)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a datagram of 64 kB', () => {
  const header = Buffer.from('100000ff 0000000000000001 0000 0001c0000201 '.replaceAll(' ', ''), 'hex')
  const filled = (pattern: string): Uint8Array => {
    const piece = Buffer.from(pattern.replaceAll(' ', ''), 'hex')
    return Buffer.concat([header, ...Array.from({ length: Math.floor(65_000 / piece.length) }, () => piece)])
  }

  it.each([
    ['EIDs of no bytes', '0000 0000'],
    ['lists within lists', '4003 0000 0100 fd00'],
    ['lists of nothing', '0000 4003 0000 0100 0000'],
    ['names without end', '0000 0011 61'],
    ['keys', '0000 4003 0000 0b00 ff00 ff00 0000'],
    ['instance ids', '0020 4003 0000 0200 000a 00000064 0001 0a000001'],
  ])('of %s is read or refused at once', (_, pattern) => {
    const data = filled(pattern)
    const before = performance.now()
    for (let i = 0; i < 10; i++) survives(data)
    expect((performance.now() - before) / 10).toBeLessThan(200)
  })
})

describe('text from anywhere', () => {
  it('is an address, an EID, or the typed error', () => {
    const parts = fc.constantFrom(
      '[',
      ']',
      '(',
      ')',
      ',',
      '=',
      '/',
      ':',
      '"',
      '.',
      '1',
      'a',
      'json(',
      'afi-list(addresses=(',
      '\\',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string({ maxLength: 4 })), { maxLength: 12 }), (pieces) => {
        for (const parse of [parseAddress, parseEid]) {
          try {
            parse(pieces.join(''))
          } catch (error) {
            expect(error).toBeInstanceOf(LispError)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})
