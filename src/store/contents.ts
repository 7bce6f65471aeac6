/** What the northbound database holds, as values of the model, kept in step with its replica. */

import type { Endpoint } from '#model/endpoint.js'
import type { Provenance, Wire } from '#model/wire.js'
import type { Uuid } from '#ovsdb/atoms.js'
import type { ChangeSet, ReplicaView } from '#ovsdb/replica.js'
import { Kept } from './kept.js'
import { OverlayContents } from './overlay-contents.js'
import { storedNodeOf, storedTopologyOf, wireOf } from './rows.js'
import { storedSiteOf } from './sites.js'
import { storedMappingOf } from './static-mappings.js'
import type {
  Changed,
  MappingName,
  RetiredVni,
  StoreChange,
  StoredMapping,
  StoredNode,
  StoredSite,
  StoredTopology,
} from './store.js'
import {
  end,
  heddle,
  type LinkRow,
  type MappingRow,
  mappingLocator,
  type NorthboundTable,
  type SiteRow,
  siteKey,
  sitePrefix,
} from './tables.js'
import type { Known } from './transaction.js'

const provenancesMax = 1_000

const mappingKey = ({ iid, eid }: MappingName): string => `${iid} ${eid}`

export class Contents implements Known {
  private readonly wires = new Kept<number, Wire>(({ serial }) => serial)
  private readonly nodes = new Kept<string, StoredNode>(({ name }) => name)
  private readonly topologies = new Kept<string, StoredTopology>(({ name }) => name)
  private readonly retirements = new Kept<number, RetiredVni>(({ vni }) => vni)
  private readonly sites = new Kept<string, StoredSite>(({ name }) => name)
  private readonly mappings = new Kept<string, StoredMapping>(mappingKey)
  readonly overlay: OverlayContents
  /** The latest requests: links that were made together share theirs. */
  private readonly provenances = new Map<string, Provenance>()
  /** Serial numbers given to transactions that are still under way. */
  private given = 0

  constructor(private readonly replica: ReplicaView<NorthboundTable>) {
    this.overlay = new OverlayContents(replica)
  }

  get root(): Uuid {
    return this.rootRow?._uuid ?? ''
  }

  get nextSerial(): number {
    return Math.max(this.rootRow?.next_serial ?? 1, this.given)
  }

  get loaded(): boolean {
    return this.rootRow !== undefined
  }

  /** Serial numbers below this are spoken for. */
  give(next: number): void {
    this.given = next
  }

  allWires(): Iterable<Wire> {
    return this.wires.values()
  }

  allNodes(): Iterable<StoredNode> {
    return this.nodes.values()
  }

  allTopologies(): Iterable<StoredTopology> {
    return this.topologies.values()
  }

  allRetired(): Iterable<RetiredVni> {
    return this.retirements.values()
  }

  allSites(): Iterable<StoredSite> {
    return this.sites.values()
  }

  allMappings(): Iterable<StoredMapping> {
    return this.mappings.values()
  }

  linkRow(serial: number): Uuid | undefined {
    return this.wires.row(serial)
  }

  wire(serial: number): Wire | undefined {
    return this.wires.get(serial)
  }

  nodeRow(name: string): Uuid | undefined {
    return this.nodes.row(name)
  }

  topologyRow(name: string): Uuid | undefined {
    return this.topologies.row(name)
  }

  retiredRow(vni: number): Uuid | undefined {
    return this.retirements.row(vni)
  }

  siteRow(name: string): Uuid | undefined {
    return this.sites.row(name)
  }

  mappingRow(iid: number, eid: string): Uuid | undefined {
    return this.mappings.row(mappingKey({ iid, eid }))
  }

  networkRow(name: string): Uuid | undefined {
    return this.overlay.networks.row(name)
  }

  endpointRow(id: string): Uuid | undefined {
    return this.overlay.endpoints.row(id)
  }

  endpoint(id: string): Endpoint | undefined {
    return this.overlay.endpoints.get(id)
  }

  leaseRow(key: string): Uuid | undefined {
    return this.overlay.leases.row(key)
  }

  blockRow(key: string): Uuid | undefined {
    return this.overlay.blocks.row(key)
  }

  /** Takes one change set of the replica up. */
  apply(changes: ChangeSet<NorthboundTable>): StoreChange {
    const wires: Changed<Wire>[] = []
    const nodes: Changed<StoredNode>[] = []
    const topologies: Changed<StoredTopology>[] = []
    const retired: Changed<RetiredVni>[] = []
    const sites: Changed<StoredSite>[] = []
    const mappings: Changed<StoredMapping>[] = []
    for (const change of changes) {
      const { uuid } = change
      switch (change.table) {
        case 'Link':
          wires.push(this.wires.put(uuid, change.new && this.wireOf(change.new)))
          break
        case 'Node':
          nodes.push(this.nodes.put(uuid, change.new && storedNodeOf(change.new)))
          break
        case 'Topology':
          topologies.push(this.topologies.put(uuid, change.new && storedTopologyOf(change.new)))
          break
        case 'Retired_Vni':
          retired.push(
            this.retirements.put(uuid, change.new && { vni: change.new.vni, until: change.new.until }),
          )
          break
        case 'Site':
          sites.push(this.sites.put(uuid, change.new && this.siteOf(change.new)))
          break
        case 'Mapping':
          mappings.push(this.mappings.put(uuid, change.new && this.mappingOf(change.new)))
          break
        default:
          break
      }
    }
    return { wires, nodes, topologies, retired, sites, mappings, ...this.overlay.apply(changes) }
  }

  private get rootRow() {
    const [row] = this.replica.table(heddle).rows()
    return row
  }

  private siteOf(row: SiteRow): StoredSite {
    const [prefixes, keys] = [this.replica.table(sitePrefix), this.replica.table(siteKey)]
    return storedSiteOf(
      row,
      row.prefixes.flatMap((uuid) => prefixes.get(uuid) ?? []),
      row.keys.flatMap((uuid) => keys.get(uuid) ?? []),
    )
  }

  private mappingOf(row: MappingRow): StoredMapping {
    const locators = this.replica.table(mappingLocator)
    return storedMappingOf(
      row,
      row.locators.flatMap((uuid) => locators.get(uuid) ?? []),
    )
  }

  private wireOf(row: LinkRow): Wire {
    const ends = this.replica.table(end)
    const [a, b] = [ends.get(row.a), ends.get(row.b)]
    // References are strong: the server cannot have a link without its ends.
    if (a === undefined || b === undefined) throw new TypeError(`link ${row.name} has lost an end`)
    const wire = wireOf(row, a, b, this.provenances.get(row.request_id))
    this.remember(wire.provenance)
    return wire
  }

  private remember(provenance: Provenance): void {
    const { requestId } = provenance
    if (this.provenances.get(requestId) === provenance) return
    if (this.provenances.size >= provenancesMax) this.provenances.clear()
    this.provenances.set(requestId, provenance)
  }
}
