/**
 * What `ovs-vswitchd` does with a database: bridges and their ports made and taken away, numbers and errors written back,
 * `cur_cfg` raised, controllers dialled. Each change costs what it touches.
 */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { TracedOutput } from '#trace/switch.js'
import { FakeBridge } from './bridge.js'
import type { RowChange } from './changes.js'
import type { Committed, SwitchDatabase } from './database.js'
import type { FakePort } from './datapath.js'
import { type Device, macOf } from './devices.js'
import type { ServedChannel } from './openflow-server.js'
import type { DialTo } from './reconnecting.js'
import type { Atom, StoredRow, Value } from './values.js'

export interface VswitchdOptions {
  readonly node: string
  readonly database: SwitchDatabase
  readonly devices: ReadonlyMap<string, Device>
  /** Datapath types that bridges can be made of. */
  readonly datapathTypes: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly dial: DialTo
  readonly reactionMs: number
  readonly hooks: ServedChannel
  readonly onOutput: (bridge: FakeBridge, port: FakePort, output: TracedOutput) => void
  readonly onFlowMods: (count: number) => void
}

type SetColumn = (table: string, row: StoredRow, column: string, value: Value) => void

const local = 0xffff_fffe

const textOf = (value: Value): string => (typeof value === 'string' ? value : '')
const mapOf = (value: Value): ReadonlyMap<Atom, Atom> => (value instanceof Map ? value : new Map())
const setOf = (value: Value): ReadonlySet<Atom> => (value instanceof Set ? value : new Set())
const numberOf = (value: Value): number | undefined => (typeof value === 'number' ? value : undefined)

export class Vswitchd {
  readonly bridges = new Map<string, FakeBridge>()
  /** Interfaces whose device is not there, by name. */
  private readonly missing = new Map<string, { readonly bridge: string; readonly port: string }>()
  private pending: RowChange[] = []
  private cancel: (() => void) | undefined
  private readonly unfollow: () => void

  constructor(private readonly options: VswitchdOptions) {
    this.unfollow = options.database.onCommit((committed) => this.committed(committed))
    options.database.write((set) => {
      for (const uuid of setOf(this.root?.bridges)) this.makeBridge(String(uuid), set)
      this.confirm(set)
    })
  }

  /** The daemon ends: its bridges with their flows are gone, their rows stay. */
  stop(): void {
    this.unfollow()
    this.cancel?.()
    for (const bridge of this.bridges.values()) bridge.destroy()
    this.bridges.clear()
  }

  bridgeNamed(name: string): FakeBridge | undefined {
    for (const bridge of this.bridges.values()) if (bridge.options.name === name) return bridge
    return undefined
  }

  /** Where a device is a port. */
  portOf(name: string): { readonly bridge: FakeBridge; readonly port: FakePort } | undefined {
    const row = this.options.database.named('Port', name)
    for (const bridge of row === undefined ? [] : this.bridges.values()) {
      const port = bridge.ports.get(row?._uuid ?? '')
      if (port !== undefined) return { bridge, port }
    }
    return undefined
  }

  /** Devices have come: interfaces that waited for them become ports. */
  plugged(names: readonly string[]): void {
    const { database, clock, reactionMs } = this.options
    const waiting = names.flatMap((name) => this.missing.get(name) ?? [])
    const dead = names.filter((name) => this.portOf(name)?.port.dead === true)
    if (waiting.length + dead.length === 0) return
    clock.schedule(reactionMs, () =>
      database.write((set) => {
        for (const { bridge, port } of waiting) this.openPort(bridge, port, set)
        for (const name of dead) this.setIfindex(name, this.options.devices.get(name)?.ifindex ?? 0, set)
      }),
    )
  }

