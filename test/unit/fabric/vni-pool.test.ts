/** VNIs: none twice, none in quarantine, going round before one is used again. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { VniPool } from '../../../src/fabric/vni-pool.js'

const pool = (used: ReadonlySet<number>, quarantined: ReadonlyMap<number, number> = new Map()): VniPool =>
  new VniPool(
    { min: 10, max: 19 },
    { used: (vni) => used.has(vni), quarantinedUntil: (vni) => quarantined.get(vni) },
  )

it('gives each VNI once until all are given', () => {
  const used = new Set<number>()
  const free = pool(used)
  for (let given = 0; given < 10; given++) for (const vni of free.take(1, 0) ?? []) used.add(vni)
  expect([...used].sort()).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  expect(free.take(1, 0)).toBeUndefined()
})

it('goes round: one that became free is used last', () => {
  const used = new Set<number>()
  const free = pool(used)
  const [first] = free.take(1, 0) ?? []
  expect(first).toBe(10)
  expect(free.take(9, 0)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19])
  expect(free.take(1, 0)).toEqual([10])
})

it('passes over a quarantine until it ends', () => {
  const free = pool(new Set([11, 12, 13, 14, 15, 16, 17, 18, 19]), new Map([[10, 500]]))
  expect(free.take(1, 499)).toBeUndefined()
  expect(free.take(1, 500)).toEqual([10])
})

it('gives all that is asked for or nothing', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 10, max: 19 })),
      fc.integer({ min: 0, max: 12 }),
      (taken, count) => {
        const used = new Set(taken)
        const given = pool(used).take(count, 0)
        if (count > 10 - used.size) expect(given).toBeUndefined()
        else {
          expect(new Set(given).size).toBe(count)
          expect(given?.some((vni) => used.has(vni))).toBe(false)
        }
      },
    ),
  )
})
