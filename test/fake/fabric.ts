/**
 * A fabric in memory for tests of what stands in front of it: it keeps the promises of `Fabric` (unique names, VNIs and
 * interfaces, pending until the nodes are there, events) and has no switch behind it.
 */
import type { Fabric, Request, WirePatch } from '#api/fabric.js'
import type { Clock } from '#link/clock.js'
import { FabricError } from '#model/error.js'
import type { FabricEvent, FabricEventType } from '#model/event.js'
import type { FlowView, NodeSpec, NodeState, NodeView, Port } from '#model/node.js'
import type { PendingReason, WireStatus, WireView } from '#model/status.js'
import type { TopologyPlan, TopologySpec, TopologyView } from '#model/topology.js'
import { type EndName, endNames, type Wire, type WireSpec } from '#model/wire.js'
import { FakeEvents } from './events.js'
import { changedFields, FakeWires, flowOf, foreignFlow } from './wires.js'

interface FakeNode {
  spec: NodeSpec
  state: NodeState
}

export interface FakeFabricOptions {
  readonly clock: Clock
  readonly eventsKept?: number
}

export class FakeFabric implements Fabric {
  /** What the next change rejects with. */
  refuseNext: unknown
  healthState: ReturnType<Fabric['health']> = { ok: true }
  readyState: ReturnType<Fabric['readiness']> = { ready: true }
  /** The latest change that was asked for. */
  request: Request | undefined
  readonly events: FakeEvents
  readonly #clock: Clock
  readonly #nodes = new Map<string, FakeNode>()
  readonly #wires = new FakeWires()
  readonly #topologies = new Set<string>()
  readonly #lostCarrier = new Map<string, readonly EndName[]>()
  readonly #waiting = new Set<() => void>()

  constructor({ clock, eventsKept = 1000 }: FakeFabricOptions) {
    this.#clock = clock
    this.events = new FakeEvents(eventsKept)
  }

  // What tests do to it

  setNode(name: string, state: NodeState, spec: NodeSpec = {}): void {
    this.#nodes.set(name, { spec, state })
    this.tell(state === 'ready' ? 'node-ready' : 'node-offline', `node ${name}`)
  }

  setCarrier(name: string, lost: readonly EndName[]): void {
    if (lost.length === 0) this.#lostCarrier.delete(name)
    else this.#lostCarrier.set(name, lost)
    this.tell(lost.length === 0 ? 'link-up' : 'link-down', `link ${name}`)
  }

