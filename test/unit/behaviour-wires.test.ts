/** What wires do to frames: everything arrives at the far end as it was sent, and nowhere else. Real controller, simulated nodes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { frames, inEthernet, udp } from '../fake/frames.js'
import { Simulation } from '../fake/simulation.js'
import { overlap } from '../fake/switch/flow-tables.js'

const end = (node: string, name: string) => ({ node, interface: name })
const sim = new Simulation({ nodes: ['n1', 'n2', 'n3'] })

/** Where the other end of each interface is. */
const wires = [
  { name: 'across', vni: 100, a: end('n1', 'x1'), b: end('n2', 'x2') },
  { name: 'beside', vni: 101, a: end('n1', 'y1'), b: end('n2', 'y2') },
  { name: 'inside', vni: 102, a: end('n3', 'z1'), b: end('n3', 'z2') },
  { name: 'limited', vni: 103, a: end('n1', 'l1'), b: end('n3', 'l2'), rateMbps: 10 },
] as const

beforeAll(async () => {
  for (const wire of wires) await sim.addWire(wire)
  await sim.until('all wires are up', () => sim.allUp)
})

afterAll(() => sim.stop())

const both = wires.flatMap(
  ({ name, a, b }) =>
    [
      [name, a, b],
      [`${name}, back`, b, a],
    ] as const,
)

describe.each(both)('%s', (_name, from, to) => {
  test.each(Object.entries(frames))('%s arrives unchanged and nowhere else', (_what, frame) => {
    expect(sim.underlay.send(from.node, from.interface, frame)).toEqual([{ ...to, bytes: frame }])
  })
})

const frame = inEthernet(udp(1, 2, 'stranger'))

test('a packet with a known VNI from a known peer is delivered', () => {
  const packet = { from: '10.0.0.2', to: '10.0.0.1', vni: 100, bytes: frame }
  expect(sim.underlay.sendEncapsulated(packet)).toEqual([{ ...end('n1', 'x1'), bytes: frame }])
})

test.each([
  ['a stranger who guesses a VNI', { from: '203.0.113.9', vni: 100 }],
  ['another node of the fabric, which the wire does not end at', { from: '10.0.0.3', vni: 100 }],
  ['a known peer with a VNI that is not in use', { from: '10.0.0.2', vni: 999 }],
  ['a known peer with a VNI that is used elsewhere', { from: '10.0.0.2', vni: 102 }],
  ['a stranger over IPv6', { from: '2001:db8::1', vni: 100 }],
])('%s gets nowhere', (_who, packet) => {
  expect(sim.underlay.sendEncapsulated({ ...packet, to: '10.0.0.1', bytes: frame })).toEqual([])
})

test('an interface that no wire claims sends into nothing', async () => {
  sim.node('n1').plug('loose')
  expect(sim.underlay.send('n1', 'loose', frame)).toEqual([])
})

test('the flow that counts what belongs to nothing has counted the strangers', () => {
  const drop = [...(sim.node('n1').bridge?.datapath.flows.all() ?? [])].find(
    ({ flow }) => flow.priority === 0,
  )
  expect(drop?.flow.actions).toEqual([])
  expect(drop?.packets).toBe(5)
})

test('a wire with a rate limit passes a meter of that rate on its way in, at both ends', () => {
  for (const { node, interface: name } of [wires[3].a, wires[3].b]) {
    const datapath = sim.node(node).bridge?.datapath
    const ofport = sim.node(node).port(name)?.ofport ?? 0
    expect(datapath?.receive(ofport, frame)?.meters).toEqual([ofport])
    expect(datapath?.meters.get(ofport)?.bands).toEqual([{ type: 'drop', rate: 10_000, burstSize: 1_000 }])
    expect(datapath?.meters.size).toBe(1)
  }
})

test('no two flows of one priority take the same packet', () => {
  for (const node of ['n1', 'n2', 'n3']) {
    const flows = sim.node(node).flows()
    for (const [index, a] of flows.entries()) {
      for (const b of flows.slice(index + 1)) {
        const clash = a.table === b.table && a.priority === b.priority && overlap(a.match, b.match)
        expect(clash, `${node}: ${JSON.stringify([a, b], (_, value) => String(value))}`).toBe(false)
      }
    }
  }
})

test('a wire takes two flows at each end and no device of its own', () => {
  // Two wires across and a limited one end at n1, and one flow counts strangers.
  expect(sim.node('n1').flows().length).toBe(3 * 2 + 1)
  expect([...(sim.node('n1').bridge?.datapath.allPorts() ?? [])].map(({ name }) => name).sort()).toEqual(
    ['br-int', 'heddle-vxlan', 'l1', 'x1', 'y1'].sort(),
  )
})
