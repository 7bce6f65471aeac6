/** What a simulated bridge answers to the questions of OpenFlow 1.5: descriptions and counters, in messages of bounded size. */
import { reservedPorts } from '#openflow/actions.js'
import type { FlowMod } from '#openflow/messages/flows.js'
import type { Message, MessageOf } from '#openflow/messages.js'
import { type Datapath, type FakePort, isUp } from './datapath.js'
import type { FlowEntry } from './flow-tables.js'

type PortDesc = MessageOf<'port_desc_reply'>['items'][number]
type FlowDesc = MessageOf<'flow_desc_reply'>['items'][number]
type FlowUpdate = MessageOf<'flow_monitor_reply'>['items'][number]

export const portDesc = (port: FakePort): PortDesc => ({
  portNo: port.ofport,
  hwAddr: port.mac,
  name: port.name,
  config: port.config as PortDesc['config'],
  state: isUp(port) ? ['live'] : ['link_down'],
  properties: [],
})

const flowDesc = ({ flow, packets, bytes, since }: FlowEntry, now: number): FlowDesc => {
  const ms = Math.max(0, now - since)
  return {
    flow,
    stats: {
      duration: { sec: Math.floor(ms / 1000), nsec: Math.floor(ms % 1000) * 1_000_000 },
      packetCount: BigInt(packets),
      byteCount: BigInt(bytes),
    },
  }
}

/** So many items fit in a message of 65,535 bytes. */
const itemsMax = 80

type ListReply = Extract<Message, { readonly items: readonly unknown[] }>

/** A list in as many messages as it takes, at least one; `asOne`: as the parts of one answer. */
export const inParts = <T extends ListReply>(
  type: T['type'],
  items: readonly T['items'][number][],
  asOne = true,
): Message[] => {
  const messages: Message[] = []
  for (let at = 0; at === 0 || at < items.length; at += itemsMax) {
    const more = asOne && at + itemsMax < items.length
    messages.push({ type, items: items.slice(at, at + itemsMax), ...(more && { more }) } as Message)
  }
  return messages
}

type Filter = Pick<
  MessageOf<'flow_desc_request'>,
  'table' | 'outPort' | 'outGroup' | 'cookie' | 'cookieMask' | 'match'
>

/** The same selection as a deletion makes. */
const selection = ({ table, match, cookie, cookieMask, outPort, outGroup }: Filter): FlowMod => ({
  command: 'delete',
  flow: { table, priority: 0, match, cookie, actions: [] },
  cookieMask,
  outPort,
  outGroup,
  bufferId: 0xffff_ffff,
})

const selected = (datapath: Datapath, filter: Filter): FlowEntry[] => [
  ...datapath.flows.selected(selection(filter)),
]

/** The flows that a monitor begins with. */
export const initialFlows = (
  datapath: Datapath,
  monitors: MessageOf<'flow_monitor_request'>['items'],
): FlowUpdate[] =>
  monitors
    .filter(({ flags }) => flags.includes('initial'))
    .flatMap((monitor) => selected(datapath, { ...monitor, cookie: 0n, cookieMask: 0n }))
    .map(({ flow }) => ({ event: 'initial', flow }))

const ports = (datapath: Datapath, portNo: number): FakePort[] =>
  [...datapath.allPorts()].filter(({ ofport }) => portNo === reservedPorts.any || ofport === portNo)

const aggregate = (datapath: Datapath, request: Filter): Message => {
  const found = selected(datapath, request)
  return {
    type: 'aggregate_reply',
    stats: {
      flowCount: found.length,
      packetCount: BigInt(found.reduce((sum, { packets }) => sum + packets, 0)),
      byteCount: BigInt(found.reduce((sum, { bytes }) => sum + bytes, 0)),
    },
  }
}

const none = 0xffff_ffff_ffff_ffffn

const portStats = ({ ofport, received, sent }: FakePort): MessageOf<'port_stats_reply'>['items'][number] => ({
  portNo: ofport,
  durationSec: 0,
  durationNsec: 0,
  rxPackets: BigInt(received),
  txPackets: BigInt(sent),
  rxBytes: none,
  txBytes: none,
  rxDropped: none,
  txDropped: none,
  rxErrors: none,
  txErrors: none,
  properties: [],
})

const isAsked = (asked: number, meterId: number): boolean => asked === 0xffff_ffff || asked === meterId

/** Who is asked. */
interface Asked {
  readonly datapath: Datapath
  readonly datapathId: bigint
}

type Question = Extract<Message['type'], `${string}_request`>

const answers: { readonly [T in Question]?: (question: MessageOf<T>, asked: Asked) => Message[] } = {
  features_request: (_question, { datapathId }) => [
    {
      type: 'features_reply',
      datapathId,
      bufferCount: 0,
      tableCount: 254,
      auxiliaryId: 0,
      capabilities: ['flow_stats', 'table_stats', 'port_stats', 'group_stats', 'bundles', 'flow_monitoring'],
    },
  ],
  get_config_request: () => [{ type: 'get_config_reply', flags: 0, missSendLength: 0 }],
  barrier_request: () => [{ type: 'barrier_reply' }],
  role_request: (question) => [{ ...question, type: 'role_reply' }],
  desc_request: () => [
    {
      type: 'desc_reply',
      manufacturer: 'Heddle',
      hardware: 'simulated',
      software: '3.1.0',
      serialNumber: 'None',
      datapath: 'None',
    },
  ],
  flow_desc_request: (question, { datapath }) =>
    inParts<MessageOf<'flow_desc_reply'>>(
      'flow_desc_reply',
      selected(datapath, question).map((entry) => flowDesc(entry, datapath.now)),
    ),
  aggregate_request: (question, { datapath }) => [aggregate(datapath, question)],
  table_stats_request: (_question, { datapath }) =>
    inParts<MessageOf<'table_stats_reply'>>(
      'table_stats_reply',
      [...datapath.flows.sizes()].map(([tableId, activeCount]) => ({
        tableId,
        activeCount,
        lookupCount: 0n,
        matchedCount: 0n,
      })),
    ),
  port_desc_request: ({ portNo }, { datapath }) =>
    inParts<MessageOf<'port_desc_reply'>>('port_desc_reply', ports(datapath, portNo).map(portDesc)),
  port_stats_request: ({ portNo }, { datapath }) =>
    inParts<MessageOf<'port_stats_reply'>>('port_stats_reply', ports(datapath, portNo).map(portStats)),
  meter_desc_request: (question, { datapath }) =>
    inParts<MessageOf<'meter_desc_reply'>>(
      'meter_desc_reply',
      [...datapath.meters.values()]
        .filter(({ meterId }) => isAsked(question.meterId, meterId))
        .map(({ flags, meterId, bands }) => ({ flags, meterId, bands })),
    ),
  group_desc_request: (_question, { datapath }) =>
    inParts<MessageOf<'group_desc_reply'>>(
      'group_desc_reply',
      [...datapath.groups.values()].map(({ groupType, groupId, buckets }) => ({
        groupType,
        groupId,
        buckets,
        properties: [],
      })),
    ),
}

/** The messages that answer a question; undefined for what is no question. */
export const answer = (message: Message, asked: Asked): Message[] | undefined => {
  const found = Object.hasOwn(answers, message.type) ? answers[message.type as Question] : undefined
  // Each line of the table takes the question that it stands under.
  return found?.(message as never, asked)
}
