/** CHECK: the attachment is as ADD left it, on the node, in the container and at the controller. */
import { attachmentOf, type Call, checkNetns, ipamOf } from './call.js'
import { CniError } from './error.js'
import { runIpam } from './ipam.js'
import { endpointIdOf, hostInterfaceOf } from './names.js'
import type { CniNode } from './node.js'
import { type PluginResult, parseResult } from './result.js'
import { together } from './together.js'

const differs = (message: string): CniError => new CniError('check-failed', message)

/** Our container's end in the result: its place among the interfaces, and what it should be. */
const endOf = (result: PluginResult, { environment }: Call): { index: number; mac: string | undefined } => {
  const index = result.interfaces.findIndex(
    ({ name, sandbox }) => name === environment.interfaceName && sandbox !== undefined,
  )
  if (index < 0) throw differs(`prevResult has no interface ${environment.interfaceName} of the container`)
  return { index, mac: result.interfaces[index]?.mac }
}

/** As `ip` prints a destination: `default`, and a single address without its length. */
const asPrinted = (destination: string): string => {
  if (destination === '0.0.0.0/0' || destination === '::/0') return 'default'
  return destination.replace(destination.includes(':') ? /\/128$/ : /\/32$/, '')
}

const checkContainer = async ({ interfaces }: CniNode, call: Call, result: PluginResult): Promise<void> => {
  const { netns, interfaceName } = call.environment
  const { index, mac } = endOf(result, call)
  const [found, destinations] = await together([
    interfaces.lookInside(netns, interfaceName),
    interfaces.destinationsInside(netns, interfaceName),
  ])
  if (found === undefined) throw differs(`the container has no interface ${interfaceName}`)
  if (mac !== undefined && mac.toLowerCase() !== found.mac)
    throw differs(`${interfaceName} has the MAC address ${found.mac}, not ${mac}`)
  const ours = result.ips.filter((ip) => ip.interface === undefined || ip.interface === index)
  const lost = ours.find(({ address }) => !found.addresses.includes(address.toLowerCase()))
  if (lost !== undefined) throw differs(`${interfaceName} has no address ${lost.address}`)
  const missing = result.routes.find(
    ({ dst, table }) => table === undefined && !destinations.includes(asPrinted(dst)),
  )
  // Another plugin's interface may have it.
  if (missing !== undefined && result.interfaces.filter(({ sandbox }) => sandbox !== undefined).length === 1)
    throw differs(`the container has no route to ${missing.dst} by ${interfaceName}`)
}

const checkEndpoint = async (node: CniNode, call: Call): Promise<void> => {
  if (call.configuration.wire !== undefined) return
  const attachment = attachmentOf(call)
  const id = endpointIdOf(node.name, attachment)
  const endpoint = await node.controller.endpoint(id)
  if (endpoint === undefined) throw differs(`the controller has no endpoint ${id}`)
  if (endpoint.interface !== hostInterfaceOf(attachment) || endpoint.node !== node.name)
    throw differs(`endpoint ${id} is ${endpoint.interface} on ${endpoint.node}`)
  if (endpoint.status.state === 'up') return
  const [reason] = endpoint.status.reasons
  throw differs(`endpoint ${id} is not up${reason === undefined ? '' : `: ${reason.message}`}`)
}

const checkHost = async (node: CniNode, call: Call): Promise<void> => {
  const attachment = attachmentOf(call)
  const noted = node.ledger.read(endpointIdOf(node.name, attachment))
  const host = noted?.host ?? hostInterfaceOf(attachment)
  if ((await node.interfaces.look(host)) === undefined) throw differs(`the node has no interface ${host}`)
}

/** @throws CniError `check-failed` with the first difference; `invalid-config` without a prevResult */
export const check = async (node: CniNode, call: Call): Promise<void> => {
  const { prevResult } = call.configuration
  if (prevResult === undefined)
    throw new CniError('invalid-config', 'prevResult is missing: CHECK needs the result of ADD')
  const result = parseResult(prevResult, 'prevResult')
  checkNetns(call.environment.netns)
  const ipam = ipamOf(call)
  await together([
    checkContainer(node, call, result),
    checkHost(node, call),
    checkEndpoint(node, call),
    ipam === undefined ? undefined : runIpam(node.run, ipam, 'CHECK', call),
  ])
}
