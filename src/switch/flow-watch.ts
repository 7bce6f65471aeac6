/** The flow monitor's reports taken into the flow book; what was not our doing comes out as news. Pure but for the book. */
import { type Origin, originOf } from '#compile/cookie.js'
import type { Channel } from '#openflow/channel.js'
import type { Flow } from '#openflow/flow.js'
import { printFlow } from '#openflow/flow-text.js'
import { flowFilter } from '#openflow/messages/flows.js'
import type { MessageOf } from '#openflow/messages.js'
import { type FlowBook, flowBody, flowKey } from '#reconcile/flow-book.js'
import type { Drift } from '#reconcile/switch-handle.js'

export type FlowUpdate = MessageOf<'flow_monitor_reply'>['items'][number]

/** Watches all flows, with what they do, and every change; our own changes come abbreviated. */
export const watchAllFlows: MessageOf<'flow_monitor_request'> = {
  type: 'flow_monitor_request',
  items: [
    {
      monitorId: 1,
      outPort: 0xffff_ffff,
      outGroup: 0xffff_ffff,
      flags: ['initial', 'add', 'removed', 'modify', 'instructions'],
      table: 0xff,
      command: 'add',
      match: {},
    },
  ],
}

const put = (book: FlowBook, flow: Flow): { readonly before: bigint | undefined } => {
  const key = flowKey(flow)
  const before = book.get(key)?.cookie
  book.set(key, { cookie: flow.cookie, body: flowBody(flow) })
  return { before }
}

/** Cookies of ours that a change took away are worth telling apart from those of others. */
const overwritten = (before: bigint | undefined, now: bigint): Pick<Drift, 'overwritten'> =>
  before !== undefined && before !== now && originOf(before) !== undefined ? { overwritten: before } : {}

/** The meters that somebody has deleted, as the flows show that went with them: of meters there are no reports. */
export const deletedMeters = (update: FlowUpdate): number[] =>
  update.event === 'removed' && update.reason === 'meter_delete'
    ? update.flow.actions.flatMap((action) => (action.type === 'meter' ? [action.meterId] : []))
    : []

/** What a report says beyond what we did ourselves. */
export type FlowNews =
  | { readonly type: 'drift'; readonly drift: Drift }
  /** A flow of ours left by its time-out, which the switch does by itself. */
  | { readonly type: 'expired'; readonly origin: Origin; readonly table: number }

type Removed = Extract<FlowUpdate, { event: 'removed' }>

const timeouts: ReadonlySet<Removed['reason']> = new Set(['idle_timeout', 'hard_timeout'])

const takeRemoval = ({ flow, reason }: Removed, book: FlowBook): FlowNews => {
  const cookie = book.delete(flowKey(flow))?.cookie ?? flow.cookie
  const origin = timeouts.has(reason) ? originOf(cookie) : undefined
  return origin === undefined
    ? { type: 'drift', drift: { type: 'removed', cookie, text: printFlow(flow) } }
    : { type: 'expired', origin, table: flow.table }
}

/** Takes one update up; no news are the first report of a flow and what is about ourselves. */
export const takeUpdate = (update: FlowUpdate, book: FlowBook): FlowNews | undefined => {
  switch (update.event) {
    case 'initial':
      put(book, update.flow)
      return undefined
    case 'added':
    case 'modified': {
      const { flow, event: type } = update
      const { before } = put(book, flow)
      const { cookie } = flow
      return {
        type: 'drift',
        drift: { type, cookie, text: printFlow(flow), ...overwritten(before, cookie) },
      }
    }
    case 'removed':
      return takeRemoval(update, book)
    default:
      return undefined
  }
}

/** Reads the whole book anew. Rejects as `Channel.request` does, and the book is as it was. */
export const readBook = async (channel: Channel, book: FlowBook): Promise<void> => {
  const { items } = await channel.request({ type: 'flow_desc_request', ...flowFilter() })
  book.clear()
  for (const { flow } of items) put(book, flow)
}
