/**
 * The node as an endpoint of the default network: the controller makes the internal port, and what OVSDB cannot do is done here: its
 * addresses, and the forwarding between it and the world outside. Looked after by every ADD and STATUS, for a restarted switch has forgotten them.
 */
import { nodeEndpointIdOf, nodePort } from '#model/node-port.js'
import { forwardingFiles, nodePortLines } from '#model/node-setup.js'
import type { CniNode } from './node.js'

/** The kernel's own lists of routes. */
const routeFiles = ['/proc/net/route', '/proc/net/ipv6_route']

/** Whether the kernel has routes by the port: asked of files, for that starts no program. */
const hasRoutes = ({ kernel }: CniNode): boolean =>
  routeFiles.some((file) => new RegExp(`(^|\\s)${nodePort}(\\s|$)`, 'm').test(kernel.read(file) ?? ''))

/**
 * Makes the node an endpoint of the network, unless it is one already.
 * @throws CniError as for an endpoint of a container
 */
export const ensureNodeEndpoint = async (node: CniNode, network: string): Promise<void> => {
  if (hasRoutes(node)) return
  const id = nodeEndpointIdOf(node.name)
  await node.controller.putEndpoint(id, { network, node: node.name, interface: nodePort })
  const endpoint = await node.controller.whenUp(id)
  const subnets = (await node.controller.networks()).find(({ name }) => name === network)?.subnets ?? []
  await node.interfaces.configure(nodePortLines({ ...endpoint, subnets }))
  for (const file of forwardingFiles(endpoint))
    if (node.kernel.read(file)?.trim() !== '1') node.kernel.write(file, '1')
}
