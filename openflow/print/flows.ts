/** Flows: changes, removals, lists, monitors. */
import { printActions } from '../action-text.js'
import { reservedPorts } from '../actions.js'
import type { Flow } from '../flow.js'
import type { FlowUpdate } from '../messages/flow-monitor.js'
import type { FlowDesc, FlowMod } from '../messages/flows.js'
import { everything } from '../messages/parts.js'
import type { FlowStats } from '../messages/stats.js'
import type { MessageOf } from '../messages.js'
import { bitsText, durationText, hexOrZero, hexText, matchText, portText } from './parts.js'
import type { Printers } from './printer.js'

const commands = {
  add: 'ADD',
  modify: 'MOD',
  modify_strict: 'MOD_STRICT',
  delete: 'DEL',
  delete_strict: 'DEL_STRICT',
} as const

/** `text`, or nothing where there is nothing to say. */
const when = (said: boolean, text: string): string => (said ? text : '')

const flagWords = (flow: Flow): string => (flow.flags ?? []).map((flag) => `${flag} `).join('')

/** An addition sets the cookie; other commands look for it. */
const cookieWords = ({ command, flow, cookieMask }: FlowMod): string =>
  command === 'add'
    ? when(flow.cookie !== 0n && flow.cookie !== allOnes, `cookie:${hexText(flow.cookie)} `)
    : when(cookieMask !== 0n, `cookie:${hexText(flow.cookie)}/${hexText(cookieMask)} `)

const allOnes = 0xffff_ffff_ffff_ffffn

const flowMod = (mod: FlowMod): string => {
  const { flow } = mod
  const match = matchText(flow.match, flow.priority)
  return (
    ` ${commands[mod.command]}${when(flow.table !== 0, ` table:${flow.table}`)} ` +
    when(match !== '', `${match} `) +
    cookieWords(mod) +
    when(flow.idleTimeout !== undefined, `idle:${flow.idleTimeout} `) +
    when(flow.hardTimeout !== undefined, `hard:${flow.hardTimeout} `) +
    when(flow.importance !== undefined, `importance:${flow.importance} `) +
    when(mod.bufferId !== 0xffff_ffff, `buf:${hexText(mod.bufferId)} `) +
    when(mod.outPort !== reservedPorts.any, `out_port:${portText(mod.outPort)} `) +
    flagWords(flow) +
    `actions=${printActions(flow.actions)}`
  )
}

const request = (message: Pick<MessageOf<'flow_desc_request'>, 'table' | 'outPort' | 'match'>): string =>
  when(message.table !== everything.table, ` table=${message.table}`) +
  when(message.outPort !== reservedPorts.any, ` out_port=${portText(message.outPort)}`) +
  ` ${matchText(message.match)}`

/** Counters that the switch does not keep are left out. */
const count = (name: string, value: bigint | undefined): string =>
  value === undefined || value === allOnes ? '' : `${name}=${value}, `

const noDuration = { sec: 0xffff_ffff, nsec: 0xffff_ffff }

const flowDesc = ({ flow, stats }: FlowDesc): string => {
  const duration = stats.duration ?? noDuration
  const match = matchText(flow.match, flow.priority)
  return (
    `\n cookie=${hexText(flow.cookie)}, duration=${durationText(duration)}, table=${flow.table}, ` +
    count('n_packets', stats.packetCount) +
    count('n_bytes', stats.byteCount) +
    when(flow.idleTimeout !== undefined, `idle_timeout=${flow.idleTimeout}, `) +
    when(flow.hardTimeout !== undefined, `hard_timeout=${flow.hardTimeout}, `) +
    flagWords(flow) +
    when(flow.importance !== undefined, `importance=${flow.importance}, `) +
    when(stats.idleTime !== undefined, `idle_age=${stats.idleTime?.sec}, `) +
    when(match !== '', `${match} `) +
    `actions=${printActions(flow.actions)}`
  )
}

const counter = (value: bigint | undefined): bigint => value ?? allOnes

const aggregate = ({ packetCount, byteCount, flowCount }: FlowStats): string =>
  ` packet_count=${counter(packetCount)} byte_count=${counter(byteCount)} flow_count=${flowCount ?? 0}`

const reasons: Readonly<Record<string, string>> = { idle_timeout: 'idle', hard_timeout: 'hard' }
const reasonText = (reason: string | number): string => reasons[reason] ?? String(reason)

const flowRemoved = (message: MessageOf<'flow_removed'>): string =>
  ` ${matchText(message.match, message.priority)} reason=${reasonText(message.reason)}` +
  when(message.table !== everything.table, ` table_id=${message.table}`) +
  when(message.cookie !== 0n, ` cookie:${hexText(message.cookie)}`) +
  ` duration${durationText(message.stats.duration ?? noDuration)} idle${message.idleTimeout}` +
  when(message.hardTimeout !== 0, ` hard${message.hardTimeout}`) +
  ` pkts${counter(message.stats.packetCount)} bytes${counter(message.stats.byteCount)}\n`

const monitorNames: Readonly<Record<string, string>> = {
  removed: 'delete',
  instructions: 'actions',
  no_abbrev: 'no-abbrev',
  only_own: 'own',
}

const monitor = (item: MessageOf<'flow_monitor_request'>['items'][number]): string => {
  if (item.command === 'delete') return `\n id=${item.monitorId} command=delete`
  const match = matchText(item.match)
  return (
    `\n id=${item.monitorId} flags=${bitsText(item.flags, ',', (name) => monitorNames[name] ?? name)}` +
    when(item.outPort !== reservedPorts.any, ` out_port=${portText(item.outPort)}`) +
    when(item.outGroup !== 0 && item.outGroup !== everything.anyGroup, ` out_group=${item.outGroup | 0}`) +
    when(item.table !== everything.table, ` table=${item.table}`) +
    when(match !== '', ` ${match}`)
  )
}

const eventNames = { initial: 'INITIAL', added: 'ADDED', removed: 'DELETED', modified: 'MODIFIED' } as const

const update = (item: FlowUpdate): string => {
  switch (item.event) {
    case 'abbrev':
      return `\n event=ABBREV xid=${hexText(item.xid)}`
    case 'paused':
    case 'resumed':
      return `\n event=${item.event.toUpperCase()}`
    case 'unknown':
      return `\n event=${item.eventCode}`
    default: {
      const { flow } = item
      const match = matchText(flow.match)
      return (
        `\n event=${eventNames[item.event]}` +
        (item.event === 'removed' ? ` reason=${reasonText(item.reason)}` : '') +
        ` table=${flow.table}` +
        when(flow.idleTimeout !== undefined, ` idle_timeout=${flow.idleTimeout}`) +
        when(flow.hardTimeout !== undefined, ` hard_timeout=${flow.hardTimeout}`) +
        ` cookie=${hexOrZero(flow.cookie)} ${match}` +
        when(flow.actions.length > 0, `${when(match !== '', ' ')}actions=${printActions(flow.actions)}`)
      )
    }
  }
}

export const flowPrinters = {
  flow_mod: flowMod,
  flow_removed: flowRemoved,
  flow_desc_request: request,
  flow_desc_reply: ({ items }) => items.map(flowDesc).join(''),
  aggregate_request: request,
  aggregate_reply: ({ stats }) => aggregate(stats),
  flow_monitor_request: ({ items }) => items.map(monitor).join(''),
  flow_monitor_reply: ({ items }) => items.map(update).join(''),
} as const satisfies Printers
