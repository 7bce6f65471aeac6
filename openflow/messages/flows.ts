/** Flow table entries: FLOW_MOD, FLOW_REMOVED and the multiparts that list them. OpenFlow 1.5, 7.3.4.2, 7.4.2, 7.3.5.2, 7.3.5.3. */
import {
  type Codec,
  enumOf,
  flagsOf,
  lengthOf,
  mapped,
  pad,
  u8,
  u16,
  u32,
  u64,
  type ValueOf,
} from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import type { Action } from '../actions.js'
import type { Flow, FlowFlag } from '../flow.js'
import type { Match } from '../match.js'
import { instructionList, match, reportedMatch } from './flow-parts.js'
import { everything, noBuffer } from './parts.js'
import { type FlowStats, flowStats } from './stats.js'

export const flowFlags = {
  send_flow_rem: 1 << 0,
  check_overlap: 1 << 1,
  reset_counts: 1 << 2,
  no_packet_counts: 1 << 3,
  no_byte_counts: 1 << 4,
} as const satisfies Record<FlowFlag, number>

export const flowCommands = { add: 0, modify: 1, modify_strict: 2, delete: 3, delete_strict: 4 } as const
export type FlowCommand = keyof typeof flowCommands

/** The parts of a flow as they stand in messages; some of those have no importance and no flags. */
interface WireFlow {
  readonly table: number
  readonly priority: number
  readonly match: Match
  readonly cookie: bigint
  readonly actions: readonly Action[]
  readonly idleTimeout: number
  readonly hardTimeout: number
  readonly importance?: number
  readonly flags?: readonly FlowFlag[]
}

/** A flow without the parts that say nothing. */
export const toFlow = (wire: WireFlow): Flow => {
  const flow: { -readonly [K in keyof Flow]: Flow[K] } = {
    table: wire.table,
    priority: wire.priority,
    match: wire.match,
    cookie: wire.cookie,
    actions: wire.actions,
  }
  if (wire.idleTimeout !== 0) flow.idleTimeout = wire.idleTimeout
  if (wire.hardTimeout !== 0) flow.hardTimeout = wire.hardTimeout
  if (wire.importance) flow.importance = wire.importance
  if (wire.flags?.length) flow.flags = wire.flags
  return flow
}

const noFlags: readonly FlowFlag[] = []

const flagSet = flagsOf(u16, flowFlags)

const flowModStruct = struct({
  cookie: u64,
  cookieMask: u64,
  table: u8,
  command: enumOf(u8, flowCommands),
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  bufferId: u32,
  outPort: u32,
  outGroup: u32,
  flags: flagSet,
  importance: u16,
  match,
  actions: instructionList,
})

/** A change to flow tables. `modify` and `delete` without `_strict` touch every flow that `flow.match` covers. */
export interface FlowMod {
  readonly command: FlowCommand
  readonly flow: Flow
  /** Which bits of the cookie restrict a modification or a removal; 0: none. */
  readonly cookieMask: bigint
  readonly bufferId: number
  /** Removals only: flows that output here; `any` is no restriction. */
  readonly outPort: number
  readonly outGroup: number
}

// Ten thousand of these go out at once: the fields are named one by one because spreading an object costs ten times as much.
export const flowMod: Codec<FlowMod> = mapped(
  flowModStruct,
  (wire) => ({
    command: wire.command,
    flow: toFlow(wire),
    cookieMask: wire.cookieMask,
    bufferId: wire.bufferId,
    outPort: wire.outPort,
    outGroup: wire.outGroup,
  }),
  ({ command, flow, cookieMask, bufferId, outPort, outGroup }) => ({
    cookie: flow.cookie,
    cookieMask,
    table: flow.table,
    command,
    idleTimeout: flow.idleTimeout ?? 0,
    hardTimeout: flow.hardTimeout ?? 0,
    priority: flow.priority,
    bufferId,
    outPort,
    outGroup,
    flags: flow.flags ?? noFlags,
    importance: flow.importance ?? 0,
    match: flow.match,
    actions: flow.actions,
  }),
)

/** A FLOW_MOD with the usual answers to what is seldom asked. */
export const flowModOf = (
  command: FlowCommand,
  flow: Flow,
  options: Partial<Omit<FlowMod, 'command' | 'flow'>> = {},
): FlowMod & { readonly type: 'flow_mod' } => ({
  type: 'flow_mod',
  command,
  flow,
  cookieMask: options.cookieMask ?? 0n,
  bufferId: options.bufferId ?? noBuffer,
  outPort: options.outPort ?? everything.anyPort,
  outGroup: options.outGroup ?? everything.anyGroup,
})

const flowDescStruct = struct({
  _length: lengthOf(u16, 2),
  _pad: pad(2),
  table: u8,
  _pad2: pad(1),
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  flags: flagSet,
  importance: u16,
  cookie: u64,
  match: reportedMatch,
  stats: flowStats,
  actions: instructionList,
})

/** A flow as a switch reports it, with its counters. */
export interface FlowDesc {
  readonly flow: Flow
  readonly stats: FlowStats
}

export const flowDesc: Codec<FlowDesc> = mapped(
  flowDescStruct,
  (wire) => ({ flow: toFlow(wire), stats: wire.stats }),
  ({ flow, stats }) => ({
    table: flow.table,
    priority: flow.priority,
    idleTimeout: flow.idleTimeout ?? 0,
    hardTimeout: flow.hardTimeout ?? 0,
    flags: flow.flags ?? noFlags,
    importance: flow.importance ?? 0,
    cookie: flow.cookie,
    match: flow.match,
    stats,
    actions: flow.actions,
  }),
)

/** Which flows to list, count or watch. */
export const flowRequest = struct({
  table: u8,
  _pad: pad(3),
  outPort: u32,
  outGroup: u32,
  _pad2: pad(4),
  cookie: u64,
  cookieMask: u64,
  match,
})
export type FlowFilter = ValueOf<typeof flowRequest>

/** All flows, but for what `filter` restricts. */
export const flowFilter = (filter: Partial<FlowFilter> = {}): FlowFilter => ({
  table: everything.table,
  outPort: everything.anyPort,
  outGroup: everything.anyGroup,
  cookie: 0n,
  cookieMask: 0n,
  match: {},
  ...filter,
})

export const flowStatsEntry = struct({
  _length: lengthOf(u16, 2),
  _pad: pad(2),
  table: u8,
  reason: u8,
  priority: u16,
  match: reportedMatch,
  stats: flowStats,
})

export const removedReasons = {
  idle_timeout: 0,
  hard_timeout: 1,
  delete: 2,
  group_delete: 3,
  meter_delete: 4,
  eviction: 5,
} as const

export const flowRemoved = struct({
  table: u8,
  reason: enumOf(u8, removedReasons, { open: true }),
  priority: u16,
  idleTimeout: u16,
  hardTimeout: u16,
  cookie: u64,
  match: reportedMatch,
  stats: flowStats,
})
