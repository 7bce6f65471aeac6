/**
 * The controller: store, switches and convergence joined. It follows the store's lock: whoever holds it opens the door to the
 * switches, whoever does not waits and says so.
 */
import type { Origin } from '#compile/cookie.js'
import type { Clock } from '#link/clock.js'
import { FabricError } from '#model/error.js'
import { type LocalMappings, noLocalMappings } from '#model/local-mappings.js'
import type { Logger } from '#model/logger.js'
import type { MappingFigures } from '#model/mapping-figures.js'
import { noWhereabouts, type SpokenFor, type Whereabouts } from '#model/whereabouts.js'
import type { Provenance } from '#model/wire.js'
import type { SwitchPlan } from '#reconcile/plan.js'
import type { Outcome, SwitchDoor, SwitchHandle } from '#reconcile/switch-handle.js'
import type { Store, StoreBatch, StoreChange, StoreState } from '#store/store.js'
import { Convergence } from './convergence.js'
import { DriftRepair } from './drift-repair.js'
import { Entrance } from './entrance.js'
import { LiveFabric } from './fabric.js'
import { Fleet } from './fleet.js'
import { Journal, type NewEvent } from './journal.js'
import { Metrics } from './metrics.js'
import { LiveNetworks } from './networks.js'
import { NodeEndpoints } from './node-endpoints.js'
import { NodeRoll } from './node-roll.js'
import { OverlayRuntime } from './overlay/overlay-runtime.js'
import { OverlayIntent } from './overlay-intent.js'
import type { SwitchSide } from './switch-side.js'
import type { Owner } from './views.js'
import type { VniRange } from './vni-pool.js'
import { WireEvents } from './wire-events.js'

export interface ControllerOptions {
  readonly store: Store
  /** Made when this controller becomes the leader, closed when it is no more. */
  readonly openDoor: (fabricId: string) => SwitchDoor
  readonly clock: Clock
  readonly logger: Logger
  /** Distinguishes this run from the one before. */
  readonly boot: string
  readonly eventsKept: number
  readonly underlayMtu: number
  readonly vni: VniRange & { readonly quarantineSeconds: number }
  readonly ipam: { readonly quarantineSeconds: number }
  /** The network in which every node is an endpoint, where there is to be one. */
  readonly defaultNetwork?: string | undefined
  /** Absent where no mapping system runs. */
  readonly mapping?: MappingWatch | undefined
}

/** What is to be known of the mapping system beside this. */
export interface MappingWatch {
  /** Why it cannot be reached; undefined while it can. */
  readonly trouble: string | undefined
  /** Takes what is to be known of our own networks and endpoints. */
  readonly local: LocalMappings
  /** Where EIDs are. */
  readonly whereabouts: Whereabouts & SpokenFor
  figures(): MappingFigures
}

export class Controller {
  readonly fabric: LiveFabric
  readonly networks: LiveNetworks
  readonly overlay = new OverlayIntent()
  readonly fleet: Fleet
  readonly convergence: Convergence
  readonly metrics: Metrics
  private readonly journal: Journal
  private readonly wireEvents = new WireEvents((event) => this.tell(event))
  private readonly drift: DriftRepair
  private readonly nodeEndpoints: NodeEndpoints
  private readonly roll: NodeRoll
  private readonly overlayRuntime: OverlayRuntime
  private readonly entrance: Entrance
  private stopping = false
  /** Whether what the store holds has been taken up. */
  private loaded = false
  constructor(private readonly options: ControllerOptions) {
    const { clock, boot, eventsKept, underlayMtu, store, vni, ipam, mapping } = options
    this.entrance = new Entrance({
      openDoor: options.openDoor,
      clock,
      logger: options.logger,
      events: {
        joined: (handle) => this.joined(handle),
        refused: (...refusal) => this.refused(...refusal),
      },
      nodes: () => (this.loaded ? store.nodes() : []),
    })
    this.journal = new Journal({ clock, boot, keep: eventsKept })
    this.fleet = new Fleet({
      clock,
      underlayMtu,
      events: {
        nodeChanged: (node, handle) => this.nodeChanged(node, handle),
        planned: (...told) => this.planned(...told),
        drift: (node, drift) => this.drift.take(node, drift),
        packetIn: (node, packet) => this.overlayRuntime.packetIn(node, packet),
        expired: (...flow) => this.overlayRuntime.expired(...flow),
      },
    })
    this.convergence = new Convergence({
      clock,
      fleet: this.fleet,
      events: { wireState: (wire, status) => this.wireEvents.state(wire, status) },
    })
    this.metrics = new Metrics(this.convergence, this.fleet, mapping && (() => mapping.figures()))
    this.drift = new DriftRepair({
      fleet: this.fleet,
      convergence: this.convergence,
      metrics: this.metrics,
      ownerOf: (origin, node) => this.ownerOf(origin, node),
      tell: (event) => this.tell(event),
    })
    this.fabric = new LiveFabric({
      store,
      commit: (batch, request) => this.commit(batch, request),
      convergence: this.convergence,
      overlay: this.overlay,
      journal: this.journal,
      clock,
      vni,
      metrics: () => this.metrics.expose(),
      trouble: () => this.entrance.trouble ?? mapping?.trouble,
      ownerOf: (origin, node) => this.ownerOf(origin, node),
      releaseNode: (name) => this.releaseNode(name),
      deleteEndpoint: (id, request) => this.networks.deleteEndpoint(id, request),
    })
    const { intent, inventory } = this.convergence
    this.overlayRuntime = new OverlayRuntime({
      clock,
      fleet: this.fleet,
      intent: this.overlay,
      whereabouts: mapping?.whereabouts ?? noWhereabouts,
      local: mapping?.local ?? noLocalMappings,
      receipts: () => this.networks.receipts,
      tell: (event) => this.tell(event),
    })
    this.networks = new LiveNetworks({
      store,
      overlay: this.overlay,
      vnis: this.fabric.vnis,
      clock,
      switches: this.overlayRuntime.side,
      quarantineSeconds: ipam.quarantineSeconds,
      linkAt: (node, name) => intent.claim(node, name)?.name,
      linkWithVni: (one) => intent.withVni(one)?.name,
      commit: (batch, request) => this.commit(batch, request),
      tell: (event) => this.tell(event),
    })
    const leads = () => this.loaded && store.state.state === 'leader'
    this.roll = new NodeRoll({
      clock,
      logger: options.logger,
      inventory,
      leads,
      commit: (batch) => this.commit(batch),
      tell: (event) => this.tell(event),
    })
    this.nodeEndpoints = new NodeEndpoints({
      network: options.defaultNetwork,
      overlay: this.overlay,
      nodes: () => inventory.stored.keys(),
      leads,
      put: (id, spec, request) => this.networks.putEndpoint(id, spec, request),
      clock,
      logger: options.logger,
    })
    this.metrics.watchOverlay(() => ({ ...this.networks.figures(), ...this.overlayRuntime.figures }))
  }

