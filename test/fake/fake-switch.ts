/**
 * A simulated node: a database that speaks RFC 7047 and bridges that speak OpenFlow 1.5, real bytes over whatever transport
 * `dial` gives: in memory under a virtual clock, or sockets for a bench of hundreds. `fake-underlay.ts` joins many of them.
 */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import type { FieldName } from '#openflow/fields.js'
import type { Flow } from '#openflow/flow.js'
import { type FlowMod, flowModOf } from '#openflow/messages/flows.js'
import type { Trace, TracedOutput } from '#trace/switch.js'
import type { FakeBridge } from './switch/bridge.js'
import { SwitchDatabase } from './switch/database.js'
import { serveDatabase } from './switch/database-server.js'
import { type FakePort, isUp } from './switch/datapath.js'
import { type Device, macOf } from './switch/devices.js'
import type { FakeHooks } from './switch/hooks.js'
import { type Conversation, type DialTo, Reconnecting } from './switch/reconnecting.js'
import type { StoredRow } from './switch/values.js'
import { Vswitchd } from './switch/vswitchd.js'

/** A frame that leaves towards a container. */
export interface Frame {
  readonly node: string
  readonly interface: string
  readonly bytes: Uint8Array
}

export interface FakeSwitchOptions {
  /** external_ids:system-id */
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly dial: DialTo
  /** external_ids:heddle-rloc */
  readonly rloc?: string
  /** Datapath types that bridges can be made of; both when absent. */
  readonly datapathTypes?: readonly string[]
  /** How long `ovs-vswitchd` takes to carry out a transaction, in milliseconds. */
  readonly reactionMs?: number
  readonly hooks?: FakeHooks
  readonly onFrame?: (frame: Frame) => void
  /** A packet leaves through a tunnel port. */
  readonly onTunnel?: (output: TracedOutput, node: FakeSwitch) => void
  /** A packet leaves through the port for LISP routers. */
  readonly onGpe?: (output: TracedOutput, node: FakeSwitch) => void
}

const integration = 'br-int'

export class FakeSwitch {
  readonly name: string
  readonly rloc: string | undefined
  readonly database: SwitchDatabase
  /** FLOW_MODs received since the start, those of bundles when they were committed. */
  flowMods = 0
  private readonly devices = new Map<string, Device>()
  private lastIfindex = 0
  private vswitchd: Vswitchd
  private manager: Reconnecting | undefined

  constructor(private readonly options: FakeSwitchOptions) {
    const { name, rloc, random } = options
    this.name = name
    this.rloc = rloc
    this.database = new SwitchDatabase(() => uuidFrom(random))
    this.database.transact([
      {
        op: 'insert',
        table: 'Open_vSwitch',
        row: {
          ovs_version: '3.1.0',
          db_version: '8.3.1',
          datapath_types: ['set', ['netdev', 'system']],
          iface_types: ['set', ['internal', 'patch', 'system', 'tap', 'vxlan']],
          external_ids: [
            'map',
            [['system-id', name], ...(rloc === undefined ? [] : [['heddle-rloc', rloc]])],
          ],
        },
      },
    ])
    this.vswitchd = this.startVswitchd()
  }

  /** `ovs-vsctl set-manager`: dials a controller, again and again. */
  setManager(target: string): void {
    this.manager?.stop()
    const { dial, clock, random, hooks } = this.options
    this.manager = new Reconnecting({
      target,
      dial,
      clock,
      random,
      open: (transport, lost) => this.serve(transport, lost, hooks),
    })
  }

  /** Serves the database to whoever dialled us. */
  serve(transport: Transport, lost: () => void = () => {}, hooks: FakeHooks = {}): Conversation {
    const session = serveDatabase(transport, this.database, lost, hooks)
    return {
      end: () => session.close(),
      probe: () => void session.request('echo', []).catch(() => {}),
    }
  }

  get bridge(): FakeBridge | undefined {
    return this.vswitchd.bridgeNamed(integration)
  }

  /** All flows of the integration bridge. */
  flows(): Flow[] {
    return [...(this.bridge?.datapath.flows.all() ?? [])].map(({ flow }) => flow)
  }

  /** Devices appear. */
  plug(...names: readonly string[]): void {
    for (const name of names)
      this.devices.set(name, {
        name,
        mac: macOf(this.name, name),
        ifindex: ++this.lastIfindex,
        mtu: 1500,
        carrier: true,
      })
    this.vswitchd.plugged(names)
  }

  unplug(name: string): void {
    this.devices.delete(name)
    this.vswitchd.unplugged(name)
  }

