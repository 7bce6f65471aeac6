/**
 * An endpoint on the switch of its node: its port, what it may say, and how it is reached there. How others reach it is `cache.ts`'
 * business. Two kinds of endpoints carry for others as well: one that is the gateway of a route of its network, and the port of the
 * node itself, behind which is the world outside.
 */
import type { Cidr, Family, Ip } from '#model/cidr.js'
import { hostPrefix } from '#model/cidr.js'
import { type Endpoint, isNodePort } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import type { Network } from '#model/network.js'
import { type Action, controller, output, resubmit, setField } from '#openflow/actions.js'
import type { Match } from '#openflow/match.js'
import { admitRules } from './admit.js'
import type { Origin } from './cookie.js'
import { type Desired, type MeterWish, nothing, type PortWish } from './desired.js'
import { reasons, userdataOf } from './packet-reason.js'
import { tableNumbers } from './pipeline.js'
import { having, write } from './registers.js'
import { eachFamily, flowsOf, goTo, isFamily, prefixPriority, type Rule, toPrefix } from './rule.js'
import { networkMtu } from './tunnel.js'

export const originOfEndpoint = ({ serial }: Pick<Endpoint, 'serial'>): Origin => ({
  kind: 'endpoint',
  serial,
})

/** Nodes are no part of an isolated network. */
export const takesPart = (endpoint: Endpoint, network: Network): boolean =>
  !(network.isolation && isNodePort(endpoint))

const everything = (family: Family): Cidr => ({ family, value: 0n, length: 0 })

/** Prefixes beyond its own addresses that an endpoint is a router for. They are EID prefixes of its node. */
export const carriedBy = (endpoint: Endpoint, network: Network): readonly Cidr[] => [
  ...network.routes.flatMap(({ destination, gateway }) => {
    const next: Ip | undefined =
      gateway === undefined ? undefined : { family: destination.family, value: gateway }
    const own = endpoint.addresses.some(
      ({ family, value }) => family === next?.family && value === next.value,
    )
    return own ? [destination] : []
  }),
  ...(isNodePort(endpoint) ? eachFamily(network.subnets.map(({ cidr }) => cidr)).map(everything) : []),
]

/**
 * What one endpoint may have the controller do: packets to unknown EIDs, errors, requests for an address. Counted in bits,
 * since the controller has to keep those packets. A scan uses up the meter of who scans and nobody else's.
 */
const controllerRateKbps = 500
const controllerBurstKbits = 1000

/** An endpoint's port has no other meter, so its number serves as the meter's. */
const meterOf = (ofport: number): MeterWish => ({
  meterId: ofport,
  rateKbps: controllerRateKbps,
  burstKbits: controllerBurstKbits,
})

const controllerRules = (endpoint: Endpoint, network: Network, ofport: number): readonly Rule[] => {
  const userdata = userdataOf({ vni: network.vni, endpoint: endpoint.serial })
  const rule = (priority: number, match: Match, actions: readonly Action[]): Rule => ({
    table: 'controller',
    priority,
    match: { in_port: ofport, ...match },
    actions,
  })
  return [
    rule(200, having({ reason: reasons.miss }), [
      ...write({ asked: 1 }),
      controller({ userdata, pause: true, meterId: ofport }),
      resubmit(tableNumbers['map-cache']),
    ]),
    rule(100, {}, [controller({ userdata, meterId: ofport })]),
  ]
}

/** The last steps to an address or a prefix behind the port, for senders of this node and for arrivals. */
const reachRules = (network: Network, to: Cidr, delivery: readonly Action[]): readonly Rule[] => {
  const match = { ...having({ network: network.vni }), ...toPrefix(to) }
  const priority = prefixPriority(to.length, 'local')
  return [
    { table: 'map-cache', priority, match, actions: [goTo('ingress-policy')] },
    { table: 'deliver', priority, match, actions: delivery },
  ]
}

/** The world outside: what was sent to the gateway and is in none of the network's subnets. Arrivals from tunnels never go there. */
const outsideRules = (network: Network, family: Family, delivery: readonly Action[]): readonly Rule[] => {
  const match = { ...having({ network: network.vni, routed: 1 }), ...isFamily(family) }
  return [
    { table: 'map-cache', priority: 60, match, actions: [goTo('ingress-policy')] },
    { table: 'deliver', priority: 60, match, actions: delivery },
  ]
}

const rulesOf = (endpoint: Endpoint, network: Network, ofport: number): readonly Rule[] => {
  const delivery = [setField('eth_dst', BigInt(endpoint.mac)), output(ofport)]
  const carried = carriedBy(endpoint, network)
  const own = endpoint.addresses.map(hostPrefix)
  return [
    {
      table: 'classify',
      priority: 100,
      // Frames with a VLAN tag belong to nothing.
      match: { in_port: ofport, vlan_vid: 0 },
      actions: [...write({ network: network.vni }), goTo('admit')],
    },
    ...admitRules(endpoint, network, ofport, carried),
    ...[...own, ...carried.filter(({ length }) => length > 0)].flatMap((to) =>
      reachRules(network, to, delivery),
    ),
    ...carried
      .filter(({ length }) => length === 0)
      .flatMap(({ family }) => outsideRules(network, family, delivery)),
    ...controllerRules(endpoint, network, ofport),
  ]
}

/** What an endpoint wants of the interface that it is. */
export const portOf = (endpoint: Endpoint, network: Network, inventory: Inventory): PortWish => {
  const mtu = isNodePort(endpoint) ? networkMtu(network, inventory, endpoint.node) : network.mtu
  return {
    name: endpoint.interface,
    ...(mtu !== undefined && { mtu }),
    ...(isNodePort(endpoint) && { internalMac: endpoint.mac }),
  }
}

/** What `endpoint` of `network` wants of the switch of `node`: nothing of another than its own. */
export const compileEndpoint = (
  endpoint: Endpoint,
  network: Network,
  inventory: Inventory,
  node: string,
): Desired => {
  if (endpoint.node !== node || !takesPart(endpoint, network)) return nothing
  const ports = [portOf(endpoint, network, inventory)]
  const ofport = inventory.port(node, endpoint.interface)?.ofport
  if (ofport === undefined) return { ...nothing, ports }
  const flows = flowsOf(originOfEndpoint(endpoint), rulesOf(endpoint, network, ofport))
  return { ...nothing, ports, flows, meters: [meterOf(ofport)] }
}
