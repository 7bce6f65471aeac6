/**
 * The controller as REST sees it: requests become transactions of the store, and answers wait for what convergence reports.
 */
import type { Fabric, Request, WirePatch } from '#api/fabric.js'
import type { Origin } from '#compile/cookie.js'
import type { Clock } from '#link/clock.js'
import { parseDialTarget } from '#link/targets.js'
import { isNodePort } from '#model/endpoint.js'
import { errorText, FabricError } from '#model/error.js'
import type { FlowView, NodeSpec, NodeView, Port } from '#model/node.js'
import type { WireView } from '#model/status.js'
import type { TopologyPlan, TopologySpec, TopologyView } from '#model/topology.js'
import type { Provenance, Wire, WireSpec } from '#model/wire.js'
import type { Store, StoreBatch } from '#store/store.js'
import type { Convergence } from './convergence.js'
import type { Journal } from './journal.js'
import type { OverlayIntent } from './overlay-intent.js'
import { Topologies } from './topologies.js'
import { flowView, nodeView, type Owner, wireView } from './views.js'
import { VniLedger } from './vni-ledger.js'
import type { VniRange } from './vni-pool.js'
import { WireChanges } from './wire-changes.js'
import { newWire, patched, specOf } from './wire-values.js'

export interface FabricOptions {
  readonly store: Pick<Store, 'state' | 'retired' | 'onChange' | 'topologies'>
  /** Stores durably; `request` is whose change it is. Rejects as `Store.commit` does. */
  readonly commit: (batch: StoreBatch, request: Provenance) => Promise<void>
  readonly convergence: Convergence
  readonly overlay: OverlayIntent
  readonly journal: Journal
  readonly clock: Clock
  readonly vni: VniRange & { readonly quarantineSeconds: number }
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>
  /** Why the controller cannot answer; undefined while it can. */
  readonly trouble: () => string | undefined
  /** The object that a flow on a node exists for. */
  readonly ownerOf: (origin: Origin, node: string) => Owner | undefined
  /** Ends a node's connection after its deletion, cleaning the switch where it is reachable. */
  readonly releaseNode: (name: string) => Promise<void>
  readonly deleteEndpoint: (id: string, request: Request) => Promise<unknown>
}

export class LiveFabric implements Fabric {
  /** Networks draw from it as well. */
  readonly vnis: VniLedger
  private readonly changes: WireChanges
  private readonly sets: Topologies

  constructor(private readonly options: FabricOptions) {
    const { intent } = options.convergence
    this.vnis = new VniLedger({ ...options, intent })
    const { vnis } = this
    this.changes = new WireChanges({ ...options, vnis })
    this.sets = new Topologies({ ...options, vnis, changes: this.changes })
  }

  /** To be called once the store's wires and networks are in the intent. */
  resume(): void {
    this.vnis.resume()
  }

  nodes(): readonly NodeView[] {
    const { convergence } = this.options
    return convergence.inventory.names().map((name) => nodeView(name, convergence))
  }

  node(name: string): NodeView {
    this.requireNode(name)
    return nodeView(name, this.options.convergence)
  }

  async putNode(
    name: string,
    spec: NodeSpec,
    request: Request,
  ): Promise<{ node: NodeView; created: boolean }> {
    const { convergence, clock } = this.options
    this.changes.requireLeader()
    checkTarget(spec)
    const stored = convergence.inventory.stored.get(name)
    const putNode = {
      name,
      spec,
      joinedAt: stored?.joinedAt ?? clock.wallTime(),
      ...(stored?.lastRloc !== undefined && { lastRloc: stored.lastRloc }),
      ...(stored?.lastUnderlayMtu !== undefined && { lastUnderlayMtu: stored.lastUnderlayMtu }),
    }
    await this.changes.commit([], { putNode }, request)
    return { node: nodeView(name, convergence), created: stored === undefined }
  }

  async deleteNode(name: string, request: Request): Promise<void> {
    const { convergence, overlay, releaseNode, deleteEndpoint } = this.options
    this.requireNode(name)
    this.changes.requireLeader()
    const [wire] = convergence.intent.wiresAt(name)
    if (wire !== undefined) {
      const count = convergence.intent.wiresAt(name).size
      throw new FabricError(
        'node-in-use',
        `${count} links end at node ${name}, ${wire.name} among them; delete them first`,
        {
          owner: `link ${wire.name}`,
        },
      )
    }
    const endpoints = [...overlay.endpointsAt(name).values()]
    const endpoint = endpoints.find((one) => !isNodePort(one))
    if (endpoint !== undefined) {
      throw new FabricError(
        'node-in-use',
        `endpoints are at node ${name}, ${endpoint.id} among them; delete them first`,
        { owner: `endpoint ${endpoint.id}` },
      )
    }
    // The endpoint that the node itself is goes with it.
    for (const { id } of endpoints) await deleteEndpoint(id, { ...request, waitMs: 0 })
    await releaseNode(name)
    if (convergence.inventory.stored.has(name)) await this.changes.commit([], { removeNode: name }, request)
  }

