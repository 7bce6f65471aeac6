/** What a controller knows of a small overlay network, and what it answers: where an EID is, errors, DHCP, router advertisements. */

import { dhcpAnswer } from '#answers/dhcp.js'
import { readIpFrame } from '#answers/frame.js'
import { icmpErrorFor } from '#answers/icmp-error.js'
import { routerAdvertisement } from '#answers/router-advertisement.js'
import type { CacheEntry } from '#compile/cache.js'
import { printIp, widthOf } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import { gatewayFor } from '#model/gateway.js'
import type { Network } from '#model/network.js'
import { ipOf } from '../../fake/overlay-objects.js'
import type { Answers } from './overlay-switch.js'

export interface OverlayPlan {
  readonly network: Network
  readonly endpoints: readonly Endpoint[]
  readonly inventory: Inventory
}

/** Where an address is, for senders on `node`. */
const entryFor = ({ network, endpoints, inventory }: OverlayPlan, node: string, text: string): CacheEntry => {
  const owner = endpoints.find(({ addresses }) => addresses.some((one) => printIp(one) === text))
  const address = ipOf(text)
  const eid = { ...address, length: widthOf(address.family) }
  const rloc = owner && inventory.node(owner.node).rloc
  if (owner === undefined || rloc === undefined || owner.node === node)
    return { vni: network.vni, eid, state: 'negative', holdSeconds: 2 }
  return { vni: network.vni, eid, state: 'remote', rloc, node: owner.node, encapsulation: 'vxlan' }
}

/** All that a node could ask for. */
export const everyEntry = (plan: OverlayPlan, node: string): readonly CacheEntry[] =>
  plan.endpoints
    .filter((one) => one.node !== node)
    .flatMap(({ addresses }) => addresses.map((address) => entryFor(plan, node, printIp(address))))

export const answersAt = (plan: OverlayPlan, node: string): Answers => ({
  entry: (_, packet) => {
    const to = readIpFrame(packet)?.destination
    return to && entryFor(plan, node, printIp(to))
  },
  frame: (reason, packet) => {
    const { network, endpoints } = plan
    const owner = endpoints.find(({ serial }) => serial === reason.endpoint)
    const from = gatewayFor(network, readIpFrame(packet)?.source ?? ipOf('0.0.0.0'))
    const [address] = owner?.addresses ?? []
    if (owner === undefined || from === undefined || address === undefined) return undefined
    if (reason.reason === 'error')
      return icmpErrorFor(packet, { error: reason.error, from, to: owner.mac, mtu: reason.mtu })
    const lease = { mac: owner.mac, address, length: 24, mtu: 1400, leaseSeconds: 60 }
    if (reason.reason === 'dhcp') return dhcpAnswer(packet, { ...lease, gateway: from })
    const prefixes = network.subnets.flatMap(({ cidr }) => (cidr.family === 6 ? [cidr] : []))
    return routerAdvertisement({ prefixes, mtu: 1450 }, owner.mac)
  },
})
