/** Putting a container into a network: its endpoint at the controller, and what the container's end is given because of it. */
import type { Endpoint, EndpointBody } from '#api/client.js'
import type { Call } from './call.js'
import { CniError } from './error.js'
import { isIpv6, withoutLength } from './ip-text.js'
import { hostInterfaceOf } from './names.js'
import type { CniNode } from './node.js'
import { networkWith, type OverlayRouter, readOverlayRouter } from './overlay-router.js'
import type { Equipment } from './plumbing.js'
import type { PluginResult, ResultIp, ResultRoute } from './result.js'
import { type Wishes, wishesOf } from './wishes.js'

/** Bytes where the underlay is not known: what fits an underlay of 1,500 with every encapsulation that there is. */
const mtuDefault = 1400

/** What the container gets: for its interface, and for the result. */
export interface Provision {
  readonly equipment: Equipment
  readonly ips: readonly ResultIp[]
}

/** What is wanted of the network, before the controller has said anything. */
export interface NetworkWish {
  readonly network: string
  readonly wishes: Wishes
  readonly overlayRouter: OverlayRouter | undefined
}

/** @throws CniError `invalid-config`, `invalid-environment`, `io-failure` */
export const networkWishOf = async (node: CniNode, call: Call): Promise<NetworkWish> => {
  const overlayRouter = readOverlayRouter(call.configuration)
  const named = call.configuration.network
  const prefix = overlayRouter?.network
  const network = named ?? (prefix === undefined ? call.name : await networkWith(node.controller, prefix))
  return { network, wishes: wishesOf(call), overlayRouter }
}

/** The endpoint to ask for. @param given what an IPAM plugin gave out */
export const endpointBodyOf = (
  node: CniNode,
  { environment }: Call,
  { network, wishes }: NetworkWish,
  given: PluginResult | undefined,
): EndpointBody => {
  const { containerId, interfaceName } = environment
  const { podName, podNamespace } = wishes.pod
  const addresses = (given?.ips.map(({ address }) => address) ?? wishes.addresses).map(withoutLength)
  return {
    network,
    node: node.name,
    interface: hostInterfaceOf({ containerId, interfaceName }),
    ...(wishes.mac === undefined ? {} : { mac: wishes.mac }),
    ...(addresses.length === 0 ? {} : { addresses }),
    container: {
      id: containerId,
      interface: interfaceName,
      ...(podNamespace === undefined ? {} : { namespace: podNamespace }),
      ...(podName === undefined ? {} : { pod: podName }),
    },
    labels: wishes.labels,
  }
}

/** Routes by destination: what is said later counts. */
const distinct = (routes: readonly ResultRoute[]): readonly ResultRoute[] => [
  ...new Map(routes.map((route) => [`${route.dst} ${route.table ?? ''}`, route])).values(),
]

/** Routes without a gateway get the one of their family. */
const through = (gateways: readonly string[], routes: readonly ResultRoute[]): readonly ResultRoute[] =>
  routes.map((route) => {
    const gw = route.gw ?? gateways.find((gateway) => isIpv6(gateway) === isIpv6(route.dst))
    return gw === undefined ? route : { ...route, gw }
  })

const defaultRoutes = (gateways: readonly string[]): readonly ResultRoute[] =>
  gateways.map((gw) => ({ dst: isIpv6(gw) ? '::/0' : '0.0.0.0/0', gw }))

/** @throws CniError `invalid-config` */
const mtuOf = (
  { configuration }: Call,
  endpoint: Endpoint,
  overlayRouter: OverlayRouter | undefined,
): number => {
  const asked = configuration.mtu ?? configuration.delegate?.mtu ?? overlayRouter?.mtu
  const mtu = asked ?? endpoint.mtu ?? mtuDefault
  if (endpoint.mtu !== undefined && mtu > endpoint.mtu)
    throw new CniError(
      'invalid-config',
      `mtu: ${mtu} is more than network ${endpoint.network} carries, ${endpoint.mtu}`,
    )
  if (mtu < 1280 && endpoint.addresses.some(({ address }) => isIpv6(address)))
    throw new CniError('invalid-config', `mtu: ${mtu} is less than IPv6 needs, 1280`)
  return mtu
}

/** What the container is given for an endpoint. @throws CniError `invalid-config` */
export const provisionOf = (
  call: Call,
  endpoint: Endpoint,
  { overlayRouter }: NetworkWish,
  given: PluginResult | undefined,
): Provision => {
  const { configuration } = call
  const ips: readonly ResultIp[] =
    given?.ips.map((ip) => ({ ...ip, interface: 1 })) ??
    endpoint.addresses.map(({ address, prefixLength, gateway }) => ({
      interface: 1,
      address: `${address}/${prefixLength}`,
      gateway,
    }))
  const gateways = ips.flatMap(({ gateway }) => (gateway === undefined ? [] : [gateway]))
  const byDefault = configuration.isDefaultGateway ?? configuration.delegate?.isDefaultGateway ?? false
  const routes = distinct([
    ...(byDefault ? defaultRoutes(gateways) : []),
    ...through(gateways, [
      ...endpoint.routes.map(({ destination, gateway }) => ({
        dst: destination,
        ...(gateway === undefined ? {} : { gw: gateway }),
      })),
      ...(given?.routes ?? []),
      ...(configuration.routes ?? []),
    ]),
  ])
  const mtu = mtuOf(call, endpoint, overlayRouter)
  return { ips, equipment: { mac: endpoint.mac, mtu, addresses: ips.map(({ address }) => address), routes } }
}
