/** Plans: what they come to, whatever a switch holds before. Properties over random intents and random states. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cookieOf, type Origin } from '#compile/cookie.js'
import { type Desired, nothing, type PortWish } from '#compile/desired.js'
import { meter, output } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { flowBody, flowKey } from '#reconcile/flow-book.js'
import { isEmpty, planSwitch, type Wanted, type WantedPort } from '#reconcile/plan.js'
import { IdealSwitch } from '../fake/ideal-switch.js'

const ofports = [2, 3, 4, 5, 6, 7]
const nameOf = (ofport: number): string => `p${ofport}`

/** What one wire wants: at each of its ports a flow, perhaps a meter, perhaps a hold, perhaps an MTU. */
interface End {
  readonly serial: number
  readonly ofport: number
  readonly to: number
  readonly rateKbps: number | undefined
  readonly held: boolean
  readonly mtu: number | undefined
  readonly internalMac?: number | undefined
}

const end = (ofport: number): fc.Arbitrary<End | undefined> =>
  fc.option(
    fc.record({
      serial: fc.integer({ min: 1, max: 4 }),
      ofport: fc.constant(ofport),
      to: fc.constantFrom(...ofports),
      rateKbps: fc.constantFrom(undefined, 1000, 2000),
      held: fc.boolean(),
      mtu: fc.constantFrom(undefined, 1400),
      internalMac: fc.constantFrom(undefined, 0x0a58_0a00_0001, 0x0a58_0a00_0002),
    }),
    { nil: undefined },
  )

/** Every port belongs to at most one wire, so that no two wires want the same flow. */
const intent = fc
  .tuple(...ofports.map(end))
  .map((ends) => ends.filter((one): one is End => one !== undefined))

const originOf = (serial: number): Origin => ({ kind: 'wire', serial })

const flowOf = ({ serial, ofport, to, rateKbps }: End): Flow => ({
  table: 0,
  priority: 200,
  cookie: cookieOf(originOf(serial)),
  match: { in_port: ofport },
  actions: [...(rateKbps === undefined ? [] : [meter(ofport)]), output(to)],
})

const wishOf = ({ ofport, mtu, internalMac }: End): PortWish => ({
  name: nameOf(ofport),
  ...(mtu !== undefined && { mtu }),
  ...(internalMac !== undefined && { internalMac }),
})

const desiredOf = (ends: readonly End[]): Desired =>
  ends.length === 0
    ? nothing
    : {
        ports: ends.map(wishOf),
        flows: ends.map(flowOf),
        meters: ends.flatMap(({ ofport, rateKbps }) =>
          rateKbps === undefined ? [] : [{ meterId: ofport, rateKbps, burstKbits: 100 }],
        ),
        holds: ends.map(({ ofport, held }) => ({ ofport, held })),
      }

const serials = [1, 2, 3, 4]

const wantedOf = (ends: readonly End[], which = serials): Wanted[] =>
  which.map((serial) => ({
    origin: originOf(serial),
    desired: desiredOf(ends.filter((one) => one.serial === serial)),
  }))

const wantedPorts = (ends: readonly End[]): WantedPort[] =>
  ofports.map((ofport) => {
    const wish = ends.find((one) => one.ofport === ofport)
    return { name: nameOf(ofport), wish: wish && wishOf(wish) }
  })

/** What somebody else did to the switch. */
const noise = fc.array(
  fc.record({
    ofport: fc.constantFrom(...ofports),
    what: fc.constantFrom('delete', 'foreign', 'changed', 'other wire', 'meter', 'hold'),
  }),
  { maxLength: 6 },
)

