/** Flow monitoring: the switch reports changes of its flows. OpenFlow 1.5, section 7.3.5.17. */
import {
  type Codec,
  enumOf,
  lengthOf,
  mapped,
  pad,
  rest,
  u8,
  u16,
  u32,
  u64,
  type ValueOf,
} from '#wire/codec.js'
import { within } from '#wire/error.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import type { Flow } from '../flow.js'
import { instructionList, match, reportedMatch } from './flow-parts.js'
import { removedReasons, toFlow } from './flows.js'
import { flags } from './parts.js'

/**
 * What to report: the flows there are, kinds of changes, and whether with instructions, own changes in full, own ones only.
 * Open vSwitch (3.1 to 3.5 at least) refuses `no_abbrev`, and `only_own` has the meaning of `no_abbrev` there: changes that
 * this channel asked for come in full instead of as `abbrev`; those of others come in any case.
 */
export const monitorFlags = {
  initial: 1 << 0,
  add: 1 << 1,
  removed: 1 << 2,
  modify: 1 << 3,
  instructions: 1 << 4,
  no_abbrev: 1 << 5,
  only_own: 1 << 6,
} as const

/** One monitor in a request: made, changed, or with `delete` cancelled by its id. */
export const flowMonitor = struct({
  monitorId: u32,
  outPort: u32,
  outGroup: u32,
  flags: flags(u16, monitorFlags),
  table: u8,
  command: enumOf(u8, { add: 0, modify: 1, delete: 2 }, { open: true }),
  match,
})

/** The flow of an update, behind the bytes for table and reason. */
const flowPart = {
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  _reserved: pad(4),
  cookie: u64,
  match: reportedMatch,
  actions: instructionList,
}
const changedStruct = struct({ table: u8, _reason: pad(1), ...flowPart })
const removedStruct = struct({ table: u8, reason: enumOf(u8, removedReasons, { open: true }), ...flowPart })

type WireUpdate = ValueOf<typeof changedStruct>
const wireOf = (flow: Flow): WireUpdate => ({
  ...flow,
  idleTimeout: flow.idleTimeout ?? 0,
  hardTimeout: flow.hardTimeout ?? 0,
})

const changed = mapped(
  changedStruct,
  (wire) => ({ flow: toFlow(wire) }),
  ({ flow }) => wireOf(flow),
)
const removed = mapped(
  removedStruct,
  ({ reason, ...wire }) => ({ reason, flow: toFlow(wire) }),
  ({ reason, flow }) => ({ ...wireOf(flow), reason }),
)

/** Every event once: its number, and what follows it. */
const events = {
  initial: [0, changed],
  added: [1, changed],
  removed: [2, removed],
  modified: [3, changed],
  /** A change that this channel asked for in message `xid`. */
  abbrev: [4, struct({ xid: u32 })],
  /** The switch has no more room for updates. */
  paused: [5, struct({ _pad: pad(4) })],
  /** It has caught up. */
  resumed: [6, struct({ _pad: pad(4) })],
} as const satisfies Readonly<Record<string, readonly [code: number, body: Codec<unknown>]>>

type Events = typeof events

/**
 * One update. Its flow has no importance and no flags, and no actions unless the monitor asked for instructions. Events
 * that the table does not know are kept as they came.
 */
export type FlowUpdate =
  | { readonly [K in keyof Events]: { readonly event: K } & ValueOf<Events[K][1]> }[keyof Events]
  | { readonly event: 'unknown'; readonly eventCode: number; readonly body: Uint8Array }

const byCode = new Map<number, { readonly event: string; readonly body: Codec<unknown> }>(
  Object.entries(events).map(([event, [code, body]]) => [code, { event, body: body as Codec<unknown> }]),
)

const readBody = (r: Reader): unknown => {
  const code = r.u16()
  const known = byCode.get(code)
  if (known === undefined) return { event: 'unknown', eventCode: code, body: rest.read(r) }
  try {
    return { event: known.event, ...(known.body.read(r) as object) }
  } catch (error) {
    throw within(error, known.event)
  }
}

const writeBody = (w: Writer, update: FlowUpdate): void => {
  if (update.event === 'unknown') {
    w.u16(update.eventCode)
    w.raw(update.body)
    return
  }
  const [code, body] = events[update.event]
  w.u16(code)
  ;(body as Codec<unknown>).write(w, update)
}

const body: Codec<FlowUpdate> = { read: (r) => readBody(r) as FlowUpdate, write: writeBody }

/** Begins with its length, the event's number comes second: no `tlv`. */
export const flowUpdate: Codec<FlowUpdate> = mapped(
  struct({ _length: lengthOf(u16, 2), update: body }),
  ({ update }) => update,
  (update) => ({ update }),
)
