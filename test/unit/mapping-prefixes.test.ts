/** Which EID-prefixes sites and operators speak of: what networks ask about besides their subnets. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeEid } from '#lisp/eid.js'
import { SpokenPrefixes } from '#mapping/spoken-prefixes.js'
import { cidrHas, parseCidr, printCidr } from '#model/cidr.js'

const eid = (iid: number, text: string) => {
  const cidr = parseCidr(text) ?? expect.fail(text)
  return cidr.family === 4
    ? makeEid(iid, { family: 'ipv4', value: Number(cidr.value) }, cidr.length)
    : makeEid(iid, { family: 'ipv6', value: cidr.value }, cidr.length)
}

const said = (prefixes: SpokenPrefixes, iid: number): string[] => prefixes.of(iid).map(printCidr)

describe('prefixes that are spoken of', () => {
  it('are those of an instance that lie in no other, for as long as anybody says them', () => {
    const prefixes = new SpokenPrefixes()
    const seen: number[] = []
    const stop = prefixes.watch((iid) => void seen.push(iid))
    prefixes.change([], [eid(7, '10.1.0.0/16'), eid(7, '10.1.2.0/24'), eid(8, 'fd00::/8')])
    prefixes.change([], [eid(7, '10.1.0.0/16'), eid(7, '10.2.0.0/16')])
    expect(said(prefixes, 7)).toEqual(['10.1.0.0/16', '10.2.0.0/16'])
    expect(said(prefixes, 8)).toEqual(['fd00::/8'])
    // Another one says it too.
    prefixes.change([eid(7, '10.1.0.0/16')], [])
    expect(said(prefixes, 7)).toEqual(['10.1.0.0/16', '10.2.0.0/16'])
    prefixes.change([eid(7, '10.1.0.0/16')], [])
    expect(said(prefixes, 7)).toEqual(['10.1.2.0/24', '10.2.0.0/16'])
    expect(seen).toEqual([7, 8, 7, 7])
    stop()
    prefixes.change([eid(8, 'fd00::/8')], [])
    expect(said(prefixes, 8)).toEqual([])
    expect(seen).toHaveLength(4)
  })

  it('are no names and no MAC addresses', () => {
    const prefixes = new SpokenPrefixes()
    prefixes.change([], [makeEid(7, { family: 'mac', value: 1 })])
    expect(said(prefixes, 7)).toEqual([])
  })

  it('cover all that was said, and none covers another', () => {
    const prefix = fc
      .record({ value: fc.nat(0xffff), length: fc.integer({ min: 0, max: 16 }) })
      .map(({ value, length }) => {
        const masked = length === 0 ? 0 : ((value << 16) & (-1 << (32 - length))) >>> 0
        return makeEid(7, { family: 'ipv4', value: masked }, length)
      })
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), (all) => {
        const prefixes = new SpokenPrefixes()
        for (const one of all) prefixes.change([], [one])
        const answer = prefixes.of(7)
        for (const { address, length } of all) {
          const value = address.family === 'ipv4' ? BigInt(address.value) : expect.fail()
          const covers = answer.filter((one) => one.length <= length && cidrHas(one, { family: 4, value }))
          expect(covers).toHaveLength(1)
        }
      }),
      { numRuns: 100 },
    )
  })
})
