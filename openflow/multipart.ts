/**
 * Multipart messages: one line per kind, requests and replies. A kind is a question whose answer may take several
 * messages; a reply that is a list has its pieces in `items`, and `more` says that another message follows.
 */
import { type Codec, list, rest } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { flowMonitor, flowUpdate } from './messages/flow-monitor.js'
import { flowDesc, flowRequest, flowStatsEntry } from './messages/flows.js'
import { groupDesc, groupFeatures, groupRequest, groupStats } from './messages/groups.js'
import { meterDesc, meterFeatures, meterRequest, meterStats } from './messages/meters.js'
import { portDesc, portRequest, portStats } from './messages/ports.js'
import { queueDesc, queueRequest, queueStats } from './messages/queues.js'
import { desc, empty } from './messages/session.js'
import { flowStats } from './messages/stats.js'
import { tableDesc, tableFeatures, tableStats } from './messages/tables.js'

const items = <T>(item: Codec<T>): Codec<{ readonly items: readonly T[] }> => struct({ items: list(item) })

/** A body of which nothing is known: kept as it came. */
const opaque = struct({ body: rest })

/** [multipart type, body] of every request. */
export const multipartRequests = {
  desc_request: [0, empty],
  flow_desc_request: [1, flowRequest],
  aggregate_request: [2, flowRequest],
  table_stats_request: [3, empty],
  port_stats_request: [4, portRequest],
  queue_stats_request: [5, queueRequest],
  group_stats_request: [6, groupRequest],
  group_desc_request: [7, groupRequest],
  group_features_request: [8, empty],
  meter_stats_request: [9, meterRequest],
  meter_desc_request: [10, meterRequest],
  meter_features_request: [11, empty],
  table_features_request: [12, items(tableFeatures)],
  port_desc_request: [13, portRequest],
  table_desc_request: [14, empty],
  queue_desc_request: [15, queueRequest],
  flow_monitor_request: [16, items(flowMonitor)],
  flow_stats_request: [17, flowRequest],
  controller_status_request: [18, empty],
  bundle_features_request: [19, opaque],
} as const satisfies Readonly<Record<`${string}_request`, readonly [number, Codec<unknown>]>>

/** [multipart type, body] of every reply. */
export const multipartReplies = {
  desc_reply: [0, desc],
  flow_desc_reply: [1, items(flowDesc)],
  aggregate_reply: [2, struct({ stats: flowStats })],
  table_stats_reply: [3, items(tableStats)],
  port_stats_reply: [4, items(portStats)],
  queue_stats_reply: [5, items(queueStats)],
  group_stats_reply: [6, items(groupStats)],
  group_desc_reply: [7, items(groupDesc)],
  group_features_reply: [8, groupFeatures],
  meter_stats_reply: [9, items(meterStats)],
  meter_desc_reply: [10, items(meterDesc)],
  meter_features_reply: [11, meterFeatures],
  table_features_reply: [12, items(tableFeatures)],
  port_desc_reply: [13, items(portDesc)],
  table_desc_reply: [14, items(tableDesc)],
  queue_desc_reply: [15, items(queueDesc)],
  flow_monitor_reply: [16, items(flowUpdate)],
  flow_stats_reply: [17, items(flowStatsEntry)],
  controller_status_reply: [18, opaque],
  bundle_features_reply: [19, opaque],
} as const satisfies Readonly<Record<`${string}_reply`, readonly [number, Codec<unknown>]>>