  /**
   * A device is gone. The kernel's datapath closes the port; the one in user space keeps it, deaf, whatever device of that
   * name comes later.
   */
  unplugged(name: string): void {
    const { database } = this.options
    const found = this.portOf(name)
    const row = database.named('Port', name)
    const bridge = [...this.bridges].find(([, one]) => one === found?.bridge)?.[0]
    if (found === undefined || row === undefined || bridge === undefined) return
    database.write((set) => {
      if (database.get('Bridge', bridge)?.datapath_type === 'netdev') {
        found.port.dead = true
        this.setIfindex(name, 0, set)
      } else {
        this.closePort(bridge, row._uuid)
        this.openPort(bridge, row._uuid, set)
      }
    })
  }

  private setIfindex(name: string, ifindex: number, set: SetColumn): void {
    const row = this.options.database.named('Interface', name)
    if (row !== undefined) set('Interface', row, 'ifindex', ifindex)
  }

  private get root(): StoredRow | undefined {
    const [row] = this.options.database.rows('Open_vSwitch').values()
    return row
  }

  private committed({ changes, own }: Committed): void {
    if (own) return
    this.pending.push(...changes.values())
    this.cancel ??= this.options.clock.schedule(this.options.reactionMs, () => this.reconfigure())
  }

  private reconfigure(): void {
    this.cancel = undefined
    const changes = this.pending
    this.pending = []
    this.options.database.write((set) => {
      for (const change of changes) this.takeAway(change)
      for (const change of changes) this.make(change, set)
      this.confirm(set)
    })
  }

  private confirm(set: SetColumn): void {
    const { root } = this
    if (root !== undefined) set('Open_vSwitch', root, 'cur_cfg', root.next_cfg)
  }

  private takeAway({ table, row, toggled }: RowChange): void {
    for (const [uuid, come] of toggled.get('bridges') ?? []) {
      if (come) continue
      this.bridges.get(String(uuid))?.destroy()
      this.bridges.delete(String(uuid))
    }
    if (table.name !== 'Bridge') return
    for (const [uuid, come] of toggled.get('ports') ?? []) if (!come) this.closePort(row._uuid, String(uuid))
    for (const [uuid, come] of toggled.get('controller') ?? [])
      if (!come) this.bridges.get(row._uuid)?.disconnect(String(uuid))
  }

  private make({ table, row, toggled, before, isGone }: RowChange, set: SetColumn): void {
    if (isGone) return
    switch (table.name) {
      case 'Open_vSwitch':
        for (const [uuid, come] of toggled.get('bridges') ?? []) if (come) this.makeBridge(String(uuid), set)
        break
      case 'Bridge':
        if (!this.bridges.has(row._uuid)) {
          if (setOf(this.root?.bridges).has(row._uuid)) this.makeBridge(row._uuid, set)
          break
        }
        for (const [uuid, come] of toggled.get('ports') ?? [])
          if (come) this.openPort(row._uuid, String(uuid), set)
        this.connectControllers(row)
        break
      case 'Interface':
        if (before.has('mtu_request')) this.applyMtu(row, set)
        if (before.has('mac')) this.applyMac(row, set)
        break
      case 'Controller':
        if (before.has('target'))
          for (const bridge of this.bridges.keys()) {
            const bridgeRow = this.options.database.get('Bridge', bridge)
            if (bridgeRow !== undefined && setOf(bridgeRow.controller).has(row._uuid))
              this.connectControllers(bridgeRow)
          }
        break
      default:
        break
    }
  }

  private makeBridge(uuid: string, set: SetColumn): void {
    const { database, datapathTypes, node } = this.options
    const row = database.get('Bridge', uuid)
    if (row === undefined || this.bridges.has(uuid)) return
    const name = textOf(row.name)
    const type = textOf(row.datapath_type) === '' ? 'system' : textOf(row.datapath_type)
    if (!datapathTypes.includes(type)) return
    const wished = mapOf(row.other_config).get('datapath-id')
    const datapathId = typeof wished === 'string' ? wished : `0000${macOf(node, name).replaceAll(':', '')}`
    this.bridges.set(uuid, this.newBridge(name, datapathId))
    set('Bridge', row, 'datapath_id', datapathId)
    for (const port of setOf(row.ports)) this.openPort(uuid, String(port), set)
    this.connectControllers(row)
  }

