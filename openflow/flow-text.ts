/**
 * Whole flows as one line of text: what `ovs-ofctl add-flow` accepts and `ovs-ofctl --no-stats dump-flows` prints.
 * `cookie=0x2a, table=1, idle_timeout=60, priority=5,tcp,tp_dst=80 actions=output:2`
 */
import { parseActions, printActions } from './action-text.js'
import { badText, type FlowContext, type KeyValue, keyValues, parseBig, parseNumber } from './actions/text.js'
import type { Flow, FlowFlag } from './flow.js'
import type { Match } from './match.js'
import { parseMatchPairs, printMatch } from './match-text.js'

/** The priority that ovs-ofctl gives and does not print. */
export const defaultPriority = 0x8000

/** In the order in which they are printed. */
const flowFlags = [
  'send_flow_rem',
  'check_overlap',
  'reset_counts',
  'no_packet_counts',
  'no_byte_counts',
] as const satisfies readonly FlowFlag[]

const isFlag = (key: string): key is FlowFlag => (flowFlags as readonly string[]).includes(key)

/** What a dump says of a flow's past; passed over, so that a dump can be fed back. */
const statistics: ReadonlySet<string> = new Set([
  'duration',
  'n_packets',
  'n_bytes',
  'idle_age',
  'hard_age',
  'no_readonly_table',
  'allow_hidden_fields',
])

/** A flow while it is read. */
type Draft = { -readonly [K in keyof Omit<Flow, 'match' | 'actions'>]: Flow[K] }

const parseSetting = (draft: Draft, { key, value }: KeyValue): void => {
  switch (key) {
    case 'table':
      draft.table = parseNumber(value, 254, key)
      break
    case 'priority':
      draft.priority = parseNumber(value, 0xffff, key)
      break
    case 'cookie':
      draft.cookie = parseBig(value, 64, key)
      break
    case 'idle_timeout':
      draft.idleTimeout = parseNumber(value, 0xffff, key)
      break
    case 'hard_timeout':
      draft.hardTimeout = parseNumber(value, 0xffff, key)
      break
    case 'importance':
      draft.importance = parseNumber(value, 0xffff, key)
      break
    default:
      if (!statistics.has(key)) badText(`${key} is neither a match field nor a property of a flow`)
  }
}

/** What the meaning of old action names depends on. */
const contextOf = ({ vlan_vid: vid, nw_proto: protocol }: Match): FlowContext => {
  const tag = typeof vid === 'object' ? vid.value : (vid ?? 0)
  return { hasVlan: (tag & 0x1000) !== 0, ...(typeof protocol === 'number' && { ipProtocol: protocol }) }
}

/** Longer lines are refused unread. */
const maxTextLength = 1 << 20

/** What stands before `actions=`, and behind it. */
const cut = (text: string): readonly [settings: string, actions: string] => {
  if (text.length > maxTextLength) badText(`${text.length} characters of a flow`)
  const found = /(?:^|[\s,])actions?=/.exec(text)
  if (found === null) return badText('a flow needs actions=')
  return [text.slice(0, found.index), text.slice(found.index + found[0].length)]
}

/**
 * Parses a flow. What the text does not say is as ovs-ofctl has it: table 0, priority 32768, cookie 0. Statistics of a dump
 * are passed over. Throws `OpenFlowError` with the code `bad-text`.
 */
export const parseFlow = (text: string): Flow => {
  const [settings, actionText] = cut(text)
  const { match, others } = parseMatchPairs(keyValues(settings))
  const draft: Draft = { table: 0, priority: defaultPriority, cookie: 0n }
  for (const pair of others) if (!isFlag(pair.key)) parseSetting(draft, pair)
  const flags = flowFlags.filter((flag) => others.some(({ key }) => key === flag))
  return {
    ...draft,
    ...(flags.length > 0 && { flags }),
    match,
    actions: parseActions(actionText, contextOf(match)),
  }
}

const setting = (name: string, value: number | undefined): string => (value ? `${name}=${value}, ` : '')

/** Prints a flow on one line. Parsed again, it is the same flow. */
export const printFlow = (flow: Flow): string => {
  const flags = flowFlags.filter((flag) => flow.flags?.includes(flag)).map((flag) => `${flag} `)
  const priority = flow.priority === defaultPriority ? '' : `priority=${flow.priority}`
  const match = [priority, printMatch(flow.match)].filter((part) => part !== '').join(',')
  return [
    flow.cookie === 0n ? '' : `cookie=0x${flow.cookie.toString(16)}, `,
    setting('table', flow.table),
    setting('idle_timeout', flow.idleTimeout),
    setting('hard_timeout', flow.hardTimeout),
    ...flags,
    setting('importance', flow.importance),
    match === '' ? '' : `${match} `,
    `actions=${printActions(flow.actions)}`,
  ].join('')
}
