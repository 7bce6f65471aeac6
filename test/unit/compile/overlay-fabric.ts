/** A small fabric that the examples of overlay networks share: three nodes, one network, what becomes of a packet. */
import { expect } from 'vitest'
import { nodePort } from '#model/endpoint.js'
import { gatewayMac } from '#model/gateway.js'
import { readHeader } from '#trace/header-fields.js'
import { parsePacket } from '#trace/packet.js'
import { type Arrived, type Fate, Overlay, type OverlayOptions } from '../../fake/overlay.js'
import { endpointOf, networkOf, nodeFacts } from '../../fake/overlay-objects.js'

export const nodes = [
  nodeFacts('n1', '192.0.2.1'),
  nodeFacts('n2', '192.0.2.2'),
  nodeFacts('n3', '192.0.2.3'),
]
export const network = networkOf(1, ['10.0.0.0/24', 'fd00::/64'])
export const a = endpointOf(1, network, 'n1', ['10.0.0.10', 'fd00::10'])
export const b = endpointOf(2, network, 'n1', ['10.0.0.11', 'fd00::11'], { mac: 0x02_00_00_00_00_0b })
export const c = endpointOf(3, network, 'n2', ['10.0.0.12', 'fd00::12'])
export const gate = endpointOf(4, network, 'n1', ['10.0.0.4', 'fd00::4'], { interface: nodePort })

export const fabric = (rest: Partial<OverlayOptions> = {}): Overlay =>
  new Overlay({ nodes, networks: [network], endpoints: [a, b, c], proactive: false, ...rest })

export const toGateway = { sourceMac: a.mac, destinationMac: gatewayMac }
export const field = (bytes: Uint8Array, name: Parameters<typeof readHeader>[1]) =>
  readHeader(parsePacket(bytes), name, ['eth_src', 'eth_dst', 'ipv6_src', 'ipv6_dst'].includes(name))

export const only = ({ arrived, asked }: Fate): Arrived => {
  expect({ asked, arrived: arrived.length }).toEqual({ asked: [], arrived: 1 })
  return arrived[0] ?? expect.fail('nothing')
}
export const why = ({ arrived, asked }: Fate) => {
  expect(arrived).toEqual([])
  return asked.map((one) => one.why)
}
