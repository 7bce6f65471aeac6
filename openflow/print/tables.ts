/** Tables and queues. */

import { everything } from '../messages/parts.js'
import type { MessageOf } from '../messages.js'
import { bitsText, durationText, hexOrZero, portText } from './parts.js'
import type { Printers } from './printer.js'

type TableDesc = MessageOf<'table_desc_reply'>['items'][number]
type TableStats = MessageOf<'table_stats_reply'>['items'][number]

const onOff = (on: boolean): string => (on ? 'on' : 'off')

const tableDesc = (table: TableDesc): string => {
  const eviction = table.properties.find((property) => property.type === 'eviction')
  const vacancy = table.properties.find((property) => property.type === 'vacancy')
  const watched = table.config.includes('vacancy_events')
  const limits =
    watched && vacancy !== undefined
      ? ` vacancy_down=${vacancy.down}% vacancy_up=${vacancy.up}% vacancy=${vacancy.vacancy}%`
      : ''
  return (
    `\n  table ${table.tableId}:\n   eviction=${onOff(table.config.includes('eviction'))} ` +
    `eviction_flags=${eviction === undefined ? '(default)' : bitsText(eviction.flags, '|')}\n` +
    `   vacancy=${onOff(watched)}${limits}\n`
  )
}

const tableMod = (message: MessageOf<'table_mod'>): string => {
  const eviction = message.properties.find((property) => property.type === 'eviction')
  const vacancy = message.properties.find((property) => property.type === 'vacancy')
  const watched = message.config.includes('vacancy_events')
  return (
    (message.tableId === 0xff ? ' table_id: ALL_TABLES' : ` table_id=${message.tableId}`) +
    `, eviction=${onOff(message.config.includes('eviction'))}` +
    (eviction === undefined ? '' : `eviction_flags=${bitsText(eviction.flags, '|')}`) +
    `, vacancy=${onOff(watched)}` +
    (watched && vacancy !== undefined ? ` vacancy:${vacancy.down},${vacancy.up}` : '')
  )
}

const sameCounts = (a: TableStats, b: TableStats): boolean =>
  a.activeCount === b.activeCount && a.lookupCount === b.lookupCount && a.matchedCount === b.matchedCount

const dittoText = (first: number, last: number): string =>
  first === last ? `\n  table ${first}: ditto\n` : `\n  tables ${first}...${last}: ditto\n`

/** Tables that say the same as the one before are listed together. */
const tableStats = (items: readonly TableStats[]): string => {
  let text = ''
  let ditto: { first: number; last: number } | undefined
  let previous: TableStats | undefined
  for (const table of items) {
    if (previous !== undefined && sameCounts(table, previous)) {
      ditto = { first: ditto?.first ?? table.tableId, last: table.tableId }
      continue
    }
    if (ditto !== undefined) text += dittoText(ditto.first, ditto.last)
    ditto = undefined
    previous = table
    text +=
      `\n  table ${table.tableId}:\n    active=${table.activeCount}, ` +
      `lookup=${table.lookupCount}, matched=${table.matchedCount}\n`
  }
  return ditto === undefined ? text : text + dittoText(ditto.first, ditto.last)
}

/** The properties of a table's features are not taken apart: their size is all that is said of them. */
const tableFeatures = (message: Pick<MessageOf<'table_features_reply'>, 'items'>): string =>
  message.items
    .map((table) => {
      const name = table.name === '' ? '' : ` ("${table.name}")`
      return (
        `\n  table ${table.tableId}${name}:\n    metadata: match=${hexOrZero(table.metadataMatch)} ` +
        `write=${hexOrZero(table.metadataWrite)}\n    max_entries=${table.maxEntries}\n` +
        `    ${table.properties.length} bytes of properties\n`
      )
    })
    .join('')

type QueueStats = MessageOf<'queue_stats_reply'>['items'][number]

const uncounted = 0xffff_ffff_ffff_ffffn
const queueText = (queue: number): string => (queue === everything.queue ? 'ALL' : String(queue))
const counter = (value: bigint): string => (value === uncounted ? '?' : String(value))

const queueStats = (stats: QueueStats): string => {
  const known = stats.durationSec !== 0xffff_ffff
  return (
    `  port ${portText(stats.portNo)} queue ${queueText(stats.queueId)}: bytes=${counter(stats.txBytes)}, ` +
    `pkts=${counter(stats.txPackets)}, errors=${counter(stats.txErrors)}, ` +
    `duration=${known ? durationText({ sec: stats.durationSec, nsec: stats.durationNsec }) : '?'}\n`
  )
}

type QueueDesc = MessageOf<'queue_desc_reply'>['items'][number]

/** A rate in tenths of a per cent; more than all of it means that there is none. */
const rateText = (queue: QueueDesc, type: 'min_rate' | 'max_rate'): string => {
  const property = queue.properties.find((candidate) => candidate.type === type)
  if (property === undefined || !('rate' in property)) return ''
  const { rate } = property
  return rate <= 1000 ? ` ${type}:${Math.floor(rate / 10)}.${rate % 10}%` : ` ${type}:(disabled)`
}

/** Queues under the ports that they belong to. */
const queueDescs = (items: readonly QueueDesc[]): string => {
  let text = ' '
  let port: number | undefined
  for (const queue of items) {
    if (queue.portNo !== port) text += `port=${portText(queue.portNo)}\n`
    port = queue.portNo
    text += `queue ${queue.queueId}:${rateText(queue, 'min_rate')}${rateText(queue, 'max_rate')}\n`
  }
  return text
}

const queueRequest = ({ portNo, queueId }: { readonly portNo: number; readonly queueId: number }): string =>
  ` port=${portText(portNo)} queue=${queueText(queueId)}`

export const tablePrinters = {
  table_mod: tableMod,
  table_status: ({ reason, table }) =>
    `${typeof reason === 'number' ? '' : ` reason=${reason.toUpperCase()}`}\ntable_desc:-${tableDesc(table)}`,
  table_desc_reply: ({ items }) => items.map(tableDesc).join(''),
  table_stats_reply: ({ items }) => tableStats(items),
  table_features_request: tableFeatures,
  table_features_reply: tableFeatures,
  queue_stats_request: queueRequest,
  queue_desc_request: ({ portNo, queueId }) =>
    ` port=${portText(portNo)}${queueId === everything.queue ? '' : ` queue=${queueId}`}`,
  queue_desc_reply: ({ items }) => queueDescs(items),
  queue_stats_reply: ({ items }) => ` ${items.length} queues\n${items.map(queueStats).join('')}`,
} as const satisfies Printers