const disturb = (actual: IdealSwitch, changes: readonly { ofport: number; what: string }[]): void => {
  for (const { ofport, what } of changes) {
    const key = flowKey({ table: 0, priority: 200, match: { in_port: ofport } })
    const body = flowBody({ table: 0, priority: 200, match: {}, cookie: 0n, actions: [output(99)] })
    const port = actual.byName.get(nameOf(ofport))
    if (what === 'delete') actual.book.delete(key)
    else if (what === 'foreign') actual.book.set(key, { cookie: 1n, body })
    else if (what === 'changed')
      actual.book.set(key, { cookie: actual.book.get(key)?.cookie ?? cookieOf(originOf(2)), body })
    else if (what === 'other wire') actual.book.set(key, { cookie: cookieOf(originOf(9)), body })
    else if (what === 'meter') actual.meters.set(ofport, { meterId: ofport, rateKbps: 7, burstKbits: 7 })
    else if (port !== undefined) port.held = !port.held
  }
}

/** A switch whose ports are all there, so that numbers mean the same in intent and state. */
const switchHolding = (ends: readonly End[]): IdealSwitch => {
  const actual = new IdealSwitch('n1')
  for (const ofport of ofports)
    actual.put({ name: nameOf(ofport), ofport, ours: true, linkDown: false, held: false })
  actual.carryOut(planSwitch(wantedOf(ends), [], actual, true))
  return actual
}

const state = (actual: IdealSwitch) => ({
  flows: ofports
    .map((ofport) => {
      const held = actual.book.get(flowKey({ table: 0, priority: 200, match: { in_port: ofport } }))
      return held && `${ofport} ${held.cookie} ${held.body}`
    })
    .sort(),
  size: actual.book.size,
  meters: [...actual.meters.values()].sort((a, b) => a.meterId - b.meterId),
  held: [...actual.ports()].filter(({ held }) => held).map(({ name }) => name),
  mtus: [...actual.ports()].map(({ name, mtuRequest }) => `${name} ${mtuRequest}`).sort(),
})

const everySerial = [...serials, 9]

/** A whole plan is about every wire that is wanted and every wire that is there. */
const repair = (actual: IdealSwitch, ends: readonly End[], which = everySerial): void =>
  actual.carryOut(planSwitch(wantedOf(ends, which), wantedPorts(ends), actual, true))

describe('a whole plan', () => {
  test('makes of any state what is wanted', () => {
    fc.assert(
      fc.property(intent, intent, noise, (before, ends, changes) => {
        const actual = switchHolding(before)
        disturb(actual, changes)
        const foreign = [...ofports].filter((ofport) => {
          const held = actual.book.get(flowKey({ table: 0, priority: 200, match: { in_port: ofport } }))
          return held?.cookie === 1n && !ends.some((one) => one.ofport === ofport)
        })
        repair(actual, ends)
        const found = state(actual)
        for (const one of ends) {
          const flow = flowOf(one)
          expect(actual.book.get(flowKey(flow))).toEqual({ cookie: flow.cookie, body: flowBody(flow) })
        }
        // Flows of others stay where nothing of ours has to be.
        expect(found.size).toBe(ends.length + foreign.length)
        expect(found.meters).toEqual(desiredOf(ends).meters)
        expect(found.held.sort()).toEqual(ends.filter(({ held }) => held).map(({ ofport }) => nameOf(ofport)))
        expect([...actual.ports()].map(({ name }) => name).sort()).toEqual(
          ends.map(({ ofport }) => nameOf(ofport)).sort(),
        )
      }),
    )
  })

  test('is empty where the switch holds what is wanted', () => {
    fc.assert(
      fc.property(intent, intent, (before, ends) => {
        const actual = switchHolding(before)
        repair(actual, ends)
        expect(isEmpty(planSwitch(wantedOf(ends, everySerial), wantedPorts(ends), actual, true))).toBe(true)
      }),
    )
  })

  test('comes to the same in any order of what is wanted', () => {
    fc.assert(
      fc.property(
        intent,
        intent,
        fc.shuffledSubarray(everySerial, { minLength: everySerial.length }),
        (before, ends, order) => {
          const [one, other] = [switchHolding(before), switchHolding(before)]
          repair(one, ends)
          repair(other, [...ends].reverse(), order)
          expect(state(other)).toEqual(state(one))
        },
      ),
    )
  })
})

