/**
 * A whole fabric in memory: the real controller with its real door to the switches, a store in memory, simulated nodes, one
 * virtual clock and one seed. Nothing in it waits for real time, and one seed replays it.
 */
import { type Random, seededRandom } from '#link/random.js'
import { type Logger, silentLogger } from '#model/logger.js'
import type { Wire, WireSpec } from '#model/wire.js'
import { OvsSwitchDoor } from '#switch/switch-door.js'
import { Controller } from '../../src/fabric/controller.js'
import { FakeSwitch } from './fake-switch.js'
import { FakeUnderlay } from './fake-underlay.js'
import { MemoryNetwork } from './memory-network.js'
import { MemoryStore } from './memory-store.js'
import { MemoryWhereabouts } from './memory-whereabouts.js'
import type { FakeHooks } from './switch/hooks.js'
import { VirtualClock } from './virtual-clock.js'

export interface SimulationOptions {
  readonly seed?: number
  readonly nodes: readonly string[]
  readonly datapathTypes?: readonly string[]
  readonly hooks?: (node: string) => FakeHooks
  /** Of the connections to the controller, one way. */
  readonly delayMs?: number
  readonly logger?: Logger
  /** Whether there is a mapping system, for networks. */
  readonly networks?: boolean
  /** Whether nodes have a port for LISP routers. */
  readonly gpe?: boolean
}

const ovsdbPort = 6640
const openflowPort = 6653

export class Simulation {
  readonly clock = new VirtualClock()
  readonly random: Random
  readonly store = new MemoryStore()
  readonly network: MemoryNetwork
  readonly underlay = new FakeUnderlay()
  controller: Controller
  private runs = 0

  constructor(private readonly options: SimulationOptions) {
    this.random = seededRandom(options.seed ?? 1)
    this.network = new MemoryNetwork({ clock: this.clock, delayMs: options.delayMs ?? 1 })
    this.controller = this.startController()
    options.nodes.forEach((name, index) => {
      const node = new FakeSwitch({
        name,
        clock: this.clock,
        random: this.random,
        dial: this.network.dialAs(name),
        rloc: `10.0.${index >> 8}.${(index & 255) + 1}`,
        onFrame: this.underlay.onFrame,
        onTunnel: this.underlay.onTunnel,
        ...(options.datapathTypes !== undefined && { datapathTypes: options.datapathTypes }),
        ...(options.hooks !== undefined && { hooks: options.hooks(name) }),
      })
      this.underlay.join(node)
      node.setManager(`tcp:127.0.0.1:${ovsdbPort}`)
    })
  }

  node(name: string): FakeSwitch {
    return this.underlay.node(name)
  }

  /** Lets `ms` of the fabric's time pass. */
  async run(ms: number): Promise<void> {
    await this.clock.run(ms)
  }

  /** Lets time pass until `done`, at most `msMax` of it. Throws with `what` where that is not enough. */
  async until(what: string, done: () => boolean, msMax = 60_000): Promise<void> {
    for (let spent = 0; !done(); spent += 100) {
      if (spent > msMax) throw new Error(`${what}: not after ${msMax} ms\n${this.describe()}`)
      await this.run(100)
    }
  }

  /** What the controller thinks of nodes and wires that are not as they should be. */
  describe(): string {
    const { inventory } = this.controller.convergence
    const nodes = [...this.underlay.nodes()].map(({ name }) => {
      const { state, reason } = inventory.node(name)
      return state === 'ready' ? '' : `${name}: ${state} (${reason})`
    })
    const wires = [...this.store.wires()].map((wire) => {
      const status = this.controller.convergence.status(wire)
      return status.state === 'up' ? '' : `${wire.name}: ${JSON.stringify(status)}`
    })
    return [...nodes, ...wires].filter((line) => line !== '').join('\n')
  }

  /** Stores a wire and gives the interfaces at both ends to their nodes. */
  async addWire(spec: WireSpec & { readonly vni: number }): Promise<void> {
    for (const end of [spec.a, spec.b]) this.node(end.node).plug(end.interface)
    await this.store.commit({ addWires: [newWire(spec)] })
  }

  wire(name: string): Wire {
    for (const wire of this.store.wires()) if (wire.name === name) return wire
    throw new TypeError(`there is no wire ${name}`)
  }

  state(name: string): 'up' | 'down' | 'pending' {
    return this.controller.convergence.status(this.wire(name)).state
  }

  get allUp(): boolean {
    return [...this.store.wires()].every(({ name }) => this.state(name) === 'up')
  }

  /** The controller's process ends and another one starts: its connections are lost, its memory is gone. */
  async restartController(): Promise<void> {
    await this.controller.stop()
    this.controller = this.startController()
  }

  async stop(): Promise<void> {
    for (const node of this.underlay.nodes()) node.stop()
    await this.controller.stop()
  }

  private startController(): Controller {
    const { clock, random, store, network } = this
    const { logger = silentLogger, gpe = false, networks = false } = this.options
    const whereabouts = new MemoryWhereabouts()
    this.runs += 1
    const controller = new Controller({
      store,
      clock,
      logger,
      boot: `run${this.runs}`,
      eventsKept: 1000,
      underlayMtu: 1500,
      vni: { min: 1, max: 0xff_ffff, quarantineSeconds: 60 },
      ipam: { quarantineSeconds: 60 },
      ...(networks && {
        mapping: {
          trouble: undefined,
          local: whereabouts,
          whereabouts,
          figures: () => {
            throw new Error('nobody asks')
          },
        },
      }),
      openDoor: (fabricId) =>
        new OvsSwitchDoor({
          settings: {
            bridge: 'br-int',
            tunnelPort: 'heddle-vxlan',
            tunnelUdpPort: 4789,
            datapathType: 'system',
            fabricId,
            ...(gpe && { gpe: { port: 'heddle-gpe', udpPort: 4790 } }),
          },
          ovsdb: [{ kind: 'ptcp', port: ovsdbPort }],
          openflow: [{ kind: 'ptcp', port: openflowPort }],
          controllerTarget: `tcp:127.0.0.1:${openflowPort}`,
          credentials: undefined,
          limits: { connectionsMax: 10_000, strangersMax: 1_000, queueBytesMax: 64 * 1024 * 1024 },
          clock,
          random,
          logger,
          listen: network.listen,
        }),
    })
    controller.start()
    controller.load()
    return controller
  }
}

export const newWire = (spec: WireSpec & { readonly vni: number }): Omit<Wire, 'serial'> => {
  const { name, a, b, vni, mtu, rateMbps } = spec
  return {
    name,
    a,
    b,
    vni,
    ...(mtu !== undefined && { mtu }),
    ...(rateMbps !== undefined && { rateMbps }),
    provenance: { requestId: `r-${name}`, by: 'test', at: 0 },
  }
}
