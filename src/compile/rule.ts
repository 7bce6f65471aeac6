/**
 * Flows of overlay networks: what `pipeline.ts` makes of a rule, with its match in the one form that equal matches share, and
 * the few matches and actions that all features of a network have in common.
 */
import { type Cidr, type Family, hostMask, hostPrefix, type Ip } from '#model/cidr.js'
import { type Action, gotoTable } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { canonicalMatch, type Match } from '#openflow/match.js'
import type { Origin } from './cookie.js'
import { type TableName, tableNumbers, tables } from './pipeline.js'
import { type RegisterValues, write } from './registers.js'

export interface Rule {
  readonly table: TableName
  readonly priority: number
  readonly match: Match
  /** Empty: drop. */
  readonly actions: readonly Action[]
  /** Seconds. */
  readonly idleTimeout?: number
  readonly hardTimeout?: number
}

/** The flows that `origin` wants. */
export const flowsOf = (origin: Origin, rules: readonly Rule[]): readonly Flow[] =>
  rules.map(({ table, priority, match, actions, idleTimeout, hardTimeout }) => ({
    ...tables[table]({ origin, priority, match: canonicalMatch(match), actions }),
    ...(idleTimeout !== undefined && { idleTimeout }),
    ...(hardTimeout !== undefined && { hardTimeout }),
  }))

export const goTo = (table: TableName): Action => gotoTable(tableNumbers[table])

/** On to the controller, with what it needs to know. */
export const tell = (values: RegisterValues): readonly Action[] => [...write(values), goTo('controller')]

export const etherType = { 4: 0x0800, 6: 0x86dd, arp: 0x0806 } as const

export const isFamily = (family: Family): Match => ({ eth_type: etherType[family] })

export const icmp6 = (type: number): Match => ({
  eth_type: etherType[6],
  nw_proto: 58,
  icmpv6_type: type,
  icmpv6_code: 0,
})

/** RFC 4861, section 4. */
export const discovery = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  solicitation: 135,
  advertisement: 136,
  redirect: 137,
} as const

const masked = ({ family, value, length }: Cidr) => {
  const mask = hostMask(family, 0) ^ hostMask(family, length)
  return family === 4 ? { value: Number(value), mask: Number(mask) } : { value, mask }
}

/** Constraints of a prefix on the field of each family; a mask of nothing constrains nothing. */
const within =
  (field4: 'ip_src' | 'ip_dst', field6: 'ipv6_src' | 'ipv6_dst') =>
  (prefix: Cidr): Match => ({
    ...isFamily(prefix.family),
    ...(prefix.length > 0 && { [prefix.family === 4 ? field4 : field6]: masked(prefix) }),
  })

export const toPrefix = within('ip_dst', 'ipv6_dst')
export const fromPrefix = within('ip_src', 'ipv6_src')
export const toAddress = (address: Ip): Match => toPrefix(hostPrefix(address))
export const fromAddress = (address: Ip): Match => fromPrefix(hostPrefix(address))

/** Who is right about a prefix that several speak of, the last one most. */
const ranks = ['unknown', 'miss', 'negative', 'remote', 'local'] as const

/** Longest match through priorities: a longer prefix wins, then the rank. From 100 to 1129. */
export const prefixPriority = (length: number, rank: (typeof ranks)[number]): number =>
  100 + 8 * length + ranks.indexOf(rank)

export const eachFamily = (prefixes: Iterable<{ readonly family: Family }>): readonly Family[] => {
  const families = new Set(Array.from(prefixes, ({ family }) => family))
  return ([4, 6] as const).filter((family) => families.has(family))
}
