/** Carrier on a wire: what one end loses the other end sees. Real controller, simulated nodes. */
import { afterEach, expect, test } from 'vitest'
import { Simulation } from '../fake/simulation.js'

let sim: Simulation
afterEach(() => sim.stop())

const wire = {
  name: 'blue',
  vni: 7,
  a: { node: 'n1', interface: 'a' },
  b: { node: 'n2', interface: 'b' },
} as const

const settled = async (): Promise<void> => {
  sim = new Simulation({ nodes: ['n1', 'n2'] })
  await sim.addWire(wire)
  await sim.until('blue is up', () => sim.allUp)
}

const carriers = () => ({ a: sim.node('n1').hasCarrier('a'), b: sim.node('n2').hasCarrier('b') })

test('an end that loses its link takes the far end down, and gives it back', async () => {
  await settled()
  sim.node('n1').setCarrier('a', false)
  await sim.until('blue is down', () => sim.state('blue') === 'down')
  await sim.run(1_000)
  expect(carriers()).toEqual({ a: true, b: false })
  sim.node('n1').setCarrier('a', true)
  await sim.until('blue is up again', () => sim.allUp)
  await sim.run(1_000)
  expect(carriers()).toEqual({ a: true, b: true })
})

test('both ends lose their link and get it back, in either order: nothing is held for ever', async () => {
  await settled()
  for (const [first, second] of [
    [sim.node('n1'), sim.node('n2')],
    [sim.node('n2'), sim.node('n1')],
  ] as const) {
    const nameOf = (node: typeof first): string => (node.name === 'n1' ? 'a' : 'b')
    first.setCarrier(nameOf(first), false)
    second.setCarrier(nameOf(second), false)
    await sim.run(2_000)
    first.setCarrier(nameOf(first), true)
    await sim.run(2_000)
    expect(sim.state('blue')).toBe('down')
    second.setCarrier(nameOf(second), true)
    await sim.until('blue is up again', () => sim.allUp)
    await sim.run(2_000)
    expect(carriers()).toEqual({ a: true, b: true })
  }
})

test('a port that was held is released when its wire is deleted', async () => {
  await settled()
  sim.node('n1').setCarrier('a', false)
  await sim.until('b is held', () => !sim.node('n2').hasCarrier('b'))
  const seen: string[] = []
  sim.node('n2').bridge?.datapath.listeners.add({
    portChanged: (reason, { name, config }) => seen.push(`${reason} ${name} ${config.join()}`),
    packetIn: () => {},
  })
  await sim.store.commit({ removeWires: [sim.wire('blue')] })
  await sim.run(2_000)
  expect(seen).toEqual(['modify b ', 'delete b '])
})

test('a node that is away changes nothing at the far end', async () => {
  await settled()
  sim.network.unreachable.add('n1')
  sim.node('n1').drop('both')
  await sim.run(30_000)
  expect(carriers()).toEqual({ a: true, b: true })
  expect(sim.node('n2').flows().length).toBe(3)
})
