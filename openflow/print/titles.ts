/**
 * What Open vSwitch calls the messages: `OFPT_` for plain ones, `OFPST_` and a direction for multiparts, `NXT_` for
 * Nicira's. Mostly the names of our table in capitals; the others are listed.
 */
import type { MessageType } from '../messages.js'
import { multipartReplies, multipartRequests } from '../multipart.js'

const isMultipart = (type: string): boolean =>
  Object.hasOwn(multipartRequests, type) || Object.hasOwn(multipartReplies, type)

const nicira: ReadonlySet<string> = new Set<MessageType>([
  'flow_mod_table_id',
  'set_packet_in_format',
  'flow_age',
  'set_controller_id',
  'tlv_table_mod',
  'tlv_table_request',
  'tlv_table_reply',
  'resume',
  'ct_flush_zone',
  'packet_in2',
])

/** Names that are not those of OpenFlow 1.5. */
const others: Readonly<Record<string, string>> = {
  bundle_add: 'BUNDLE_ADD_MESSAGE',
  flow_desc: 'FLOW',
  table_stats: 'TABLE',
  port_stats: 'PORT',
  queue_stats: 'QUEUE',
  group_stats: 'GROUP',
  meter_stats: 'METER',
  meter_desc: 'METER_CONFIG',
}

const named = (name: string): string => others[name] ?? name.toUpperCase()

/** The name in front of a message's text. */
export const titleOf = (type: string): string => {
  if (!isMultipart(type)) return `${nicira.has(type) ? 'NXT' : 'OFPT'}_${named(type)}`
  const direction = type.endsWith('_reply') ? 'reply' : 'request'
  return `OFPST_${named(type.slice(0, -direction.length - 1))} ${direction}`
}
