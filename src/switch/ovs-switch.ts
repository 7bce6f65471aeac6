/**
 * One Open vSwitch: the client of its database and its OpenFlow channel behind `SwitchHandle`. It keeps the bridge as a node's
 * bridge has to be, keeps a picture of ports, meters and flows that is complete whenever `ready`, and carries plans out.
 */
import type { MeterWish } from '#compile/desired.js'
import type { Clock } from '#link/clock.js'
import { errorText, FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import type { Port } from '#model/node.js'
import type { Action } from '#openflow/actions.js'
import type { Channel, EventMessage } from '#openflow/channel.js'
import { flowFilter } from '#openflow/messages/flows.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import type { ChangeSet } from '#ovsdb/replica.js'
import type { FlowBook } from '#reconcile/flow-book.js'
import type { SwitchPlan } from '#reconcile/plan.js'
import type {
  InstalledFlow,
  Outcome,
  PacketCounts,
  PacketIn,
  SwitchEvents,
  SwitchFacts,
  SwitchHandle,
} from '#reconcile/switch-handle.js'
import { inTime } from './in-time.js'
import { installedFlow } from './installed-flow.js'
import { fromController, Packets } from './packets.js'
import { PortPicture } from './port-picture.js'
import { Preparing } from './preparing.js'
import { carryOut } from './program.js'
import { releaseOperations } from './release.js'
import type { SwitchSettings } from './settings.js'
import { SwitchChannel } from './switch-channel.js'
import { factsOf } from './switch-facts.js'
import type { SwitchTable } from './tables.js'
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

export class OvsSwitch implements SwitchHandle {
  readonly node: string
  private readonly picture: PortPicture
  private readonly openflow: SwitchChannel
  private readonly preparing: Preparing
  private readonly packetsBothWays: Packets
  private readonly connectedAt: number
  private readonly unfollow: () => void
  private events: SwitchEvents | undefined
  private closed = false

  constructor(private readonly options: OvsSwitchOptions) {
    const { node, logger, client, clock } = options
    this.node = node
    this.connectedAt = clock.wallTime()
    this.picture = new PortPicture(options)
    this.packetsBothWays = new Packets(node, logger)
    this.openflow = new SwitchChannel({
      node,
      logger,
      ports: this.picture,
      packets: this.packetsBothWays,
      events: {
        changed: () => this.changed(),
        port: (name) => this.portsChanged([name]),
        drift: (drift) => this.events?.drift(drift),
        expired: (...flow) => this.events?.expired(...flow),
        packetIn: (packet) => this.events?.packetIn(packet),
      },
    })
    this.preparing = new Preparing({ ...options, onChanged: () => this.changed() })
    this.unfollow = client.replica.onChange((changes) => this.replicaChanged(changes))
  }

  /** Begins to prepare the node; to be called once, when the events are listened to. */
  begin(): void {
    this.preparing.look()
  }

  get ready(): boolean {
    return !this.closed && this.openflow.state === 'loaded' && this.preparing.reason === undefined
  }

  get book(): FlowBook {
    return this.openflow.book
  }

  get meters(): ReadonlyMap<number, MeterWish> {
    return this.openflow.meters
  }

  get packets(): PacketCounts {
    return this.packetsBothWays.counts
  }

  get facts(): SwitchFacts {
    return factsOf(this.options, this.connectedAt, this.reason)
  }

  /** Sixteen hexadecimal digits; absent until the bridge is there. */
  get datapathId(): string | undefined {
    return this.options.view.bridge?.datapath_id ?? undefined
  }

  get hasChannel(): boolean {
    return this.openflow.channel !== undefined
  }

  ports(): Iterable<Port> {
    return this.picture.all()
  }

  port(name: string): Port | undefined {
    return this.picture.get(name)
  }

  portByOfport(ofport: number): Port | undefined {
    return this.picture.byOfport(ofport)
  }

  ourPorts(): Iterable<Port> {
    return this.picture.ours()
  }

  listen(events: SwitchEvents): void {
    this.events = events
  }

  /** The bridge has connected. The caller made sure that it is this switch's bridge and that it is the only channel. */
  attach(channel: Channel): void {
    this.openflow.attach(channel)
  }

  detach(channel: Channel): void {
    this.openflow.detach(channel)
  }

  /** What the channel says unasked. */
  take(event: EventMessage, channel: Channel): void {
    this.openflow.take(event, channel)
  }

  /** Whether the switch's database still answers. */
  databaseAnswers(milliseconds: number): Promise<boolean> {
    const { client, clock } = this.options
    return inTime(client.transact([]), milliseconds, clock)
  }

  /** Whether whoever is at the other end of the channel still answers. */
  channelAnswers(milliseconds: number): Promise<boolean> {
    const { channel } = this.openflow
    if (channel === undefined) return Promise.resolve(false)
    return inTime(channel.barrier(), milliseconds, this.options.clock)
  }

  async apply(plan: SwitchPlan): Promise<Outcome> {
    const { channel, book, meters } = this.openflow
    if (channel === undefined || !this.ready) return { state: 'unknown', reason: 'the switch is not ready' }
    const { client, view } = this.options
    const { open } = this.picture
    this.picture.leave(plan.removePorts)
    const outcome = await this.openflow.holding(() =>
      carryOut({ client, channel, view, book, meters, open }, plan),
    )
    // What the switch holds now can only be found out by asking it again, from the beginning.
    if (outcome.state === 'unknown') channel.close(new Error(outcome.reason))
    return outcome
  }

  resume(packet: PacketIn): void {
    const { channel } = this.openflow
    if (channel !== undefined && this.ready) this.packetsBothWays.resume(packet, channel)
  }

  packetOut(frame: Uint8Array, actions: readonly Action[], inPort: number = fromController): void {
    const { channel } = this.openflow
    if (channel !== undefined && this.ready) this.packetsBothWays.send(frame, actions, inPort, channel)
  }

  async readFlows(): Promise<readonly InstalledFlow[]> {
    const { node, openflow, reason } = this
    if (openflow.channel === undefined)
      throw new FabricError('node-offline', `node ${node} has no OpenFlow connection: ${reason}`)
    try {
      const { items } = await openflow.channel.request({ type: 'flow_desc_request', ...flowFilter() })
      return items.map(installedFlow)
    } catch (error) {
      throw new FabricError('node-offline', `node ${node} did not list its flows: ${errorText(error)}`, {
        cause: error,
      })
    }
  }

  async release(): Promise<void> {
    const { client, view } = this.options
    const operations = releaseOperations(view)
    if (operations.length === 0) return
    this.preparing.stop()
    try {
      await client.transact(operations)
    } catch (error) {
      this.preparing.resume()
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
    const { channel } = this.openflow
    if (channel !== undefined) {
      this.detach(channel)
      channel.close(new Error(reason))
    }
    this.unfollow()
    this.preparing.stop()
    this.picture.stop()
    this.events?.closed(reason)
    this.options.onClosed()
  }

  private get reason(): string | undefined {
    if (this.preparing.reason !== undefined) return this.preparing.reason
    if (this.openflow.state === 'loading') return 'its flows are being read'
    if (this.openflow.state === 'loaded') return undefined
    const { controllerTarget, settings, view } = this.options
    const connected = view
      .controllers()
      .some(({ target, is_connected }) => target === controllerTarget && is_connected)
    const hint = connected
      ? ''
      : '; is that address reachable from the node, and does the controller listen there?'
    return `bridge ${settings.bridge} has not connected to ${controllerTarget} yet${hint}`
  }

  private replicaChanged(changes: ChangeSet<SwitchTable>): void {
    if (this.closed) return
    const { ports, structure } = this.picture.replicaChanged(changes)
    if (structure) this.preparing.look()
    this.portsChanged(ports)
  }

  private portsChanged(names: readonly string[]): void {
    if (this.ready && names.length > 0) this.events?.ports(names)
  }

  private changed(): void {
    if (!this.closed) this.events?.changed()
  }
}
