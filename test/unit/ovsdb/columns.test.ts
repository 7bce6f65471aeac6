/** Declared columns: written, read back, compared, changed by differences; and what they refuse. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  boolean,
  type Column,
  integer,
  integer64,
  map,
  maybe,
  oneOf,
  optional,
  real,
  ref,
  set,
  string,
} from '#ovsdb/columns.js'
import type { Json } from '#ovsdb/json.js'

const text = fc.string({ maxLength: 8 })
const id = fc.uuid().map((value) => value.toLowerCase())

describe('what is written is read back', () => {
  const roundTrip = <V>(column: Column<V, V, never>, values: fc.Arbitrary<V>): void => {
    fc.assert(
      fc.property(values, (value) => {
        const again = column.decode(column.encode(value))
        expect(again).toEqual(value)
        expect(column.equals(again, value)).toBe(true)
      }),
      { numRuns: 50 },
    )
  }

  test('scalars', () => {
    roundTrip(integer, fc.maxSafeInteger())
    roundTrip(integer64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    roundTrip(real, fc.double({ noNaN: true, noDefaultInfinity: true }))
    roundTrip(boolean, fc.boolean())
    roundTrip(string, text)
  })

  test('optional values, sets, maps', () => {
    roundTrip(optional(integer), fc.option(fc.maxSafeInteger()))
    roundTrip<readonly string[]>(set(string), fc.uniqueArray(text))
    roundTrip<ReadonlyMap<string, number>>(
      map(string, integer),
      fc.dictionary(text, fc.integer()).map((o) => new Map(Object.entries(o))),
    )
    roundTrip<readonly bigint[]>(set(integer64), fc.uniqueArray(fc.bigInt({ min: 0n, max: 9n })))
  })

  test('references', () => {
    fc.assert(fc.property(id, (value) => ref('Port').decode(ref('Port').encode(value)) === value))
    expect(ref('Port').encode({ namedUuid: 'p' })).toEqual(['named-uuid', 'p'])
  })
})

describe('differences', () => {
  /** What a server sends for a set that became another: what is in one of them only. */
  const differenceOf = (a: readonly number[], b: readonly number[]): Json => [
    'set',
    [...a.filter((x) => !b.includes(x)), ...b.filter((x) => !a.includes(x))],
  ]
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 8 }))
  const column = set(integer)

  test('turn a set into the other', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expect(column.equals(column.applyDifference(a, differenceOf(a, b)), b)).toBe(true)
      }),
    )
    expect(column.applyDifference([1], 1)).toBe(column.empty)
    expect(column.applyDifference([1], 2)).toEqual([1, 2])
  })

  test('turn a map into the other', () => {
    const pairs = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y'))
    const strings = map(string, string)
    fc.assert(
      fc.property(pairs, pairs, (a, b) => {
        const gone = Object.entries(a).filter(([key]) => !(key in b))
        const come = Object.entries(b).filter(([key, value]) => a[key] !== value)
        const result = strings.applyDifference(new Map(Object.entries(a)), ['map', [...gone, ...come]])
        expect(result).toEqual(new Map(Object.entries(b)))
      }),
    )
  })

  test('leave the old value as it was', () => {
    const old = new Map([['a', '1']])
    map(string, string).applyDifference(old, ['map', [['a', '1']]])
    expect(old.size).toBe(1)
  })
})

describe('reading', () => {
  test('a set of one may come bare, a scalar may come as a set', () => {
    expect(set(string).decode('x')).toEqual(['x'])
    expect(set(ref('Port')).decode(['uuid', '0E5D2B1C-8A7F-4C39-9D1E-2F6B3A4C5D6E'])).toEqual([
      '0e5d2b1c-8a7f-4c39-9d1e-2f6b3a4c5d6e',
    ])
    expect(string.decode(['set', ['x']])).toBe('x')
    expect(optional(string).decode(['set', ['x']])).toBe('x')
    expect(set(string).decode('set')).toEqual(['set'])
  })

  test('what is empty is shared and cannot be changed', () => {
    const strings = map(string, string)
    expect(strings.decode(['map', []])).toBe(strings.empty)
    expect(set(string).decode(['set', []])).toBe(set(integer).empty)
    expect(() => Reflect.apply(Map.prototype.get, strings.empty, ['x'])).not.toThrow()
    expect(() => (strings.empty as Map<string, string>).set('x', 'y')).toThrow(TypeError)
    expect(Object.isFrozen(set(string).empty)).toBe(true)
  })

  test('a word that is not declared is read all the same', () => {
    expect(oneOf('up', 'down').decode('sideways')).toBe('sideways')
  })

  const bad: readonly (readonly [string, Pick<Column<unknown>, 'decode'>, Json])[] = [
    ['a real as integer', integer, 0.5],
    ['an integer that a number cannot hold', integer, 2n ** 53n],
    ['an integer beyond 64 bits', integer64, 1e30],
    ['a string as integer', integer, '5'],
    ['a number as boolean', boolean, 1],
    ['null', string, null],
    ['a bare UUID', ref('Port'), '0e5d2b1c-8a7f-4c39-9d1e-2f6b3a4c5d6e'],
    ['a UUID that is none', ref('Port'), ['uuid', 'x']],
    ['a named UUID', ref('Port'), ['named-uuid', 'x']],
    ['two values as scalar', string, ['set', ['a', 'b']]],
    ['two values as optional', optional(string), ['set', ['a', 'b']]],
    ['a set that is none', set(string), ['set', 'a']],
    ['a set with a stranger', set(string), ['set', ['a', 1]]],
    ['a set as map', map(string, string), ['set', []]],
    ['a map with a lone key', map(string, string), ['map', [['a']]]],
    ['a map with a stranger', map(string, string), ['map', [['a', 1]]]],
  ]
  test.each(bad)('%s is refused', (_what, column, json) => {
    expect(() => column.decode(json)).toThrow(expect.objectContaining({ code: 'bad-value' }))
  })
})

describe('writing', () => {
  const bad: readonly (readonly [string, () => unknown])[] = [
    ['a fraction as integer', () => integer.encode(0.5)],
    ['a rounded integer', () => integer.encode(2 ** 53)],
    ['65 bits', () => integer64.encode(2n ** 63n)],
    ['NaN', () => real.encode(Number.NaN)],
    ['a name as UUID', () => ref('Port').encode('p0')],
  ]
  test.each(bad)('%s is refused', (_what, encode) => {
    expect(encode).toThrow(expect.objectContaining({ code: 'bad-value' }))
  })

  test('a map may be an object, whose strange names are keys like any other', () => {
    expect(map(string, string).encode(JSON.parse('{"__proto__":"x"}'))).toEqual(['map', [['__proto__', 'x']]])
  })

  test('a column that may be missing is written like any other', () => {
    expect(maybe(set(string)).encode(['x'])).toEqual(['set', ['x']])
    expect(maybe(string).equals(undefined, undefined)).toBe(true)
    expect(maybe(string).equals(undefined, '')).toBe(false)
  })
})