  /** How endpoints are doing. */
  get side(): SwitchSide {
    return this.overlayRuntime.side
  }

  /** Opens the door to the switches as soon as the lock is held: they are read while the store is. */
  start(): void {
    const { store } = this.options
    store.onState((state) => void this.follow(state))
    void this.follow(store.state)
  }

  /** Takes up what the store holds, once it is loaded, and follows it. */
  load(): void {
    const { store } = this.options
    for (const node of store.nodes()) {
      this.fleet.nodeStored(node.name, node)
      this.entrance.dial(node.name, undefined, node)
    }
    this.convergence.wiresLoaded([...store.wires()])
    this.networks.load()
    this.overlayRuntime.load()
    this.fabric.resume()
    store.onChange((change) => this.stored(change))
    this.loaded = true
    this.fleet.begin()
    for (const [name, handle] of this.convergence.inventory.handles) void this.roll.remember(name, handle)
    this.nodeEndpoints.look()
  }

  async stop(): Promise<void> {
    this.stopping = true
    await this.entrance.close()
    this.fleet.stop()
  }

  private async follow(state: StoreState): Promise<void> {
    const { logger, store } = this.options
    if (this.stopping) return
    if (state.state === 'leader') this.nodeEndpoints.look()
    if ((state.state === 'leader' || state.state === 'reading') && !this.entrance.isMade) {
      this.tell({
        type: 'controller-leader',
        object: 'controller',
        message: 'this controller holds the northbound lock',
      })
      await this.entrance.open(store.fabricId)
    } else if (state.state === 'standby') {
      this.tell({ type: 'controller-standby', object: 'controller', message: state.reason })
      await this.entrance.close()
      this.fleet.stop()
    } else if (state.state === 'connecting' && this.loaded)
      logger.warn({ reason: state.reason }, 'northbound database not connected')
  }

  private stored(change: StoreChange): void {
    for (const { old, new: node } of change.nodes) {
      const name = (node ?? old)?.name
      if (name === undefined) continue
      this.fleet.nodeStored(name, node)
      this.overlayRuntime.nodeChanged(name)
      this.entrance.dial(name, old, node)
      if (node === undefined) this.roll.deleted(name)
    }
    this.overlayRuntime.stored(change)
    this.nodeEndpoints.stored(change)
    this.convergence.wiresChanged(change.wires)
    this.wireEvents.stored(change)
  }

  private joined(handle: SwitchHandle): void {
    this.roll.joined(handle)
    this.fleet.attach(handle)
  }

  private refused(peer: string, node: string | undefined, reason: string, repeated = false): void {
    this.metrics.refused()
    if (repeated) this.options.logger.debug({ peer, node, reason }, 'a switch was refused again')
    else this.roll.refused(peer, node, reason)
  }

  private nodeChanged(node: string, handle: SwitchHandle | undefined): void {
    this.overlayRuntime.nodeChanged(node)
    this.roll.changed(node, handle)
  }

  private async commit(batch: StoreBatch, request?: Provenance): Promise<void> {
    try {
      await this.wireEvents.during(batch, request, () => this.options.store.commit(batch))
      this.metrics.committed('done')
    } catch (error) {
      this.metrics.committed(error instanceof FabricError ? error.code : 'internal')
      throw error
    }
  }

  private async releaseNode(name: string): Promise<void> {
    const handle = this.convergence.inventory.handles.get(name)
    await handle?.release()
    this.entrance.dismiss(name)
  }

  private planned(node: string, plan: SwitchPlan, outcome: Outcome, milliseconds: number): void {
    this.metrics.planned(plan, outcome, milliseconds)
    const { logger } = this.options
    const summary = {
      node,
      ms: Math.round(milliseconds * 100) / 100,
      changes: plan.changes.length,
      ports: plan.addPorts.length + plan.removePorts.length,
    }
    if (outcome.state === 'done') logger.info(summary, 'switch programmed')
    else logger.warn({ ...summary, reason: outcome.reason }, `switch change ${outcome.state}`)
  }

  /** The object that flows of an origin exist for. */
  private ownerOf(origin: Origin, node: string): Owner | undefined {
    if (origin.kind === 'node') return { name: node }
    if (origin.kind === 'wire') return this.convergence.intent.withSerial(origin.serial)
    return this.overlayRuntime.ownerOf(origin, node)
  }

  /** Tells an event to whoever listens, and logs it. */
  tell(event: NewEvent): void {
    this.journal.add(event)
    this.options.logger.info({ object: event.object, event: event.type, ...event.data }, event.message)
  }
}
