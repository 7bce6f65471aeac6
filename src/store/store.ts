/**
 * The northbound store as the fabric sees it: intent, kept in an OVSDB database. Reading is from memory, which only the
 * database's own updates change; writing is one durable transaction.
 */
import type { Cidr, Ip } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { MappingSpec } from '#model/mapping.js'
import type { Network } from '#model/network.js'
import type { NodeSpec } from '#model/node.js'
import type { SiteSpec } from '#model/site.js'
import type { Provenance, Wire } from '#model/wire.js'

export interface StoredNode {
  readonly name: string
  readonly spec: NodeSpec
  /** The tunnel address that the node had when it was last seen: a node that is away keeps it. */
  readonly lastRloc?: string
  /** What the node said of its underlay when it was last seen: entries to it are made for packets of that size. */
  readonly lastUnderlayMtu?: number
  /** Milliseconds since the Unix epoch. */
  readonly joinedAt: number
}

export interface StoredTopology {
  readonly name: string
  readonly provenance: Provenance
}

/** A VNI that was in use and may not be used again before `until` (milliseconds since the Unix epoch). */
export interface RetiredVni {
  readonly vni: number
  readonly until: number
}

/** A site that was put over REST. Every key has its secret. */
export interface StoredSite {
  readonly name: string
  readonly spec: SiteSpec
  readonly provenance: Provenance
}

/** Which static mapping: its EID-prefix in the one form that `src/mapping` prints. */
export interface MappingName {
  readonly iid: number
  readonly eid: string
}

/** A mapping that an operator put. */
export interface StoredMapping extends MappingName {
  readonly spec: MappingSpec
  readonly provenance: Provenance
}

/** Which lease: its address in the network named. */
export interface LeaseName {
  readonly network: string
  readonly address: Ip
}

/** An address that an endpoint has, or that rests until it is given out again. */
export interface StoredLease extends LeaseName {
  /** Id of the endpoint that has it; absent: it rests. */
  readonly owner?: string
  /** Of an address that rests: the end of that, in milliseconds since the Unix epoch, and who had it. */
  readonly until?: number
  readonly lastOwner?: string
}

/** Which block: a prefix of a subnet of the network named. */
export interface BlockName {
  readonly network: string
  readonly cidr: Cidr
}

/** A part of a subnet from which a node's endpoints have their addresses. */
export interface StoredBlock extends BlockName {
  readonly node: string
}

/** One object that changed: absent `old` is new, absent `new` is gone. */
export interface Changed<T> {
  readonly old?: T
  readonly new?: T
}

/** Everything that one transaction of anybody changed. */
export interface StoreChange {
  readonly wires: readonly Changed<Wire>[]
  readonly nodes: readonly Changed<StoredNode>[]
  readonly topologies: readonly Changed<StoredTopology>[]
  readonly retired: readonly Changed<RetiredVni>[]
  readonly sites: readonly Changed<StoredSite>[]
  readonly mappings: readonly Changed<StoredMapping>[]
  readonly networks: readonly Changed<Network>[]
  readonly endpoints: readonly Changed<Endpoint>[]
  readonly leases: readonly Changed<StoredLease>[]
  readonly blocks: readonly Changed<StoredBlock>[]
}

/** A wire to be stored: `serial` is given by the store. */
export type NewWire = Omit<Wire, 'serial'>
export type NewNetwork = Omit<Network, 'serial'>
/** Its addresses have leases of its own, there already or in the same batch. */
export type NewEndpoint = Omit<Endpoint, 'serial'>

/** One transaction: all of it is stored or none. */
export interface StoreBatch {
  readonly addWires?: readonly NewWire[]
  /** Replaces the wire of the same serial. */
  readonly changeWires?: readonly Wire[]
  readonly removeWires?: readonly Wire[]
  readonly putNode?: StoredNode
  readonly removeNode?: string
  readonly putTopology?: StoredTopology
  readonly removeTopology?: string
  readonly retireVnis?: readonly RetiredVni[]
  /** VNIs whose quarantine is over. */
  readonly releaseVnis?: readonly number[]
  readonly putSite?: StoredSite
  readonly removeSite?: string
  readonly putMapping?: StoredMapping
  readonly removeMapping?: MappingName
  readonly addNetwork?: NewNetwork
  /** Replaces the network of the same serial. */
  readonly changeNetwork?: Network
  /** Its leases and blocks have to go in the same batch. */
  readonly removeNetwork?: Network
  readonly addEndpoint?: NewEndpoint
  /** Replaces the endpoint of the same serial. */
  readonly changeEndpoint?: Endpoint
  readonly removeEndpoint?: Endpoint
  /** New leases, and those that pass to another owner or begin to rest. */
  readonly putLeases?: readonly StoredLease[]
  readonly dropLeases?: readonly LeaseName[]
  readonly putBlocks?: readonly StoredBlock[]
  readonly dropBlocks?: readonly BlockName[]
}

export type StoreState =
  | { readonly state: 'connecting'; readonly reason: string }
  /** Another controller holds the lock; `reason` says so. */
  | { readonly state: 'standby'; readonly reason: string }
  /** The lock is ours and `fabricId` is known; the contents are on their way. */
  | { readonly state: 'reading'; readonly reason: string }
  | { readonly state: 'leader' }

export interface Store {
  readonly state: StoreState
  /** Identifies this northbound database, from `reading` on: bridges are marked with it, so that nobody repairs another fabric's switches. */
  readonly fabricId: string
  wires(): Iterable<Wire>
  nodes(): Iterable<StoredNode>
  topologies(): Iterable<StoredTopology>
  retired(): Iterable<RetiredVni>
  sites(): Iterable<StoredSite>
  mappings(): Iterable<StoredMapping>
  networks(): Iterable<Network>
  endpoints(): Iterable<Endpoint>
  leases(): Iterable<StoredLease>
  blocks(): Iterable<StoredBlock>
  onChange(listener: (change: StoreChange) => void): () => void
  onState(listener: (state: StoreState) => void): () => void
  /**
   * Resolves after the durable commit, when the change is visible to readers too. Rejects with `FabricError`: `name-taken`,
   * `vni-taken`, `interface-taken`, `address-taken`, `mac-taken`, `network-in-use` (found by the database itself),
   * `store-unavailable`, `not-leader`, `outcome-unknown`.
   */
  commit(batch: StoreBatch): Promise<void>
  /** Ends the connection and, where it was started here, the database server. */
  close(): Promise<void>
}
