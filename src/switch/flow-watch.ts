/** The flow monitor's reports taken into the flow book; what somebody else did comes out as drift. Pure but for the book. */
import { originOf } from '#compile/cookie.js'
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

/** Takes one update up; the drift that it is, unless it is the first report of a flow or about ourselves. */
export const takeUpdate = (update: FlowUpdate, book: FlowBook): Drift | undefined => {
  switch (update.event) {
    case 'initial':
      put(book, update.flow)
      return undefined
    case 'added':
    case 'modified': {
      const { flow } = update
      const { before } = put(book, flow)
      return {
        type: update.event,
        cookie: flow.cookie,
        text: printFlow(flow),
        ...overwritten(before, flow.cookie),
      }
    }
    case 'removed': {
      const there = book.delete(flowKey(update.flow))
      return { type: 'removed', cookie: there?.cookie ?? update.flow.cookie, text: printFlow(update.flow) }
    }
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
