/** Messages under pressure: mutated, truncated, cut anywhere. They become a value or the typed error, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Framer } from '#openflow/channel/framing.js'
import { OpenFlowError } from '#openflow/errors.js'
import { decodeMessage, type Envelope, encodeMessage } from '#openflow/messages.js'
import { printBytes } from '#openflow/print.js'
import { cases, ownCases } from '../../golden/openflow-messages-cases.js'

const samples = Object.values({ ...cases, ...ownCases }).map((message) => encodeMessage(message, 1))
const sample = fc.constantFrom(...samples)

/** The message, `undefined` where it is refused; any error but the typed one passes through. */
const tryDecode = (data: Uint8Array): Envelope | undefined => {
  try {
    return decodeMessage(data)
  } catch (error) {
    if (error instanceof OpenFlowError && error.code === 'malformed') return undefined
    throw error
  }
}

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

/** What is read can be written, in the one spelling that we have for it: written again it is the same. */
const settles = (data: Uint8Array): void => {
  printBytes(data)
  const envelope = tryDecode(data)
  if (envelope === undefined) return
  const again = encodeMessage(envelope.message, envelope.xid)
  const { message, xid } = decodeMessage(again)
  expect(hex(encodeMessage(message, xid))).toBe(hex(again))
}

/** The header's length says what there is, so that the body is looked at. */
const withLength = (data: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(data)
  if (copy.length >= 4) copy[2] = copy.length >> 8
  if (copy.length >= 4) copy[3] = copy.length & 0xff
  return copy
}

describe('a message', () => {
  it('with bytes changed is read or refused', () => {
    const change = fc.tuple(
      fc.nat({ max: 2000 }),
      fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    )
    fc.assert(
      fc.property(sample, fc.array(change, { minLength: 1, maxLength: 4 }), (data, changes) => {
        const copy = Uint8Array.from(data)
        for (const [at, byte] of changes) copy[8 + (at % Math.max(1, copy.length - 8))] = byte
        settles(copy.subarray(0, data.length))
      }),
      { numRuns: 3000 },
    )
  })

  it('cut short is read or refused, whatever its header says', () => {
    for (const data of samples) {
      for (let length = 0; length < data.length; length++) {
        expect(tryDecode(data.subarray(0, length))).toBeUndefined()
        settles(withLength(data.subarray(0, length)))
      }
    }
  })

  it('of random bytes behind any header is read or refused', () => {
    const headerType = fc.integer({ min: 0, max: 40 })
    fc.assert(
      fc.property(headerType, fc.uint8Array({ maxLength: 120 }), (type, body) => {
        settles(withLength(Uint8Array.of(6, type, 0, 0, 0, 0, 0, 1, ...body)))
      }),
      { numRuns: 2000 },
    )
  })

  it('as long as can be is read or refused in good time', () => {
    const begin = performance.now()
    for (const data of samples) {
      const long = new Uint8Array(65_528)
      for (let at = 0; at < long.length; at += data.length) long.set(data.subarray(0, long.length - at), at)
      long.set(data.subarray(0, Math.min(data.length, 24)))
      tryDecode(withLength(long))
      for (const fill of [0, 1, 0xff]) {
        const filled = new Uint8Array(65_528).fill(fill)
        filled.set(data)
        tryDecode(withLength(filled))
      }
    }
    expect(performance.now() - begin).toBeLessThan(5_000)
  })
})

describe('a stream of messages', () => {
  it('is cut into them wherever the network has cut it', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 8 }), cuts, (messages, sizes) => {
        const stream = Buffer.concat(messages)
        const framer = new Framer()
        const found: string[] = []
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1
          for (const { data } of framer.push(stream.subarray(at, at + size))) {
            found.push(hex(data))
          }
          at += size
        }
        expect(found).toEqual(messages.map(hex))
      }),
      { numRuns: 300 },
    )
  })

  it('of another protocol is left at its first message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (data) => {
        fc.pre(data[0] !== 6 && (data[1] ?? 0) > 1)
        expect(() => new Framer().push(data)).toThrow(OpenFlowError)
      }),
    )
  })
})
