/**
 * The OpenFlow side of one switch: a channel that is read when it comes (flows, ports, meters) and followed from then on. The
 * pictures are complete whenever it is loaded.
 */
import type { Origin } from '#compile/cookie.js'
import type { MeterWish } from '#compile/desired.js'
import type { Logger } from '#model/logger.js'
import type { Channel, EventMessage } from '#openflow/channel.js'
import type { MessageOf } from '#openflow/messages.js'
import { FlowBook } from '#reconcile/flow-book.js'
import type { Drift, PacketIn } from '#reconcile/switch-handle.js'
import { EarlyEvents } from './early-events.js'
import { deletedMeters, type FlowUpdate, takeUpdate, watchAllFlows } from './flow-watch.js'
import { readMeters } from './meters.js'
import { askForPackets, type Packets } from './packets.js'
import type { PortPicture } from './port-picture.js'

export interface SwitchChannelEvents {
  /** A channel came, was loaded, or is gone. */
  changed(): void
  port(name: string): void
  drift(drift: Drift): void
  expired(origin: Origin, table: number): void
  packetIn(packet: PacketIn): void
}

export interface SwitchChannelOptions {
  readonly node: string
  readonly ports: PortPicture
  readonly packets: Packets
  readonly logger: Logger
  readonly events: SwitchChannelEvents
}

type State =
  | { readonly state: 'absent' }
  /** Flows, ports and meters are being read; reports that arrive meanwhile wait. */
  | { readonly state: 'loading'; readonly channel: Channel; readonly early: EarlyEvents }
  | { readonly state: 'loaded'; readonly channel: Channel }

export class SwitchChannel {
  readonly book = new FlowBook()
  readonly meters = new Map<number, MeterWish>()
  private now: State = { state: 'absent' }
  /** Reports of the flow monitor that wait until our own plan under way is in the book. */
  private held: FlowUpdate[] | undefined

  constructor(private readonly options: SwitchChannelOptions) {}

  get state(): State['state'] {
    return this.now.state
  }

  /** The channel in whatever state; absent without one. */
  get channel(): Channel | undefined {
    return this.now.state === 'absent' ? undefined : this.now.channel
  }

  attach(channel: Channel): void {
    const state: State = { state: 'loading', channel, early: new EarlyEvents() }
    this.now = state
    this.load(channel).then(
      () => this.loaded(channel, state.early),
      (error: Error) => {
        this.options.logger.warn({ node: this.options.node, err: error }, 'the switch could not be read')
        channel.close(error)
      },
    )
    this.options.events.changed()
  }

  /** The channel is gone: nothing is known of flows and OpenFlow ports until the next one. */
  detach(channel: Channel): void {
    if (this.channel !== channel) return
    this.now = { state: 'absent' }
    this.held = undefined
    this.options.ports.unload()
    this.book.clear()
    this.meters.clear()
    this.options.events.changed()
  }

  /** What the channel says unasked. */
  take(event: EventMessage, channel: Channel): void {
    const { now } = this
    if (now.state === 'absent' || now.channel !== channel) return
    if (now.state === 'loaded') this.takeNow(event)
    else if (!now.early.push(event)) this.options.packets.refuse()
  }

  /** Does what changes flows; what the flow monitor says meanwhile is taken up afterwards. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    this.held = []
    const result = await work()
    const held = this.held ?? []
    this.held = undefined
    for (const update of held) this.takeFlowUpdate(update)
    return result
  }

  private async load(channel: Channel): Promise<void> {
    const everyPort = { type: 'port_desc_request', portNo: 0xffff_ffff } as const
    for (const message of askForPackets) channel.send(message)
    const [flows, ports] = await Promise.all([
      channel.request(watchAllFlows),
      channel.request(everyPort),
      readMeters(channel, this.meters),
    ])
    this.book.clear()
    for (const update of flows.items) takeUpdate(update, this.book)
    // The flow of the node itself is always there, unless the switch has just started.
    this.options.ports.load(ports.items, this.book.size === this.book.foreign)
  }

  private loaded(channel: Channel, early: EarlyEvents): void {
    if (this.channel !== channel) return
    this.now = { state: 'loaded', channel }
    for (const event of early) this.takeNow(event)
    this.options.events.changed()
  }

  private takeNow(event: EventMessage): void {
    const { ports, packets, events, node, logger } = this.options
    switch (event.type) {
      case 'port_status': {
        const name = ports.status(event)
        if (name !== undefined) events.port(name)
        break
      }
      case 'flow_monitor_reply':
        for (const update of event.items) {
          if (this.held === undefined) this.takeFlowUpdate(update)
          else this.held.push(update)
        }
        break
      case 'packet_in2':
        events.packetIn(packets.read(event))
        break
      case 'error':
        // Packets that the switch does not know any more are as many as waited when it started again.
        logger[isStale(event) ? 'debug' : 'warn']({ node, error: event.error }, 'the switch reports an error')
        break
      default:
        break
    }
  }

  private takeFlowUpdate(update: FlowUpdate): void {
    for (const meterId of deletedMeters(update)) this.meters.delete(meterId)
    const news = takeUpdate(update, this.book)
    if (news?.type === 'drift') this.options.events.drift(news.drift)
    else if (news?.type === 'expired') this.options.events.expired(news.origin, news.table)
  }
}

const isStale = ({ error }: MessageOf<'error'>): boolean => error.name === 'NXR_STALE'