  ports(node: string): readonly Port[] {
    this.requireNode(node)
    const handle = this.options.convergence.inventory.handles.get(node)
    return [...(handle?.ports() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async flows(node: string): Promise<readonly FlowView[]> {
    this.requireNode(node)
    const { convergence, ownerOf } = this.options
    const handle = convergence.inventory.handles.get(node)
    if (!handle?.ready) throw new FabricError('node-offline', `node ${node} is not connected`)
    const flows = await handle.readFlows()
    return flows.map((flow) => flowView(flow, (origin) => ownerOf(origin, node)))
  }

  *wires(): Iterable<WireView> {
    for (const wire of this.options.convergence.intent.wires()) yield this.view(wire)
  }

  wire(name: string): WireView {
    return this.view(this.changes.requireWire(name))
  }

  async createWire(spec: WireSpec, request: Request): Promise<WireView> {
    const began = this.options.clock.now()
    this.changes.requireLeader()
    this.changes.admit([{ spec, at: '' }])
    await this.changes.store([spec.name], began, async () => {
      const [vni] = this.vnis.allocate([spec])
      await this.changes.commit(
        [vni as number],
        { addWires: [newWire(spec, vni as number, request)] },
        request,
      )
    })
    await this.changes.whenConfirmed([spec.name], request)
    return this.wire(spec.name)
  }

  async changeWire(name: string, patch: WirePatch, request: Request): Promise<WireView> {
    const began = this.options.clock.now()
    const wire = this.changes.requireWire(name)
    this.changes.requireLeader()
    this.requireLoose(wire)
    const changed = patched(wire, patch, request)
    this.changes.admit([{ spec: specOf(changed), at: '', serial: wire.serial }])
    const retire = changed.vni === wire.vni ? [] : [this.vnis.retirement(wire)]
    await this.changes.store([name], began, () =>
      this.changes.commit([changed.vni], { changeWires: [changed], retireVnis: retire }, request),
    )
    await this.changes.whenConfirmed([name], request)
    return this.wire(name)
  }

  async deleteWire(name: string, request: Request): Promise<void> {
    const wire = this.changes.requireWire(name)
    this.changes.requireLeader()
    this.requireLoose(wire)
    await this.changes.commit([], { removeWires: [wire], retireVnis: [this.vnis.retirement(wire)] }, request)
    await this.changes.whenGone([wire], request)
  }

  topologies(): readonly TopologyView[] {
    return this.sets.list()
  }

  topology(name: string): TopologyView {
    return this.sets.get(name)
  }

  planTopology(name: string, spec: TopologySpec): TopologyPlan {
    return this.sets.plan(name, spec)
  }

  applyTopology(...args: Parameters<Fabric['applyTopology']>): ReturnType<Fabric['applyTopology']> {
    return this.sets.apply(...args)
  }

  deleteTopology(name: string, request: Request): Promise<TopologyPlan> {
    return this.sets.delete(name, request)
  }

  subscribe(...args: Parameters<Fabric['subscribe']>): ReturnType<Fabric['subscribe']> {
    return this.options.journal.subscribe(...args)
  }

  health(): { ok: boolean; reason?: string } {
    const reason = this.options.trouble()
    return reason === undefined ? { ok: true } : { ok: false, reason }
  }

  readiness(): { ready: boolean; reason?: string } {
    const { state } = this.options.store
    return state.state === 'leader' ? { ready: true } : { ready: false, reason: state.reason }
  }

  metrics(): Promise<{ contentType: string; body: string }> {
    return this.options.metrics()
  }

  private view(wire: Wire): WireView {
    return wireView(wire, this.options.convergence)
  }

  private requireNode(name: string): void {
    const { stored, handles } = this.options.convergence.inventory
    if (!stored.has(name) && !handles.has(name))
      throw new FabricError('not-found', `there is no node ${name}`)
  }

  /** A link of a topology is changed through it: otherwise the next application would undo the change. */
  private requireLoose(wire: Wire): void {
    if (wire.topology === undefined) return
    throw new FabricError(
      'topology-owns-link',
      `link ${wire.name} belongs to topology ${wire.topology}; state it there, or leave it out`,
      { owner: `topology ${wire.topology}` },
    )
  }
}

/** The schema knows the forms of a target, not every port and host name that can be none. */
const checkTarget = ({ target }: NodeSpec): void => {
  if (target === undefined) return
  try {
    parseDialTarget(target, { port: 6640 })
  } catch (error) {
    throw new FabricError('invalid-request', errorText(error), { field: 'target', cause: error })
  }
}
