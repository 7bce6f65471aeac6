/** What a server answers to a transaction: results of each operation's own type, and errors with the operation that they belong to. */
import { describe, expect, expectTypeOf, test } from 'vitest'
import { comment, commit, insert, mutate, select } from '#ovsdb/operations.js'
import { decodeResults, readPeerError } from '#ovsdb/results.js'
import { bridge, controller, openVswitch } from '#ovsdb/schemas/open-vswitch.js'

const id = '0e5d2b1c-8a7f-4c39-9d1e-2f6b3a4c5d6e'
const operations = [
  insert(bridge, { name: 'b' }),
  mutate(openVswitch, [], [['next_cfg', '+=', 1]]),
  select(bridge, [], ['name', 'fail_mode', 'external_ids', '_uuid']),
  comment('x'),
  commit(true),
] as const

describe('results', () => {
  test('have the types of their operations', () => {
    const row = {
      name: 'b',
      fail_mode: ['set', []],
      external_ids: ['map', [['k', 'v']]],
      _uuid: ['uuid', id],
    }
    const json = [{ uuid: ['uuid', id] }, { count: 1 }, { rows: [row] }, {}, {}]
    const [made, changed, rows, said, done] = decodeResults(operations, json)
    expectTypeOf(made).toEqualTypeOf<string>()
    expectTypeOf(changed).toEqualTypeOf<number>()
    expectTypeOf(rows[0]?.external_ids).toEqualTypeOf<ReadonlyMap<string, string> | undefined>()
    expect([made, changed, said, done]).toEqual([id, 1, undefined, undefined])
    expect(rows).toEqual([{ name: 'b', fail_mode: null, external_ids: new Map([['k', 'v']]), _uuid: id }])
  })

  test('a column that a server does not have is undefined where that is declared, and an error where not', () => {
    const wanted = select(controller, [], ['target', 'type'])
    expect(decodeResults([wanted], [{ rows: [{ target: 'tcp:x' }] }])).toEqual([
      [{ target: 'tcp:x', type: undefined }],
    ])
    expect(() => decodeResults([wanted], [{ rows: [{ type: ['set', []] }] }])).toThrow(
      expect.objectContaining({
        code: 'malformed-message',
        message: expect.stringContaining('Controller.target'),
      }),
    )
  })
})

describe('errors', () => {
  test('say what the system said of a file that could not be written', () => {
    const json = { error: 'I/O error', details: 'nb.db: write failed', 'io-error': 'No space left on device' }
    expect(readPeerError(json)?.details).toBe('nb.db: write failed (No space left on device)')
  })

  const peer = { error: 'constraint violation', details: 'no two bridges' }

  test('belong to the operation that failed', () => {
    expect(() => decodeResults(operations, [{ uuid: ['uuid', id] }, peer, null, null, null])).toThrow(
      expect.objectContaining({
        code: 'operation-failed',
        message: 'operation 1, mutate in Open_vSwitch, failed: constraint violation: no two bridges',
        peer,
        operation: { index: 1, request: operations[1].request },
      }),
    )
  })

  test('belong to the commit when every operation was well', () => {
    const well = [{ uuid: ['uuid', id] }, { count: 1 }, { rows: [] }, {}, {}]
    expect(() => decodeResults(operations, [...well, peer])).toThrow(
      expect.objectContaining({ code: 'operation-failed', peer, operation: { index: 5 } }),
    )
  })

  test.each([
    ['no list', {}],
    ['a short list', [{ uuid: ['uuid', id] }]],
    [
      'an operation that was not executed although none failed',
      [{ uuid: ['uuid', id] }, null, { rows: [] }, {}, {}],
    ],
    ['a result of another operation', [{ count: 1 }, { count: 1 }, { rows: [] }, {}, {}]],
  ])('%s is no answer', (_what, json) => {
    expect(() => decodeResults(operations, json)).toThrow(
      expect.objectContaining({ code: 'malformed-message' }),
    )
  })

  test('of a server may be a bare string', () => {
    expect(readPeerError('canceled')).toEqual({ error: 'canceled' })
    expect(readPeerError({ error: 'x', details: 5 })).toEqual({ error: 'x' })
    expect(readPeerError({ details: 'x' })).toBeUndefined()
    expect(readPeerError(null)).toBeUndefined()
  })
})
