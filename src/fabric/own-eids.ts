/**
 * What the mapping system is told of the fabric's own: each address of an endpoint is at the tunnel address of its node, and what
 * lies in a network's subnets and is no endpoint's is nowhere. It follows the store and the nodes, whoever leads.
 */
import type { Rloc } from '#model/address.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import type { LocalMappings } from '#model/local-mappings.js'
import type { Network } from '#model/network.js'
import type { Changed, StoreChange } from '#store/store.js'
import type { OverlayIntent } from './overlay-intent.js'

export interface OwnEidsOptions {
  readonly local: LocalMappings
  readonly overlay: OverlayIntent
  readonly inventory: Pick<Inventory, 'node'>
  /** The node that packets to an endpoint are to go to, where that is another one for now. */
  readonly placeOf?: (endpoint: Endpoint) => string
}

export class OwnEids {
  /** What was told of each node that has endpoints. */
  private readonly rlocs = new Map<string, Rloc | undefined>()

  constructor(private readonly options: OwnEidsOptions) {}

  /** Tells of all networks and endpoints. */
  load(): void {
    const { overlay } = this.options
    for (const network of overlay.networks()) this.putNetwork(network)
    for (const endpoint of overlay.endpoints()) this.put(endpoint)
  }

  /** To be called once the overlay has followed the change. */
  stored({ networks, endpoints }: Pick<StoreChange, 'networks' | 'endpoints'>): void {
    for (const { old, new: endpoint } of endpoints) {
      if (old === undefined) continue
      const stays = new Set(
        endpoint?.network === old.network ? endpoint.addresses.map(({ value }) => value) : [],
      )
      const gone = old.addresses.filter(({ value }) => !stays.has(value))
      this.remove({ ...old, addresses: gone }, networks)
    }
    for (const network of networks) this.networkStored(network)
    for (const { new: endpoint } of endpoints) if (endpoint !== undefined) this.put(endpoint)
  }

  /** To be called when something has become known of a node. */
  nodeChanged(name: string): void {
    if (!this.rlocs.has(name)) return
    const { overlay, inventory } = this.options
    const rloc = inventory.node(name).rloc
    if (this.rlocs.get(name)?.text === rloc?.text) return
    this.rlocs.set(name, rloc)
    for (const endpoint of overlay.endpointsAt(name).values()) this.put(endpoint)
  }

  /** To be called when packets to an endpoint are to go to another node. */
  relocated(endpoint: Endpoint): void {
    this.put(endpoint)
  }

  private networkStored({ old, new: network }: Changed<Network>): void {
    const { local, overlay } = this.options
    if (network === undefined) {
      if (old !== undefined) local.removeNetwork(old.name)
      return
    }
    this.putNetwork(network)
    if (old === undefined || old.vni === network.vni) return
    for (const endpoint of overlay.endpointsIn(network.name).values()) {
      for (const ip of endpoint.addresses) local.remove({ vni: old.vni, ip })
      this.put(endpoint)
    }
  }

  private putNetwork({ name, vni, subnets }: Network): void {
    this.options.local.putNetwork({ name, vni, subnets: subnets.map(({ cidr }) => cidr) })
  }

  private put(endpoint: Endpoint): void {
    const { network, addresses } = endpoint
    const { local, overlay, inventory, placeOf } = this.options
    const node = placeOf?.(endpoint) ?? endpoint.node
    const vni = overlay.network(network)?.vni
    const { rloc } = inventory.node(node)
    this.rlocs.set(node, rloc)
    if (vni === undefined) return
    for (const ip of addresses) {
      // Of a node without an address nothing can be said, whatever was said of the node before it.
      if (rloc === undefined) local.remove({ vni, ip })
      else local.put({ vni, ip }, node, rloc)
    }
  }

  /** An endpoint may go together with its network, which has its VNI then. */
  private remove(
    { network, addresses }: Pick<Endpoint, 'network' | 'addresses'>,
    networks: readonly Changed<Network>[],
  ): void {
    const { local, overlay } = this.options
    const gone = networks.find(({ old }) => old?.name === network)?.old
    const vni = gone?.vni ?? overlay.network(network)?.vni
    if (vni !== undefined) for (const ip of addresses) local.remove({ vni, ip })
  }
}
