/**
 * The node as an endpoint of the default network: the controller makes the internal port, and what OVSDB cannot do is done here: its
 * addresses, and the forwarding between it and the world outside. Looked after by every ADD and STATUS, for a restarted switch has forgotten them.
 */
import type { Endpoint } from '#api/client.js'
import { nodeEndpointIdOf, nodePort } from '#model/node-port.js'
import { isIpv6 } from './ip-text.js'
import type { CniNode } from './node.js'

/** Bytes where the underlay is not known. */
const mtuDefault = 1400

/** As `ip` takes it: what the port of the node is given. */
export const nodePortLines = ({
  addresses,
  routes,
  mtu = mtuDefault,
}: Pick<Endpoint, 'addresses' | 'routes' | 'mtu'>): string[] => [
  `link set dev ${nodePort} mtu ${mtu} up`,
  ...addresses.map(({ address, prefixLength }) => {
    const prefix = `${address}/${prefixLength}`
    return `addr replace ${prefix} dev ${nodePort}${isIpv6(prefix) ? ' nodad' : ''}`
  }),
  ...routes.flatMap(({ destination, gateway }) => {
    const via = gateway ?? addresses.find((each) => isIpv6(each.address) === isIpv6(destination))?.gateway
    // The world outside is behind the node, not behind the fabric.
    if (via === undefined || destination.endsWith('/0')) return []
    return [`route replace ${destination} via ${via} dev ${nodePort}`]
  }),
]

/** The kernel's own lists of routes. */
const routeFiles = ['/proc/net/route', '/proc/net/ipv6_route']

/** Whether the kernel has routes by the port: asked of files, for that starts no program. */
const hasRoutes = ({ kernel }: CniNode): boolean =>
  routeFiles.some((file) => new RegExp(`(^|\\s)${nodePort}(\\s|$)`, 'm').test(kernel.read(file) ?? ''))

/** The node routes between its port and its other interfaces. */
const allowForwarding = ({ kernel }: CniNode, addresses: Endpoint['addresses']): void => {
  const files = [
    ...(addresses.some(({ address }) => !isIpv6(address)) ? ['/proc/sys/net/ipv4/ip_forward'] : []),
    ...(addresses.some(({ address }) => isIpv6(address)) ? ['/proc/sys/net/ipv6/conf/all/forwarding'] : []),
  ]
  for (const file of files) if (kernel.read(file)?.trim() !== '1') kernel.write(file, '1')
}

/**
 * Makes the node an endpoint of the network, unless it is one already.
 * @throws CniError as for an endpoint of a container
 */
export const ensureNodeEndpoint = async (node: CniNode, network: string): Promise<void> => {
  if (hasRoutes(node)) return
  const id = nodeEndpointIdOf(node.name)
  await node.controller.putEndpoint(id, { network, node: node.name, interface: nodePort })
  const endpoint = await node.controller.whenUp(id)
  await node.interfaces.configure(nodePortLines(endpoint))
  allowForwarding(node, endpoint.addresses)
}
