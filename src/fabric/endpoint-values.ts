/** Endpoints made of what requests say, and whether they may be stored. Pure. */
import { isDeepStrictEqual } from 'node:util'
import { type Ip, inOrder, parseIp } from '#model/cidr.js'
import type { Endpoint, EndpointSpec } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import { derivedMac, parseMac, printMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import type { Provenance } from '#model/wire.js'
import type { NewEndpoint, NewNetwork } from '#store/store.js'
import type { OverlayIntent } from './overlay-intent.js'

/** The addresses that a request states. */
export const statedAddresses = ({ addresses = [] }: EndpointSpec): readonly Ip[] =>
  addresses.map((text, index) => {
    const address = parseIp(text)
    if (address !== undefined) return address
    const field = `addresses[${index}]`
    throw new FabricError('invalid-request', `${field}: ${text} is no IP address`, { field })
  })

export const endpointOf = (
  spec: EndpointSpec,
  addresses: readonly Ip[],
  provenance: Provenance,
): NewEndpoint => ({
  id: spec.id,
  network: spec.network,
  node: spec.node,
  interface: spec.interface,
  mac: (spec.mac === undefined ? undefined : parseMac(spec.mac)) ?? derivedMac(addresses),
  addresses: inOrder(addresses),
  ...(spec.container !== undefined && { container: spec.container }),
  labels: spec.labels ?? {},
  provenance,
})

type Object = NewEndpoint | NewNetwork

/** Whether two are the same but for who asked for them. */
export const sameAs = (stored: Endpoint | Network, wanted: Object): boolean => {
  const { serial: _, provenance: __, ...one } = stored
  const { provenance: ___, ...other } = wanted
  return isDeepStrictEqual(one, other)
}

/** Throws when the interface belongs to a link or another endpoint; `linkAt` answers with the name of a link. */
export const checkInterface = (
  { id, node, interface: name }: EndpointSpec,
  overlay: OverlayIntent,
  linkAt: (node: string, name: string) => string | undefined,
): void => {
  const link = linkAt(node, name)
  const endpoint = overlay.endpointAt(node, name)
  const owner =
    link !== undefined
      ? `link ${link}`
      : endpoint !== undefined && endpoint.id !== id
        ? `endpoint ${endpoint.id}`
        : undefined
  if (owner === undefined) return
  throw new FabricError('interface-taken', `interface ${name} of node ${node} belongs to ${owner}`, {
    field: 'interface',
    owner,
  })
}

/** Throws when another endpoint of the network has the MAC address. */
export const checkMac = ({ id, network, mac }: NewEndpoint, overlay: OverlayIntent): void => {
  const other = overlay.endpointWithMac(network, mac)
  if (other === undefined || other.id === id) return
  throw new FabricError(
    'mac-taken',
    `MAC address ${printMac(mac)} of network ${network} belongs to endpoint ${other.id}`,
    { field: 'mac', owner: `endpoint ${other.id}` },
  )
}
