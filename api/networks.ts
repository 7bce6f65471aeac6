/** What REST needs of overlay networks: the sibling of fabric.ts. `src/fabric` implements it; the routes translate it. */
import type { Ip } from '#model/cidr.js'
import type { Endpoint, EndpointSpec, EndpointStatus, Lease } from '#model/endpoint.js'
import type { Network, NetworkSpec, Route } from '#model/network.js'
import type { Receipt } from '#model/status.js'
import type { Request } from './fabric.js'

export interface NetworkView {
  readonly network: Network
  readonly endpoints: number
  /** Nodes that have endpoints of it. */
  readonly nodes: number
}

/** What the container has to be given, once its endpoint is stored. */
export interface EndpointView {
  readonly endpoint: Endpoint
  readonly vni: number
  readonly status: EndpointStatus
  /** One for each address: the length of its subnet's prefix and the gateway there. */
  readonly addresses: readonly { readonly address: Ip; readonly length: number; readonly gateway: bigint }[]
  readonly routes: readonly Route[]
  /** Bytes; absent while the underlay is not known. */
  readonly mtu?: number
  /** `system` or `netdev`: of its node; absent while that is not connected. */
  readonly datapathType?: string
  readonly receipt?: Receipt
}

/** An entry of a node's map-cache. */
export interface CacheEntryView {
  readonly network: string
  readonly eid: Ip
  /** The node or the LISP router that has the EID. */
  readonly node?: string
  readonly rloc?: string
  /** `local`: an endpoint of the node itself; `resolved`: traffic asked; `proactive`; `moved`; `negative`: nobody has it. */
  readonly why: 'local' | 'resolved' | 'proactive' | 'moved' | 'negative'
  readonly packets: bigint
  /** Undefined where the switch does not tell. */
  readonly idleSeconds?: number
}

/** One thing that is not as it should be, and what to do. */
export interface FsckFinding {
  readonly object: string
  readonly message: string
}

export interface Networks {
  networks(): Iterable<NetworkView>
  network(name: string): NetworkView
  /** Makes or replaces; with `dryRun` nothing is stored and what would be is answered. */
  putNetwork(
    name: string,
    spec: NetworkSpec,
    request: Request,
    dryRun?: boolean,
  ): Promise<{ readonly network: NetworkView; readonly created: boolean }>
  /** Rejects with `network-in-use` while endpoints are in it. */
  deleteNetwork(name: string, request: Request): Promise<void>

  endpoints(filter?: { readonly network?: string; readonly node?: string }): Iterable<EndpointView>
  endpoint(id: string): EndpointView
  /** The same again answers the same; what differs replaces. Another node or interface moves the endpoint. */
  putEndpoint(
    id: string,
    spec: EndpointSpec,
    request: Request,
  ): Promise<{ readonly endpoint: EndpointView; readonly created: boolean }>
  /** The endpoint once it is up, or when the waiting is over. */
  whenUp(id: string, request: Request): Promise<EndpointView>
  /** Resolves too where there is none: `deleted` false. */
  deleteEndpoint(id: string, request: Request): Promise<{ readonly deleted: boolean }>

  leases(network?: string): Iterable<Lease>
  /** Proves that every lease has its owner and every owner its lease. */
  fsck(): readonly FsckFinding[]
  mapCache(node: string): Promise<readonly CacheEntryView[]>
}
