/** A northbound store in memory: what `src/store/store.ts` promises, without a database. */
import { FabricError } from '#model/error.js'
import { endNames, type Wire } from '#model/wire.js'
import type {
  MappingName,
  RetiredVni,
  Store,
  StoreBatch,
  StoreChange,
  StoredMapping,
  StoredNode,
  StoredSite,
  StoredTopology,
  StoreState,
} from '#store/store.js'
import { MemoryOverlay, put } from './memory-overlay.js'

export class MemoryStore implements Store {
  state: StoreState = { state: 'leader' }
  readonly fabricId: string
  private readonly bySerial = new Map<number, Wire>()
  private readonly byName = new Map<string, StoredNode>()
  private readonly topologiesByName = new Map<string, StoredTopology>()
  private readonly retiredByVni = new Map<number, RetiredVni>()
  private readonly sitesByName = new Map<string, StoredSite>()
  private readonly mappingsByEid = new Map<string, StoredMapping>()
  private readonly overlay = new MemoryOverlay()
  private readonly changeListeners = new Set<(change: StoreChange) => void>()
  private readonly stateListeners = new Set<(state: StoreState) => void>()
  private nextSerial = 1
  private readonly taken = new Set<string>()
  /** What the next commit fails with. */
  failure: FabricError | undefined

  constructor(fabricId = 'test') {
    this.fabricId = fabricId
  }

  wires(): Iterable<Wire> {
    return this.bySerial.values()
  }

  nodes(): Iterable<StoredNode> {
    return this.byName.values()
  }

  topologies(): Iterable<StoredTopology> {
    return this.topologiesByName.values()
  }

  retired(): Iterable<RetiredVni> {
    return this.retiredByVni.values()
  }

  sites(): Iterable<StoredSite> {
    return this.sitesByName.values()
  }

  mappings(): Iterable<StoredMapping> {
    return this.mappingsByEid.values()
  }

  networks() {
    return this.overlay.networks.values()
  }

  endpoints() {
    return this.overlay.endpoints.values()
  }

  leases() {
    return this.overlay.leases.values()
  }

  blocks() {
    return this.overlay.blocks.values()
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.changeListeners.add(listener)
    return () => this.changeListeners.delete(listener)
  }

  onState(listener: (state: StoreState) => void): () => void {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  /** Another controller takes the lock, or gives it back. */
  setState(state: StoreState): void {
    this.state = state
    for (const listener of this.stateListeners) listener(state)
  }

  async commit(batch: StoreBatch): Promise<void> {
    await Promise.resolve()
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
    if (this.state.state !== 'leader') throw new FabricError('not-leader', 'another controller leads')
    this.check(batch)
    const change = this.apply(batch)
    for (const listener of this.changeListeners) listener(change)
  }

  async close(): Promise<void> {
    this.changeListeners.clear()
    this.stateListeners.clear()
  }

  private applyMappings(batch: StoreBatch): Pick<StoreChange, 'sites' | 'mappings'> {
    const { putSite, removeSite, putMapping, removeMapping } = batch
    const keyOf = ({ iid, eid }: MappingName): string => `${iid} ${eid}`
    const sites = [
      ...(putSite === undefined ? [] : [put(this.sitesByName, putSite.name, putSite)]),
      ...(removeSite === undefined ? [] : [put<string, StoredSite>(this.sitesByName, removeSite, undefined)]),
    ]
    const mappings = [
      ...(putMapping === undefined ? [] : [put(this.mappingsByEid, keyOf(putMapping), putMapping)]),
      ...(removeMapping === undefined
        ? []
        : [put<string, StoredMapping>(this.mappingsByEid, keyOf(removeMapping), undefined)]),
    ]
    return { sites, mappings }
  }

  /** The indexes of the database: names, VNIs and interfaces are unique. */
  private check(batch: StoreBatch): void {
    this.overlay.check(batch, (key) => this.taken.has(key))
    this.checkWires(batch)
  }

  private checkWires({ addWires = [], changeWires = [], removeWires = [] }: StoreBatch): void {
    const gone = [...removeWires, ...changeWires].flatMap(({ serial }) => this.bySerial.get(serial) ?? [])
    const freed = new Set(gone.flatMap((wire) => keysOf(wire).map(([, key]) => key)))
    const come = new Set<string>()
    for (const [code, key] of [...changeWires, ...addWires].flatMap(keysOf)) {
      if (come.has(key) || this.overlay.has(key) || (this.taken.has(key) && !freed.has(key)))
        throw new FabricError(code, `${key} is taken`)
      come.add(key)
    }
    for (const key of freed) this.taken.delete(key)
    for (const key of come) this.taken.add(key)
  }

  private apply(batch: StoreBatch): StoreChange {
    const wires = [
      ...(batch.removeWires ?? []).map(({ serial }) => put<number, Wire>(this.bySerial, serial, undefined)),
      ...(batch.changeWires ?? []).map((wire) => put(this.bySerial, wire.serial, wire)),
      ...(batch.addWires ?? []).map((wire) => {
        const serial = this.nextSerial++
        return put(this.bySerial, serial, { ...wire, serial })
      }),
    ]
    const { putNode, removeNode, putTopology, removeTopology } = batch
    const nodes = [
      ...(putNode === undefined ? [] : [put(this.byName, putNode.name, putNode)]),
      ...(removeNode === undefined ? [] : [put<string, StoredNode>(this.byName, removeNode, undefined)]),
    ]
    const topologies = [
      ...(putTopology === undefined ? [] : [put(this.topologiesByName, putTopology.name, putTopology)]),
      ...(removeTopology === undefined
        ? []
        : [put<string, StoredTopology>(this.topologiesByName, removeTopology, undefined)]),
    ]
    const retired = [
      ...(batch.retireVnis ?? []).map((one) => put(this.retiredByVni, one.vni, one)),
      ...(batch.releaseVnis ?? []).map((vni) => put<number, RetiredVni>(this.retiredByVni, vni, undefined)),
    ]
    const overlay = this.overlay.apply(batch, () => this.nextSerial++)
    return { wires, nodes, topologies, retired, ...this.applyMappings(batch), ...overlay }
  }
}

type Taken = 'name-taken' | 'vni-taken' | 'interface-taken'

const keysOf = (wire: Omit<Wire, 'serial'>): readonly (readonly [Taken, string])[] => [
  ['name-taken', `name ${wire.name}`],
  ['vni-taken', `VNI ${wire.vni}`],
  ...endNames.map(
    (end) => ['interface-taken', `interface ${wire[end].node} ${wire[end].interface}`] as const,
  ),
]
