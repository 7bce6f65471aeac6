/** Networks and endpoints in memory, by every key that a change asks for, so that no change scans them all. */
import type { Endpoint } from '#model/endpoint.js'
import type { Network } from '#model/network.js'
import type { StoreChange } from '#store/store.js'

export class OverlayIntent {
  private readonly networkByName = new Map<string, Network>()
  private readonly networkBySerial = new Map<number, Network>()
  private readonly networkByVni = new Map<number, Network>()
  private readonly endpointById = new Map<string, Endpoint>()
  private readonly endpointBySerial = new Map<number, Endpoint>()
  /** node to interface to the endpoint that it is */
  private readonly atNode = new Map<string, Map<string, Endpoint>>()
  /** network to id to endpoint */
  private readonly inNetwork = new Map<string, Map<string, Endpoint>>()
  /** network to MAC address to endpoint */
  private readonly macs = new Map<string, Map<number, Endpoint>>()
  /** network to node to how many endpoints it has there */
  private readonly counts = new Map<string, Map<string, number>>()

  networks(): Iterable<Network> {
    return this.networkByName.values()
  }

  get networkCount(): number {
    return this.networkByName.size
  }

  network(name: string): Network | undefined {
    return this.networkByName.get(name)
  }

  networkWithSerial(serial: number): Network | undefined {
    return this.networkBySerial.get(serial)
  }

  withVni(vni: number): Network | undefined {
    return this.networkByVni.get(vni)
  }

  endpoints(): Iterable<Endpoint> {
    return this.endpointById.values()
  }

  get endpointCount(): number {
    return this.endpointById.size
  }

  endpoint(id: string): Endpoint | undefined {
    return this.endpointById.get(id)
  }

  endpointWithSerial(serial: number): Endpoint | undefined {
    return this.endpointBySerial.get(serial)
  }

  /** The endpoint that an interface of a node is. */
  endpointAt(node: string, name: string): Endpoint | undefined {
    return this.atNode.get(node)?.get(name)
  }

  /** Endpoints on a node, by interface. */
  endpointsAt(node: string): ReadonlyMap<string, Endpoint> {
    return this.atNode.get(node) ?? new Map()
  }

  /** Endpoints of a network, by id. */
  endpointsIn(network: string): ReadonlyMap<string, Endpoint> {
    return this.inNetwork.get(network) ?? new Map()
  }

  endpointWithMac(network: string, mac: number): Endpoint | undefined {
    return this.macs.get(network)?.get(mac)
  }

  /** Nodes that have endpoints of a network, each with how many. */
  nodesOf(network: string): ReadonlyMap<string, number> {
    return this.counts.get(network) ?? new Map()
  }

  /** One transaction's changes. Old ones go first: names and interfaces may pass from one to another. */
  apply({ networks, endpoints }: Pick<StoreChange, 'networks' | 'endpoints'>): void {
    for (const { old } of endpoints) if (old !== undefined) this.removeEndpoint(old)
    for (const { old } of networks) if (old !== undefined) this.removeNetwork(old)
    for (const { new: network } of networks) if (network !== undefined) this.addNetwork(network)
    for (const { new: endpoint } of endpoints) if (endpoint !== undefined) this.addEndpoint(endpoint)
  }

  private addNetwork(network: Network): void {
    this.networkByName.set(network.name, network)
    this.networkBySerial.set(network.serial, network)
    this.networkByVni.set(network.vni, network)
  }

  private removeNetwork({ name, serial, vni }: Network): void {
    this.networkByName.delete(name)
    this.networkBySerial.delete(serial)
    this.networkByVni.delete(vni)
  }

  private addEndpoint(endpoint: Endpoint): void {
    const { id, serial, network, node, mac } = endpoint
    this.endpointById.set(id, endpoint)
    this.endpointBySerial.set(serial, endpoint)
    nested(this.atNode, node).set(endpoint.interface, endpoint)
    nested(this.inNetwork, network).set(id, endpoint)
    nested(this.macs, network).set(mac, endpoint)
    const counts = nested(this.counts, network)
    counts.set(node, (counts.get(node) ?? 0) + 1)
  }

  private removeEndpoint({ id, serial, network, node, mac, interface: name }: Endpoint): void {
    this.endpointById.delete(id)
    this.endpointBySerial.delete(serial)
    prune(this.atNode, node, name)
    prune(this.inNetwork, network, id)
    prune(this.macs, network, mac)
    const left = (this.counts.get(network)?.get(node) ?? 1) - 1
    if (left > 0) nested(this.counts, network).set(node, left)
    else prune(this.counts, network, node)
  }
}

const nested = <K, V>(outer: Map<string, Map<K, V>>, key: string): Map<K, V> => {
  let inner = outer.get(key)
  if (inner === undefined) {
    inner = new Map()
    outer.set(key, inner)
  }
  return inner
}

const prune = <K, V>(outer: Map<string, Map<K, V>>, key: string, innerKey: K): void => {
  const inner = outer.get(key)
  inner?.delete(innerKey)
  if (inner?.size === 0) outer.delete(key)
}
