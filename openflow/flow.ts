/**
 * A flow as a value: what `compile` produces, what a switch reports, what `plan` compares. It knows no bytes and no text;
 * `messages` and `text` give it both.
 */
import type { Action } from './actions.js'
import type { Match } from './match.js'

export type FlowFlag =
  | 'send_flow_rem'
  | 'check_overlap'
  | 'reset_counts'
  | 'no_packet_counts'
  | 'no_byte_counts'

/** A flow table entry: OpenFlow 1.5, section 5.2. The key of a flow is (table, priority, match). */
export interface Flow {
  /** 0..254 */
  readonly table: number
  /** 0..65535 */
  readonly priority: number
  readonly match: Match
  /** Who owns the flow and why it exists; 64 bits. */
  readonly cookie: bigint
  /**
   * What `ovs-ofctl` lists behind `actions=`: the apply-actions, then the other instructions as pseudo-actions (`meter`,
   * `clear_actions`, `write_actions`, `write_metadata`, `goto_table`) in Open vSwitch's order. Empty: drop.
   */
  readonly actions: readonly Action[]
  /** Seconds; 0 or absent: never. */
  readonly idleTimeout?: number
  readonly hardTimeout?: number
  /** Eviction order; 0 or absent: least important. */
  readonly importance?: number
  readonly flags?: readonly FlowFlag[]
}
