/**
 * What a node answers by itself for a network: ARP and neighbour discovery for every address of its subnets, echo requests to the
 * gateway. Nothing is flooded and nobody is asked: the MAC address of an endpoint follows from its address, and on delivery it is
 * set to what it really is. Questions of duplicate address detection never get here (admit).
 */
import { type Cidr, type Ip, widthOf } from '#model/cidr.js'
import { gatewayLinkLocal, gatewayMac } from '#model/gateway.js'
import { icmpErrors } from '#model/icmp-error.js'
import { derivedMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import { type Action, move, output, reservedPorts, resubmit, setField, subfield } from '#openflow/actions.js'
import type { Match } from '#openflow/match.js'
import { reasons } from './packet-reason.js'
import { tableNumbers } from './pipeline.js'
import { having } from './registers.js'
import {
  discovery,
  eachFamily,
  etherType,
  goTo,
  icmp6,
  isFamily,
  type Rule,
  tell,
  toAddress,
  toPrefix,
} from './rule.js'

type Field = keyof Match

const back = output(reservedPorts.in_port)
const copy = (from: Field, to: Field): Action => move(subfield(from), subfield(to))

/** Exchanges two fields of one width. */
const swap = (a: Field, b: Field): readonly Action[] => [
  { type: 'push', source: subfield(a) },
  copy(b, a),
  { type: 'pop', destination: subfield(b) },
]

/** Low 32 bits of an address, as derived MAC addresses have them. */
const low = (field: Field) => subfield(field, 0, 32)

/** Writes the MAC address that answers: the gateway's, or the one derived from the address that `asked` holds. */
const answerMac = (
  who: 'gateway' | 'endpoint',
  into: 'arp_sha' | 'nd_tll',
  asked: Field,
): readonly Action[] =>
  who === 'gateway'
    ? [setField(into, BigInt(gatewayMac))]
    : [setField(into, BigInt(derivedMac([]))), move(low(asked), low(into))]

/** An ARP reply made of the request: RFC 826. */
const arpAnswer = (who: 'gateway' | 'endpoint'): readonly Action[] => [
  setField('arp_op', 2),
  copy('eth_src', 'eth_dst'),
  copy('arp_sha', 'arp_tha'),
  ...answerMac(who, 'arp_sha', 'arp_tpa'),
  copy('arp_sha', 'eth_src'),
  ...swap('arp_tpa', 'arp_spa'),
  back,
]

/** Flags of a neighbour advertisement: router, solicited, override. RFC 4861, section 4.4. */
const advertisementFlags = { gateway: 0xe000_0000, endpoint: 0x6000_0000 } as const

/**
 * The second half of an advertisement made of the solicitation, whose ICMPv6 type is one by now: RFC 4861, section 7.2.4. A question to one
 * node alone may come without the option, and is answered without.
 */
const ndAnswer = (who: 'gateway' | 'endpoint'): readonly Action[] => [
  setField('nd_options_type', 2),
  setField('nd_reserved', advertisementFlags[who]),
  ...answerMac(who, 'nd_tll', 'nd_target'),
  copy('eth_src', 'eth_dst'),
  copy('nd_tll', 'eth_src'),
  copy('ipv6_src', 'ipv6_dst'),
  copy('nd_target', 'ipv6_src'),
  setField('nw_ttl', 255),
  back,
]

const ttl = 64

/** An echo reply made of the request. Fragments are not put together, so they are not answered. */
const echoRule = (base: Match, gateway: Ip): Rule => {
  const [type, reply, source, destination] =
    gateway.family === 4
      ? (['icmp_type', 0, 'ip_src', 'ip_dst'] as const)
      : (['icmpv6_type', 129, 'ipv6_src', 'ipv6_dst'] as const)
  const protocol = gateway.family === 4 ? 1 : 58
  const request = gateway.family === 4 ? { icmp_type: 8 } : { icmpv6_type: 128 }
  return {
    table: 'resolve',
    priority: 200,
    match: { ...base, ...toAddress(gateway), ip_frag: 0, nw_proto: protocol, ...request },
    actions: [
      setField(type, reply),
      ...swap(destination, source),
      copy('eth_src', 'eth_dst'),
      setField('eth_src', BigInt(gatewayMac)),
      setField('nw_ttl', ttl),
      back,
    ],
  }
}

/** What else is sent to the gateway itself. */
const refusalRule = (base: Match, gateway: Ip): Rule => ({
  table: 'resolve',
  priority: 150,
  match: { ...base, ...toAddress(gateway) },
  actions: tell({ reason: reasons.error, error: icmpErrors['port-unreachable'] }),
})

const arpRules = (base: Match, cidr: Cidr, gateway: Ip): readonly Rule[] => {
  const asked = { ...base, eth_type: etherType.arp, arp_op: 1 }
  const { ip_dst: target = { value: 0, mask: 0 } } = toPrefix(cidr)
  return [
    {
      table: 'resolve',
      priority: 300,
      match: { ...asked, arp_tpa: Number(gateway.value) },
      actions: arpAnswer('gateway'),
    },
    { table: 'resolve', priority: 250, match: { ...asked, arp_tpa: target }, actions: arpAnswer('endpoint') },
  ]
}

const ndRules = (base: Match, cidr: Cidr, gateway: Ip): readonly Rule[] => {
  const asked = { ...base, ...icmp6(discovery.advertisement) }
  const { ipv6_dst: target = { value: 0n, mask: 0n } } = toPrefix(cidr)
  return [
    {
      table: 'resolve',
      priority: 300,
      match: { ...asked, nd_target: gateway.value },
      actions: ndAnswer('gateway'),
    },
    {
      table: 'resolve',
      priority: 250,
      match: { ...asked, nd_target: target },
      actions: ndAnswer('endpoint'),
    },
  ]
}

const udp = (family: 4 | 6, from: number, to: number): Match => ({
  ...isFamily(family),
  nw_proto: 17,
  udp_src: from,
  udp_dst: to,
})

/** Requests for an address: RFC 2131, RFC 8415; and for a router: RFC 4861. */
const configurationRules = (base: Match, family: 4 | 6): readonly Rule[] => {
  const dhcp = family === 4 ? udp(4, 68, 67) : udp(6, 546, 547)
  const rules: Rule[] = [
    {
      table: 'resolve',
      priority: 350,
      match: { ...base, ...dhcp },
      actions: tell({ reason: reasons.dhcp }),
    },
  ]
  if (family === 6)
    rules.push({
      table: 'resolve',
      priority: 350,
      match: { ...base, ...icmp6(discovery.routerSolicitation) },
      actions: tell({ reason: reasons['router-solicitation'] }),
    })
  return rules
}

/** What of ARP and neighbour discovery has no answer. A solicitation is looked up again as the advertisement that it becomes. */
const restRules = (base: Match, family: 4 | 6): readonly Rule[] => {
  const rule = (match: Match, actions: readonly Action[]): Rule => ({
    table: 'resolve',
    priority: 100,
    match: { ...base, ...match },
    actions,
  })
  if (family === 4) return [rule({ eth_type: etherType.arp }, [])]
  return [
    rule(icmp6(discovery.solicitation), [
      setField('icmpv6_type', discovery.advertisement),
      resubmit(tableNumbers.resolve),
    ]),
    rule(icmp6(discovery.advertisement), []),
  ]
}

/** The addresses of the gateway: one in each subnet, and that of its link. */
const gatewaysOf = ({ subnets }: Network): readonly Ip[] => {
  const own = subnets.map(({ cidr, gateway }): Ip => ({ family: cidr.family, value: gateway }))
  return own.some(({ family }) => family === 6) ? [...own, { family: 6, value: gatewayLinkLocal }] : own
}

const subnetRules = (base: Match, network: Network): readonly Rule[] =>
  network.subnets.flatMap(({ cidr, gateway: value }) => {
    const gateway: Ip = { family: cidr.family, value }
    return cidr.family === 4 ? arpRules(base, cidr, gateway) : ndRules(base, cidr, gateway)
  })

/** The rules of the table `resolve` for a network. */
export const resolveRules = (network: Network): readonly Rule[] => {
  const base = having({ network: network.vni })
  const families = eachFamily(network.subnets.map(({ cidr }) => cidr))
  const link: Cidr = { family: 6, value: gatewayLinkLocal, length: widthOf(6) }
  const linkRules = families.includes(6) ? ndRules(base, link, link).slice(0, 1) : []
  return [
    ...families.flatMap((family) => configurationRules(base, family)),
    ...subnetRules(base, network),
    ...linkRules,
    ...gatewaysOf(network).flatMap((gateway) => [echoRule(base, gateway), refusalRule(base, gateway)]),
    ...families.flatMap((family) => restRules(base, family)),
    { table: 'resolve', priority: 0, match: base, actions: [goTo('egress-policy')] },
  ]
}
