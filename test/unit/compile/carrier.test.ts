/** Carrier on a wire: every combination of what both ends show, and that no two ends hold each other for ever. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Carrier, carrierOf, shouldHold } from '#compile/carrier.js'

describe('the carrier of an end', () => {
  const port = { name: 'p', ours: true }
  it.each([
    ['a port with link', { ...port, ofport: 1, linkDown: false, held: false }, 'present'],
    ['a port without link', { ...port, ofport: 1, linkDown: true, held: false }, 'lost'],
    ['a port that we hold, whatever it shows', { ...port, ofport: 1, linkDown: true, held: true }, 'unknown'],
    ['a port whose device is gone', { ...port, error: 'No such device' }, 'lost'],
    ['a port that is being added', port, 'unknown'],
    ['no port', undefined, 'unknown'],
  ] as const)('%s', (_, value, carrier) => {
    expect(carrierOf(value, true)).toBe(carrier)
  })

  it('is unknown while its node cannot be asked', () => {
    expect(carrierOf({ ...port, ofport: 1, linkDown: true, held: false }, false)).toBe('unknown')
  })
})

/** The true state of a wire's ends, and what the switches show of it. */
interface Ends {
  readonly link: readonly [boolean, boolean]
  readonly held: readonly [boolean, boolean]
}

const sideOf = ({ link, held }: Ends, at: 0 | 1): { held: boolean; carrier: Carrier } => ({
  held: held[at],
  carrier: carrierOf(
    { name: 'p', ours: true, ofport: 1, held: held[at], linkDown: held[at] || !link[at] },
    true,
  ),
})

/** Both switches act on what they see, one after the other in either order. */
const settle = (ends: Ends, order: readonly (0 | 1)[]): Ends => {
  let now = ends
  for (const at of order) {
    const held: [boolean, boolean] = [...now.held]
    held[at] = shouldHold(sideOf(now, at), sideOf(now, at === 0 ? 1 : 0), at === 0)
    now = { ...now, held }
  }
  return now
}

describe('holding', () => {
  const bools = fc.tuple(fc.boolean(), fc.boolean())
  const orders = fc.array(fc.constantFrom<0 | 1>(0, 1), { minLength: 12, maxLength: 24 })

  it('comes to rest where a cable would: down at the far end of what is unplugged, up when all is plugged', () => {
    fc.assert(
      fc.property(bools, bools, orders, (link, held, order) => {
        const { held: end } = settle({ link, held }, [...order, 0, 1, 0, 1, 0, 1])
        if (link[0] && link[1]) expect(end).toEqual([false, false])
        else if (link[0]) expect(end).toEqual([true, false])
        else if (link[1]) expect(end).toEqual([false, true])
        // Nobody can see a link here, so holding one end is as good as holding none: but never both.
        else expect(end[0] && end[1]).toBe(false)
      }),
    )
  })

  it('changes nothing while the far end cannot be seen', () => {
    const far = { held: false, carrier: 'unknown' } as const
    expect(shouldHold({ held: true, carrier: 'unknown' }, far, true)).toBe(true)
    expect(shouldHold({ held: false, carrier: 'present' }, far, true)).toBe(false)
  })
})
