/** What people and programs are shown of networks, endpoints and leases. Pure. */
import type { EndpointView, NetworkView } from '#api/networks.js'
import { cidrHas, printIp } from '#model/cidr.js'
import type { Endpoint, EndpointStatus, Lease } from '#model/endpoint.js'
import type { Network } from '#model/network.js'
import type { Receipt } from '#model/status.js'
import type { NewNetwork, StoredLease } from '#store/store.js'
import type { OverlayIntent } from './overlay-intent.js'

export const networkView = (network: Network, overlay: OverlayIntent): NetworkView => ({
  network,
  endpoints: overlay.endpointsIn(network.name).size,
  nodes: overlay.nodesOf(network.name).size,
})

/** A network that is not stored. */
export const plannedView = (network: NewNetwork, overlay: OverlayIntent): NetworkView =>
  networkView({ ...network, serial: overlay.network(network.name)?.serial ?? 0 }, overlay)

/** What is known of an endpoint besides itself. */
export interface EndpointFacts {
  readonly network: Network | undefined
  readonly status: EndpointStatus
  readonly mtu: number | undefined
  readonly datapathType: string | undefined
  readonly receipt: Receipt | undefined
}

export const endpointView = (endpoint: Endpoint, facts: EndpointFacts): EndpointView => {
  const { network, status, mtu, datapathType, receipt } = facts
  return {
    endpoint,
    vni: network?.vni ?? 0,
    status,
    addresses: endpoint.addresses.flatMap((address) => {
      const subnet = network?.subnets.find(({ cidr }) => cidrHas(cidr, address))
      return subnet === undefined ? [] : [{ address, length: subnet.cidr.length, gateway: subnet.gateway }]
    }),
    routes: network?.routes ?? [],
    ...(mtu !== undefined && { mtu }),
    ...(datapathType !== undefined && { datapathType }),
    ...(receipt !== undefined && { receipt }),
  }
}

export const leaseView = ({ network, address, owner, until }: StoredLease, overlay: OverlayIntent): Lease => {
  const node = owner === undefined ? undefined : overlay.endpoint(owner)?.node
  return {
    network,
    address: printIp(address),
    ...(owner !== undefined && { owner }),
    ...(node !== undefined && { node }),
    ...(until !== undefined && { until }),
  }
}
