/**
 * A network on one switch: what every node that has endpoints of it holds, whoever they are. The number of flows depends on the
 * subnets alone; endpoints (`endpoint.ts`) and entries of the map-cache (`cache.ts`) add their own.
 */
import type { Cidr } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import { gatewayMac } from '#model/gateway.js'
import type { Network } from '#model/network.js'
import { setField } from '#openflow/actions.js'
import type { Match } from '#openflow/match.js'
import type { Origin } from './cookie.js'
import { type Desired, nothing } from './desired.js'
import { takesPart } from './endpoint.js'
import { having, write } from './registers.js'
import { resolveRules } from './resolve.js'
import { type Flood, routeRules } from './route.js'
import { discovery, eachFamily, flowsOf, goTo, icmp6, type Rule } from './rule.js'

export const originOfNetwork = ({ serial }: Pick<Network, 'serial'>): Origin => ({ kind: 'network', serial })

/** Who is in a network; only broadcast asks. */
export interface Members {
  /** Endpoints of the network on the node. */
  at(node: string): Iterable<Endpoint>
  /** Nodes that have endpoints of it. */
  nodes(): Iterable<string>
}

/** What comes out of the tunnels: looked up by its network and address alone, so it never leaves by a tunnel again unless its EID has moved. */
const arrivalRules = (network: Network, inventory: Inventory, node: string): readonly Rule[] => {
  const { tunnelOfport, gpeOfport } = inventory.node(node)
  const rule = (ofport: number, l3: boolean): Rule => ({
    table: 'classify',
    priority: 100,
    match: { in_port: ofport, tun_id: BigInt(network.vni) },
    actions: [
      ...write({ network: network.vni }),
      // Packets of VXLAN-GPE have no inner Ethernet header: Open vSwitch makes one of zeros.
      ...(l3 ? [setField('eth_src', BigInt(gatewayMac))] : []),
      goTo('ingress-policy'),
    ],
  })
  return [
    ...(tunnelOfport === undefined ? [] : [rule(tunnelOfport, false)]),
    ...(gpeOfport === undefined ? [] : [rule(gpeOfport, true)]),
  ]
}

/** What endpoints do not say: that they are routers, or where others are. Solicitations that no endpoint's rule has vetted are false. */
const discoveryRules = (base: Match): readonly Rule[] => {
  const unwanted = [discovery.routerAdvertisement, discovery.advertisement, discovery.redirect]
  return [
    ...unwanted.map(
      (type): Rule => ({
        table: 'admit',
        priority: 300,
        match: { ...base, ...icmp6(type) },
        actions: [],
      }),
    ),
    {
      table: 'admit',
      priority: 200,
      match: { ...base, ...having({ vetted: 0 }), ...icmp6(discovery.solicitation) },
      actions: [],
    },
  ]
}

/** Tables that wait for their policies. */
const policyRules = (base: Match): readonly Rule[] => [
  { table: 'egress-policy', priority: 0, match: base, actions: [goTo('route')] },
  { table: 'ingress-policy', priority: 0, match: base, actions: [goTo('deliver')] },
]

const floodOf = (network: Network, members: Members, inventory: Inventory, node: string): Flood => {
  const { tunnelOfport: ofport, rloc: own } = inventory.node(node)
  const ofports = [...members.at(node)].flatMap((one) =>
    takesPart(one, network) ? (inventory.port(node, one.interface)?.ofport ?? []) : [],
  )
  const far = [...members.nodes()].sort().flatMap((other) => {
    const { rloc } = inventory.node(other)
    return other !== node && rloc !== undefined && rloc.family === own?.family ? [rloc] : []
  })
  return {
    ofports: ofports.sort((a, b) => a - b),
    ...(ofport !== undefined && own !== undefined && { tunnel: { ofport, own, far } }),
  }
}

/**
 * What `network` wants of the switch of `node`, which has endpoints of it. Without `members` there is no broadcast. `beyond`: EID-prefixes
 * of its instance that are asked about besides the subnets.
 */
export const compileNetwork = (
  network: Network,
  inventory: Inventory,
  node: string,
  members?: Members,
  beyond: readonly Cidr[] = [],
): Desired => {
  const base = having({ network: network.vni })
  const families = eachFamily(network.subnets.map(({ cidr }) => cidr))
  const flood =
    network.broadcast && members !== undefined ? floodOf(network, members, inventory, node) : undefined
  const rules = [
    ...arrivalRules(network, inventory, node),
    ...(families.includes(6) ? discoveryRules(base) : []),
    ...resolveRules(network),
    ...policyRules(base),
    ...routeRules(network, flood, beyond),
  ]
  return { ...nothing, flows: flowsOf(originOfNetwork(network), rules) }
}
