/** JSON-RPC 1.0 on the wire and 2.0 in the library, both ways: test/golden/ovsdb/rim.txt. */
import { expect, test } from 'vitest'
import { OvsdbError } from '#ovsdb/errors.js'
import { inbound, outbound } from '#ovsdb/rim.js'
import { readGolden, rewrite } from './golden.js'

const translate = (entry: string): unknown => {
  const message = JSON.parse(entry.slice(2))
  return entry.startsWith('<') ? inbound(message) : outbound(message)
}

test('messages of both sides', () => {
  const golden = readGolden('rim.txt')
  const become = (entry: string): readonly string[] => {
    try {
      return [JSON.stringify(translate(entry))]
    } catch (error) {
      if (error instanceof OvsdbError && error.code === 'malformed-message') return [`error ${error.message}`]
      throw error
    }
  }
  expect(rewrite(golden, become)).toBe(golden)
})

test('what is large passes by reference', () => {
  const params = ['m', { Port: {} }] as const
  expect(inbound({ method: 'update', params, id: null })).toHaveProperty('params', params)
  const result = { rows: [] }
  const response = inbound({ id: 1, result, error: null })
  expect('result' in response && response.result).toBe(result)
})
