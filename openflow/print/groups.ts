/** Groups: changes, descriptions, counters, features. */
import { printActions } from '../action-text.js'
import { reservedPorts } from '../actions.js'
import { printFieldValue } from '../field-text.js'
import { fields } from '../fields.js'
import { bucketIds, type SelectionField } from '../messages/groups.js'
import { everything } from '../messages/parts.js'
import type { MessageOf } from '../messages.js'
import { durationText, groupText, hexOrZero, portText } from './parts.js'
import type { Printers } from './printer.js'

type GroupDesc = MessageOf<'group_desc_reply'>['items'][number]
type Bucket = GroupDesc['buckets'][number]

const commands: Readonly<Record<string, string>> = {
  add: 'ADD',
  modify: 'MOD',
  add_or_modify: 'ADD_OR_MOD',
  delete: 'DEL',
  insert_bucket: 'INSERT_BUCKET',
  remove_bucket: 'REMOVE_BUCKET',
}
const types: Readonly<Record<string, string>> = { fast_failover: 'ff' }

const bucketNames = new Map<number, string>(Object.entries(bucketIds).map(([name, id]) => [id, name]))
const bucketIdText = (id: number): string => bucketNames.get(id) ?? String(id)

/** What a bucket has of a property, or what Open vSwitch assumes where it has none. */
const propertyOf = <T extends Bucket['properties'][number]['type']>(bucket: Bucket, type: T) =>
  bucket.properties.find(
    (property): property is Extract<Bucket['properties'][number], { type: T }> => property.type === type,
  )

const bucketText = (bucket: Bucket, groupType: GroupDesc['groupType']): string => {
  const usualWeight = groupType === 'select' ? 1 : 0
  const weight = propertyOf(bucket, 'weight')?.weight ?? usualWeight
  const watchPort = propertyOf(bucket, 'watch_port')?.portNo ?? reservedPorts.any
  const watchGroup = propertyOf(bucket, 'watch_group')?.groupId ?? everything.anyGroup
  return (
    `bucket=bucket_id:${bucketIdText(bucket.bucketId)},` +
    (weight === usualWeight ? '' : `weight:${weight},`) +
    (watchPort === reservedPorts.any ? '' : `watch_port:${portText(watchPort)},`) +
    (watchGroup === everything.anyGroup ? '' : `watch_group:${watchGroup},`) +
    `actions=${printActions(bucket.actions)}`
  )
}

/** The field's name, and its bits where they are not all. */
const selectedText = ({ field, mask }: SelectionField): string =>
  BigInt(mask) === fields[field].ones ? field : `${field}=${printFieldValue(fields[field], mask)}`

/** How a select group chooses, of a group that says so. */
const selectionText = ({ properties }: Pick<GroupDesc, 'properties'>): string =>
  properties
    .map((property) => {
      if (property.type !== 'experimenter' || property.selection === undefined) return ''
      const { method, parameter, fields: selected } = property.selection
      const which = selected.map(selectedText)
      return (
        `,selection_method=${method}` +
        (parameter === 0n ? '' : `,selection_method_param=${parameter}`) +
        (which.length === 0 ? '' : which.length === 1 ? `,fields=${which[0]}` : `,fields(${which.join(',')})`)
      )
    })
    .join('')

const groupBody = (
  group: Pick<GroupDesc, 'groupId' | 'buckets' | 'properties'>,
  groupType: GroupDesc['groupType'],
  withType: boolean,
): string => {
  const type = withType ? `,type=${types[groupType] ?? groupType}` : ''
  const buckets = group.buckets.map((bucket) => bucketText(bucket, groupType))
  return `group_id=${group.groupId}${type}${selectionText(group)},${buckets.join(',')}`.replace(/,$/, '')
}

const groupMod = (message: MessageOf<'group_mod'>): string => {
  const { command, groupType, ...group } = message
  const name = commands[command] ?? `cmd:${command}`
  const isBucketCommand = command === 'insert_bucket' || command === 'remove_bucket'
  return isBucketCommand
    ? `\n ${name} command_bucket_id:${bucketIdText(message.commandBucketId)},${groupBody(group, groupType, false)}`
    : `\n ${name} ${groupBody(group, groupType, true)}`
}

const request = ({ groupId }: { readonly groupId: number }): string => ` group_id=${groupText(groupId)}`

type GroupStats = MessageOf<'group_stats_reply'>['items'][number]
const uncounted = 0xffff_ffff_ffff_ffffn

const groupStats = (stats: GroupStats): string => {
  const duration = durationText({ sec: stats.durationSec, nsec: stats.durationNsec })
  const buckets = stats.buckets.map(({ packetCount, byteCount }, index) =>
    packetCount === uncounted ? '' : `,bucket${index}:packet_count=${packetCount},byte_count=${byteCount}`,
  )
  return (
    `\n group_id=${stats.groupId},${stats.durationSec === 0xffff_ffff ? '' : `duration=${duration},`}` +
    `ref_count=${stats.refCount},packet_count=${stats.packetCount},byte_count=${stats.byteCount}${buckets.join('')}`
  )
}

const typeNames = [
  ['all', 'all'],
  ['select', 'select'],
  ['indirect', 'indirect'],
  ['fastFailover', 'fast failover'],
] as const

/** Open vSwitch's names for the action types of OpenFlow 1.5 that a bucket may have, in its order. */
const actionNames = [
  [0, 'output'],
  [22, 'group'],
  [25, 'set_field'],
  [18, 'strip_vlan'],
  [17, 'push_vlan'],
  [23, 'mod_nw_ttl'],
  [24, 'dec_ttl'],
  [15, 'set_mpls_ttl'],
  [16, 'dec_mpls_ttl'],
  [19, 'push_mpls'],
  [20, 'pop_mpls'],
  [21, 'set_queue'],
] as const

const actionsText = (bits: number): string =>
  actionNames
    .filter(([bit]) => ((bits >>> bit) & 1) === 1)
    .map(([, name]) => name)
    .join(' ')

const groupFeatures = (features: MessageOf<'group_features_reply'>): string => {
  const perType = typeNames.map(([key, name], bit) =>
    (features.types & (1 << bit)) === 0
      ? ''
      : `    ${name} group:\n       max_groups=${hexOrZero(features.maxGroups[key])}\n` +
        `       actions: ${actionsText(features.actions[key])}\n`,
  )
  return (
    `\n Group table:\n    Types:  0x${features.types.toString(16)}\n` +
    `    Capabilities:  0x${features.capabilities.toString(16)}\n${perType.join('')}`
  )
}

export const groupPrinters = {
  group_mod: groupMod,
  group_stats_request: request,
  group_desc_request: request,
  group_desc_reply: ({ items }) =>
    items.map((item) => `\n ${groupBody(item, item.groupType, true)}`).join(''),
  group_stats_reply: ({ items }) => items.map(groupStats).join(''),
  group_features_reply: groupFeatures,
} as const satisfies Printers
