/** EID-prefixes as keys: instance ids, bits beyond the prefix, lengths as routers send them; their text both ways. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddress, parseEid, parseIp, printAddress, printEid } from '#lisp/address-text.js'
import { eidFields, eidOf, fullLength } from '#lisp/eid.js'
import { LispError } from '#lisp/errors.js'

const keyOf = (address: string, maskLength: number): string | undefined => {
  const eid = eidOf({ eid: parseAddress(address), maskLength })
  return eid && printEid(eid)
}

describe('the key of a record', () => {
  it.each([
    ['10.1.2.3', 32, '10.1.2.3/32'],
    ['10.1.2.3', 8, '10.0.0.0/8'],
    ['255.255.255.255', 1, '128.0.0.0/1'],
    ['10.1.2.3', 0, '0.0.0.0/0'],
    ['[100]10.1.2.3', 24, '[100]10.1.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', 48, '2001:db8:1::/48'],
    ['2001:db8::1', 0, '::/0'],
    ['02:00:5e:10:00:ff', 24, '02:00:5e:00:00:00/24'],
    ['eui64:02:00:5e:ff:fe:10:00:ff', 24, 'eui64:02:00:5e:00:00:00:00:00/24'],
    ['"ietf.lisp"', 80, '"ietf.lisp"'],
    ['"ietf.lisp"', 40, '"ietf"'],
    ['"ietf"', 200, '"ietf"'],
    [`"${'n'.repeat(60)}"`, 255, `"${'n'.repeat(60)}"`],
  ])('%s of %i bits is %s', (address, length, key) => expect(keyOf(address, length)).toBe(key))

  it('of a MAC address or a name with length 0 is all of it: VPP and others send that', () => {
    expect(keyOf('02:00:5e:10:00:ff', 0)).toBe('02:00:5e:10:00:ff/48')
    expect(keyOf('00:00:00:00:00:00', 0)).toBe('00:00:00:00:00:00/0')
    expect(keyOf('"ietf"', 0)).toBe('"ietf"')
  })

  it('is none for an instance id within an instance id', () => {
    expect(keyOf('[1][2]10.0.0.1', 32)).toBeUndefined()
  })

  it('makes a record with the same key again', () => {
    for (const text of ['10.0.0.0/8', '[7]2001:db8::/32', '[16777215]"a"', '[7]02:00:00:00:00:01/48']) {
      expect(printEid(eidOf(eidFields(parseEid(text))) ?? expect.fail(text))).toBe(text)
    }
  })
})

describe('the text of an EID', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1/32'],
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['[0]10.0.0.1/32', '10.0.0.1/32'],
    ['[100]2001:DB8::1', '[100]2001:db8::1/128'],
    ['::ffff:10.0.0.1', '::ffff:a00:1/128'],
    ['[100]"a name"', '[100]"a name"'],
    ['source-dest(sourceLength=24,destLength=16,source=1.2.3.0,dest=9.8.0.0)/0', undefined],
  ])('%s', (text, printed = text.slice(0, -2)) => expect(printEid(parseEid(text))).toBe(printed))

  it.each([
    ['10.0.0.1/33', 'prefix length 33 of 32 bits'],
    ['10.0.0.1/', 'a prefix length is expected'],
    ['10.0.0.1/8x', 'more than an EID'],
    ['[1][2]10.0.0.1', 'an instance id within another'],
  ])('%s is none', (text, reason) => {
    expect(() => parseEid(text)).toThrow(LispError)
    expect(() => parseEid(text)).toThrow(reason)
  })
})

describe('text and value', () => {
  it('are the same for every IP address', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
        fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
        (a, b) => {
          // Many zero groups, for the shortened forms.
          const value = a & b & (a >> 3n)
          expect(parseIp(printAddress({ family: 'ipv6', value }))).toEqual({ family: 'ipv6', value })
        },
      ),
    )
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (value) => {
        expect(parseIp(printAddress({ family: 'ipv4', value }))).toEqual({ family: 'ipv4', value })
      }),
    )
  })

  it('clears the same bits whatever the prefix, and keeps the rest', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(32), (value, maskLength) => {
        const eid = eidOf({ eid: { family: 'ipv4', value }, maskLength })
        const shift = 32 - maskLength
        const expected = Number((BigInt(value) >> BigInt(shift)) << BigInt(shift))
        expect(eid).toEqual({ iid: 0, address: { family: 'ipv4', value: expected }, length: maskLength })
      }),
    )
  })

  it('has the length of the address where none is given', () => {
    expect(fullLength(parseAddress('"ietf"'))).toBe(40)
    expect(fullLength(parseAddress('02:00:00:00:00:01'))).toBe(48)
  })
})
