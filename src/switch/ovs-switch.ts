/**
 * One Open vSwitch: the client of its database and its OpenFlow channel behind `SwitchHandle`. It keeps the bridge as a node's
 * bridge has to be, keeps a picture of ports, meters and flows that is complete whenever `ready`, and carries plans out.
 */
import type { MeterWish } from '#compile/desired.js'
import type { Clock } from '#link/clock.js'
import { errorText, FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import type { Port } from '#model/node.js'
import type { Channel, EventMessage } from '#openflow/channel.js'
import { flowFilter } from '#openflow/messages/flows.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import type { Change, ChangeSet } from '#ovsdb/replica.js'
import { FlowBook } from '#reconcile/flow-book.js'
import type { SwitchPlan } from '#reconcile/plan.js'
import type {
  InstalledFlow,
  Outcome,
  SwitchEvents,
  SwitchFacts,
  SwitchHandle,
} from '#reconcile/switch-handle.js'
import { DeviceRecords, recordedIndex } from './device-records.js'
import { Devices } from './devices.js'
import { deletedMeters, type FlowUpdate, takeUpdate, watchAllFlows } from './flow-watch.js'
import { installedFlow } from './installed-flow.js'
import { readMeters } from './meters.js'
import { OpenFlowPorts } from './of-ports.js'
import { elsewhere, PortCache, portValue, reserved, stalePort } from './ports.js'
import { type Preparation, prepare } from './prepare.js'
import { carryOut } from './program.js'
import { releaseOperations } from './release.js'
import type { SwitchSettings } from './settings.js'
import { type bridge, ids, type SwitchTable } from './tables.js'
import type { SwitchView } from './view.js'

export interface OvsSwitchOptions {
  readonly node: string
  readonly client: OvsdbClient<SwitchTable>
  readonly view: SwitchView
  readonly settings: SwitchSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly peer: string
  /** The address that the connection comes from, where it is one that others can reach. */
  readonly peerAddress: string | undefined
  /** Where the bridge is to find our OpenFlow listener. */
  readonly controllerTarget: string
  /** The bridge turned out to belong to somebody else. */
  readonly onRefused: (reason: string) => void
  readonly onClosed: () => void
}

/** The OpenFlow side of the switch. */
type ChannelState =
  | { readonly state: 'absent' }
  /** Flows, ports and meters are being read; reports that arrive meanwhile wait. */
  | { readonly state: 'loading'; readonly channel: Channel; readonly waiting: EventMessage[] }
  | { readonly state: 'loaded'; readonly channel: Channel }

/** After an attempt to prepare the database failed. */
const prepareRetryMs = 1_000

export class OvsSwitch implements SwitchHandle {
  readonly node: string
  readonly book = new FlowBook()
  readonly meters = new Map<number, MeterWish>()
  private readonly open: OpenFlowPorts
  private readonly devices = new Devices()
  private readonly records: DeviceRecords
  private readonly cache = new PortCache((name) => this.installed(name))
  private readonly connectedAt: number
  private readonly unfollow: () => void
  private channel: ChannelState = { state: 'absent' }
  private events: SwitchEvents | undefined
  private preparation: Preparation = { operations: [], reason: 'its database is being read' }
  private preparing = false
  private closed = false
  /** Reports of the flow monitor that wait until our own plan under way is in the book. */
  private held: FlowUpdate[] | undefined

  constructor(private readonly options: OvsSwitchOptions) {
    this.node = options.node
    this.connectedAt = options.clock.wallTime()
    const { view } = options
    this.open = new OpenFlowPorts({
      name: (name) => view.port(name)?.name ?? name,
      mac: (name, mac) => {
        const there = view.interface(name)?.mac_in_use
        return there === mac ? there : mac
      },
    })
    this.records = new DeviceRecords({ ...options, devices: this.devices })
    this.unfollow = options.client.replica.onChange((changes) => this.replicaChanged(changes))
  }

  /** Begins to prepare the node; to be called once, when the events are listened to. */
  begin(): void {
    this.prepare()
  }

  get ready(): boolean {
    return !this.closed && this.channel.state === 'loaded' && this.preparation.reason === undefined
  }

  get facts(): SwitchFacts {
    const { view, peer, peerAddress, settings } = this.options
    const rloc = view.rloc ?? peerAddress
    const tunnelOfport = view.interface(settings.tunnelPort)?.ofport
    const row = view.bridge
    const reason = this.reason
    return {
      peer,
      connectedAt: this.connectedAt,
      ...(rloc !== undefined && { rloc }),
      ...(view.underlayMtu !== undefined && { underlayMtu: view.underlayMtu }),
      ...(tunnelOfport != null && tunnelOfport > 0 && { tunnelOfport }),
      ...(row?.datapath_id != null && { datapathId: row.datapath_id }),
      ...(row !== undefined && { datapathType: row.datapath_type === '' ? 'system' : row.datapath_type }),
      ...(view.ovsVersion !== undefined && { ovsVersion: view.ovsVersion }),
      ...(reason !== undefined && { reason }),
    }
  }

  /** Sixteen hexadecimal digits; absent until the bridge is there. */
  get datapathId(): string | undefined {
    return this.options.view.bridge?.datapath_id ?? undefined
  }

  get hasChannel(): boolean {
    return this.channel.state !== 'absent'
  }

  *ports(): Iterable<Port> {
    for (const row of this.options.view.ports()) {
      const port = this.cache.get(row.name)
      if (port !== undefined) yield port
    }
  }

  port(name: string): Port | undefined {
    return reserved(name, this.options.settings) ?? this.cache.get(name)
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

  portByOfport(ofport: number): Port | undefined {
    const name = this.open.get(ofport)?.name
    return name === undefined ? undefined : this.port(name)
  }

  *ourPorts(): Iterable<Port> {
    for (const port of this.ports())
      if (port.ours && port.name !== this.options.settings.tunnelPort) yield port
  }

  listen(events: SwitchEvents): void {
    this.events = events
  }

  /** The bridge has connected. The caller made sure that it is this switch's bridge and that it is the only channel. */
  attach(channel: Channel): void {
    const state: ChannelState = { state: 'loading', channel, waiting: [] }
    this.channel = state
    this.load(channel).then(
      () => this.loaded(channel, state.waiting),
      (error: Error) => {
        this.options.logger.warn({ node: this.node, err: error }, 'the switch could not be read')
        channel.close(error)
      },
    )
    this.events?.changed()
  }

  /** The channel is gone: nothing is known of flows and OpenFlow ports until the next one. */
  detach(channel: Channel): void {
    if (this.channel.state === 'absent' || this.channel.channel !== channel) return
    this.channel = { state: 'absent' }
    this.held = undefined
    this.devices.forgetLeaving()
    this.book.clear()
    this.meters.clear()
    this.open.clear()
    this.cache.clear()
    if (!this.closed) this.events?.changed()
  }

  /** What the channel says unasked. */
  take(event: EventMessage, channel: Channel): void {
    if (this.channel.state === 'absent' || this.channel.channel !== channel) return
    if (this.channel.state === 'loading') this.channel.waiting.push(event)
    else this.takeNow(event)
  }

  /** Whether the switch's database still answers. */
  databaseAnswers(milliseconds: number): Promise<boolean> {
    return this.inTime(this.options.client.transact([]), milliseconds)
  }

  /** Whether whoever is at the other end of the channel still answers. */
  channelAnswers(milliseconds: number): Promise<boolean> {
    if (this.channel.state === 'absent') return Promise.resolve(false)
    return this.inTime(this.channel.channel.barrier(), milliseconds)
  }

  async apply(plan: SwitchPlan): Promise<Outcome> {
    if (this.channel.state !== 'loaded' || !this.ready)
      return { state: 'unknown', reason: 'the switch is not ready' }
    const { channel } = this.channel
    const { client, view } = this.options
    const { book, meters, open } = this
    this.held = []
    for (const name of plan.removePorts) {
      if (!this.port(name)?.stale) continue
      this.devices.leave(name)
      this.cache.refresh(name)
    }
    const outcome = await carryOut({ client, channel, view, book, meters, open }, plan)
    const held = this.held ?? []
    this.held = undefined
    for (const update of held) this.takeFlowUpdate(update)
    // What the switch holds now can only be found out by asking it again, from the beginning.
    if (outcome.state === 'unknown') channel.close(new Error(outcome.reason))
    return outcome
  }

  async readFlows(): Promise<readonly InstalledFlow[]> {
    if (this.channel.state === 'absent') throw this.offline()
    try {
      const { items } = await this.channel.channel.request({ type: 'flow_desc_request', ...flowFilter() })
      return items.map(installedFlow)
    } catch (error) {
      throw new FabricError('node-offline', `node ${this.node} did not list its flows: ${errorText(error)}`, {
        cause: error,
      })
    }
  }

  async release(): Promise<void> {
    const { client, view } = this.options
    const operations = releaseOperations(view)
    if (operations.length === 0) return
    this.preparing = true // nothing is to be prepared any more
    try {
      await client.transact(operations)
    } catch (error) {
      this.preparing = false
      throw new FabricError('node-refused', `node ${this.node} could not be cleaned: ${errorText(error)}`, {
        cause: error,
      })
    }
  }

  close(reason: string): void {
    if (this.closed) return
    this.closed = true
    const { node, peer, logger } = this.options
    logger.info({ node, peer, reason }, 'OVSDB connection closed')
    const { channel } = this
    if (channel.state !== 'absent') {
      this.detach(channel.channel)
      channel.channel.close(new Error(reason))
    }
    this.unfollow()
    this.records.stop()
    this.events?.closed(reason)
    this.options.onClosed()
  }

  private inTime(answer: Promise<unknown>, milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.schedule(milliseconds, () => resolve(false))
      const settle = (answered: boolean): void => {
        cancel()
        resolve(answered)
      }
      answer.then(
        () => settle(true),
        () => settle(false),
      )
    })
  }

  private get reason(): string | undefined {
    if (this.preparation.reason !== undefined) return this.preparation.reason
    if (this.channel.state === 'loading') return 'its flows are being read'
    if (this.channel.state === 'loaded') return undefined
    const { controllerTarget, settings, view } = this.options
    const connected = view
      .controllers()
      .some(({ target, is_connected }) => target === controllerTarget && is_connected)
    const hint = connected
      ? ''
      : '; is that address reachable from the node, and does the controller listen there?'
    return `bridge ${settings.bridge} has not connected to ${controllerTarget} yet${hint}`
  }

  private offline(): FabricError {
    return new FabricError('node-offline', `node ${this.node} has no OpenFlow connection: ${this.reason}`)
  }

  private replicaChanged(changes: ChangeSet<SwitchTable>): void {
    if (this.closed) return
    // The kernel datapath closes ports by itself.
    if (this.options.view.forwardsInUserSpace) this.devices.take(changes)
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
    const changed = [...names].filter((name) => this.cache.refresh(name))
    const { settings } = this.options
    if (structure || names.has(settings.tunnelPort)) this.prepare()
    if (this.ready && changed.length > 0) this.events?.ports(changed)
  }

  /** Names of the ports that came to a bridge or left it, their rows being what they were. */
  private moved({ old, new: row }: Change<typeof bridge>): string[] {
    if (old?.datapath_type !== row?.datapath_type) this.cache.clear()
    const [before, after] = [new Set(old?.ports), new Set(row?.ports)]
    const moved = [...before, ...after].filter((uuid) => !(before.has(uuid) && after.has(uuid)))
    return moved.flatMap((uuid) => this.options.view.portRow(uuid)?.name ?? [])
  }

  /** Compares the database with what a node needs and mends it, one transaction at a time. */
  private prepare(): void {
    if (this.preparing || this.closed) return
    const { view, settings, node, controllerTarget, onRefused } = this.options
    this.preparation = prepare(view, settings, node, controllerTarget)
    if (this.preparation.refusal !== undefined) {
      onRefused(this.preparation.refusal)
      return
    }
    if (this.preparation.operations.length > 0) void this.mend(this.preparation)
    this.events?.changed()
  }

  private async mend({ operations }: Preparation): Promise<void> {
    const { client, clock, logger } = this.options
    this.preparing = true
    try {
      await client.transact(operations)
      this.preparing = false
      this.prepare()
    } catch (error) {
      logger.warn({ node: this.node, err: error }, 'the node could not be prepared')
      clock.schedule(prepareRetryMs, () => {
        this.preparing = false
        this.prepare()
      })
    }
  }

  private async load(channel: Channel): Promise<void> {
    const everyPort = { type: 'port_desc_request', portNo: 0xffff_ffff } as const
    const [flows, ports] = await Promise.all([
      channel.request(watchAllFlows),
      channel.request(everyPort),
      readMeters(channel, this.meters),
    ])
    this.book.clear()
    for (const update of flows.items) takeUpdate(update, this.book)
    this.open.load(ports.items)
    this.adoptDevices()
    this.cache.clear()
  }

  private adoptDevices(): void {
    const { view } = this.options
    // The flow of the node itself is always there, unless the switch has just started.
    const justStarted = this.book.size === this.book.foreign
    this.devices.load(view.interfaces(), justStarted, (name) => recordedIndex(view, name))
    this.records.soon()
  }

  private loaded(channel: Channel, waiting: readonly EventMessage[]): void {
    if (this.channel.state === 'absent' || this.channel.channel !== channel) return
    this.channel = { state: 'loaded', channel }
    for (const event of waiting) this.takeNow(event)
    this.events?.changed()
  }

  private takeNow(event: EventMessage): void {
    if (event.type === 'port_status') {
      const name = this.open.update(event)
      if (event.reason === 'delete') this.devices.left(name)
      if (this.cache.refresh(name) && this.ready) this.events?.ports([name])
    } else if (event.type === 'flow_monitor_reply') {
      for (const update of event.items) {
        if (this.held === undefined) this.takeFlowUpdate(update)
        else this.held.push(update)
      }
    } else if (event.type === 'error') {
      this.options.logger.warn({ node: this.node, error: event.error }, 'the switch reports an error')
    }
  }

  private takeFlowUpdate(update: FlowUpdate): void {
    for (const meterId of deletedMeters(update)) this.meters.delete(meterId)
    const drift = takeUpdate(update, this.book)
    if (drift !== undefined) this.events?.drift(drift)
  }
}
