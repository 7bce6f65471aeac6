/** Which actions may stand where: Open vSwitch's rules, the same when reading, writing and parsing. */
import type { Action } from '../actions.js'
import { rankOf } from './instruction.js'
import type { Fault, Outer } from './spec.js'

/** What the action set takes: ovs-actions(7), "Action Sets". */
const actionSet: ReadonlySet<Action['type']> = new Set([
  'output',
  'group',
  'set_field',
  'move',
  'push_vlan',
  'pop_vlan',
  'push_mpls',
  'pop_mpls',
  'push_pbb',
  'pop_pbb',
  'encap',
  'decap',
  'set_mpls_ttl',
  'dec_mpls_ttl',
  'mod_nw_ttl',
  'copy_ttl_out',
  'copy_ttl_in',
  'dec_ttl',
  'dec_nsh_ttl',
  'mod_tp_src',
  'mod_tp_dst',
  'set_queue',
  'resubmit',
  'ct',
  'ct_clear',
  'experimenter',
])

const writesConnection = (action: Action): boolean | undefined => {
  const field =
    action.type === 'set_field' ? action.field : action.type === 'move' ? action.destination.field : undefined
  return field === undefined ? undefined : field === 'ct_mark' || field === 'ct_label'
}

const nestedFault = (action: Action, outer: Outer): Fault | undefined => {
  if (action.type === 'nat')
    return outer === 'ct' ? undefined : ['OFPBAC_BAD_SET_ARGUMENT', 'nat stands inside ct only']
  const connection = writesConnection(action)
  if (outer === 'ct') {
    return connection ? undefined : ['OFPBAC_BAD_ARGUMENT', `ct does not take the action ${action.type}`]
  }
  if (connection) return ['OFPBAC_BAD_SET_ARGUMENT', 'ct_mark and ct_label are written inside ct only']
  if (outer === 'write_actions' && !actionSet.has(action.type)) {
    return ['OFPBAC_BAD_TYPE', `the action set does not take ${action.type}`]
  }
  if (outer === 'clone' && action.type === 'meter')
    return ['OFPBAC_BAD_ARGUMENT', 'clone does not take meter']
  return undefined
}

const conjunctionFault = (actions: readonly Action[]): Fault | undefined => {
  const other = actions.find(({ type }) => type !== 'conjunction' && type !== 'note')
  return other === undefined
    ? undefined
    : ['NXBAC_BAD_CONJUNCTION', `conjunction does not go with ${other.type}`]
}

/** What is wrong with a list of actions in its place, and at which index. */
export const listFault = (
  actions: readonly Action[],
  outer: Outer,
): { readonly index: number; readonly fault: Fault } | undefined => {
  let last = 0
  for (let index = 0; index < actions.length; index++) {
    const action = actions[index] as Action
    if (action.type === 'conjunction') {
      const fault = nestedFault(action, outer) ?? conjunctionFault(actions)
      return fault === undefined ? undefined : { index, fault }
    }
    const own = rankOf(action)
    const fault = nestedFault(action, outer) ?? orderFault(action.type, own, last, outer)
    if (fault !== undefined) return { index, fault }
    last = own
  }
  return undefined
}

const orderFault = (type: string, own: number, last: number, outer: Outer): Fault | undefined => {
  if (own > 0 && outer !== 'instructions') return ['OFPBIC_UNSUP_INST', `${type} is an instruction`]
  if (own > last || (own === 0 && last === 0)) return undefined
  return ['OFPBAC_UNSUPPORTED_ORDER', own === last ? `${type} stands twice` : `${type} stands too late`]
}
