/** HMAC against that of `node:crypto` for keys and messages of every length, and with a blanked part. */
import { createHmac, createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hmac } from '#lisp/hmac.js'

const name = fc.constantFrom('sha1' as const, 'sha256' as const)
const secret = fc.uint8Array({ minLength: 1, maxLength: 150 })

describe('an HMAC', () => {
  it('is that of others', () => {
    fc.assert(
      fc.property(name, secret, fc.uint8Array({ maxLength: 5_000 }), (hash, bytes, data) => {
        const key = createSecretKey(bytes)
        const expected = createHmac(hash, bytes).update(data).digest('binary')
        expect(hmac(hash, key, data)).toBe(expected)
        expect(hmac(hash, key, data)).toBe(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('has zeros where it is told to', () => {
    const key = createSecretKey(Buffer.from('secret'))
    const data = Buffer.from('0123456789')
    const expected = createHmac('sha256', key).update(Buffer.from('01\0\0\x0056789')).digest('binary')
    expect(hmac('sha256', key, data, 2, 5)).toBe(expected)
    expect(data.toString()).toBe('0123456789')
  })

  it('forgets a longer message', () => {
    const key = createSecretKey(Buffer.from('secret'))
    hmac('sha1', key, new Uint8Array(9_000).fill(7))
    expect(hmac('sha1', key, Uint8Array.of(1))).toBe(
      createHmac('sha1', key).update(Uint8Array.of(1)).digest('binary'),
    )
  })
})
