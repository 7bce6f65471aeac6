/** The action set: what is written to it in any order, it does in one. OpenFlow 1.5, section 5.6, as Open vSwitch has it. */
import type { Action } from '#openflow/actions.js'

/** Of each of these, the one that was written last, in this order. */
const once: readonly Action['type'][] = [
  'pop_vlan',
  'pop_mpls',
  'decap',
  'encap',
  'push_mpls',
  'push_vlan',
  'dec_ttl',
  'dec_mpls_ttl',
  'dec_nsh_ttl',
]

/** All of these, in the order in which they were written. */
const every: ReadonlySet<Action['type']> = new Set(['set_field', 'move', 'set_mpls_ttl', 'mod_nw_ttl'])

const last = (set: readonly Action[], type: Action['type']): readonly Action[] => {
  const found = set.findLast((action) => action.type === type)
  return found === undefined ? [] : [found]
}

/** What the packet goes to: a group before a port, and nothing else. */
const ways: readonly Action['type'][] = ['group', 'output', 'resubmit', 'ct']

/** The list that a set comes to; empty where it sends the packet nowhere. */
export const actionSetList = (set: readonly Action[]): readonly Action[] => {
  const way = ways.flatMap((type) => last(set, type))[0]
  if (way === undefined) return []
  return [
    ...once.flatMap((type) => last(set, type)),
    ...set.filter(({ type }) => every.has(type)),
    ...last(set, 'set_queue'),
    way,
  ]
}
