/**
 * The controller: store, switches and convergence joined. It follows the store's lock: whoever holds it opens the door to the
 * switches, whoever does not waits and says so.
 */
import { type Origin, originOf, slotOf } from '#compile/cookie.js'
import type { Clock } from '#link/clock.js'
import { errorText, FabricError } from '#model/error.js'
import type { FabricEventType } from '#model/event.js'
import { type LocalMappings, noLocalMappings } from '#model/local-mappings.js'
import type { Logger } from '#model/logger.js'
import type { MappingFigures } from '#model/mapping-figures.js'
import type { WireStatus } from '#model/status.js'
import { noWhereabouts, type Whereabouts } from '#model/whereabouts.js'
import type { Provenance, Wire } from '#model/wire.js'
import type { SwitchPlan } from '#reconcile/plan.js'
import type { Drift, Outcome, SwitchDoor, SwitchHandle } from '#reconcile/switch-handle.js'
import type { Store, StoreBatch, StoreChange, StoredNode, StoreState } from '#store/store.js'
import { Convergence } from './convergence.js'
import { LiveFabric } from './fabric.js'
import { Fleet } from './fleet.js'
import { Journal, type NewEvent } from './journal.js'
import { Metrics } from './metrics.js'
import { LiveNetworks } from './networks.js'
import { NodeEndpoints } from './node-endpoints.js'
import { OverlayRuntime } from './overlay/overlay-runtime.js'
import { OverlayIntent } from './overlay-intent.js'
import { OwnEids } from './own-eids.js'
import { kindWords, type Owner } from './views.js'
import type { VniRange } from './vni-pool.js'

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
  readonly whereabouts: Whereabouts
  figures(): MappingFigures
}

/** After an address for switches was taken, as after a controller that has just ended. */
const listenRetryMs = 1_000

export class Controller {
  readonly fabric: LiveFabric
  readonly networks: LiveNetworks
  readonly overlay = new OverlayIntent()
  readonly fleet: Fleet
  readonly convergence: Convergence
  readonly metrics: Metrics
  private readonly journal: Journal
  private readonly ownEids: OwnEids
  private readonly nodeEndpoints: NodeEndpoints
  private readonly overlayRuntime: OverlayRuntime
  private door: SwitchDoor | undefined
  /** Whether the door is open: from then on stored targets are dialled. */
  private listening = false
  private trouble: string | undefined
  private stopping = false
  /** Whether what the store holds has been taken up. */
  private loaded = false
  /** Ends the wait for the next attempt to open the door. */
  private cancelRetry: (() => void) | undefined
  /** Nodes whose row is being written, so that one change makes one transaction. */
  private readonly storing = new Set<string>()

