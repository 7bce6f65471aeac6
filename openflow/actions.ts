/**
 * Actions as values: what a flow, a group bucket or a packet-out does to a packet, named as ovs-actions(7) names them.
 * Flows also list instructions as pseudo-actions (`clear_actions`, `write_actions`, `write_metadata`, `goto_table`).
 * `instructions.ts` gives them bytes, `action-text.ts` the `ovs-ofctl` text, `docs/openflow-actions.md` lists them.
 */

import type { Ct } from './actions/conntrack.js'
import type { Controller } from './actions/controller.js'
import type { Learn } from './actions/learn.js'
import type { Subfield } from './actions/subfield.js'
import type { Action } from './actions/table.js'
import { type FieldName, type FieldValue, fields } from './fields.js'

export type { LearnSpec } from './actions/learn.js'
export type { Nat, NatRange } from './actions/nat.js'
export { reservedPorts } from './actions/ports.js'
export type { Subfield } from './actions/subfield.js'
export type { Action } from './actions/table.js'

/** The actions of one type. */
export type ActionOfType<T extends Action['type']> = Extract<Action, { readonly type: T }>

/** The empty action list: what an entry does that drops. */
export const drop: readonly Action[] = []

/** Sends to an OpenFlow port; `maxLen` is how many bytes a controller gets, for other ports 0. */
export const output = (port: number, maxLen = 0): ActionOfType<'output'> => ({ type: 'output', port, maxLen })

export const group = (groupId: number): ActionOfType<'group'> => ({ type: 'group', groupId })
export const meter = (meterId: number): ActionOfType<'meter'> => ({ type: 'meter', meterId })
export const gotoTable = (table: number): ActionOfType<'goto_table'> => ({ type: 'goto_table', table })
export const popVlan: ActionOfType<'pop_vlan'> = { type: 'pop_vlan' }
export const pushVlan = (ethertype = 0x8100): ActionOfType<'push_vlan'> => ({ type: 'push_vlan', ethertype })
export const setQueue = (queueId: number): ActionOfType<'set_queue'> => ({ type: 'set_queue', queueId })

/** Looks the packet up in `table`, with another input port or the connection's original addresses if asked for. */
export const resubmit = (
  table: number,
  options: { readonly port?: number; readonly ct?: true } = {},
): ActionOfType<'resubmit'> => ({ type: 'resubmit', table, ...options })

/** Writes a value into a field, or with `mask` into those of its bits. */
export const setField = <K extends FieldName>(
  field: K,
  value: FieldValue<K>,
  mask?: FieldValue<K>,
): ActionOfType<'set_field'> =>
  mask === undefined ? { type: 'set_field', field, value } : { type: 'set_field', field, value, mask }

/** All of a field, or `width` bits of it from bit `offset` upwards. */
export const subfield = (field: FieldName, offset = 0, width = fields[field].width - offset): Subfield => ({
  field,
  offset,
  width,
})

/** Copies bits from one field to another; both are as many bits wide. */
export const move = (source: Subfield, destination: Subfield): ActionOfType<'move'> => ({
  type: 'move',
  source,
  destination,
})

/** Sends the packet to the controller as a packet-in; `pause` makes it a continuation that NXT_RESUME takes up. */
export const controller = (options: Partial<Controller> = {}): ActionOfType<'controller'> => ({
  type: 'controller',
  maxLen: 0xffff,
  reason: 'action',
  controllerId: 0,
  ...options,
})

/** Sends the packet through the connection tracker. */
export const ct = (options: Partial<Ct> = {}): ActionOfType<'ct'> => ({
  type: 'ct',
  commit: false,
  force: false,
  zone: 0,
  alg: 0,
  actions: [],
  ...options,
})

/** Lets the packet add a flow. Timeouts are in seconds. */
export const learn = (options: Partial<Learn> & Pick<Learn, 'table' | 'specs'>): ActionOfType<'learn'> => ({
  type: 'learn',
  priority: 0x8000,
  cookie: 0n,
  idleTimeout: 0,
  hardTimeout: 0,
  finIdleTimeout: 0,
  finHardTimeout: 0,
  limit: 0,
  sendFlowRem: false,
  deleteLearned: false,
  ...options,
})

export const clone = (actions: readonly Action[]): ActionOfType<'clone'> => ({ type: 'clone', actions })
export const writeActions = (actions: readonly Action[]): ActionOfType<'write_actions'> => ({
  type: 'write_actions',
  actions,
})
