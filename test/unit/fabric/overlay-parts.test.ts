/** Small parts under networks: ranges, turns, MAC addresses, runs of VNIs. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { derivedMac, parseMac, printMac } from '#model/mac.js'
import { runsOf } from '#store/vni-guards.js'
import { Ranges } from '../../../src/fabric/ipam/ranges.js'
import { Turns } from '../../../src/fabric/turns.js'
import { ip } from './ipam-world.js'

const range = fc
  .tuple(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 9n }))
  .map(([first, more]) => ({ first, last: first + more }))

it('ranges know what is in them, and cut it out of any span', () => {
  fc.assert(
    fc.property(fc.array(range), range, (some, span) => {
      const ranges = new Ranges(some)
      const has = (value: bigint): boolean => some.some(({ first, last }) => first <= value && value <= last)
      for (let value = 0n; value <= 70n; value++) {
        const around = ranges.around(value)
        expect(around !== undefined).toBe(has(value))
        if (around !== undefined)
          expect([has(around.first - 1n), has(around.last + 1n)]).toEqual([false, false])
      }
      const cut = [...ranges.within(span.first, span.last)].flatMap(({ first, last }) =>
        Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index)),
      )
      const expected = Array.from(
        { length: Number(span.last - span.first) + 1 },
        (_, index) => span.first + BigInt(index),
      )
      expect(cut).toEqual(expected.filter(has))
    }),
  )
})

it('turns of one key follow each other, also after one that failed; other keys do not wait', async () => {
  const turns = new Turns()
  const told: string[] = []
  let open = (): void => {}
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = turns.take('a', async () => {
    await gate
    told.push('a1')
    throw new Error('no')
  })
  const second = turns.take('a', async () => told.push('a2'))
  await turns.take('b', async () => told.push('b'))
  open()
  await expect(first).rejects.toThrow('no')
  await second
  expect(told).toEqual(['b', 'a1', 'a2'])
})

it.each([
  [['10.1.2.3'], '0a:58:0a:01:02:03'],
  [['2001:db8::1:2:3', '10.0.0.1'], '0a:58:0a:00:00:01'],
  [['2001:db8::ff01:203'], '0a:58:ff:01:02:03'],
])('%j make the MAC address %s', (addresses, mac) => {
  expect(printMac(derivedMac(addresses.map(ip)))).toBe(mac)
})

it('MAC addresses are read as they are printed', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 - 1 }), (mac) => {
      expect(parseMac(printMac(mac))).toBe(mac)
    }),
  )
  expect([parseMac('0a:58'), parseMac('0a:58:00:00:00:0g'), parseMac('0A:58:00:00:00:0F')]).toEqual([
    undefined,
    undefined,
    0x0a58_0000_000f,
  ])
})

it('numbers that follow each other are one run', () => {
  expect(runsOf([7, 5, 6, 9, 9, 1])).toEqual([
    [1, 1],
    [5, 7],
    [9, 9],
  ])
  expect(runsOf([])).toEqual([])
})