  constructor(private readonly options: ControllerOptions) {
    const { clock, boot, eventsKept, underlayMtu, store, vni, ipam, mapping } = options
    this.journal = new Journal({ clock, boot, keep: eventsKept })
    this.fleet = new Fleet({
      clock,
      underlayMtu,
      events: {
        nodeChanged: (node, handle) => this.nodeChanged(node, handle),
        planned: (...told) => this.planned(...told),
        drift: (node, drift) => this.drift(node, drift),
        packetIn: (node, packet) => this.overlayRuntime.packetIn(node, packet),
        expired: (node, slot) => this.overlayRuntime.expired(node, slot),
      },
    })
    this.convergence = new Convergence({
      clock,
      fleet: this.fleet,
      events: { wireState: (wire, status) => this.wireState(wire, status) },
    })
    this.metrics = new Metrics(this.convergence, this.fleet, mapping && (() => mapping.figures()))
    this.fabric = new LiveFabric({
      store,
      commit: (batch, request) => this.commit(batch, request),
      convergence: this.convergence,
      overlay: this.overlay,
      journal: this.journal,
      clock,
      vni,
      metrics: () => this.metrics.expose(),
      trouble: () => this.trouble ?? mapping?.trouble,
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
    this.ownEids = new OwnEids({ local: mapping?.local ?? noLocalMappings, overlay: this.overlay, inventory })
    this.nodeEndpoints = new NodeEndpoints({
      network: options.defaultNetwork,
      overlay: this.overlay,
      nodes: () => inventory.stored.keys(),
      leads: () => this.loaded && store.state.state === 'leader',
      put: (id, spec, request) => this.networks.putEndpoint(id, spec, request),
      clock,
      logger: options.logger,
    })
    this.metrics.watchOverlay(() => this.networks.figures())
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
      this.dial(node.name, undefined, node)
    }
    this.convergence.wiresLoaded([...store.wires()])
    this.networks.load()
    this.ownEids.load()
    this.overlayRuntime.load()
    this.fabric.resume()
    store.onChange((change) => this.stored(change))
    this.loaded = true
    this.fleet.begin()
    for (const [name, handle] of this.convergence.inventory.handles) void this.remember(name, handle)
    this.nodeEndpoints.look()
  }

  async stop(): Promise<void> {
    this.stopping = true
    this.cancelRetry?.()
    await this.door?.close()
    this.door = undefined
    this.fleet.stop()
  }

  private async follow(state: StoreState): Promise<void> {
    const { logger, store } = this.options
    if (this.stopping) return
    if (state.state === 'leader') this.nodeEndpoints.look()
    if ((state.state === 'leader' || state.state === 'reading') && this.door === undefined) {
      this.tell({
        type: 'controller-leader',
        object: 'controller',
        message: 'this controller holds the northbound lock',
      })
      await this.open(store.fabricId)
    } else if (state.state === 'standby') {
      this.cancelRetry?.()
      this.tell({ type: 'controller-standby', object: 'controller', message: state.reason })
      const door = this.door
      this.door = undefined
      this.listening = false
      await door?.close()
      this.fleet.stop()
    } else if (state.state === 'connecting' && this.loaded)
      logger.warn({ reason: state.reason }, 'northbound database not connected')
  }

  private async open(fabricId: string): Promise<void> {
    const door = this.options.openDoor(fabricId)
    this.door = door
    try {
      await door.listen({
        joined: (handle) => this.joined(handle),
        refused: (...refusal) => this.refused(...refusal),
      })
      this.trouble = undefined
      this.listening = true
      if (this.loaded) for (const node of this.options.store.nodes()) this.dial(node.name, undefined, node)
    } catch (error) {
      const trouble = `cannot listen for switches: ${errorText(error)}`
      if (trouble !== this.trouble) this.options.logger.error({ err: error }, trouble)
      this.trouble = trouble
      this.cancelRetry = this.options.clock.schedule(listenRetryMs, () => void this.open(fabricId))
    }
  }

  private stored(change: StoreChange): void {
    for (const { old, new: node } of change.nodes) {
      const name = (node ?? old)?.name
      if (name === undefined) continue
      this.fleet.nodeStored(name, node)
      this.ownEids.nodeChanged(name)
      this.dial(name, old, node)
      if (node === undefined)
        this.tell({ type: 'node-deleted', object: `node ${name}`, message: `node ${name} was deleted` })
    }
    this.ownEids.stored(change)
    this.overlayRuntime.stored(change)
    this.nodeEndpoints.stored(change)
    this.convergence.wiresChanged(change.wires)
    for (const { old, new: wire } of change.wires) this.wireStored(old, wire)
    for (const { old, new: topology } of change.topologies) {
      const name = (topology ?? old)?.name
      const type = topology === undefined ? 'topology-deleted' : 'topology-applied'
      this.tell({
        type,
        object: `topology ${name}`,
        message: `${name} was ${topology === undefined ? 'deleted' : 'applied'}`,
      })
    }
  }

  private wireStored(old: Wire | undefined, wire: Wire | undefined): void {
    const named = wire ?? old
    if (named === undefined) return
    const [type, verb]: [FabricEventType, string] =
      old === undefined
        ? ['link-created', 'created']
        : wire === undefined
          ? ['link-deleted', 'deleted']
          : ['link-changed', 'changed']
    // What deletes a wire is another request than what made it.
    const { requestId, by } = this.removals.get(named.serial) ?? named.provenance
    this.tell({
      type,
      object: `link ${named.name}`,
      message: `${named.name} was ${verb}`,
      data: { requestId, by, vni: named.vni },
    })
  }

  private dial(name: string, old: StoredNode | undefined, node: StoredNode | undefined): void {
    if (this.door === undefined || !this.listening) return
    if (old === undefined) this.door.recall(name)
    if (old?.spec.target === node?.spec.target) return
    this.door.undial(name)
    if (node?.spec.target !== undefined) this.door.dial(name, node.spec.target)
  }

  private joined(handle: SwitchHandle): void {
    const { node, facts } = handle
    this.tell({ type: 'node-joined', object: `node ${node}`, message: `${node} joined from ${facts.peer}` })
    this.fleet.attach(handle)
  }

  private refused(peer: string, node: string | undefined, reason: string, repeated = false): void {
    this.metrics.refused()
    if (repeated) {
      this.options.logger.debug({ peer, node, reason }, 'a switch was refused again')
      return
    }
    this.tell({
      type: 'node-refused',
      object: node === undefined ? 'controller' : `node ${node}`,
      message: `the switch at ${peer} was refused: ${reason}`,
      data: { peer },
    })
  }

  /** States already told, so that each change is told once. */
  private readonly nodeStates = new Map<string, string>()

  private nodeChanged(node: string, handle: SwitchHandle | undefined): void {
    const facts = this.convergence.inventory.node(node)
    if (this.nodeStates.get(node) !== facts.state) {
      const before = this.nodeStates.get(node)
      this.nodeStates.set(node, facts.state)
      if (facts.state === 'ready')
        this.tell({ type: 'node-ready', object: `node ${node}`, message: `${node} is ready` })
      if (facts.state === 'offline' && before !== undefined) {
        this.tell({
          type: 'node-offline',
          object: `node ${node}`,
          message: `${node} is not connected any more`,
        })
      }
    }
    this.ownEids.nodeChanged(node)
    if (handle !== undefined) void this.remember(node, handle)
  }

  /** A node that has joined is stored with its address: a peer's flows need it while the node is away. */
  private async remember(node: string, handle: SwitchHandle): Promise<void> {
    const { store, clock, logger } = this.options
    const stored = this.convergence.inventory.stored.get(node)
    const { rloc } = handle.facts
    if (!this.loaded || store.state.state !== 'leader' || this.storing.has(node)) return
    if (stored !== undefined && (rloc === undefined || stored.lastRloc === rloc)) return
    this.storing.add(node)
    try {
      await this.commit({
        putNode: {
          name: node,
          spec: stored?.spec ?? {},
          joinedAt: stored?.joinedAt ?? clock.wallTime(),
          ...(rloc !== undefined && { lastRloc: rloc }),
        },
      })
    } catch (error) {
      logger.warn({ err: error, node }, 'the node could not be stored; its next change tries again')
    } finally {
      this.storing.delete(node)
    }
  }

  /** Requests that remove wires, by the serials of these, while they are being stored. */
  private readonly removals = new Map<number, Provenance>()

  private async commit(batch: StoreBatch, request?: Provenance): Promise<void> {
    const removed = request === undefined ? [] : (batch.removeWires ?? [])
    for (const { serial } of removed) if (request !== undefined) this.removals.set(serial, request)
    try {
      await this.options.store.commit(batch)
      this.metrics.committed('done')
    } catch (error) {
      this.metrics.committed(error instanceof FabricError ? error.code : 'internal')
      throw error
    } finally {
      for (const { serial } of removed) this.removals.delete(serial)
    }
  }

  private async releaseNode(name: string): Promise<void> {
    const handle = this.convergence.inventory.handles.get(name)
    await handle?.release()
    this.door?.dismiss(name)
  }

  private wireState(wire: Wire, status: WireStatus): void {
    const object = `link ${wire.name}`
    if (status.state === 'up') this.tell({ type: 'link-up', object, message: `${wire.name} is up` })
    else if (status.state === 'down') {
      const ends = status.lostCarrier
        .map((end) => `${wire[end].interface} of ${wire[end].node}`)
        .join(' and ')
      this.tell({
        type: 'link-down',
        object,
        message: `${wire.name} is down: ${ends} lost carrier`,
        data: { ends: status.lostCarrier },
      })
    } else {
      const message = `${wire.name} is pending: ${status.reasons.map((reason) => reason.message).join('; ')}`
      this.tell({
        type: 'link-pending',
        object,
        message,
        data: { reasons: status.reasons.map(({ code }) => code) },
      })
    }
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

  private drift(node: string, drift: Drift): void {
    const cookie = drift.overwritten ?? drift.cookie
    const origin = originOf(cookie)
    const owner = origin && this.ownerOf(origin, node)
    const object =
      origin === undefined || owner === undefined ? `node ${node}` : `${kindWords[origin.kind]} ${owner.name}`
    if (origin === undefined) {
      this.metrics.drift('foreign')
      const message = `somebody else ${drift.type} a flow on ${node}: ${drift.text}`
      this.tell({ type: 'drift-foreign', object, message, data: { node } })
      return
    }
    this.metrics.drift('repaired')
    if (origin.kind === 'wire') this.convergence.markWire(node, origin.serial)
    else this.fleet.mark(node, slotOf(origin))
    const message = `a flow of ${object} on ${node} was ${drift.type} by somebody else and is repaired: ${drift.text}`
    this.tell({ type: 'drift-repaired', object, message, data: { node } })
  }

  /** Tells an event to whoever listens, and logs it. */
  tell(event: NewEvent): void {
    this.journal.add(event)
    this.options.logger.info({ object: event.object, event: event.type, ...event.data }, event.message)
  }
}
