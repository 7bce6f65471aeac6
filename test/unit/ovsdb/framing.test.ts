/** Framing and parsing: the same messages however the bytes are cut, limits that hold, and nothing but the typed error for rubbish. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OvsdbError } from '#ovsdb/errors.js'
import { Framing } from '#ovsdb/framing.js'
import { type Json, member, parseJson, printJson } from '#ovsdb/json.js'

/** The chunks fed one after the other. */
const feedAll = (chunks: readonly Uint8Array[], framing = new Framing()): readonly Json[] =>
  chunks.flatMap((chunk) => [...framing.feed(chunk)])

const cut = (bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] => {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

// Strings that OVSDB can carry: whole Unicode characters, no NUL.
const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => !value.includes('\0'))
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const integer = int64.map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value))
const real = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => Math.abs(value) < 2 ** 53)
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  integer,
  real.map((value) => value + 0),
  text,
)
const { message } = fc.letrec<{ value: Json; message: Json }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('message')),
  message: fc.oneof(
    { depthSize: 'small' },
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}))

describe('messages', () => {
  test('printed and parsed are the same, cut at any bytes', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (messages, places) => {
          const bytes = Buffer.from(messages.map(printJson).join(''))
          const framing = new Framing()
          expect(feedAll(cut(bytes, places), framing)).toEqual(messages)
          expect(framing.heldBytes).toBe(0)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('byte by byte and with white space between', () => {
    const bytes = Buffer.from('\n {"a":[1,"\\\\\\"}\\u00e9é"]}\t[] \r\n{"__proto__":{"x":1}} ')
    const messages = feedAll(cut(bytes, [...bytes.keys()]))
    expect(messages.map(printJson)).toEqual(['{"a":[1,"\\\\\\"}éé"]}', '[]', '{"__proto__":{"x":1}}'])
  })

  test('the quick and the exact parser read alike', () => {
    fc.assert(
      fc.property(message, (json) => {
        const printed = printJson(json)
        // An escape by number anywhere sends the whole message to the exact parser.
        const [pair] = feedAll([Buffer.from(`[${printed},"\\u0041"]`)])
        expect(pair).toEqual([parseJson(printed), 'A'])
        expect(feedAll([Buffer.from(printed)])).toEqual([json])
      }),
      { numRuns: 200 },
    )
  })

  test('a member named __proto__ is a member like any other', () => {
    for (const source of ['{"__proto__":{"polluted":true}}', '{"__proto__":{"polluted":"\\u0041"}}']) {
      const [json] = feedAll([Buffer.from(source)])
      expect(Object.getPrototypeOf(json)).toBe(Object.prototype)
      expect(Object.keys(json ?? {})).toEqual(['__proto__'])
      expect(Reflect.get({}, 'polluted')).toBeUndefined()
    }
    expect(member({}, 'constructor')).toBeUndefined()
  })
})

describe('limits', () => {
  const limited = (messageBytesMax: number): Framing => new Framing({ messageBytesMax })

  test('a message may be as long as the limit and no longer', () => {
    const ten = Buffer.from('["1234567]"]')
    expect(feedAll([ten, ten], limited(ten.length))).toHaveLength(2)
    expect(() => feedAll([ten], limited(ten.length - 1))).toThrow(
      expect.objectContaining({ code: 'message-too-large' }),
    )
  })

  test('the limit holds before the message ends', () => {
    const framing = limited(100)
    expect(() => {
      for (let sent = 0; sent < 200; sent += 1) feedAll([Buffer.from('[')], framing)
    }).toThrow(expect.objectContaining({ code: 'message-too-large' }))
    expect(framing.heldBytes).toBeLessThanOrEqual(100)
  })

  test('white space between messages is not held', () => {
    const framing = limited(10)
    for (let sent = 0; sent < 50; sent += 1) feedAll([Buffer.from('     ')], framing)
    expect(feedAll([Buffer.from('[1]')], framing)).toEqual([[1]])
  })

  test('values nest 1,000 deep and no deeper, whole or in pieces', () => {
    const nested = (depth: number): Buffer => Buffer.from('['.repeat(depth) + ']'.repeat(depth))
    expect(feedAll([nested(1000)])).toHaveLength(1)
    expect(() => feedAll([nested(1001)])).toThrow(OvsdbError)
    expect(() => feedAll(cut(nested(1001), [500, 1000]))).toThrow(OvsdbError)
    expect(() => parseJson(nested(1001).toString())).toThrow(OvsdbError)
  })

  test('a number of a million digits is read in no time', () => {
    const digits = '9'.repeat(1_000_000)
    const started = performance.now()
    expect(() => feedAll([Buffer.from(`[${digits}]`)])).toThrow(OvsdbError)
    expect(feedAll([Buffer.from(`[0.${digits}]`)])).toEqual([[1]])
    expect(feedAll([Buffer.from(`[0.1${'0'.repeat(1_000_000)}1]`)])).toEqual([[0.1]])
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('rubbish', () => {
  const sample = Buffer.from(
    '{"method":"update2","params":["x",{"Port":{"0f5c":{"initial":{"tag":["set",[1,2e1,-0.5]],"name":"é\\n\\u0041"}}}}],"id":null}',
  )
  const mutation = fc.record({ at: fc.nat(sample.length - 1), byte: fc.nat(255), drop: fc.boolean() })

  test('mutated and truncated bytes give messages or the typed error, the same in one piece and in many', () => {
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (mutations, places) => {
          let bytes = Buffer.from(sample)
          for (const { at, byte, drop } of mutations) {
            if (drop) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
            else bytes[at] = byte
          }
          const whole = outcome([bytes])
          expect(outcome(cut(bytes, places))).toEqual(whole)
        },
      ),
      { numRuns: 2000 },
    )
  })

  const outcome = (chunks: readonly Uint8Array[]): Json => {
    const messages: Json[] = []
    const framing = new Framing()
    try {
      for (const chunk of chunks) for (const json of framing.feed(chunk)) messages.push(json)
    } catch (error) {
      if (error instanceof OvsdbError) return [...messages, error.code]
      throw error
    }
    return messages
  }
})

describe('what cannot be sent', () => {
  test.each([
    ['NaN', Number.NaN],
    ['an infinity', [Number.NEGATIVE_INFINITY]],
    ['a NUL', { a: 'x\0' }],
    ['half a pair', ['\ud800']],
    ['half a pair as a name', { '\udc00x': 1 }],
  ])('%s', (_what, json) => {
    expect(() => printJson(json)).toThrow(expect.objectContaining({ code: 'bad-value' }))
  })

  test('control characters, pairs and 64-bit integers can', () => {
    const json = ['\u0001\u001f𝄞', 2n ** 63n - 1n, -(2n ** 63n), null, { null: 'null' }]
    expect(parseJson(printJson(json))).toEqual(json)
  })
})
