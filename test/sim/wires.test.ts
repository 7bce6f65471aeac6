/** The real controller against simulated nodes: wires come up, carry frames, go away. */
import { expect, test } from 'vitest'
import { Simulation } from '../fake/simulation.js'

const frame = new Uint8Array([...Buffer.from('ffffffffffff0200000000010800', 'hex'), ...new Uint8Array(50)])

test('a wire between two nodes comes up and carries frames both ways', async () => {
  const sim = new Simulation({ nodes: ['n1', 'n2'] })
  await sim.addWire({
    name: 'blue',
    vni: 100,
    a: { node: 'n1', interface: 'eth1' },
    b: { node: 'n2', interface: 'eth2' },
  })
  await sim.until('blue is up', () => sim.allUp)
  expect(sim.underlay.send('n1', 'eth1', frame)).toEqual([{ node: 'n2', interface: 'eth2', bytes: frame }])
  expect(sim.underlay.send('n2', 'eth2', frame)).toEqual([{ node: 'n1', interface: 'eth1', bytes: frame }])
  await sim.stop()
})