  tell(type: FabricEventType, object: string, data?: FabricEvent['data']): FabricEvent {
    const at = this.#clock.wallTime()
    const event = this.events.add({
      at,
      type,
      object,
      message: `${object}: ${type}`,
      ...(data === undefined ? {} : { data }),
    })
    for (const look of this.#waiting) look()
    return event
  }

  // Nodes

  nodes(): readonly NodeView[] {
    return [...this.#nodes.keys()].map((name) => this.node(name))
  }

  node(name: string): NodeView {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new FabricError('not-found', `there is no node ${name}`)
    const wires = this.#wires.at(name).length
    return {
      name,
      state: node.state,
      ...(node.state === 'ready' ? {} : { reason: 'not connected' }),
      spec: node.spec,
      underlayMtu: node.spec.underlayMtu ?? 1500,
      ports: wires + 1,
      flows: wires * 2,
      wires,
      ...(node.state === 'offline' ? {} : { connectedAt: this.#clock.wallTime() }),
    }
  }

  async putNode(name: string, spec: NodeSpec, request: Request) {
    this.#admit(request)
    const before = this.#nodes.get(name)
    this.#nodes.set(name, { spec, state: before?.state ?? 'offline' })
    return { node: this.node(name), created: before === undefined }
  }

  async deleteNode(name: string, request: Request): Promise<void> {
    this.#admit(request)
    this.node(name)
    const [wire] = this.#wires.at(name)
    if (wire !== undefined) {
      throw new FabricError('node-in-use', `link ${wire.name} ends at node ${name}`, {
        owner: `link ${wire.name}`,
      })
    }
    this.#nodes.delete(name)
    this.tell('node-deleted', `node ${name}`)
  }

  ports(name: string): readonly Port[] {
    this.node(name)
    const ends = this.#wires.at(name).flatMap((wire) => endNames.map((end) => wire[end]))
    const ours = ends.filter((end) => end.node === name)
    return ours.map((end, index) => ({ name: end.interface, ofport: index + 2, ours: true, linkDown: false }))
  }

  async flows(name: string): Promise<readonly FlowView[]> {
    if (this.node(name).state === 'offline') {
      throw new FabricError('node-offline', `node ${name} is not connected`, { owner: `node ${name}` })
    }
    return [...this.#wires.at(name).map(flowOf), foreignFlow]
  }

  // Wires

  *wires(): Iterable<WireView> {
    for (const wire of this.#wires.all()) yield this.#view(wire)
  }

  wire(name: string): WireView {
    return this.#view(this.#wires.get(name))
  }

  async createWire(spec: WireSpec, request: Request): Promise<WireView> {
    this.#admit(request)
    this.#wires.add(spec, request)
    this.tell('link-created', `link ${spec.name}`)
    await this.#confirmed([spec.name], request)
    return this.wire(spec.name)
  }

  async changeWire(name: string, patch: WirePatch, request: Request): Promise<WireView> {
    this.#admit(request)
    const before = this.wire(name).wire
    const { mtu = before.mtu, rateMbps = before.rateMbps } = patch
    const spec = {
      name,
      a: patch.a ?? before.a,
      b: patch.b ?? before.b,
      vni: patch.vni ?? before.vni,
      ...(mtu === null || mtu === undefined ? {} : { mtu }),
      ...(rateMbps === null || rateMbps === undefined ? {} : { rateMbps }),
    }
    this.#wires.remove(before)
    this.#wires.add(spec, request, before.topology)
    this.tell('link-changed', `link ${name}`)
    await this.#confirmed([name], request)
    return this.wire(name)
  }

  async deleteWire(name: string, request: Request): Promise<void> {
    this.#admit(request)
    const { wire } = this.wire(name)
    if (wire.topology !== undefined) {
      const owner = `topology ${wire.topology}`
      throw new FabricError('topology-owns-link', `link ${name} belongs to ${owner}`, { owner })
    }
    this.#wires.remove(wire)
    this.tell('link-deleted', `link ${name}`)
  }

  // Topologies

  topologies(): readonly TopologyView[] {
    return [...this.#topologies].map((name) => this.topology(name))
  }

  topology(name: string): TopologyView {
    if (!this.#topologies.has(name)) throw new FabricError('not-found', `there is no topology ${name}`)
    const wires = this.#wires.of(name)
    const count = (state: WireStatus['state']): number =>
      wires.filter((wire) => this.#view(wire).status.state === state).length
    return { name, wires, up: count('up'), down: count('down'), pending: count('pending') }
  }

  planTopology(name: string, spec: TopologySpec): TopologyPlan {
    const old = new Map(this.#wires.of(name).map((wire) => [wire.name, wire]))
    const wanted = new Map(spec.links.map((link) => [link.name, link]))
    const known = spec.links.filter((link) => old.has(link.name))
    const change = known
      .map((link) => ({ name: link.name, fields: changedFields(old.get(link.name), link) }))
      .filter(({ fields }) => fields.length > 0)
    return {
      add: [...wanted.keys()].filter((link) => !old.has(link)),
      change,
      remove: [...old.keys()].filter((link) => !wanted.has(link)),
      keep: known.length - change.length,
    }
  }

  async applyTopology(name: string, spec: TopologySpec, request: Request) {
    this.#admit(request)
    const plan = this.planTopology(name, spec)
    const created = !this.#topologies.has(name)
    this.#topologies.add(name)
    const gone = new Set([...plan.remove, ...plan.change.map((change) => change.name)])
    for (const wire of this.#wires.of(name)) if (gone.has(wire.name)) this.#wires.remove(wire)
    for (const link of spec.links) if (!this.#wires.has(link.name)) this.#wires.add(link, request, name)
    this.tell('topology-applied', `topology ${name}`)
    await this.#confirmed(
      spec.links.map((link) => link.name),
      request,
    )
    return { plan, topology: this.topology(name), created }
  }

  async deleteTopology(name: string, request: Request): Promise<TopologyPlan> {
    this.#admit(request)
    this.topology(name)
    const plan = this.planTopology(name, { links: [] })
    for (const wire of this.#wires.of(name)) this.#wires.remove(wire)
    this.#topologies.delete(name)
    this.tell('topology-deleted', `topology ${name}`)
    return plan
  }

  // The rest of the interface

  subscribe(lastEventId: string | undefined, deliver: (event: FabricEvent) => boolean) {
    return this.events.subscribe(lastEventId, deliver)
  }

  health() {
    return this.healthState
  }

  readiness() {
    return this.readyState
  }

  async metrics() {
    const body = `heddle_links ${this.#wires.size}\n`
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', body }
  }

  // Inside

  #admit(request: Request): void {
    this.request = request
    const refusal = this.refuseNext
    this.refuseNext = undefined
    if (refusal !== undefined) throw refusal
  }

  #view(wire: Wire): WireView {
    const status = this.#status(wire)
    const flowsConfirmedMs = status.state === 'pending' ? {} : { [wire.a.node]: 3.5, [wire.b.node]: 4 }
    const receipt = { storedMs: 0.5, portsReadyMs: 2, flowsConfirmedMs }
    return { wire, status, receipt, effectiveMtu: wire.mtu ?? 1450 }
  }

  #status(wire: Wire): WireStatus {
    const reasons = endNames.flatMap((end): readonly PendingReason[] => {
      const { node } = wire[end]
      const state = this.#nodes.get(node)?.state
      if (state === 'ready') return []
      const code = state === undefined ? 'node-unknown' : 'node-offline'
      return [{ code, end, node, message: `node ${node} is ${state ?? 'not known'}` }]
    })
    if (reasons.length > 0) return { state: 'pending', reasons }
    const lostCarrier = this.#lostCarrier.get(wire.name)
    return lostCarrier === undefined ? { state: 'up' } : { state: 'down', lostCarrier }
  }

  /** Resolves when none of the wires is pending, or when the waiting is over. */
  #confirmed(names: readonly string[], { waitMs, signal }: Request): Promise<void> {
    const pending = (): boolean => names.some((name) => this.wire(name).status.state === 'pending')
    if (waitMs === 0 || !pending()) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiting.delete(look)
        cancel()
        resolve()
      }
      const look = (): void => {
        if (!pending()) done()
      }
      const cancel = this.#clock.schedule(waitMs, done)
      this.#waiting.add(look)
      signal?.addEventListener('abort', done, { once: true })
    })
  }
}
