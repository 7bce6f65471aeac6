/**
 * Authentication data of LISP messages: codes that Python's hmac module made of the same bytes, keys by number, truncated
 * and wrong codes, routers that know no key numbers.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '#lisp/address-text.js'
import {
  type AuthAlgorithm,
  authAlgorithms,
  checkAuthentication,
  makeKey,
  type Proof,
  seal,
  type Unsealed,
} from '#lisp/auth.js'
import { LispError } from '#lisp/errors.js'
import { decodeMessage, encodeMessage } from '#lisp/messages.js'

const secret = 'correct horse'
const key = makeKey(7, secret)
const nonce = 0x0102_0304_0506_0708n
const register: Unsealed = { type: 'map-register', flags: { wantNotify: true }, nonce, records: [] }
const notify: Unsealed = { type: 'map-notify', flags: {}, nonce, records: [] }
const ack: Unsealed = { type: 'map-notify-ack', flags: {}, nonce, records: [] }

const proof = (algorithm: AuthAlgorithm, more: Partial<Proof> = {}): Proof => ({
  key,
  keyId: 7,
  algorithm,
  ...more,
})
const codeOf = (data: Uint8Array): string => {
  const message = decodeMessage(data)
  if (!('authentication' in message)) return ''
  return Buffer.from(message.authentication.data).toString('hex')
}

describe('a code', () => {
  it.each<[string, Unsealed, AuthAlgorithm, string]>([
    ['SHA-1, whole', register, 'hmac-sha-1-96', '41906277fe66ab6b20d99d01ab86c80df418ac0e'],
    [
      'SHA-256, whole',
      register,
      'hmac-sha-256-128',
      'cfe5a707e7500cfc11869ae7724b0543b89d5b7d545c774213c895c0d792e1cc',
    ],
    [
      'derived for Map-Register',
      register,
      'hmac-sha-256-128+hkdf-sha256',
      '151ccf36d4842e58913237c63fa38af2',
    ],
    ['derived for Map-Notify', notify, 'hmac-sha-256-128+hkdf-sha256', 'fc93ce477e250f3370f4b83eacef80bd'],
    ['derived for Map-Notify-Ack', ack, 'hmac-sha-256-128+hkdf-sha256', '13938617c4144c260a9ce2a9511f6d70'],
  ])('%s', (_, message, algorithm, code) => {
    const data = seal(message, proof(algorithm))
    expect(codeOf(data)).toBe(code)
    expect(checkAuthentication(data, [key])).toEqual(proof(algorithm))
  })

  it.each([
    [1, '745ced8d9a47500a41a9d6c1'],
    [2, '3a0c1275e2ae30defcc941901231fe6b'],
  ])('may be truncated: algorithm %i', (algorithmId, code) => {
    const authentication = { keyId: 7, algorithmId, data: Buffer.from(code, 'hex') }
    const data = encodeMessage({
      type: 'map-register',
      flags: { wantNotify: true },
      nonce,
      records: [],
      authentication,
    })
    expect(checkAuthentication(data, [key])).toMatchObject({ keyId: 7 })
  })
})

describe('a message', () => {
  it('is refused when any bit of it changes', () => {
    const algorithms = authAlgorithms.filter((name) => name !== 'none')
    fc.assert(
      fc.property(fc.constantFrom(...algorithms), fc.nat(), fc.nat(7), (algorithm, at, bit) => {
        const data = seal(register, proof(algorithm))
        const index = at % data.length
        const changed = data.map((byte, i) => (i === index ? byte ^ (1 << bit) : byte))
        const answer = ((): unknown => {
          try {
            return checkAuthentication(changed, [key])
          } catch (error) {
            return error instanceof LispError ? 'malformed' : error
          }
        })()
        expect([
          'malformed',
          'unknown-key',
          'unknown-algorithm',
          'wrong-length',
          'mismatch',
          'refused-algorithm',
        ]).toContain(answer)
      }),
      { numRuns: 300 },
    )
  })

  it('is checked with the key of its number', () => {
    const old = makeKey(1, 'old')
    const young = makeKey(2, 'young')
    const data = seal(register, proof('hmac-sha-256-128', { key: young, keyId: 2 }))
    expect(checkAuthentication(data, [old, young])).toMatchObject({ key: young })
    expect(checkAuthentication(data, [old])).toBe('unknown-key')
    expect(checkAuthentication(data, [makeKey(2, 'other')])).toBe('mismatch')
  })

  it('of a router that knows no numbers is checked with every key, and answered without a number', () => {
    const keys = [makeKey(1, 'old'), makeKey(2, 'young')]
    const data = seal(register, proof('hmac-sha-1-96', { key: makeKey(0, 'young'), keyId: 0 }))
    expect(checkAuthentication(data, keys)).toEqual({ key: keys[1], keyId: 0, algorithm: 'hmac-sha-1-96' })
  })

  it('is refused where the key is not for its algorithm', () => {
    const modern = makeKey(7, secret, ['hmac-sha-256-128'])
    expect(checkAuthentication(seal(register, proof('hmac-sha-1-96')), [modern])).toBe('refused-algorithm')
  })

  it('without a code is accepted where the key allows it, and nowhere else', () => {
    const open = makeKey(0, '', ['none'])
    const data = seal(register, { key: open, keyId: 0, algorithm: 'none' })
    expect(codeOf(data)).toBe('')
    expect(checkAuthentication(data, [open])).toMatchObject({ algorithm: 'none' })
    expect(checkAuthentication(data, [makeKey(0, secret)])).toBe('refused-algorithm')
  })

  it.each([
    [9, 20, 'unknown-algorithm'],
    [1, 19, 'wrong-length'],
    [2, 20, 'wrong-length'],
    [3, 0, 'wrong-length'],
  ])('of algorithm %i with %i bytes is refused', (algorithmId, size, refusal) => {
    const authentication = { keyId: 7, algorithmId, data: new Uint8Array(size) }
    const data = encodeMessage({ type: 'map-register', flags: {}, nonce, records: [], authentication })
    expect(checkAuthentication(data, [key])).toBe(refusal)
  })

  it('with no authentication data at all is malformed', () => {
    expect(() => checkAuthentication(Buffer.from('3000000001020304', 'hex'), [key])).toThrow(LispError)
  })

  it('has no derived key where the RFC gives no salt', () => {
    const info: Unsealed = {
      type: 'info-request',
      nonce,
      ttl: 1,
      maskLength: 32,
      eid: parseAddress('10.0.0.1'),
      nat: parseAddress('none'),
    }
    expect(checkAuthentication(seal(info, proof('hmac-sha-256-128')), [key])).toMatchObject({ keyId: 7 })
    expect(() => seal(info, proof('hmac-sha-256-128+hkdf-sha256'))).toThrow(LispError)
  })
})
