/** Topologies as REST sees them: whole sets of wires, each stated in one request that becomes one transaction. */
import type { Request } from '#api/fabric.js'
import { FabricError } from '#model/error.js'
import type { TopologyPlan, TopologySpec, TopologyView } from '#model/topology.js'
import type { Store } from '#store/store.js'
import type { Draft } from './admission.js'
import { describeDifference, topologyDifference } from './topology-plan.js'
import type { WireChanges, WireChangesOptions } from './wire-changes.js'
import { newWire, replacement } from './wire-values.js'

export interface TopologiesOptions extends Pick<WireChangesOptions, 'convergence' | 'clock' | 'vnis'> {
  readonly store: Pick<Store, 'topologies'>
  readonly changes: WireChanges
}

export class Topologies {
  constructor(private readonly options: TopologiesOptions) {}

  list(): readonly TopologyView[] {
    return [...this.options.store.topologies()].map(({ name }) => this.get(name))
  }

  get(name: string): TopologyView {
    this.requireTopology(name)
    const { convergence } = this.options
    const wires = [...convergence.intent.inTopology(name).values()]
    const counts = { up: 0, down: 0, pending: 0 }
    for (const wire of wires) counts[convergence.stateOf(wire)]++
    return { name, wires, ...counts }
  }

  plan(name: string, spec: TopologySpec): TopologyPlan {
    const difference = this.differenceOf(name, spec)
    this.admitDifference(difference)
    return describeDifference(difference)
  }

  async apply(
    name: string,
    spec: TopologySpec,
    request: Request,
  ): Promise<{ plan: TopologyPlan; topology: TopologyView; created: boolean }> {
    const began = this.options.clock.now()
    this.options.changes.requireLeader()
    const created = !this.hasTopology(name)
    const difference = this.differenceOf(name, spec)
    this.admitDifference(difference)
    const { add, change, remove } = difference
    const vnis = this.options.vnis.allocate(add.map((one) => one.spec))
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
    await this.options.changes.store(
      touched.map((wire) => wire.name),
      began,
      () =>
        this.options.changes.commit(
          vnis,
          {
            addWires,
            changeWires,
            removeWires: remove,
            retireVnis: leaving.map((wire) => this.options.vnis.retirement(wire)),
            putTopology: { name, provenance: request.provenance },
          },
          request,
        ),
    )
    const names = touched.map((wire) => wire.name)
    await Promise.all([
      this.options.changes.whenGone(remove, request),
      this.options.changes.whenConfirmed(names, request),
    ])
    return { plan: describeDifference(difference), topology: this.get(name), created }
  }

  async delete(name: string, request: Request): Promise<TopologyPlan> {
    this.requireTopology(name)
    this.options.changes.requireLeader()
    const wires = [...this.options.convergence.intent.inTopology(name).values()]
    const retireVnis = wires.map((wire) => this.options.vnis.retirement(wire))
    await this.options.changes.commit([], { removeWires: wires, retireVnis, removeTopology: name }, request)
    await this.options.changes.whenGone(wires, request)
    return { add: [], change: [], remove: wires.map((wire) => wire.name), keep: 0 }
  }

  private hasTopology(name: string): boolean {
    for (const topology of this.options.store.topologies()) if (topology.name === name) return true
    return false
  }

  private requireTopology(name: string): void {
    if (!this.hasTopology(name)) throw new FabricError('not-found', `there is no topology ${name}`)
  }

  private differenceOf(name: string, spec: TopologySpec) {
    return topologyDifference(this.options.convergence.intent.inTopology(name), spec)
  }

  private admitDifference({ add, change, remove }: ReturnType<typeof topologyDifference>): void {
    const drafts: Draft[] = [
      ...add.map(({ spec, index }) => ({ spec, at: `links[${index}].` })),
      ...change.map(({ spec, index, wire }) => ({ spec, at: `links[${index}].`, serial: wire.serial })),
    ]
    this.options.changes.admit(drafts, new Set(remove.map(({ serial }) => serial)))
  }
}