  device(name: string): Device | undefined {
    return this.devices.get(name)
  }

  /** The container takes its end up or down. */
  setCarrier(name: string, carrier: boolean): void {
    const device = this.devices.get(name)
    if (device !== undefined) device.carrier = carrier
    const found = this.vswitchd.portOf(name)
    found?.bridge.datapath.setCarrier(found.port.ofport, carrier)
  }

  /** Whether the container sees carrier at its end: as long as the port is not turned down. */
  hasCarrier(name: string): boolean {
    return this.vswitchd.portOf(name)?.port.config.includes('port_down') !== true
  }

  port(name: string): FakePort | undefined {
    return this.vswitchd.portOf(name)?.port
  }

  /** A frame that a container sends; undefined where the port does not take it. */
  inject(name: string, bytes: Uint8Array): Trace | undefined {
    const found = this.vswitchd.portOf(name)
    return found?.bridge.datapath.receive(found.port.ofport, bytes)
  }

  /** A packet that comes through the tunnel. */
  fromTunnel(bytes: Uint8Array, values: ReadonlyMap<FieldName, number | bigint>): Trace | undefined {
    const port = this.tunnelPort
    return port === undefined ? undefined : this.bridge?.datapath.receive(port.ofport, bytes, values)
  }

  /** Somebody with `ovs-ofctl`. */
  byHand(command: FlowMod['command'], flow: Partial<Flow> = {}, cookieMask = 0n): void {
    const { bridge } = this
    const all: Flow = { table: 0xff, priority: 0, match: {}, cookie: 0n, actions: [], ...flow }
    const applied = bridge?.datapath.flowMod(flowModOf(command, all, { cookieMask }))
    if (typeof applied === 'object') bridge?.tell(applied.changes)
  }

  /** The connections are lost as a network loses them. */
  drop(which: 'database' | 'openflow' | 'both'): void {
    if (which !== 'openflow') this.manager?.drop()
    if (which !== 'database') this.bridge?.drop()
  }

  /** `ovs-vswitchd` starts again: without flows, and with other port numbers where it is told so. */
  restart({ renumbered = false } = {}): void {
    this.vswitchd.stop()
    if (renumbered) this.shufflePorts()
    this.vswitchd = this.startVswitchd()
  }

  stop(): void {
    this.manager?.stop()
    this.vswitchd.stop()
  }

  /** The port for LISP routers has packets without Ethernet header. */
  private isGpe({ options }: StoredRow): boolean {
    return options instanceof Map && options.get('exts') === 'gpe'
  }

  private get tunnelPort(): FakePort | undefined {
    for (const row of this.database.rows('Interface').values())
      if (row.type === 'vxlan' && !this.isGpe(row)) return this.port(String(row.name))
    return undefined
  }

  private startVswitchd(): Vswitchd {
    const {
      clock,
      random,
      dial,
      reactionMs = 5,
      hooks = {},
      datapathTypes = ['system', 'netdev'],
    } = this.options
    return new Vswitchd({
      node: this.name,
      database: this.database,
      devices: this.devices,
      datapathTypes,
      clock,
      random,
      dial,
      reactionMs,
      hooks,
      onOutput: (_bridge, port, output) => this.leaves(port, output),
      onFlowMods: (count) => {
        this.flowMods += count
      },
    })
  }

  /** Ports are opened in the order of their set, so another order gives other numbers. */
  private shufflePorts(): void {
    const row = this.database.named('Bridge', integration)
    const ports = row?.ports
    if (!(ports instanceof Set)) return
    const reversed = [...ports].reverse()
    ports.clear()
    for (const port of reversed) ports.add(port)
  }

  private leaves(port: FakePort, output: TracedOutput): void {
    const row = this.database.named('Interface', port.name)
    if (row?.type === 'vxlan') {
      const leaves = this.isGpe(row) ? this.options.onGpe : this.options.onTunnel
      leaves?.(output, this)
    } else if (isUp(port) && !port.dead) {
      const { bytes } = output.state.packet
      this.options.onFrame?.({
        node: this.name,
        interface: port.name,
        bytes: output.truncatedTo === undefined ? bytes : bytes.slice(0, output.truncatedTo),
      })
    }
  }
}

/** Joined, not cut out of longer strings: there are hundreds of thousands of them. */
const uuidFrom = (random: Random): string => {
  const digits = (count: number): string =>
    Math.floor(random() * 16 ** count)
      .toString(16)
      .padStart(count, '0')
  return [digits(8), digits(4), `4${digits(3)}`, `a${digits(3)}`, `${digits(6)}${digits(6)}`].join('-')
}
