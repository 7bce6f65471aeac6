/** Compiling and reconciling bit by bit comes to what compiling everything comes to, in any order of what happens. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileNode } from '#compile/node.js'
import { compileWire } from '#compile/wire.js'
import type { Wire } from '#model/wire.js'
import { flowBody, flowKey } from '#reconcile/flow-book.js'
import { Convergence } from '../../src/fabric/convergence.js'
import { Fleet } from '../../src/fabric/fleet.js'
import { IdealSwitch } from '../fake/ideal-switch.js'
import { newWire } from '../fake/simulation.js'
import { VirtualClock } from '../fake/virtual-clock.js'

const nodes = ['n1', 'n2', 'n3']
const interfaces = ['a', 'b', 'c', 'd']

const happening = fc.oneof(
  fc.record({
    type: fc.constant('put' as const),
    serial: fc.integer({ min: 1, max: 5 }),
    ends: fc.tuple(fc.nat(11), fc.nat(11)),
    rateMbps: fc.constantFrom(undefined, 10, 20),
  }),
  fc.record({ type: fc.constant('remove' as const), serial: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    type: fc.constant('port' as const),
    node: fc.constantFrom(...nodes),
    name: fc.constantFrom(...interfaces),
    ofport: fc.constantFrom(undefined, 2, 3, 4, 5, 6),
    linkDown: fc.boolean(),
  }),
  fc.record({ type: fc.constant('connect' as const), node: fc.constantFrom(...nodes) }),
  fc.record({ type: fc.constant('disconnect' as const), node: fc.constantFrom(...nodes) }),
  fc.record({
    type: fc.constant('rloc' as const),
    node: fc.constantFrom(...nodes),
    last: fc.integer({ min: 1, max: 9 }),
  }),
)

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never

const endOf = (index: number) => ({
  node: nodes[Math.floor(index / 4)] ?? 'n1',
  interface: interfaces[index % 4] ?? 'a',
})

/** Convergence with switches that do what they are told. */
class World {
  readonly clock = new VirtualClock()
  readonly wires = new Map<number, Wire>()
  readonly switches = new Map<string, IdealSwitch>()
  readonly fleet = new Fleet({
    clock: this.clock,
    underlayMtu: 1500,
    events: {
      nodeChanged: () => {},
      planned: () => {},
      drift: () => {},
      packetIn: () => {},
      expired: () => {},
    },
  })
  readonly convergence = new Convergence({
    clock: this.clock,
    fleet: this.fleet,
    events: { wireState: () => {} },
  })

  constructor() {
    this.fleet.begin()
  }

  happen(what: Happening): void {
    switch (what.type) {
      case 'put':
        this.put(what.serial, what.ends, what.rateMbps)
        break
      case 'remove':
        this.store(this.wires.get(what.serial), undefined)
        break
      case 'port':
        this.port(what)
        break
      case 'connect':
        this.connect(what.node)
        break
      case 'disconnect':
        this.switches.get(what.node)?.close('test')
        this.switches.delete(what.node)
        break
      case 'rloc':
        this.fleet.nodeStored(what.node, {
          name: what.node,
          spec: { rloc: `10.0.0.${what.last}` },
          joinedAt: 0,
        })
    }
  }

  private put(serial: number, [first, second]: readonly [number, number], rateMbps?: number): void {
    const [a, b] = [endOf(first), endOf(second)]
    const others = [...this.wires.values()].filter((wire) => wire.serial !== serial)
    const taken = others.flatMap((wire) => [wire.a, wire.b])
    const clash = [a, b].some((end) =>
      taken.some((other) => other.node === end.node && other.interface === end.interface),
    )
    if (first === second || clash) return
    const spec = { name: `w${serial}`, vni: 100 + serial, a, b, ...(rateMbps !== undefined && { rateMbps }) }
    this.store(this.wires.get(serial), { ...newWire(spec), serial })
  }

  private store(old: Wire | undefined, wire: Wire | undefined): void {
    if (old === undefined && wire === undefined) return
    if (wire !== undefined) this.wires.set(wire.serial, wire)
    else if (old !== undefined) this.wires.delete(old.serial)
    this.convergence.wiresChanged([
      { ...(old !== undefined && { old }), ...(wire !== undefined && { new: wire }) },
    ])
  }

  private port({ node, name, ofport, linkDown }: Extract<Happening, { type: 'port' }>): void {
    const one = this.switches.get(node)
    const taken = [...(one?.ports() ?? [])].some((port) => port.ofport === ofport && port.name !== name)
    if (one === undefined || taken) return
    const number = ofport === undefined ? { error: 'No such device' } : { ofport, linkDown, held: false }
    one.put({ name, ours: true, ...number })
    one.events?.ports([name])
  }

  private connect(node: string): void {
    if (this.switches.has(node)) return
    const index = nodes.indexOf(node)
    const rloc = `10.0.0.${20 + index}`
    const one = new IdealSwitch(node, { peer: 'test', connectedAt: 0, rloc, tunnelOfport: 10 + index })
    one.ready = false
    this.switches.set(node, one)
    this.fleet.attach(one)
    one.ready = true
    one.events?.changed()
  }
}

/** What a full compile wants of a node, in one line a flow. */
const wantedOf = ({ wires, convergence }: World, node: string, order: (wires: Wire[]) => Wire[]) => {
  const desired = order([...wires.values()]).map((wire) => compileWire(wire, convergence.inventory, node))
  return {
    flows: [...compileNode().flows, ...desired.flatMap(({ flows }) => flows)]
      .map((flow) => `${flow.cookie} ${flowKey(flow)} ${flowBody(flow)}`)
      .sort(),
    meters: desired.flatMap(({ meters }) => meters).sort((a, b) => a.meterId - b.meterId),
  }
}

const keys = (one: IdealSwitch): string[] => {
  const found: string[] = []
  for (const slot of one.book.slots()) {
    for (const key of one.book.keysOf(slot)) {
      const held = one.book.get(key)
      found.push(`${held?.cookie} ${key} ${held?.body}`)
    }
  }
  return found.sort()
}

test('whatever happens, in whatever order, each switch comes to hold what a full compile says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(happening, fc.boolean()), { maxLength: 40 }), async (story) => {
      const world = new World()
      for (const node of nodes) world.happen({ type: 'connect', node })
      for (const [what, pause] of story) {
        world.happen(what)
        if (pause) await world.clock.run(0)
      }
      await world.clock.run(10_000)
      for (const [node, one] of world.switches) {
        const wanted = wantedOf(world, node, (wires) => wires)
        expect(keys(one)).toEqual(wanted.flows)
        expect([...one.meters.values()].sort((a, b) => a.meterId - b.meterId)).toEqual(wanted.meters)
        expect(wantedOf(world, node, (wires) => wires.reverse())).toEqual(wanted)
      }
    }),
    { numRuns: 150 },
  )
})
