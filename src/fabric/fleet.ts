/**
 * The switches that are connected, with a worker for each. Whatever happens to one is told to the features, which turn it into
 * marks on origins; the workers ask them what those want, compare and repair.
 */
import { type OriginKind, originAt, type Slot, slotOf } from '#compile/cookie.js'
import { compileNode, originOfNode } from '#compile/node.js'
import type { Clock } from '#link/clock.js'
import type { SwitchPlan } from '#reconcile/plan.js'
import type { Drift, Outcome, PacketIn, SwitchEvents, SwitchHandle } from '#reconcile/switch-handle.js'
import { SwitchWorker, type Wants } from '#reconcile/worker.js'
import type { StoredNode } from '#store/store.js'
import type { Feature } from './feature.js'
import { LiveInventory } from './inventory.js'

/** What the fleet tells its owner. */
export interface FleetEvents {
  nodeChanged(node: string, handle: SwitchHandle | undefined): void
  planned(node: string, plan: SwitchPlan, outcome: Outcome, milliseconds: number): void
  drift(node: string, drift: Drift): void
  packetIn(node: string, packet: PacketIn): void
  /** A flow of an origin left a table by its time-out. */
  expired(node: string, slot: Slot, table: number): void
}

export interface FleetOptions {
  readonly clock: Clock
  readonly underlayMtu: number
  readonly events: FleetEvents
}

const nodeSlot = slotOf(originOfNode)

export class Fleet {
  readonly inventory: LiveInventory
  private readonly workers = new Map<string, SwitchWorker>()
  private readonly features: Feature[] = []
  private readonly byKind = new Map<OriginKind, Feature>()
  private known = false

  constructor(private readonly options: FleetOptions) {
    this.inventory = new LiveInventory(options.underlayMtu)
  }

  /** To be called for every feature before the first switch is attached. */
  add(feature: Feature): void {
    this.features.push(feature)
    for (const kind of feature.kinds) this.byKind.set(kind, feature)
  }

  /** From here on it is known what is wanted; switches may have connected before. */
  begin(): void {
    this.known = true
    for (const [node, worker] of this.workers) {
      if (this.inventory.handles.get(node)?.ready)
        for (const feature of this.features) feature.connected(node)
      worker.resume()
    }
  }

  /** Marks that the workers have not taken up yet. */
  get backlog(): number {
    return [...this.workers.values()].reduce((sum, worker) => sum + worker.backlog, 0)
  }

  /** Something about an origin may have changed at `node`. */
  mark(node: string, slot: Slot): void {
    this.workers.get(node)?.mark(slot)
  }

  markPort(node: string, name: string): void {
    this.workers.get(node)?.markPort(name)
  }

  /** Whether the switch is known to hold what the origin wants of it; undefined while there is none. */
  confirmed(node: string, slot: Slot): boolean | undefined {
    return this.workers.get(node)?.confirmed(slot)
  }

  /** Whether the origin is being compared with a switch that can be asked. */
  isComparing(node: string, slot: Slot): boolean {
    return this.workers.get(node)?.isComparing(slot) === true
  }

  /** Why the switch did not take the origin's flows, in its own words. */
  refusal(node: string, slot: Slot): string | undefined {
    return this.workers.get(node)?.refusal(slot)
  }

  nodeStored(name: string, stored: StoredNode | undefined): void {
    if (stored === undefined) this.inventory.stored.delete(name)
    else this.inventory.stored.set(name, stored)
    this.factsChanged(name)
  }

  /** A switch has joined; replaces whatever stood for the node. */
  attach(handle: SwitchHandle): void {
    const { node } = handle
    this.workers.get(node)?.stop()
    this.inventory.handles.set(node, handle)
    const worker = new SwitchWorker({
      handle,
      wants: this.wants,
      clock: this.options.clock,
      progress: {
        settled: (_, slots) => this.settled(node, slots),
        planned: (...told) => this.options.events.planned(...told),
      },
    })
    this.workers.set(node, worker)
    handle.listen(this.listener(handle, worker))
    this.factsChanged(node)
  }

  stop(): void {
    for (const [node, handle] of [...this.inventory.handles]) {
      handle.close('the controller stops')
      this.detach(node, handle)
    }
  }

  private listener(handle: SwitchHandle, worker: SwitchWorker): SwitchEvents {
    const { node } = handle
    let wasReady = false
    return {
      changed: () => {
        if (handle.ready && !wasReady) {
          if (this.known) for (const feature of this.features) feature.connected(node)
          worker.markAll()
        }
        wasReady = handle.ready
        this.factsChanged(node)
      },
      ports: (names) => {
        for (const feature of this.features) feature.portsChanged(node, names)
        for (const name of names) if (this.wants.port(node, name) === undefined) worker.markPort(name)
      },
      drift: (drift) => this.options.events.drift(node, drift),
      packetIn: (packet) => this.options.events.packetIn(node, packet),
      expired: (origin, table) => this.options.events.expired(node, slotOf(origin), table),
      closed: () => this.detach(node, handle),
    }
  }

  private readonly wants: Wants = {
    known: () => this.known,
    desired: (slot, node) =>
      slot === nodeSlot ? compileNode() : this.byKind.get(originAt(slot).kind)?.desired(slot, node),
    port: (node, name) => {
      for (const feature of this.features) {
        const wish = feature.port(node, name)
        if (wish !== undefined) return wish
      }
      return undefined
    },
    slotsAt: (node) => [nodeSlot, ...this.features.flatMap((feature) => [...feature.slotsAt(node)])],
    interfacesAt: (node) => this.features.flatMap((feature) => [...feature.interfacesAt(node)]),
  }

  private settled(node: string, slots: readonly Slot[]): void {
    const [only] = this.features
    if (this.features.length === 1) only?.settled(node, slots)
    else
      for (const feature of this.features) {
        const own = slots.filter((slot) => this.byKind.get(originAt(slot).kind) === feature)
        if (own.length > 0) feature.settled(node, own)
      }
  }

  private detach(node: string, handle: SwitchHandle): void {
    if (this.inventory.handles.get(node) !== handle) return
    this.workers.get(node)?.stop()
    this.workers.delete(node)
    this.inventory.handles.delete(node)
    this.factsChanged(node)
  }

  private factsChanged(node: string): void {
    const { before, after } = this.inventory.refresh(node)
    for (const feature of this.features) feature.factsChanged(node, before, after)
    this.options.events.nodeChanged(node, this.inventory.handles.get(node))
  }
}
