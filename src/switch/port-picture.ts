/**
 * The ports of one switch as values: rows of its database, what its OpenFlow channel says of the same ports, and which devices
 * it has opened, kept in step.
 */
import type { Clock } from '#link/clock.js'
import type { Logger } from '#model/logger.js'
import type { Port } from '#model/node.js'
import type { MessageOf } from '#openflow/messages.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import type { Change, ChangeSet } from '#ovsdb/replica.js'
import { DeviceRecords, recordedIndex } from './device-records.js'
import { Devices } from './devices.js'
import { OpenFlowPorts } from './of-ports.js'
import { elsewhere, PortCache, portValue, reserved, stalePort } from './ports.js'
import type { SwitchSettings } from './settings.js'
import { type bridge, ids, type SwitchTable } from './tables.js'
import type { SwitchView } from './view.js'

export interface PortPictureOptions {
  readonly client: OvsdbClient<SwitchTable>
  readonly view: SwitchView
  readonly settings: SwitchSettings
  readonly clock: Clock
  readonly logger: Logger
}

/** What a change of the database was about. */
export interface DatabaseNews {
  /** Ports of which something changed that matters. */
  readonly ports: readonly string[]
  /** Rows that the node is prepared by: bridge, controller, tunnel ports. */
  readonly structure: boolean
}

export class PortPicture {
  readonly open: OpenFlowPorts
  private readonly devices = new Devices()
  private readonly records: DeviceRecords
  private readonly cache = new PortCache((name) => this.installed(name))

  constructor(private readonly options: PortPictureOptions) {
    const { view } = options
    this.open = new OpenFlowPorts({
      name: (name) => view.port(name)?.name ?? name,
      mac: (name, mac) => {
        const there = view.interface(name)?.mac_in_use
        return there === mac ? there : mac
      },
    })
    this.records = new DeviceRecords({ ...options, devices: this.devices })
  }

  *all(): Iterable<Port> {
    for (const row of this.options.view.ports()) {
      const port = this.cache.get(row.name)
      if (port !== undefined) yield port
    }
  }

  /** Those that wires and endpoints have asked for. */
  *ours(): Iterable<Port> {
    for (const port of this.all())
      if (port.ours && reserved(port.name, this.options.settings) === undefined) yield port
  }

  get(name: string): Port | undefined {
    return reserved(name, this.options.settings) ?? this.cache.get(name)
  }

  byOfport(ofport: number): Port | undefined {
    const name = this.open.get(ofport)?.name
    return name === undefined ? undefined : this.get(name)
  }

  /** The channel has said everything. A switch that has just started has opened every device as it is now. */
  load(ports: MessageOf<'port_desc_reply'>['items'], justStarted: boolean): void {
    const { view } = this.options
    this.open.load(ports)
    this.devices.load(view.interfaces(), justStarted, (name) => recordedIndex(view, name))
    this.records.soon()
    this.cache.clear()
  }

  /** The channel is gone: nothing is known of OpenFlow ports until the next one. */
  unload(): void {
    this.devices.forgetLeaving()
    this.open.clear()
    this.cache.clear()
  }

  /** Takes a port-status up; the name of the port where something changed that matters. */
  status(event: MessageOf<'port_status'>): string | undefined {
    const name = this.open.update(event)
    if (event.reason === 'delete') this.devices.left(name)
    return this.cache.refresh(name) ? name : undefined
  }

  replicaChanged(changes: ChangeSet<SwitchTable>): DatabaseNews {
    const { view, settings } = this.options
    // The kernel datapath closes ports by itself.
    if (view.forwardsInUserSpace) this.devices.take(changes)
    this.records.soon()
    const names = new Set<string>()
    let structure = false
    for (const change of changes) {
      if (change.table === 'Interface' || change.table === 'Port') {
        const row = change.new ?? change.old
        if (row !== undefined) names.add(row.name)
      } else structure = true
      if (change.table === 'Bridge') for (const name of this.moved(change)) names.add(name)
    }
    const ports = [...names].filter((name) => this.cache.refresh(name))
    return { ports, structure: structure || [...names].some((name) => reserved(name, settings)) }
  }

  /** These ports are being taken off the bridge; stale ones come back when the switch has closed them. */
  leave(names: readonly string[]): void {
    for (const name of names) {
      if (!this.get(name)?.stale) continue
      this.devices.leave(name)
      this.cache.refresh(name)
    }
  }

  stop(): void {
    this.records.stop()
  }

  private installed(name: string): Port | undefined {
    const { view, settings } = this.options
    const row = view.port(name)
    const device = view.interface(name)
    if (row === undefined || device === undefined)
      return this.devices.isLeaving(name) ? stalePort(name, true, 'it is being opened anew') : undefined
    const owner = view.bridgeOf(row)
    if (owner !== settings.bridge) return owner === undefined ? undefined : elsewhere(name, owner)
    const fault = view.forwardsInUserSpace ? this.devices.fault(device) : undefined
    if (fault !== undefined) return stalePort(name, row.external_ids.has(ids.owner), fault)
    return portValue(row, device, device.ofport === null ? undefined : this.open.get(device.ofport))
  }

  /** Names of the ports that came to a bridge or left it, their rows being what they were. */
  private moved({ old, new: row }: Change<typeof bridge>): string[] {
    if (old?.datapath_type !== row?.datapath_type) this.cache.clear()
    const [before, after] = [new Set(old?.ports), new Set(row?.ports)]
    const moved = [...before, ...after].filter((uuid) => !(before.has(uuid) && after.has(uuid)))
    return moved.flatMap((uuid) => this.options.view.portRow(uuid)?.name ?? [])
  }
}
