/**
 * Anti-spoofing: an endpoint speaks with its own MAC and addresses and nobody else's. What no rule here admits is dropped by the
 * table's miss. Duplicate address detection (a source that is not an address yet) is not admitted and so never answered: addresses
 * are unique because the controller gives them out.
 */
import { type Cidr, type Family, type Ip, widthOf } from '#model/cidr.js'
import { type Endpoint, isNodePort } from '#model/endpoint.js'
import { linkLocalOf, linkLocals } from '#model/gateway.js'
import type { Network } from '#model/network.js'
import { resubmit } from '#openflow/actions.js'
import type { Match } from '#openflow/match.js'
import { tableNumbers } from './pipeline.js'
import { having, write } from './registers.js'
import { discovery, etherType, fromAddress, fromPrefix, goTo, icmp6, isFamily, type Rule } from './rule.js'

const rule = (priority: number, match: Match, passes: boolean): Rule => ({
  table: 'admit',
  priority,
  match,
  actions: passes ? [goTo('resolve')] : [],
})

/** IPv4 and the questions of ARP; announcements of the own address (RFC 5227) need no answer, which would be taken for a conflict. */
const address4Rules = (sender: Match, mac: bigint, address: Ip): readonly Rule[] => {
  const own = Number(address.value)
  const asks = { ...sender, eth_type: etherType.arp, arp_op: 1, arp_sha: mac, arp_spa: own }
  return [
    rule(100, { ...sender, ...fromAddress(address) }, true),
    rule(100, asks, true),
    rule(110, { ...asks, arp_tpa: own }, false),
  ]
}

/** A request for an address comes from none: RFC 2131, section 4.1. */
const dhcpRule = (sender: Match): Rule =>
  rule(
    100,
    {
      ...sender,
      ...isFamily(4),
      nw_proto: 17,
      ip_src: 0,
      ip_dst: 0xffff_ffff,
      udp_src: 68,
      udp_dst: 67,
    },
    true,
  )

/** A node is configured by its owner: an advertisement would lead its own traffic into the fabric. */
const noRouterRule = (sender: Match): Rule =>
  rule(300, { ...sender, ...icmp6(discovery.routerSolicitation) }, false)

/** Solicitations whose source link-layer address is the sender's, or that have none, are looked up again as what they are. */
const solicitationRules = (sender: Match, mac: bigint): readonly Rule[] =>
  [mac, 0n].map((option) => ({
    table: 'admit',
    priority: 250,
    match: { ...sender, ...having({ vetted: 0 }), ...icmp6(discovery.solicitation), nd_sll: option },
    actions: [...write({ vetted: 1 }), resubmit(tableNumbers.admit)],
  }))

const address6Rules = (sender: Match, endpoint: Endpoint): readonly Rule[] => {
  const link: Ip = { family: 6, value: linkLocalOf(endpoint.mac) }
  const own = endpoint.addresses.filter(({ family }) => family === 6)
  return [
    ...[...own, link].map((address) => rule(100, { ...sender, ...fromAddress(address) }, true)),
    ...solicitationRules(sender, BigInt(endpoint.mac)),
  ]
}

/** No host's address: who asks whether an address is free (RFC 4862, RFC 5227) says that it has none. */
const unspecified = (family: Family): Cidr => ({ family, value: 0n, length: widthOf(family) })

/** ARP questions that say that they come from within a prefix. */
const asksFrom = (sender: Match, prefix: Cidr): Match => {
  const { ip_src: source } = fromPrefix(prefix)
  const asks = { ...sender, eth_type: etherType.arp, arp_op: 1 }
  return source === undefined ? asks : { ...asks, arp_spa: source }
}

/**
 * What an endpoint that is a router says for others: sources within `prefix` that are no member's address. Its questions as well: a node
 * asks in the name of any address of its own.
 */
const carriedRules = (sender: Match, mac: bigint, network: Network, prefix: Cidr): readonly Rule[] => {
  const { family } = prefix
  const subnets = network.subnets.map(({ cidr }) => cidr)
  const forbidden = [...subnets, linkLocals, unspecified(family)].filter((one) => one.family === family)
  const kinds =
    family === 4
      ? [
          (from: Cidr): Match => ({ ...sender, ...fromPrefix(from) }),
          (from: Cidr): Match => asksFrom({ ...sender, arp_sha: mac }, from),
        ]
      : [(from: Cidr): Match => ({ ...sender, ...fromPrefix(from) })]
  return kinds.flatMap((from) => [
    rule(50, from(prefix), true),
    ...forbidden.map((one) => rule(60, from(one), false)),
  ])
}

/** One rule of each kind: several prefixes forbid the same sources. */
const distinct = (rules: readonly Rule[]): readonly Rule[] => {
  const text = ({ priority, match }: Rule): string =>
    JSON.stringify([priority, match], (_, value) => (typeof value === 'bigint' ? value.toString(16) : value))
  return [...new Map(rules.map((one) => [text(one), one])).values()]
}

/** What `endpoint`, at `ofport`, may say. `carried`: what it is a router for. */
export const admitRules = (
  endpoint: Endpoint,
  network: Network,
  ofport: number,
  carried: readonly Cidr[],
): readonly Rule[] => {
  const mac = BigInt(endpoint.mac)
  const sender = { in_port: ofport, eth_src: mac }
  const has = (wanted: Family): boolean => network.subnets.some(({ cidr }) => cidr.family === wanted)
  const asks = !isNodePort(endpoint)
  return [
    ...endpoint.addresses
      .filter(({ family }) => family === 4)
      .flatMap((address) => address4Rules(sender, mac, address)),
    ...(has(4) && asks ? [dhcpRule(sender)] : []),
    ...(has(6) ? address6Rules(sender, endpoint) : []),
    ...(has(6) && !asks ? [noRouterRule(sender)] : []),
    ...distinct(carried.flatMap((prefix) => carriedRules(sender, mac, network, prefix))),
  ]
}
