/**
 * The door to the switches: listeners for their databases (6640) and their OpenFlow channels (6653), and connections to those
 * that wait to be dialled. A switch comes in by its database, says its name, and its OpenFlow channel is matched to it by the
 * datapath id of its bridge. Of two switches that claim one name or one datapath id the first stays, as long as it answers.
 */
import type { Clock } from '#link/clock.js'
import type { Credentials } from '#link/credentials.js'
import { dial } from '#link/dial.js'
import type { LinkOptions } from '#link/link.js'
import { type Listener, listen } from '#link/listen.js'
import type { Random } from '#link/random.js'
import { bracketed, type DialTarget, type ListenTarget, parseDialTarget } from '#link/targets.js'
import type { Transport } from '#link/transport.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import type { ChannelLimits } from '#openflow/channel.js'
import { OvsdbClient } from '#ovsdb/client.js'
import { openVswitchDatabaseName } from '#ovsdb/schemas/open-vswitch.js'
import type { SwitchDoor } from '#reconcile/switch-handle.js'
import { Arrival, type Arrived } from './arrival.js'
import { ChannelDoor, challengeMs } from './channel-door.js'
import { OvsSwitch } from './ovs-switch.js'
import { foreignBridge } from './prepare.js'
import { Refusals } from './refusals.js'
import type { SwitchSettings } from './settings.js'
import { type SwitchTable, switchTables } from './tables.js'

export interface SwitchDoorOptions {
  readonly settings: SwitchSettings
  readonly ovsdb: readonly ListenTarget[]
  readonly openflow: readonly ListenTarget[]
  /** What nodes are told to dial; absent: the address at which their own connection reached us. */
  readonly controllerTarget: string | undefined
  readonly credentials: Credentials | undefined
  /** Connections in all, and of peers that have not said who they are. */
  readonly limits: {
    readonly connectionsMax: number
    readonly strangersMax: number
    /** Bytes that may wait for a switch that does not read. */
    readonly queueBytesMax: number
  }
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** How listeners are opened; a simulation has its own network. */
  readonly listen?: typeof listen
  /** Largest OVSDB message in bytes. */
  readonly messageBytesMax?: number
  readonly channelLimits?: Partial<ChannelLimits>
  readonly link?: Partial<LinkOptions>
}

type DoorEvents = Parameters<SwitchDoor['listen']>[0]

export class OvsSwitchDoor implements SwitchDoor {
  private readonly listeners: Listener[] = []
  private readonly arrivals = new Set<Arrival>()
  private readonly dialled = new Map<string, Arrival>()
  private readonly switches = new Map<string, OvsSwitch>()
  private readonly channels: ChannelDoor
  private readonly refusals: Refusals
  private events: DoorEvents | undefined
  private closed = false
  /** The port of the first OpenFlow listener, as the kernel has it. */
  private openflowPort = 0

  constructor(private readonly options: SwitchDoorOptions) {
    this.refusals = new Refusals(options.clock, (...refusal) => this.events?.refused(...refusal))
    this.channels = new ChannelDoor({
      ...options,
      refusals: this.refusals,
      switches: () => this.switches.values(),
    })
  }

  /** Where the doors are, once they are open. */
  get targets(): readonly ListenTarget[] {
    return this.listeners.map(({ target }) => target)
  }

  async listen(events: DoorEvents): Promise<void> {
    this.events = events
    const { openflow, ovsdb, credentials, limits, listen: open = listen } = this.options
    const options = {
      ...limits,
      ...(credentials !== undefined && { credentials }),
      onRefused: (peer: string, why: string) => this.refusals.tell(peer, undefined, why),
    }
    try {
      // OpenFlow first: a switch that we prepare connects at once.
      for (const target of openflow) {
        const listener = await open(
          target,
          (transport, identified) => this.channels.accept(transport, identified),
          options,
        )
        this.listeners.push(listener)
        if (this.openflowPort === 0 && listener.target.kind !== 'punix')
          this.openflowPort = listener.target.port
      }
      for (const target of ovsdb) {
        this.listeners.push(
          await open(target, (transport, identified) => this.acceptOvsdb(transport, identified), options),
        )
      }
    } catch (error) {
      await this.close()
      throw error
    }
  }

