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
import { admit, type Draft } from './admission.js'
import type { Convergence } from './convergence.js'
import type { Journal } from './journal.js'
import type { OverlayIntent } from './overlay-intent.js'
import { describeDifference, topologyDifference } from './topology-plan.js'
import { flowView, nodeView, type Owner, wireView } from './views.js'
import { VniLedger } from './vni-ledger.js'
import type { VniRange } from './vni-pool.js'
import { newWire, patched, replacement, specOf } from './wire-values.js'

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

  constructor(private readonly options: FabricOptions) {
    const { intent } = options.convergence
    this.vnis = new VniLedger({ ...options, intent })
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
    this.requireLeader()
    checkTarget(spec)
    const stored = convergence.inventory.stored.get(name)
    const putNode = {
      name,
      spec,
      joinedAt: stored?.joinedAt ?? clock.wallTime(),
      ...(stored?.lastRloc !== undefined && { lastRloc: stored.lastRloc }),
    }
    await this.commit([], { putNode }, request)
    return { node: nodeView(name, convergence), created: stored === undefined }
  }

  async deleteNode(name: string, request: Request): Promise<void> {
    const { convergence, overlay, releaseNode, deleteEndpoint } = this.options
    this.requireNode(name)
    this.requireLeader()
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
    if (convergence.inventory.stored.has(name)) await this.commit([], { removeNode: name }, request)
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
    return this.view(this.requireWire(name))
  }

  async createWire(spec: WireSpec, request: Request): Promise<WireView> {
    const began = this.options.clock.now()
    this.requireLeader()
    this.admit([{ spec, at: '' }])
    await this.store([spec.name], began, async () => {
      const [vni] = this.vnis.allocate([spec])
      await this.commit([vni as number], { addWires: [newWire(spec, vni as number, request)] }, request)
    })
    await this.whenConfirmed([spec.name], request)
    return this.wire(spec.name)
  }

  async changeWire(name: string, patch: WirePatch, request: Request): Promise<WireView> {
    const began = this.options.clock.now()
    const wire = this.requireWire(name)
    this.requireLeader()
    this.requireLoose(wire)
    const changed = patched(wire, patch, request)
    this.admit([{ spec: specOf(changed), at: '', serial: wire.serial }])
    const retire = changed.vni === wire.vni ? [] : [this.vnis.retirement(wire)]
    await this.store([name], began, () =>
      this.commit([changed.vni], { changeWires: [changed], retireVnis: retire }, request),
    )
    await this.whenConfirmed([name], request)
    return this.wire(name)
  }

  async deleteWire(name: string, request: Request): Promise<void> {
    const wire = this.requireWire(name)
    this.requireLeader()
    this.requireLoose(wire)
    await this.commit([], { removeWires: [wire], retireVnis: [this.vnis.retirement(wire)] }, request)
    await this.whenGone([wire], request)
  }

  topologies(): readonly TopologyView[] {
    return [...this.options.store.topologies()].map(({ name }) => this.topology(name))
  }

  topology(name: string): TopologyView {
    this.requireTopology(name)
    const { convergence } = this.options
    const wires = [...convergence.intent.inTopology(name).values()]
    const counts = { up: 0, down: 0, pending: 0 }
    for (const wire of wires) counts[convergence.stateOf(wire)]++
    return { name, wires, ...counts }
  }

  planTopology(name: string, spec: TopologySpec): TopologyPlan {
    const difference = this.differenceOf(name, spec)
    this.admitDifference(difference)
    return describeDifference(difference)
  }

  async applyTopology(
    name: string,
    spec: TopologySpec,
    request: Request,
  ): Promise<{ plan: TopologyPlan; topology: TopologyView; created: boolean }> {
    const began = this.options.clock.now()
    this.requireLeader()
    const created = !this.hasTopology(name)
    const difference = this.differenceOf(name, spec)
    this.admitDifference(difference)
    const { add, change, remove } = difference
    const vnis = this.vnis.allocate(add.map((one) => one.spec))
    const addWires = add.map((one, index) => ({
      ...newWire(one.spec, vnis[index] as number, request),
      topology: name,
    }))
    const changeWires = change.map((one) => ({
      ...one.wire,
      ...replacement(one.wire, one.spec),
      provenance: request.provenance,
    }))
    const leaving = [
      ...remove,
      ...change.filter(({ fields }) => fields.includes('vni')).map(({ wire }) => wire),
    ]
    const touched = [...addWires, ...changeWires]
    await this.store(
      touched.map((wire) => wire.name),
      began,
      () =>
        this.commit(
          vnis,
          {
            addWires,
            changeWires,
            removeWires: remove,
            retireVnis: leaving.map((wire) => this.vnis.retirement(wire)),
            putTopology: { name, provenance: request.provenance },
          },
          request,
        ),
    )
    const names = touched.map((wire) => wire.name)
    await Promise.all([this.whenGone(remove, request), this.whenConfirmed(names, request)])
    return { plan: describeDifference(difference), topology: this.topology(name), created }
  }

  async deleteTopology(name: string, request: Request): Promise<TopologyPlan> {
    this.requireTopology(name)
    this.requireLeader()
    const wires = [...this.options.convergence.intent.inTopology(name).values()]
    const retireVnis = wires.map((wire) => this.vnis.retirement(wire))
    await this.commit([], { removeWires: wires, retireVnis, removeTopology: name }, request)
    await this.whenGone(wires, request)
    return { add: [], change: [], remove: wires.map((wire) => wire.name), keep: 0 }
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

  private requireWire(name: string): Wire {
    const wire = this.options.convergence.intent.named(name)
    if (wire === undefined) throw new FabricError('not-found', `there is no link ${name}`)
    return wire
  }

  private hasTopology(name: string): boolean {
    for (const topology of this.options.store.topologies()) if (topology.name === name) return true
    return false
  }

  private requireTopology(name: string): void {
    if (!this.hasTopology(name)) throw new FabricError('not-found', `there is no topology ${name}`)
  }

  private requireLeader(): void {
    const { state } = this.options.store
    if (state.state === 'standby') throw new FabricError('not-leader', state.reason)
    if (state.state !== 'leader') throw new FabricError('store-unavailable', state.reason)
  }

  private admit(drafts: readonly Draft[], leaving: ReadonlySet<number> = new Set()): void {
    const { convergence, overlay } = this.options
    admit(drafts, leaving, {
      intent: convergence.intent,
      overlay,
      inventory: convergence.inventory,
      vnis: this.vnis,
    })
  }

  private differenceOf(name: string, spec: TopologySpec) {
    return topologyDifference(this.options.convergence.intent.inTopology(name), spec)
  }

  private admitDifference({ add, change, remove }: ReturnType<typeof topologyDifference>): void {
    const drafts: Draft[] = [
      ...add.map(({ spec, index }) => ({ spec, at: `links[${index}].` })),
      ...change.map(({ spec, index, wire }) => ({ spec, at: `links[${index}].`, serial: wire.serial })),
    ]
    this.admit(drafts, new Set(remove.map(({ serial }) => serial)))
  }

  private commit(vnis: readonly number[], batch: StoreBatch, { provenance }: Request): Promise<void> {
    return this.vnis.promise(vnis, batch, (whole) => this.options.commit(whole, provenance))
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

  /** Stores, keeping the receipts of the wires named. */
  private async store(names: readonly string[], began: number, commit: () => Promise<void>): Promise<void> {
    const { receipts } = this.options.convergence
    for (const name of names) receipts.begin(name, began)
    await commit()
    const now = this.options.clock.now()
    for (const name of names) receipts.stored(name, now)
  }

  /** Waits until the wires named are up or down for certain, or the request's patience ends. */
  private async whenConfirmed(names: readonly string[], request: Request): Promise<void> {
    const { convergence } = this.options
    const serials = names.map((name) => this.requireWire(name).serial)
    await convergence.wait(serials, request.waitMs, (_, state) => state !== 'pending', request.signal)
  }

  /** Waits until no reachable switch holds anything of these wires. */
  private async whenGone(wires: readonly Wire[], request: Request): Promise<void> {
    const { convergence } = this.options
    const nodes = new Map(wires.map(({ serial, a, b }) => [serial, [a.node, b.node]]))
    const done = (serial: number): boolean => convergence.isSettled(serial, nodes.get(serial) ?? [])
    await convergence.wait([...nodes.keys()], request.waitMs, done, request.signal)
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