describe('plans of one wire at a time', () => {
  test('come to what a whole plan comes to, in any order', () => {
    fc.assert(
      fc.property(
        intent,
        intent,
        fc.shuffledSubarray(serials, { minLength: serials.length }),
        (before, ends, order) => {
          const [whole, step] = [switchHolding(before), switchHolding(before)]
          repair(whole, ends)
          // Twice: a port that passes from one wire to another is free for the second only when the first has let go.
          for (const serial of [...order, ...order])
            step.carryOut(planSwitch(wantedOf(ends, [serial]), [], step))
          step.carryOut(planSwitch([], wantedPorts(ends), step))
          const [found, wanted] = [state(step), state(whole)]
          expect({ ...found, mtus: [] }).toEqual({ ...wanted, mtus: [] })
        },
      ),
    )
  })

  test('cost what the wire has, whatever else the switch holds', () => {
    const ends = ofports.map((ofport, index) => ({
      serial: 1 + (index % 4),
      ofport,
      to: 2,
      rateKbps: undefined,
      held: false,
      mtu: undefined,
    }))
    const actual = switchHolding(ends)
    const changed = ends.map((one) => (one.serial === 3 ? { ...one, to: 5 } : one))
    const plan = planSwitch(wantedOf(changed, [3]), [], actual)
    expect(plan.changes.map(({ type }) => type)).toEqual(['modify'])
  })
})

test('a flow that is right is not touched, one that changes is modified, one that others hold is taken over', () => {
  const base = { rateKbps: undefined, held: false, mtu: undefined, to: 9 }
  const ends = [2, 3, 4].map((ofport) => ({ ...base, serial: 1, ofport }))
  const actual = switchHolding(ends)
  disturb(actual, [
    { ofport: 3, what: 'changed' },
    { ofport: 4, what: 'foreign' },
  ])
  const { changes } = planSwitch(wantedOf(ends, [1]), [], actual)
  expect(changes.map(({ type, key }) => [type, key])).toEqual([
    ['modify', flowKey(flowOf(ends[1] as End))],
    ['add', flowKey(flowOf(ends[2] as End))],
  ])
})

test('deletions stand before additions: a port passes from one wire to another in one plan', () => {
  const base = { ofport: 2, rateKbps: undefined, held: false, mtu: undefined, to: 9 }
  const actual = switchHolding([{ ...base, serial: 1 }])
  const plan = planSwitch(wantedOf([{ ...base, serial: 2 }]), [], actual)
  expect(plan.changes.map(({ type }) => type)).toEqual(['delete', 'add'])
  actual.carryOut(plan)
  expect(actual.book.size).toBe(1)
})

test('ports of others are not touched', () => {
  const actual = new IdealSwitch('n1')
  actual.put({ name: 'theirs', ofport: 8, ours: false })
  expect(isEmpty(planSwitch([], [{ name: 'theirs', wish: undefined }], actual))).toBe(true)
  expect(isEmpty(planSwitch([], [{ name: 'theirs', wish: { name: 'theirs', mtu: 1400 } }], actual))).toBe(
    true,
  )
})

test('a flow gets other time-outs by being added anew: a modification would leave them as they are', () => {
  const handle = new IdealSwitch('n1')
  const origin: Origin = { kind: 'cache', serial: 7 }
  const flow = (idleTimeout: number | undefined, port: number): Flow => ({
    table: 5,
    priority: 300,
    cookie: cookieOf(origin),
    match: { in_port: 2 },
    actions: [output(port)],
    ...(idleTimeout !== undefined && { idleTimeout }),
  })
  const next = (one: Flow): string => {
    const plan = planSwitch([{ origin, desired: { ...nothing, flows: [one] } }], [], handle)
    handle.carryOut(plan)
    return plan.changes.map(({ type }) => type).join()
  }
  expect(
    [flow(300, 3), flow(2, 3), flow(2, 4), flow(undefined, 4), flow(undefined, 3), flow(2, 3)].map(next),
  ).toEqual(['add', 'add', 'modify', 'add', 'modify', 'add'])
})
