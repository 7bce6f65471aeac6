/**
 * Overlay networks in memory for tests of what asks for them: it keeps the promises of `Networks` that the CNI plugin leans on
 * (addresses with one owner, the same again answers the same, DELETE always succeeds) and has no switch behind it.
 */
import type { EndpointView, Networks, NetworkView } from '#api/networks.js'
import { cidrHas, type Ip, parseCidr, parseIp, printIp } from '#model/cidr.js'
import type { Endpoint, EndpointSpec, EndpointStatus, Lease } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import { type Network, type NetworkSpec, networkDefaults, type Subnet } from '#model/network.js'

const provenance = { requestId: 'r1', by: 'anonymous', at: 0 }
const text = ({ address }: { address: Ip }): string => printIp(address)

const subnetOf = ({ cidr: said, gateway: named }: NetworkSpec['subnets'][number]): Subnet => {
  const cidr = parseCidr(said)
  if (cidr === undefined) throw new FabricError('invalid-request', `${said} is no prefix`)
  const gateway = named === undefined ? undefined : parseIp(named)
  return { cidr, gateway: gateway?.value ?? cidr.value + 1n, exclude: [] }
}

const macOf = (value: bigint): number => 0x0a58_0000_0000 + Number(value & 0xffff_ffffn)

export class FakeNetworks implements Networks {
  /** What the next change rejects with. */
  refuseNext: unknown
  /** What every endpoint says of itself. */
  status: EndpointStatus = { state: 'up' }
  /** Bytes, of all networks. */
  mtu: number | undefined = 1450
  /** The changes that were asked for: `put ID`, `delete ID`. */
  readonly changes: string[] = []
  readonly stored = new Map<string, Endpoint>()
  readonly #networks = new Map<string, Network>()

  add(spec: NetworkSpec): void {
    const network: Network = {
      name: spec.name,
      serial: this.#networks.size + 1,
      vni: spec.vni ?? this.#networks.size + 1,
      subnets: spec.subnets.map(subnetOf),
      ...networkDefaults,
      routes: (spec.routes ?? [])
        .flatMap(({ destination }) => parseCidr(destination) ?? [])
        .map((destination) => ({ destination })),
      provenance,
    }
    this.#networks.set(spec.name, network)
  }

  *networks(): Iterable<NetworkView> {
    for (const network of this.#networks.values()) yield { network, endpoints: 0, nodes: 0 }
  }

  network(name: string): NetworkView {
    const network = this.#networks.get(name)
    if (network === undefined) throw new FabricError('not-found', `there is no network ${name}`)
    return { network, endpoints: 0, nodes: 0 }
  }

  async putNetwork(name: string, spec: NetworkSpec): Promise<{ network: NetworkView; created: boolean }> {
    this.add({ ...spec, name })
    return { network: this.network(name), created: true }
  }

  async deleteNetwork(name: string): Promise<void> {
    this.#networks.delete(name)
  }

  *endpoints({ node, network }: { network?: string; node?: string } = {}): Iterable<EndpointView> {
    for (const one of this.stored.values()) {
      if ((node ?? one.node) === one.node && (network ?? one.network) === one.network) yield this.#view(one)
    }
  }

  endpoint(id: string): EndpointView {
    const found = this.stored.get(id)
    if (found === undefined) throw new FabricError('not-found', `there is no endpoint ${id}`)
    return this.#view(found)
  }

  async putEndpoint(id: string, spec: EndpointSpec): Promise<{ endpoint: EndpointView; created: boolean }> {
    this.changes.push(`put ${id}`)
    this.#refuse()
    const network = this.#networks.get(spec.network)
    if (network === undefined) throw new FabricError('network-unknown', `there is no network ${spec.network}`)
    const known = this.stored.get(id)
    const asked = (spec.addresses ?? []).flatMap((each) => parseIp(each) ?? [])
    const addresses =
      asked.length > 0 ? asked : (known?.addresses ?? network.subnets.map((one) => this.#free(network, one)))
    this.#checkOwners(id, spec.network, addresses)
    const mac =
      spec.mac === undefined
        ? macOf(addresses[0]?.value ?? 0n)
        : Number.parseInt(spec.mac.replaceAll(':', ''), 16)
    const { container, labels = {}, node, interface: device } = spec
    const endpoint = {
      id,
      serial: 1,
      network: network.name,
      node,
      interface: device,
      mac,
      addresses,
      labels,
      provenance,
    }
    this.stored.set(id, { ...endpoint, ...(container === undefined ? {} : { container }) })
    return { endpoint: this.endpoint(id), created: known === undefined }
  }

  async whenUp(id: string): Promise<EndpointView> {
    return this.endpoint(id)
  }

  async deleteEndpoint(id: string): Promise<{ deleted: boolean }> {
    this.changes.push(`delete ${id}`)
    this.#refuse()
    return { deleted: this.stored.delete(id) }
  }

  *leases(): Iterable<Lease> {}

  fsck(): readonly [] {
    return []
  }

  async mapCache(): Promise<readonly []> {
    return []
  }

  #refuse(): void {
    const refusal = this.refuseNext
    this.refuseNext = undefined
    if (refusal !== undefined) throw refusal
  }

  #owners(network: string): ReadonlyMap<string, string> {
    const there = [...this.stored.values()].filter((one) => one.network === network)
    return new Map(
      there.flatMap(({ id, addresses }) => addresses.map((address) => [text({ address }), id] as const)),
    )
  }

  #free({ name }: Network, { cidr, gateway }: Subnet): Ip {
    const owners = this.#owners(name)
    for (let value = cidr.value + 1n; cidrHas(cidr, { ...cidr, value }); value++) {
      const address = { family: cidr.family, value }
      if (value !== gateway && !owners.has(printIp(address))) return address
    }
    throw new FabricError('subnet-exhausted', `no address of network ${name} is free`)
  }

  #checkOwners(id: string, network: string, addresses: readonly Ip[]): void {
    const owners = this.#owners(network)
    for (const address of addresses) {
      const owner = owners.get(printIp(address))
      if (owner !== undefined && owner !== id)
        throw new FabricError('address-taken', `${printIp(address)} is taken`, { owner: `endpoint ${owner}` })
    }
  }

  #view(endpoint: Endpoint): EndpointView {
    const { network } = this.network(endpoint.network)
    const addresses = endpoint.addresses.flatMap((address) => {
      const subnet = network.subnets.find(({ cidr }) => cidrHas(cidr, address))
      return subnet === undefined ? [] : [{ address, length: subnet.cidr.length, gateway: subnet.gateway }]
    })
    const { vni, routes } = network
    return {
      endpoint,
      vni,
      status: this.status,
      addresses,
      routes,
      ...(this.mtu === undefined ? {} : { mtu: this.mtu }),
    }
  }
}
