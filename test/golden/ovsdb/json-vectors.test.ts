/** JSON as Open vSwitch's own tests have it (tests/json.at), good and bad, through the framing and through the exact parser. */
import { describe, expect, test } from 'vitest'
import { Framing } from '#ovsdb/framing.js'
import { type Json, parseJson, printJson } from '#ovsdb/json.js'
import { readVectors, title, vectorsAreThere } from './vectors.js'

interface JsonVector {
  readonly name: string
  readonly source: string
  readonly valid: boolean
  readonly input: string
  readonly options?: string
  /** What Open vSwitch prints, a value a line. */
  readonly expected?: string
  readonly expected_output?: string
}

const vectors = readVectors<JsonVector>('ovsdb/json.json')

/** Everything that a stream of these bytes holds; throws for what it must not hold, a missing end included. */
const frame = (input: string, into: Json[] = []): readonly Json[] => {
  const framing = new Framing()
  for (const json of framing.feed(Buffer.from(input))) into.push(json)
  if (framing.heldBytes > 0) throw new Error('the input does not end')
  return into
}

/** Open vSwitch prints 15 digits of a real; compare no more. */
const rounded = (json: Json): Json => {
  if (typeof json === 'number' && !Number.isSafeInteger(json)) return Number(json.toPrecision(15))
  return Array.isArray(json) ? json.map(rounded) : json
}

/** The largest double, in 15 digits, is no double any more: only `JSON.parse` takes it. */
const readPrinted = (line: string): Json =>
  rounded(line.includes('e+308') ? JSON.parse(line) : parseJson(line))

describe.skipIf(!vectorsAreThere)(title('JSON vectors'), () => {
  test('there are as many as the catalogue says', () => expect(vectors).toHaveLength(75))

  test.each(vectors.filter(({ valid }) => valid))('$name ($source)', ({ input, expected = '' }) => {
    const values = expected.split('\n').map(readPrinted)
    expect(frame(input).map(rounded)).toEqual(values)
    if (values.length === 1) expect([rounded(parseJson(input))]).toEqual(values)
    // What we print, we read back.
    expect(frame(frame(input).map(printJson).join(''))).toEqual(frame(input))
  })

  test.each(vectors.filter(({ valid }) => !valid))(
    'bad: $name ($source)',
    ({ input, expected_output = '' }) => {
      const before = expected_output.split('\n').findIndex((line) => line.startsWith('error'))
      const got: Json[] = []
      expect(() => frame(input, got)).toThrow()
      if (before > 0) expect(got).toHaveLength(before)
      expect(() => parseJson(input)).toThrow(expect.objectContaining({ code: 'malformed-json' }))
    },
  )
})