  private newBridge(name: string, datapathId: string): FakeBridge {
    const { clock, random, dial, hooks, onOutput, onFlowMods } = this.options
    const bridge: FakeBridge = new FakeBridge({
      name,
      datapathId,
      clock,
      random,
      dial,
      hooks,
      onFlowMods,
      onOutput: (port, output) => onOutput(bridge, port, output),
      onConnected: (uuid, connected) => this.controllerConnected(uuid, connected),
    })
    return bridge
  }

  private connectControllers(row: StoredRow): void {
    const bridge = this.bridges.get(row._uuid)
    for (const uuid of setOf(row.controller)) {
      const target = textOf(this.options.database.get('Controller', String(uuid))?.target)
      bridge?.connect(String(uuid), target)
    }
  }

  private controllerConnected(uuid: string, connected: boolean): void {
    const { database } = this.options
    const row = database.get('Controller', uuid)
    if (row !== undefined) database.write((set) => set('Controller', row, 'is_connected', connected))
  }

  private interfaceOf(port: string): StoredRow | undefined {
    const { database } = this.options
    const [uuid] = setOf(database.get('Port', port)?.interfaces)
    return uuid === undefined ? undefined : database.get('Interface', String(uuid))
  }

  private openPort(bridgeUuid: string, portUuid: string, set: SetColumn): void {
    const bridge = this.bridges.get(bridgeUuid)
    const row = this.interfaceOf(portUuid)
    if (bridge === undefined || row === undefined || bridge.ports.has(portUuid)) return
    const name = textOf(row.name)
    const type = textOf(row.type)
    const device = this.options.devices.get(name)
    if (type === '' && device === undefined) {
      this.missing.set(name, { bridge: bridgeUuid, port: portUuid })
      set('Interface', row, 'ofport', -1)
      set('Interface', row, 'error', `could not open network device ${name} (No such device)`)
      return
    }
    this.missing.delete(name)
    const mac = device?.mac ?? (textOf(row.mac) || macOf(this.options.node, name))
    const wish = type === 'internal' && name === bridge.options.name ? local : numberOf(row.ofport_request)
    const port = bridge.datapath.addPort(name, mac, device?.carrier ?? true, wish)
    bridge.ports.set(portUuid, port)
    set('Interface', row, 'ofport', port.ofport === local ? 65_534 : port.ofport)
    set('Interface', row, 'error', undefined)
    set('Interface', row, 'mac_in_use', mac)
    set('Interface', row, 'ifindex', device?.ifindex ?? 0)
    this.applyMtu(row, set)
  }

  private applyMtu(row: StoredRow, set: SetColumn): void {
    const device = this.options.devices.get(textOf(row.name))
    const wish = numberOf(row.mtu_request)
    if (device !== undefined) device.mtu = wish ?? device.mtu
    else if (textOf(row.type) !== 'internal') return
    set('Interface', row, 'mtu', device?.mtu ?? wish ?? 1500)
  }

  /** Only of a device that the switch makes itself. */
  private applyMac(row: StoredRow, set: SetColumn): void {
    const found = this.portOf(textOf(row.name))
    const mac = textOf(row.mac)
    if (found === undefined || mac === '' || textOf(row.type) !== 'internal') return
    found.bridge.datapath.setMac(found.port.ofport, mac)
    set('Interface', row, 'mac_in_use', mac)
  }

  private closePort(bridgeUuid: string, portUuid: string): void {
    const bridge = this.bridges.get(bridgeUuid)
    const port = bridge?.ports.get(portUuid)
    if (bridge === undefined || port === undefined) return
    bridge.ports.delete(portUuid)
    bridge.datapath.removePort(port.ofport)
  }
}
