/**
 * The real controller with networks against simulated nodes: endpoints come, move and go, nodes start again, connections are lost, the
 * controller is killed. When it is quiet again every packet comes out where its receiver is and nowhere else, and every switch holds what
 * a full compile says. One seed replays a run.
 */
import { expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { OverlaySimulation } from '../fake/overlay-simulation.js'

const nodes = ['n0', 'n1', 'n2']

test('the first packet to an endpoint of another node comes out there, and its entry leaves when idle', async () => {
  const world = new OverlaySimulation({ nodes })
  await world.sim.run(2_000)
  await world.addNetwork('blue', '10.9.0.0/24', { idleTimeoutSeconds: 5 })
  await world.put('a', 'blue', 'n0')
  await world.put('b', 'blue', 'n1')
  await world.sim.until('a and b are up', () => world.allUp)
  const [b] = world.endpoint('b').addresses
  expect(b && (await world.send('a', b))).toEqual(['n1 b-e0'])
  expect(world.cached('n0')).toHaveLength(1)
  await world.sim.run(10_000)
  expect(world.cached('n0')).toEqual([])
  await world.sim.stop()
})

test('an endpoint moves: whoever sends to it is repointed, its old node sends on, and then has nothing of it', async () => {
  const world = new OverlaySimulation({ nodes })
  await world.sim.run(2_000)
  await world.addNetwork('blue', '10.9.0.0/24')
  await world.put('a', 'blue', 'n0')
  await world.put('b', 'blue', 'n1')
  await world.sim.until('both are up', () => world.allUp)
  const [b] = world.endpoint('b').addresses
  if (b === undefined) return expect.fail('b has no address')
  await world.send('a', b)
  await world.put('b', 'blue', 'n2')
  expect(await world.send('a', b)).toHaveLength(1)
  await world.sim.until('b is up again', () => world.allUp)
  expect(await world.send('a', b)).toEqual(['n2 b-e0'])
  expect(world.cached('n1').length).toBeGreaterThan(0)
  await world.sim.run(20_000)
  expect([world.cached('n1'), world.held('n1')]).toEqual([[], world.wanted('n1')])
  await world.sim.stop()
})

class Storm {
  readonly world: OverlaySimulation
  private readonly random
  private next = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
    this.world = new OverlaySimulation({ nodes, seed })
  }

  async begin(): Promise<void> {
    const { world } = this
    await world.sim.run(2_000)
    await world.addNetwork('blue', '10.9.0.0/24', { idleTimeoutSeconds: 4 })
    await world.addNetwork('green', '10.9.0.0/24', { resolution: 'proactive' })
    await world.addNetwork('loud', '10.8.0.0/24', { broadcast: true })
    for (const network of ['blue', 'green', 'loud'])
      for (const node of nodes) await this.create(network, node)
  }

  async strike(): Promise<void> {
    const { world } = this
    const { sim } = world
    const ids = [...world.overlay.endpoints()].map(({ id }) => id)
    const [id, node] = [this.pick(ids), this.pick(nodes)]
    const [one] = world.endpoint(this.pick(ids)).addresses
    await this.pick<() => Promise<unknown> | unknown>([
      () => this.create(this.pick(['blue', 'green', 'loud']), node),
      () => (ids.length > 6 ? world.remove(id) : undefined),
      () => world.put(id, world.endpoint(id).network, node),
      () => world.put(id, world.endpoint(id).network, node),
      () => one && world.send(id, one),
      () => one && world.send(id, one),
      () => sim.network.cut(node),
      () => sim.node(node).drop(this.pick(['database', 'openflow', 'both'] as const)),
      () => sim.node(node).restart({ renumbered: this.random() < 0.5 }),
      () => sim.node(node).byHand('delete'),
      () => sim.restartController(),
    ])()
  }

  pick<T>(from: readonly T[]): T {
    const found = from[Math.floor(this.random() * from.length)]
    if (found === undefined) throw new TypeError('there is nothing to pick from')
    return found
  }

  private async create(network: string, node: string): Promise<void> {
    await this.world.put(`e${++this.next}`, network, node)
  }
}

test.each([1, 2, 3, 4])('storm %i ends in what a full compile says', async (seed) => {
  const storm = new Storm(seed)
  const { world } = storm
  await storm.begin()
  for (let count = 0; count < 40; count++) {
    await storm.strike()
    await world.sim.run(storm.pick([0, 1, 20, 500, 4_000]))
  }
  await world.sim.run(90_000)
  await world.sim.until('all endpoints are up', () => world.allUp, 120_000)
  for (const node of nodes) expect(world.held(node)).toEqual(world.wanted(node))
  const endpoints = [...world.overlay.endpoints()]
  for (const from of endpoints)
    for (const to of endpoints) {
      const [address] = to.addresses
      if (address === undefined || to.id === from.id || to.network !== from.network) continue
      expect([from.id, to.id, await world.send(from.id, address)]).toEqual([
        from.id,
        to.id,
        [world.placeOf(to.id)],
      ])
    }
  await world.sim.stop()
})