  dial(node: string, target: string): void {
    const { credentials } = this.options
    const parsed = this.parse(node, target)
    if (parsed === undefined) return
    const client = OvsdbClient.dial(
      [(signal) => dial(parsed, credentials === undefined ? {} : { credentials }, signal)],
      this.clientOptions(),
    )
    this.dialled.set(node, this.arrive(client, target, undefined, node))
  }

  /** A target is checked before it is stored; one that somebody wrote into the database by hand may be anything. */
  private parse(node: string, target: string): DialTarget | undefined {
    try {
      return parseDialTarget(target, { port: 6640 })
    } catch (error) {
      this.refusals.tell(target, node, errorText(error))
      return undefined
    }
  }

  undial(node: string): void {
    const arrival = this.dialled.get(node)
    this.dialled.delete(node)
    arrival?.end('it is not dialled any more')
  }

  dismiss(node: string): void {
    this.undial(node)
    for (const arrival of this.arrivals) arrival.dismiss(node)
  }

  recall(node: string): void {
    for (const arrival of this.arrivals) arrival.recall(node)
  }

  async close(): Promise<void> {
    this.closed = true
    for (const arrival of this.arrivals) arrival.end('the controller stops')
    this.channels.clear()
    await Promise.all(this.listeners.splice(0).map((listener) => listener.close()))
  }

  private clientOptions() {
    const { clock, random, messageBytesMax, link } = this.options
    return {
      clock,
      random,
      database: openVswitchDatabaseName,
      tables: switchTables,
      ...(messageBytesMax !== undefined && { messageBytesMax }),
      ...(link !== undefined && { link }),
    }
  }

  private acceptOvsdb(transport: Transport, identified: () => void): void {
    const client = OvsdbClient.accept(transport, this.clientOptions())
    this.arrive(client, transport.peer, identified)
  }

  private arrive(
    client: OvsdbClient<SwitchTable>,
    peer: string,
    identified?: () => void,
    expected?: string,
  ): Arrival {
    const arrival = new Arrival({
      client,
      peer,
      bridge: this.options.settings.bridge,
      clock: this.options.clock,
      expected,
      onNamed: (arrived) => {
        identified?.()
        void this.admit(arrived, arrival)
      },
      onRefused: (node, reason) => this.refusals.tell(peer, node, reason),
      onEnded: () => this.arrivals.delete(arrival),
    })
    this.arrivals.add(arrival)
    return arrival
  }

  /** A switch has said its name: it is admitted unless another one bears it and answers. */
  private async admit(arrived: Arrived, arrival: Arrival): Promise<void> {
    const { node } = arrived
    const holder = this.switches.get(node)
    if (holder !== undefined) {
      if (await holder.databaseAnswers(challengeMs)) {
        this.refusals.tell(
          arrived.peer,
          node,
          `the name ${node} (external_ids:system-id) is taken by the switch at ${holder.facts.peer}`,
        )
        arrival.refuse()
        return
      }
      holder.close('another switch has taken its place')
    }
    if (this.closed || !arrival.isStill(node)) return
    const foreign = foreignBridge(arrived.view, this.options.settings)
    if (foreign !== undefined) {
      this.refusals.tell(arrived.peer, node, foreign)
      arrival.refuse()
      return
    }
    this.enter(arrived, arrival)
  }

  private enter({ node, client, view, peer, peerAddress, localAddress }: Arrived, arrival: Arrival): void {
    const { settings, clock, logger } = this.options
    const one: OvsSwitch = new OvsSwitch({
      node,
      client,
      view,
      settings,
      clock,
      logger,
      peer,
      peerAddress,
      controllerTarget: this.options.controllerTarget ?? this.targetFor(localAddress),
      onRefused: (reason) => {
        this.refusals.tell(peer, node, reason)
        one.close(reason)
      },
      onClosed: () => {
        unfollow()
        if (this.switches.get(node) === one) this.switches.delete(node)
        arrival.left()
      },
    })
    // A client that we dial outlives the switch: who has left must not claim the next one's channel.
    const unfollow = client.replica.onChange(() => this.channels.claim(one))
    this.switches.set(node, one)
    arrival.entered(one)
    this.events?.joined(one)
    one.begin()
    this.channels.claim(one)
  }

  private targetFor(localAddress: string | undefined): string {
    const scheme = this.options.openflow[0]?.kind === 'pssl' ? 'ssl' : 'tcp'
    return `${scheme}:${bracketed(localAddress ?? '127.0.0.1')}:${this.openflowPort}`
  }
}
