/**
 * The way of a packet from `route` to the table that sends it on: routed or bridged, its EID's entry, a miss, the world outside. What
 * was sent to the gateway's MAC is routed, as a router does it; the rest stays as it came.
 */
import type { Rloc } from '#model/address.js'
import { type Cidr, cidrHas, type Family } from '#model/cidr.js'
import { gatewayMac, linkLocals } from '#model/gateway.js'
import { icmpErrors } from '#model/icmp-error.js'
import type { Network } from '#model/network.js'
import { type Action, output, setField } from '#openflow/actions.js'
import type { Match } from '#openflow/match.js'
import { reasons } from './packet-reason.js'
import { bits, having, write } from './registers.js'
import { eachFamily, fromPrefix, goTo, isFamily, prefixPriority, type Rule, tell, toPrefix } from './rule.js'
import { tunnelBetween } from './tunnel.js'

/** Matches of packets to the gateway, and to many. */
const toGateway: Match = { eth_dst: BigInt(gatewayMac) }
export const toMany: Match = { eth_dst: { value: 1n << 40n, mask: 1n << 40n } }

/** A TTL that ends here: RFC 1812, section 5.3.1; RFC 4443, section 3.3. */
const lastTtls = [0, 1]

/** Link-local addresses stay on their link: RFC 4291, section 2.5.6. */
const linkLocalRules = (base: Match): readonly Rule[] =>
  [fromPrefix(linkLocals), toPrefix(linkLocals)].map((match) => ({
    table: 'route',
    priority: 150,
    match: { ...base, ...toGateway, ...match },
    actions: [],
  }))

const familyRules = (base: Match, family: Family): readonly Rule[] => {
  const routed = { ...base, ...toGateway, ...isFamily(family) }
  const rule = (priority: number, match: Match, actions: readonly Action[]): Rule => ({
    table: 'route',
    priority,
    match,
    actions,
  })
  return [
    ...lastTtls.map((ttl) =>
      rule(
        200,
        { ...routed, nw_ttl: ttl },
        tell({ reason: reasons.error, error: icmpErrors['time-exceeded'] }),
      ),
    ),
    ...(family === 6 ? linkLocalRules(base) : []),
    rule(100, routed, [
      { type: 'dec_ttl' },
      setField('eth_src', BigInt(gatewayMac)),
      ...write({ routed: 1 }),
      goTo('map-cache'),
    ]),
    rule(50, { ...base, ...isFamily(family) }, [goTo('map-cache')]),
  ]
}

/** What may be asked about: the subnets, what endpoints are routers for, and what LISP routers and operators speak of. */
const prefixesToAsk = (network: Network, beyond: readonly Cidr[]): readonly Cidr[] => {
  const own = [
    ...network.subnets.map(({ cidr }) => cidr),
    ...network.routes
      .filter((route) => isServed(network, route.gateway))
      .map(({ destination }) => destination),
  ]
  return [...own, ...beyond.filter((prefix) => !own.some((one) => lies(prefix, one)))]
}

const lies = (inner: Cidr, outer: Cidr): boolean =>
  inner.family === outer.family && inner.length >= outer.length && cidrHas(outer, inner)

/** A route's gateway that is not the network's is an endpoint, which is a router for the destination. */
const isServed = (network: Network, gateway: bigint | undefined): boolean =>
  gateway !== undefined && network.subnets.every((subnet) => subnet.gateway !== gateway)

/** An EID that has no entry: the controller is asked once. A packet that comes back and still finds none has no receiver. */
const missRules = (network: Network, prefix: Cidr): readonly Rule[] => [
  {
    table: 'map-cache',
    priority: prefixPriority(prefix.length, 'miss'),
    match: { ...having({ network: network.vni, asked: 0 }), ...toPrefix(prefix) },
    actions: tell({ reason: reasons.miss }),
  },
  {
    table: 'map-cache',
    priority: prefixPriority(prefix.length, 'unknown'),
    match: { ...having({ network: network.vni }), ...toPrefix(prefix) },
    actions: tell({ reason: reasons.error, error: icmpErrors['host-unreachable'] }),
  },
]

/** Outside the network, where no port of the node leads out of it. */
const outsideRule = (network: Network, family: Family): Rule => ({
  table: 'map-cache',
  priority: 50,
  match: { ...having({ network: network.vni, routed: 1 }), ...isFamily(family) },
  actions: tell({
    reason: reasons.error,
    error: icmpErrors[network.isolation ? 'prohibited' : 'network-unreachable'],
  }),
})

/** Out of the tunnel port that the entry has chosen, unless it does not fit. */
const departRules = (network: Network): readonly Rule[] => [
  {
    table: 'depart',
    priority: 200,
    match: having({ network: network.vni, tooBig: 1 }),
    actions: tell({ reason: reasons.error, error: icmpErrors['too-big'] }),
  },
  {
    table: 'depart',
    priority: 100,
    match: having({ network: network.vni }),
    actions: [{ type: 'output_reg', source: bits('outPort'), maxLen: 0xffff }],
  },
]

/** Head-end replication: a frame to many goes to every member of the network, one by one. */
export interface Flood {
  /** Ports of local members. A switch sends nothing back by the port that it came in by. */
  readonly ofports: readonly number[]
  readonly tunnel?: { readonly ofport: number; readonly own: Rloc; readonly far: readonly Rloc[] }
}

/** From a local member to all; from a tunnel to the local ones only, so that nothing goes round. */
const floodRules = (network: Network, { ofports, tunnel }: Flood): readonly Rule[] => {
  const local = ofports.map((ofport) => output(ofport))
  const remote =
    tunnel === undefined
      ? []
      : [
          setField('tun_id', BigInt(network.vni)),
          ...tunnel.far.flatMap((far) => [...tunnelBetween({ own: tunnel.own, far }), output(tunnel.ofport)]),
        ]
  const match = { ...having({ network: network.vni }), ...toMany }
  return [
    { table: 'route', priority: 300, match, actions: [...local, ...remote] },
    { table: 'deliver', priority: 2000, match, actions: local },
  ]
}

/** The rules from `route` onwards. `flood` where the network has broadcast; `beyond` is asked about besides the subnets. */
export const routeRules = (
  network: Network,
  flood: Flood | undefined,
  beyond: readonly Cidr[],
): readonly Rule[] => {
  const base = having({ network: network.vni })
  const families = eachFamily(network.subnets.map(({ cidr }) => cidr))
  return [
    ...(flood === undefined
      ? [{ table: 'route', priority: 300, match: { ...base, ...toMany }, actions: [] } as const]
      : floodRules(network, flood)),
    ...families.flatMap((family) => familyRules(base, family)),
    ...prefixesToAsk(network, beyond)
      .filter(({ family }) => families.includes(family))
      .flatMap((prefix) => missRules(network, prefix)),
    ...families.map((family) => outsideRule(network, family)),
    ...departRules(network),
  ]
}
