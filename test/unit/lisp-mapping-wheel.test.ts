/** The timing wheel beside a table of deadlines. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TimingWheel } from '#lisp/mapping/timing-wheel.js'

const tickMs = 100

const step = fc.oneof(
  fc.record({
    do: fc.constant('schedule' as const),
    id: fc.integer({ min: 1, max: 12 }),
    // Within a slot, a level, several levels, and out of the wheel's reach (64^4 ticks).
    after: fc.oneof(
      fc.integer({ min: 0, max: 900 }),
      fc.integer({ min: 0, max: 500_000 }),
      fc.integer({ min: 0, max: 400_000_000 }),
    ),
  }),
  fc.record({ do: fc.constant('cancel' as const), id: fc.integer({ min: 1, max: 12 }) }),
  fc.record({
    do: fc.constant('advance' as const),
    by: fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 600_000 })),
  }),
)

test('every deadline is met within a tick, whatever moves and goes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.array(step, { maxLength: 40 }),
      (start, script) => {
        const wheel = new TimingWheel({ tickMs, now: start })
        const model = new Map<number, number>()
        let now = start
        for (const one of script) {
          if (one.do === 'schedule') {
            wheel.schedule(one.id, now + one.after)
            model.set(one.id, now + one.after)
          } else if (one.do === 'cancel') {
            wheel.cancel(one.id)
            model.delete(one.id)
          } else {
            now += one.by
            const fired: number[] = []
            expect(wheel.advance(now, 100, (id) => fired.push(id))).toBe(true)
            for (const id of fired) {
              expect(model.get(id)).toBeLessThanOrEqual(now)
              model.delete(id)
            }
            for (const deadline of model.values()) expect(deadline).toBeGreaterThan(now - tickMs)
          }
          expect(wheel.size).toBe(model.size)
          for (const id of model.keys()) expect(wheel.has(id)).toBe(true)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a deadline out of reach is met all the same', () => {
  const wheel = new TimingWheel({ tickMs, now: 0 })
  const far = 64 ** 4 * tickMs * 1.5
  wheel.schedule(1, far)
  const fired: number[] = []
  wheel.advance(far - 1, 10, (id) => fired.push(id))
  expect(fired).toEqual([])
  wheel.advance(far, 10, (id) => fired.push(id))
  expect(fired).toEqual([1])
})

test('what falls due at once is taken in portions, and nothing is lost between them', () => {
  const wheel = new TimingWheel({ tickMs, now: 0 })
  for (let id = 1; id <= 1_000; id++) wheel.schedule(id, 180_000)
  const fired = new Set<number>()
  let portions = 0
  while (!wheel.advance(180_000, 300, (id) => fired.add(id))) portions += 1
  expect(portions).toBe(3)
  expect(fired.size).toBe(1_000)
  expect(wheel.size).toBe(0)
})

test('an id may be set again while it fires', () => {
  const wheel = new TimingWheel({ tickMs, now: 0 })
  wheel.schedule(5, 1_000)
  const times: number[] = []
  for (let now = 0; now <= 3_000; now += 500) {
    wheel.advance(now, 10, (id) => {
      times.push(now)
      wheel.schedule(id, now + 1_000)
    })
  }
  expect(times).toEqual([1_000, 2_000, 3_000])
  expect(wheel.deadline(5)).toBe(4_000)
})
