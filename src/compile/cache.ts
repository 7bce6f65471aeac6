/**
 * An entry of a node's map-cache as flows: where a packet of this network to this EID goes. A node's own endpoints are in it too
 * (`endpoint.ts`); these are the others. An EID is an address or a prefix, as a LISP router's site has.
 */
import type { Rloc } from '#model/address.js'
import { type Cidr, printCidr } from '#model/cidr.js'
import type { Inventory } from '#model/facts.js'
import { icmpErrors } from '#model/icmp-error.js'
import { type Action, setField } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import type { Origin } from './cookie.js'
import { type Desired, nothing } from './desired.js'
import { reasons } from './packet-reason.js'
import { bits, having, write } from './registers.js'
import { flowsOf, goTo, prefixPriority, type Rule, tell, toPrefix } from './rule.js'
import { type Encapsulation, ethernetHeader, tunnelBetween, type Way, wayTo } from './tunnel.js'

/** Who has an EID elsewhere. */
interface Remote {
  readonly rloc: Rloc
  /** The node, where the RLOC is one of ours. */
  readonly node?: string
  readonly encapsulation: Encapsulation
  /** Seconds without traffic after which the entry leaves; absent: it stays. */
  readonly idleTimeoutSeconds?: number
}

export type CacheEntry = {
  readonly vni: number
  readonly eid: Cidr
} & (
  | ({ readonly state: 'remote' } & Remote)
  /** It was here: what still arrives for it is sent on for `forwardSeconds`. */
  | ({ readonly state: 'moved'; readonly forwardSeconds: number } & Remote)
  /** Nobody has it: senders are told so for `holdSeconds`, without asking again. */
  | { readonly state: 'negative'; readonly holdSeconds: number }
)

const textOf = ({ vni, eid }: Pick<CacheEntry, 'vni' | 'eid'>): string => `${vni} ${printCidr(eid)}`

/** FNV-1a, 32 bits. */
const fnv = (text: string, basis: number): number => {
  let hash = basis
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  return hash >>> 0
}

/** 40 bits of a hash: entries have no serial number. Two that share one are compiled together (`compileCache`). */
export const originOfCache = (entry: Pick<CacheEntry, 'vni' | 'eid'>): Origin => {
  const text = textOf(entry)
  const serial = (fnv(text, 0x811c_9dc5) % 256) * 2 ** 32 + fnv(text, 0x050c_5d1f)
  return { kind: 'cache', serial }
}

const encapsulate = (vni: number, way: Way): readonly Action[] => [
  setField('tun_id', BigInt(vni)),
  ...tunnelBetween(way),
]

/** Packets of this node's endpoints. What does not fit is found out here and answered in `depart`. */
const remoteRule = (entry: CacheEntry & Remote, way: Way): Rule => ({
  table: 'map-cache',
  priority: prefixPriority(entry.eid.length, 'remote'),
  match: { ...having({ network: entry.vni }), ...toPrefix(entry.eid) },
  actions: [
    ...write({ outPort: way.ofport, mtu: way.mtu }),
    ...encapsulate(entry.vni, way),
    { type: 'check_pkt_larger', length: way.mtu + ethernetHeader, destination: bits('tooBig') },
    goTo('depart'),
  ],
  ...(entry.idleTimeoutSeconds !== undefined && { idleTimeout: entry.idleTimeoutSeconds }),
})

/** Told to no controller: packets that are sent on and on between nodes that disagree end by their TTL, in silence. */
const nobody = 0xffff

/**
 * Packets of other nodes that have not heard yet. They may leave by the port that they came in by, so that is forgotten. The TTL
 * counts down, which ends any circle.
 */
const forwardRule = (entry: CacheEntry & { readonly forwardSeconds: number }, way: Way): Rule => ({
  table: 'deliver',
  priority: prefixPriority(entry.eid.length, 'remote'),
  match: { ...having({ network: entry.vni }), ...toPrefix(entry.eid) },
  actions: [
    { type: 'dec_ttl', controllerIds: [nobody] },
    ...encapsulate(entry.vni, way),
    ...write({ outPort: way.ofport }),
    setField('in_port', 0),
    goTo('depart'),
  ],
  hardTimeout: entry.forwardSeconds,
})

const negativeRule = ({ vni, eid, holdSeconds }: CacheEntry & { readonly holdSeconds: number }): Rule => ({
  table: 'map-cache',
  priority: prefixPriority(eid.length, 'negative'),
  match: { ...having({ network: vni }), ...toPrefix(eid) },
  actions: tell({ reason: reasons.error, error: icmpErrors['host-unreachable'] }),
  hardTimeout: holdSeconds,
})

const rulesOf = (entry: CacheEntry, inventory: Inventory, node: string): readonly Rule[] => {
  if (entry.state === 'negative') return [negativeRule(entry)]
  const peer = entry.node === undefined ? undefined : inventory.node(entry.node)
  const way = wayTo(entry.rloc, entry.encapsulation, inventory.node(node), peer)
  if (way === undefined) return []
  return entry.state === 'moved'
    ? [remoteRule(entry, way), forwardRule(entry, way)]
    : [remoteRule(entry, way)]
}

/** The flows of one entry at `node`; none while it cannot be reached from there. */
export const compileCacheEntry = (entry: CacheEntry, inventory: Inventory, node: string): readonly Flow[] =>
  flowsOf(originOfCache(entry), rulesOf(entry, inventory, node))

/** What entries of one origin want together: mostly one, more where hashes agree. */
export const compileCache = (
  entries: readonly CacheEntry[],
  inventory: Inventory,
  node: string,
): Desired => ({
  ...nothing,
  flows: entries.flatMap((entry) => compileCacheEntry(entry, inventory, node)),
})
