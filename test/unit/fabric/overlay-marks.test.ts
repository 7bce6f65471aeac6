/** What a change of an endpoint touches: as much with many endpoints there as with few. */
import { expect, it, vi } from 'vitest'
import { originAt } from '#compile/cookie.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Network } from '#model/network.js'
import { Fleet } from '../../../src/fabric/fleet.js'
import { farewellMs } from '../../../src/fabric/overlay/moves.js'
import { OverlayRuntime } from '../../../src/fabric/overlay/overlay-runtime.js'
import { OverlayIntent } from '../../../src/fabric/overlay-intent.js'
import { Receipts } from '../../../src/fabric/receipts.js'
import { IdealSwitch } from '../../fake/ideal-switch.js'
import { MemoryWhereabouts } from '../../fake/memory-whereabouts.js'
import { endpointOf, ipOf, networkOf } from '../../fake/overlay-objects.js'
import { VirtualClock } from '../../fake/virtual-clock.js'

class World {
  readonly clock = new VirtualClock()
  readonly intent = new OverlayIntent()
  readonly events: string[] = []
  readonly whereabouts = new MemoryWhereabouts()
  readonly switches = new Map<string, IdealSwitch>()
  readonly fleet: Fleet
  readonly runtime: OverlayRuntime

  constructor(nodes: readonly string[]) {
    const { clock, intent, whereabouts } = this
    this.fleet = new Fleet({
      clock,
      underlayMtu: 1500,
      events: {
        nodeChanged: (node) => this.runtime?.nodeChanged(node),
        planned: () => {},
        drift: () => {},
        packetIn: (node, packet) => this.runtime.packetIn(node, packet),
        expired: (...flow) => this.runtime.expired(...flow),
      },
    })
    const receipts = new Receipts()
    this.runtime = new OverlayRuntime({
      clock,
      fleet: this.fleet,
      intent,
      whereabouts,
      local: whereabouts,
      receipts: () => receipts,
      tell: ({ type, object }) => this.events.push(`${type} ${object}`),
    })
    this.runtime.load()
    this.fleet.begin()
    nodes.forEach((name, index) => {
      const facts = { peer: 'test', connectedAt: 0, rloc: `10.0.0.${index + 1}`, tunnelOfport: 1 }
      const handle = new IdealSwitch(name, facts)
      this.switches.set(name, handle)
      this.fleet.attach(handle)
      handle.events?.changed()
    })
  }

  store(network: Network): void {
    this.change({ networks: [{ new: network }], endpoints: [] })
  }

  async put(endpoint: Endpoint): Promise<void> {
    const old = this.intent.endpointWithSerial(endpoint.serial)
    this.change({ networks: [], endpoints: [{ ...(old && { old }), new: endpoint }] })
    await this.clock.run(0)
    await this.clock.run(0)
  }

  private change(change: Parameters<OverlayIntent['apply']>[0]): void {
    this.intent.apply(change)
    this.runtime.stored(change)
  }
}

const network = networkOf(1, ['10.9.0.0/16'])
const member = (serial: number, node: string): Endpoint =>
  endpointOf(serial, network, node, [`10.9.${serial >> 8}.${serial & 255}`])

/** Marks of kinds, endpoints looked at and flows sent because of one more endpoint at a node that has `count` of them. */
const costOf = async (count: number) => {
  const world = new World(['n1', 'n2'])
  world.store(network)
  for (let serial = 2; serial < count + 2; serial++)
    await world.put(member(serial, serial % 2 === 0 ? 'n1' : 'n2'))
  const mark = vi.spyOn(world.fleet, 'mark')
  const confirmed = vi.spyOn(world.fleet, 'confirmed')
  const before = world.switches.get('n1')?.plans.length ?? 0
  await world.put(member(5_000, 'n1'))
  const plans = world.switches.get('n1')?.plans.slice(before) ?? []
  return {
    marks: mark.mock.calls.map(([node, slot]) => `${node} ${originAt(slot).kind}`),
    asked: confirmed.mock.calls.length,
    changes: plans.map(({ changes }) => changes.length),
    up: world.events.includes('endpoint-up endpoint e5000'),
  }
}

it('one endpoint more costs as much with four hundred there as with four', async () => {
  const few = await costOf(4)
  expect(few.up).toBe(true)
  expect(await costOf(400)).toEqual(few)
  expect(new Set(few.marks)).toEqual(new Set(['n1 endpoint']))
})

it('a node that goes and comes touches what it has, and nothing of the others', async () => {
  const world = new World(['n1', 'n2'])
  world.store(network)
  for (let serial = 2; serial < 50; serial++) await world.put(member(serial, serial % 2 === 0 ? 'n1' : 'n2'))
  const mark = vi.spyOn(world.fleet, 'mark')
  world.switches.get('n2')?.close('gone')
  await world.clock.run(0)
  expect(mark.mock.calls.filter(([node]) => node === 'n1')).toEqual([])
  expect(world.runtime.side.statusOf(member(3, 'n2'))).toMatchObject({ state: 'pending' })
  expect(world.events).toContain('endpoint-pending endpoint e3')
})

it('an endpoint stays where it was until its new node is ready, is sent on from there, and its port goes last', async () => {
  const world = new World(['n1', 'n2'])
  world.store(network)
  for (const one of [member(2, 'n1'), member(3, 'n1'), member(4, 'n2')]) await world.put(one)
  const late = world.switches.get('n2') ?? expect.fail('n2')
  let letGo = (_: { state: 'done' }): void => {}
  late.outcomes.push(
    new Promise((resolve) => {
      letGo = resolve
    }),
  )
  const moving = world.put(member(2, 'n2'))
  await moving
  expect(world.whereabouts.lookup(network.vni, ipOf('10.9.0.2')).node).toBe('n1')
  expect(world.switches.get('n1')?.port('if2')).toBeDefined()
  letGo({ state: 'done' })
  await world.clock.run(1)
  await world.clock.run(1)
  expect(world.whereabouts.lookup(network.vni, ipOf('10.9.0.2')).node).toBe('n2')
  expect(world.switches.get('n1')?.port('if2')).toBeDefined()
  await world.clock.run(farewellMs)
  // Its port may stay for a moment: a switch's fast path follows its flows a little later.
  await world.clock.run(2_000)
  expect(world.switches.get('n1')?.port('if2')).toBeUndefined()
  const cached = await world.runtime.side.mapCache('n1')
  expect(cached.filter(({ why }) => why === 'moved')).toHaveLength(1)
})

it('an endpoint whose new node never gets ready is there all the same, after a while', async () => {
  const world = new World(['n1'])
  world.store(network)
  await world.put(member(2, 'n1'))
  await world.put(member(2, 'n9'))
  expect(world.whereabouts.lookup(network.vni, ipOf('10.9.0.2')).node).toBe('n1')
  await world.clock.run(10_000)
  expect(world.whereabouts.lookup(network.vni, ipOf('10.9.0.2')).node).toBeUndefined()
  expect([...(world.switches.get('n1')?.book.slots() ?? [])].map((slot) => originAt(slot).kind)).toEqual([
    'node',
  ])
  await world.clock.run(farewellMs)
  await world.clock.run(2_000)
  expect(world.clock.pending).toBe(0)
})
