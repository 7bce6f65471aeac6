/**
 * Actions as values: what a flow, a group bucket or a packet-out does to a packet, named as ovs-actions(7) names them.
 * Flows also list instructions as pseudo-actions (`meter`, `clear_actions`, `write_actions`, `write_metadata`, `goto_table`).
 * `instructions.ts` gives them bytes, `action-text.ts` the `ovs-ofctl` text.
 */

/** Part of a field, in bits from its least significant one: `reg0[8..15]` is `{ field: 'reg0', offset: 8, width: 8 }`. */
export interface Subfield {
  readonly field: string
  readonly offset: number
  readonly width: number
}

/** The reserved port numbers of OpenFlow 1.5, section 7.2.1. */
export const reservedPorts = {
  unset: 0xffff_fff7,
  in_port: 0xffff_fff8,
  table: 0xffff_fff9,
  normal: 0xffff_fffa,
  flood: 0xffff_fffb,
  all: 0xffff_fffc,
  controller: 0xffff_fffd,
  local: 0xffff_fffe,
  any: 0xffff_ffff,
} as const

interface Body<T extends string> {
  readonly type: T
}

export interface OutputAction extends Body<'output'> {
  /** OpenFlow port number, 32 bits; `reservedPorts` has the special ones. */
  readonly port: number
  /** Bytes of the packet that the controller gets; for other ports 0. */
  readonly maxLen: number
}
export interface OutputRegAction extends Body<'output_reg'> {
  readonly source: Subfield
  readonly maxLen: number
}
export interface OutputTruncAction extends Body<'output_trunc'> {
  readonly port: number
  readonly maxLen: number
}
export interface ControllerAction extends Body<'controller'> {
  readonly maxLen: number
  readonly reason: string
  readonly controllerId: number
  readonly userdata?: Uint8Array
  readonly pause?: boolean
  readonly meterId?: number
}
export interface GroupAction extends Body<'group'> {
  readonly groupId: number
}
export interface SetFieldAction extends Body<'set_field'> {
  readonly field: string
  readonly value: number | bigint
  /** Absent: the whole field. */
  readonly mask?: number | bigint
}
export interface LoadAction extends Body<'load'> {
  readonly destination: Subfield
  readonly value: bigint
}
export interface MoveAction extends Body<'move'> {
  readonly source: Subfield
  readonly destination: Subfield
}
export interface ResubmitAction extends Body<'resubmit'> {
  /** Absent: the packet's own input port. */
  readonly port?: number
  /** Absent: the table that the packet is in. */
  readonly table?: number
  readonly ct?: boolean
}
export interface CloneAction extends Body<'clone'> {
  readonly actions: readonly Action[]
}
export interface WriteActionsAction extends Body<'write_actions'> {
  readonly actions: readonly Action[]
}
export interface WriteMetadataAction extends Body<'write_metadata'> {
  readonly metadata: bigint
  readonly mask: bigint
}
export interface ExperimenterAction extends Body<'experimenter'> {
  readonly experimenter: number
  /** What follows the experimenter id. */
  readonly data: Uint8Array
}

export type Action =
  | OutputAction
  | OutputRegAction
  | OutputTruncAction
  | ControllerAction
  | GroupAction
  | SetFieldAction
  | LoadAction
  | MoveAction
  | (Body<'push_vlan'> & { readonly ethertype: number })
  | Body<'pop_vlan'>
  | (Body<'push_mpls'> & { readonly ethertype: number })
  | (Body<'pop_mpls'> & { readonly ethertype: number })
  | (Body<'dec_ttl'> & { readonly controllerIds?: readonly number[] })
  | (Body<'conjunction'> & { readonly id: number; readonly clause: number; readonly clauses: number })
  | (Body<'note'> & { readonly data: Uint8Array })
  | ResubmitAction
  | CloneAction
  | Body<'ct_clear'>
  | Body<'exit'>
  | (Body<'set_queue'> & { readonly queueId: number })
  | Body<'pop_queue'>
  | (Body<'meter'> & { readonly meterId: number })
  | Body<'clear_actions'>
  | WriteActionsAction
  | WriteMetadataAction
  | (Body<'goto_table'> & { readonly table: number })
  | ExperimenterAction

export const output = (port: number, maxLen = 0): Action => ({ type: 'output', port, maxLen })
export const group = (groupId: number): Action => ({ type: 'group', groupId })
export const meter = (meterId: number): Action => ({ type: 'meter', meterId })
export const gotoTable = (table: number): Action => ({ type: 'goto_table', table })
export const resubmit = (table: number): Action => ({ type: 'resubmit', table })
export const setField = (field: string, value: number | bigint, mask?: number | bigint): Action =>
  mask === undefined ? { type: 'set_field', field, value } : { type: 'set_field', field, value, mask }

/** `field` whole, or `width` bits of it from bit `offset`. */
export const subfield = (field: string, offset: number, width: number): Subfield => ({ field, offset, width })

export const move = (source: Subfield, destination: Subfield): Action => ({
  type: 'move',
  source,
  destination,
})

/** Sends the packet to the controller as a packet-in; `pause` makes it a continuation that NXT_RESUME takes up. */
export const controller = (options: Partial<Omit<ControllerAction, 'type'>> = {}): Action => ({
  type: 'controller',
  maxLen: 0xffff,
  reason: 'action',
  controllerId: 0,
  ...options,
})

/** The empty action list: what an entry does that drops. */
export const drop: readonly Action[] = []
