/**
 * Messages of every type as values. Their bytes and their text stand in openflow-messages.txt under the same names; the live
 * test `openflow-print.test.ts` has Open vSwitch read the same bytes.
 */
import {
  controller,
  drop,
  gotoTable,
  group,
  meter,
  output,
  reservedPorts,
  resubmit,
  setField,
} from '#openflow/actions.js'
import { hello } from '#openflow/channel/handshake.js'
import type { Flow } from '#openflow/flow.js'
import { flowFilter, flowModOf } from '#openflow/messages/flows.js'
import { bucketIds, selectionMethodOf } from '#openflow/messages/groups.js'
import { everything, noBuffer } from '#openflow/messages/parts.js'
import type { Message } from '#openflow/messages.js'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const none = bytes('')

const broadcast = 'ffffffffffff 020000000001'
const arp = bytes(`${broadcast} 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002`)
const ping = bytes(`${broadcast} 0800 4500001c000000004001 0000 0a000001 0a000002 0800f7ff00000000`)
const taggedSyn = bytes(
  `${broadcast} 81002005 0800 45000028000000004006 0000 0a000001 0a000002 1234005000000000000000005002 0000beef0000`,
)
const solicitation = bytes(
  `3333ff000002 020000000001 86dd 6000000000203aff fe800000000000000000000000000001
   ff0200000000000000000001ff000002 8700123400000000 fe800000000000000000000000000002 0101020000000001`.replace(
    /\s/g,
    '',
  ),
)

const flow: Flow = {
  table: 0,
  priority: 200,
  match: { in_port: 7 },
  cookie: 0x1122n,
  actions: [setField('tun_id', 100n), setField('tun_dst', 0xc0000201), output(1)],
}
const rich: Flow = {
  table: 3,
  priority: 0x8000,
  match: { eth_type: 0x0800, nw_proto: 6, ip_dst: { value: 0x0a000000, mask: 0xff000000 }, tcp_dst: 80 },
  cookie: 0n,
  actions: [meter(5), output(reservedPorts.controller, 128), gotoTable(4)],
  idleTimeout: 60,
  hardTimeout: 600,
  importance: 9,
  flags: ['send_flow_rem', 'check_overlap'],
}
const anything: Flow = { table: 255, priority: 0x8000, match: {}, cookie: 0n, actions: drop }

const duration = { sec: 12, nsec: 345_000_000 }

const ethernetPort = {
  portNo: 1,
  hwAddr: '02:00:00:00:00:01',
  name: 'veth0',
  config: [],
  state: ['live'],
  properties: [
    {
      type: 'ethernet',
      current: ['10GB-FD', 'COPPER'],
      advertised: [],
      supported: ['1GB-FD', '10GB-FD', 'FIBER', 'AUTO_NEG', 'AUTO_PAUSE'],
      peer: [],
      currentSpeed: 10_000_000,
      maxSpeed: 10_000_000,
    },
  ],
} as const

const localPort = {
  portNo: reservedPorts.local,
  hwAddr: '02:00:00:00:00:02',
  name: 'br-int',
  config: ['port_down'],
  state: ['link_down'],
  properties: [],
} as const

const session: Readonly<Record<string, Message>> = {
  'hello: 1.5 and nothing else': hello,
  'hello: without a bitmap': { type: 'hello', elements: [] },
  'error: a flow that overlaps, with the request': {
    type: 'error',
    error: {
      name: 'OFPFMFC_OVERLAP',
      type: 5,
      code: 3,
      data: bytes(
        '060e0038 00000007 00000000000000000000000000000000 00000000000000c8 ffffffffffffffffffffffff00010000',
      ),
    },
  },
  'error: of an experimenter': {
    type: 'error',
    error: {
      name: 'NXBRC_MUST_BE_ZERO',
      type: 0xffff,
      code: 4,
      experimenter: 0x2320,
      data: bytes('0614000800000009'),
    },
  },
  'error: versions differ, in words': {
    type: 'error',
    error: {
      name: 'OFPHFC_INCOMPATIBLE',
      type: 0,
      code: 0,
      data: Uint8Array.from(Buffer.from('We support version 0x04.')),
    },
  },
  echo_request: { type: 'echo_request', data: bytes('01020304') },
  echo_reply: { type: 'echo_reply', data: none },
  features_request: { type: 'features_request' },
  features_reply: {
    type: 'features_reply',
    datapathId: 0x0000_0200_0000_0001n,
    bufferCount: 0,
    tableCount: 254,
    auxiliaryId: 0,
    capabilities: ['flow_stats', 'table_stats', 'port_stats', 'group_stats', 'queue_stats', 'bundles'],
  },
  get_config_request: { type: 'get_config_request' },
  get_config_reply: { type: 'get_config_reply', flags: 0, missSendLength: 128 },
  'set_config: drop fragments': { type: 'set_config', flags: 1, missSendLength: 0xffff },
  barrier_request: { type: 'barrier_request' },
  barrier_reply: { type: 'barrier_reply' },
  role_request: {
    type: 'role_request',
    role: 'primary',
    shortId: 0xffff,
    generationId: 0xfedc_ba98_7654_3210n,
  },
  role_reply: { type: 'role_reply', role: 'secondary', shortId: 0xffff, generationId: 3n },
  'role_request: only asking': { type: 'role_request', role: 'nochange', shortId: 0, generationId: 0n },
  role_status: {
    type: 'role_status',
    role: 'secondary',
    reason: 'primary_request',
    generationId: 17n,
    properties: [],
  },
  get_async_request: { type: 'get_async_request' },
  get_async_reply: {
    type: 'get_async_reply',
    properties: [
      { type: 'packet_in_primary', mask: 0b11_1011 },
      { type: 'port_status_secondary', mask: 0b111 },
      { type: 'port_status_primary', mask: 0b111 },
    ],
  },
  set_async: { type: 'set_async', properties: [{ type: 'flow_removed_primary', mask: 0b10_0111 }] },
  desc_request: { type: 'desc_request' },
  desc_reply: {
    type: 'desc_reply',
    manufacturer: 'Nicira, Inc.',
    hardware: 'Open vSwitch',
    software: '3.1.0',
    serialNumber: 'None',
    datapath: 'None',
  },
  set_packet_in_format: { type: 'set_packet_in_format', format: 'nxt_packet_in2' },
  set_controller_id: { type: 'set_controller_id', controllerId: 7 },
  ct_flush_zone: { type: 'ct_flush_zone', zone: 12 },
  tlv_table_request: { type: 'tlv_table_request' },
}

const flows: Readonly<Record<string, Message>> = {
  'flow_mod: a wire’s end': flowModOf('add', flow),
  'flow_mod: everything said': flowModOf('add', rich),
  'flow_mod: modify by cookie': flowModOf('modify', flow, { cookieMask: 0xffff_ffff_ffff_ffffn }),
  'flow_mod: modify strictly': flowModOf('modify_strict', { ...flow, flags: ['reset_counts'] }),
  'flow_mod: delete all that output to a port': flowModOf('delete', anything, { outPort: 3 }),
  'flow_mod: delete strictly': flowModOf('delete_strict', { ...flow, actions: drop }),
  flow_removed: {
    type: 'flow_removed',
    table: 3,
    reason: 'idle_timeout',
    priority: 200,
    idleTimeout: 60,
    hardTimeout: 0,
    cookie: 0x1122n,
    match: { in_port: 7 },
    stats: { duration, packetCount: 10n, byteCount: 840n },
  },
  'flow_desc_request: all': { type: 'flow_desc_request', ...flowFilter() },
  'flow_desc_request: some': {
    type: 'flow_desc_request',
    ...flowFilter({ table: 3, outPort: 2, match: { eth_type: 0x0806 } }),
  },
  'flow_desc_reply: part of it': {
    type: 'flow_desc_reply',
    more: true,
    items: [
      {
        flow,
        stats: { duration, idleTime: { sec: 2, nsec: 0 }, packetCount: 0xffff_ffff_0n, byteCount: 1n },
      },
      {
        flow: rich,
        stats: { duration: { sec: 1, nsec: 5 }, idleTime: duration, packetCount: 0n, byteCount: 0n },
      },
      { flow: { ...anything, table: 9, priority: 0 }, stats: { duration, packetCount: 0n, byteCount: 0n } },
    ],
  },
  aggregate_request: { type: 'aggregate_request', ...flowFilter({ table: 0 }) },
  aggregate_reply: { type: 'aggregate_reply', stats: { flowCount: 3, packetCount: 10n, byteCount: 1000n } },
  flow_monitor_request: {
    type: 'flow_monitor_request',
    items: [
      {
        monitorId: 1,
        outPort: reservedPorts.any,
        outGroup: everything.anyGroup,
        flags: ['initial', 'add', 'removed', 'modify', 'instructions'],
        table: everything.table,
        command: 'add',
        match: {},
      },
      {
        monitorId: 2,
        outPort: 4,
        outGroup: everything.anyGroup,
        flags: ['add', 'only_own'],
        table: 3,
        command: 'add',
        match: { eth_type: 0x0806 },
      },
    ],
  },
  'flow_monitor_request: cancel': {
    type: 'flow_monitor_request',
    items: [{ monitorId: 1, outPort: 0, outGroup: 0, flags: [], table: 0, command: 'delete', match: {} }],
  },
  flow_monitor_reply: {
    type: 'flow_monitor_reply',
    items: [
      { event: 'initial', flow: { ...flow, idleTimeout: 5 } },
      { event: 'added', flow },
      { event: 'modified', flow: { ...flow, hardTimeout: 6 } },
      { event: 'removed', reason: 'delete', flow: { ...flow, cookie: 0n, actions: drop } },
      { event: 'abbrev', xid: 0x1234 },
      { event: 'paused' },
      { event: 'resumed' },
    ],
  },
}

const packets: Readonly<Record<string, Message>> = {
  'packet_in: an ARP request that missed': {
    type: 'packet_in',
    bufferId: noBuffer,
    totalLength: arp.length,
    reason: 'no_match',
    table: 0,
    cookie: 0n,
    match: { in_port: 7 },
    data: arp,
  },
  'packet_in: cut off': {
    type: 'packet_in',
    bufferId: 0x100,
    totalLength: 1500,
    reason: 'action',
    table: 4,
    cookie: 0x55n,
    match: { in_port: 7, metadata: 5n, reg0: 1 },
    data: ping,
  },
  'packet_in2: with userdata': {
    type: 'packet_in2',
    properties: [
      { type: 'packet', data: taggedSyn },
      { type: 'full_length', length: 100 },
      { type: 'table_id', table: 5 },
      { type: 'cookie', cookie: 0xabcn },
      { type: 'reason', reason: 'action' },
      { type: 'metadata', match: { in_port: 7, reg1: 0x10 } },
      { type: 'userdata', data: bytes('0102ff') },
    ],
  },
  'resume: a paused packet': {
    type: 'resume',
    properties: [
      { type: 'packet', data: ping },
      { type: 'table_id', table: 5 },
      { type: 'reason', reason: 'action' },
      { type: 'metadata', match: { in_port: 7 } },
    ],
  },
  'packet_out: through the tables': {
    type: 'packet_out',
    bufferId: noBuffer,
    match: { in_port: reservedPorts.controller },
    actions: [output(reservedPorts.table)],
    data: solicitation,
  },
  'packet_out: a buffered packet': {
    type: 'packet_out',
    bufferId: 0x10,
    match: { in_port: 3 },
    actions: [resubmit(4), controller({ userdata: bytes('00'), pause: true })],
    data: none,
  },
}

const ports: Readonly<Record<string, Message>> = {
  'port_status: added': { type: 'port_status', reason: 'add', port: ethernetPort },
  'port_status: gone': { type: 'port_status', reason: 'delete', port: localPort },
  'port_status: carrier lost': {
    type: 'port_status',
    reason: 'modify',
    port: { ...ethernetPort, config: ['port_down'], state: ['link_down'] },
  },
  'port_mod: take it down': {
    type: 'port_mod',
    portNo: 1,
    hwAddr: '02:00:00:00:00:01',
    config: ['port_down'],
    mask: ['port_down', 'no_recv'],
    properties: [],
  },
  'port_mod: advertise': {
    type: 'port_mod',
    portNo: 1,
    hwAddr: '02:00:00:00:00:01',
    config: [],
    mask: [],
    properties: [{ type: 'ethernet', advertise: ['100MB-FD'] }],
  },
  port_desc_request: { type: 'port_desc_request', portNo: reservedPorts.any },
  port_desc_reply: { type: 'port_desc_reply', items: [ethernetPort, localPort] },
  port_stats_request: { type: 'port_stats_request', portNo: 12 },
  port_stats_reply: {
    type: 'port_stats_reply',
    items: [
      {
        portNo: 1,
        durationSec: 5,
        durationNsec: 0,
        rxPackets: 1n,
        txPackets: 2n,
        rxBytes: 3n,
        txBytes: 4n,
        rxDropped: 5n,
        txDropped: 6n,
        rxErrors: 7n,
        txErrors: 0xffff_ffff_ffff_ffffn,
        properties: [
          { type: 'ethernet', rxFrameErrors: 0n, rxOverErrors: 0n, rxCrcErrors: 0n, collisions: 9n },
        ],
      },
    ],
  },
}

const groups: Readonly<Record<string, Message>> = {
  'group_mod: add a select group': {
    type: 'group_mod',
    command: 'add',
    groupType: 'select',
    groupId: 17,
    commandBucketId: bucketIds.all,
    buckets: [
      { bucketId: 0, actions: [output(1)], properties: [{ type: 'weight', weight: 2 }] },
      { bucketId: 1, actions: [setField('eth_dst', 0x0200_0000_0001n), output(2)], properties: [] },
    ],
    properties: [
      selectionMethodOf({
        method: 'hash',
        parameter: 5n,
        fields: [
          { field: 'ip_src', mask: 0xffffffff },
          { field: 'ip_dst', mask: 0xffffff00 },
        ],
      }),
    ],
  },
  'group_mod: fast failover': {
    type: 'group_mod',
    command: 'modify',
    groupType: 'fast_failover',
    groupId: 18,
    commandBucketId: bucketIds.all,
    buckets: [
      {
        bucketId: 0,
        actions: [group(17)],
        properties: [
          { type: 'watch_port', portNo: 1 },
          { type: 'watch_group', groupId: 17 },
        ],
      },
    ],
    properties: [],
  },
  'group_mod: insert a bucket': {
    type: 'group_mod',
    command: 'insert_bucket',
    groupType: 'all',
    groupId: 19,
    commandBucketId: bucketIds.last,
    buckets: [{ bucketId: 5, actions: [output(3)], properties: [] }],
    properties: [],
  },
  'group_mod: remove a bucket': {
    type: 'group_mod',
    command: 'remove_bucket',
    groupType: 'all',
    groupId: 19,
    commandBucketId: 5,
    buckets: [],
    properties: [],
  },
  'group_mod: delete all': {
    type: 'group_mod',
    command: 'delete',
    groupType: 'all',
    groupId: everything.group,
    commandBucketId: bucketIds.all,
    buckets: [],
    properties: [],
  },
  group_desc_request: { type: 'group_desc_request', groupId: everything.group },
  group_desc_reply: {
    type: 'group_desc_reply',
    items: [
      {
        groupType: 'indirect',
        groupId: 3,
        buckets: [{ bucketId: 0, actions: drop, properties: [] }],
        properties: [],
      },
    ],
  },
  group_stats_request: { type: 'group_stats_request', groupId: 3 },
  group_stats_reply: {
    type: 'group_stats_reply',
    items: [
      {
        groupId: 3,
        refCount: 1,
        packetCount: 5n,
        byteCount: 500n,
        durationSec: 1,
        durationNsec: 609_036_000,
        buckets: [{ packetCount: 5n, byteCount: 500n }],
      },
    ],
  },
  group_features_request: { type: 'group_features_request' },
  group_features_reply: {
    type: 'group_features_reply',
    types: 0b1001,
    capabilities: 7,
    maxGroups: { all: 0xffffff00, select: 0, indirect: 0, fastFailover: 16 },
    actions: { all: 0x3ff_9801, select: 0, indirect: 0, fastFailover: 1 },
  },
}

const meters: Readonly<Record<string, Message>> = {
  'meter_mod: add': {
    type: 'meter_mod',
    command: 'add',
    flags: ['kbps', 'burst', 'stats'],
    meterId: 5,
    bands: [{ type: 'drop', rate: 10_000, burstSize: 1_000 }],
  },
  'meter_mod: delete': {
    type: 'meter_mod',
    command: 'delete',
    flags: [],
    meterId: everything.meter,
    bands: [],
  },
  meter_desc_request: { type: 'meter_desc_request', meterId: everything.meter },
  meter_desc_reply: {
    type: 'meter_desc_reply',
    items: [
      {
        flags: ['pktps'],
        meterId: 0xfffffffe,
        bands: [{ type: 'dscp_remark', rate: 100, burstSize: 0, precLevel: 1 }],
      },
      { flags: ['kbps'], meterId: 6, bands: [{ type: 'drop', rate: 1, burstSize: 0 }] },
    ],
  },
  meter_stats_request: { type: 'meter_stats_request', meterId: 5 },
  meter_stats_reply: {
    type: 'meter_stats_reply',
    items: [
      {
        meterId: 5,
        flowCount: 2,
        packetInCount: 100n,
        byteInCount: 10_000n,
        durationSec: 60,
        durationNsec: 1_000_000,
        bands: [{ packetCount: 1n, byteCount: 2n }],
      },
    ],
  },
  meter_features_request: { type: 'meter_features_request' },
  meter_features_reply: {
    type: 'meter_features_reply',
    maxMeter: 200_000,
    bandTypes: 2,
    capabilities: ['kbps', 'pktps', 'burst', 'stats'],
    maxBands: 8,
    maxColor: 0,
    extension: none,
  },
}

const tables: Readonly<Record<string, Message>> = {
  'table_mod: no eviction': { type: 'table_mod', tableId: 3, config: [], properties: [] },
  table_status: {
    type: 'table_status',
    reason: 'vacancy_up',
    table: {
      tableId: 1,
      config: ['vacancy_events'],
      properties: [{ type: 'vacancy', down: 10, up: 20, vacancy: 15 }],
    },
  },
  table_desc_request: { type: 'table_desc_request' },
  table_desc_reply: { type: 'table_desc_reply', items: [{ tableId: 0, config: [], properties: [] }] },
  table_stats_request: { type: 'table_stats_request' },
  'table_stats_reply: the same again and again': {
    type: 'table_stats_reply',
    items: [
      { tableId: 0, activeCount: 3, lookupCount: 10n, matchedCount: 9n },
      { tableId: 1, activeCount: 0, lookupCount: 0n, matchedCount: 0n },
      { tableId: 2, activeCount: 0, lookupCount: 0n, matchedCount: 0n },
      { tableId: 3, activeCount: 0, lookupCount: 0n, matchedCount: 0n },
      { tableId: 4, activeCount: 1, lookupCount: 0n, matchedCount: 0n },
      { tableId: 5, activeCount: 1, lookupCount: 0n, matchedCount: 0n },
    ],
  },
  'table_features_request: all': { type: 'table_features_request', items: [] },
  queue_stats_request: { type: 'queue_stats_request', portNo: reservedPorts.any, queueId: everything.queue },
  queue_stats_reply: {
    type: 'queue_stats_reply',
    items: [
      {
        portNo: 1,
        queueId: 2,
        txBytes: 3n,
        txPackets: 4n,
        txErrors: 0xffff_ffff_ffff_ffffn,
        durationSec: 5,
        durationNsec: 0,
        properties: none,
      },
    ],
  },
  queue_desc_request: { type: 'queue_desc_request', portNo: 3, queueId: everything.queue },
  queue_desc_reply: {
    type: 'queue_desc_reply',
    items: [{ portNo: 3, queueId: 1, properties: [{ type: 'min_rate', rate: 125 }] }],
  },
}

const bundles: Readonly<Record<string, Message>> = {
  'bundle_control: open': {
    type: 'bundle_control',
    bundleId: 1,
    control: 'open_request',
    flags: ['atomic', 'ordered'],
    properties: [],
  },
  'bundle_control: committed': {
    type: 'bundle_control',
    bundleId: 0x5f5e0ff,
    control: 'commit_reply',
    flags: [],
    properties: [],
  },
  'bundle_add: a flow': {
    type: 'bundle_add',
    bundleId: 1,
    flags: ['ordered'],
    request: { version: 6, xid: 1, message: flowModOf('add', flow) },
    properties: none,
  },
  'requestforward: of a group_mod': {
    type: 'requestforward',
    request: {
      version: 6,
      xid: 0,
      message: {
        type: 'group_mod',
        command: 'delete',
        groupType: 'all',
        groupId: 4,
        commandBucketId: bucketIds.all,
        buckets: [],
        properties: [],
      },
    },
  },
}

/** Messages that Open vSwitch prints as we do. */
export const cases: Readonly<Record<string, Message>> = {
  ...session,
  ...flows,
  ...packets,
  ...ports,
  ...groups,
  ...meters,
  ...tables,
  ...bundles,
}

/** Messages that Open vSwitch 3.1 does not know, or prints with more than we look at. */
export const ownCases: Readonly<Record<string, Message>> = {
  'controller_status: opaque': { type: 'controller_status', body: bytes('0010ffff000000010101000000000000') },
  'controller_status_request: all': { type: 'controller_status_request' },
  'controller_status_reply: opaque': { type: 'controller_status_reply', body: none },
  'flow_stats_request: not of Open vSwitch': { type: 'flow_stats_request', ...flowFilter() },
  'flow_stats_reply: not of Open vSwitch': {
    type: 'flow_stats_reply',
    items: [{ table: 1, reason: 0, priority: 5, match: { in_port: 1 }, stats: { packetCount: 1n } }],
  },
  'bundle_features_request: opaque': { type: 'bundle_features_request', body: none },
  'bundle_features_reply: opaque': { type: 'bundle_features_reply', body: bytes('0007000000000000') },
  'table_features_reply: properties opaque': {
    type: 'table_features_reply',
    items: [
      {
        tableId: 1,
        command: 0,
        features: 1,
        name: 'classify',
        metadataMatch: 1n,
        metadataWrite: 0n,
        capabilities: 0,
        maxEntries: 1_000_000,
        properties: bytes('0000000800010008'),
      },
    ],
  },
  'packet_in2: paused': {
    type: 'packet_in2',
    properties: [
      { type: 'packet', data: arp },
      { type: 'continuation', data: bytes('00000000 0001000800000000') },
    ],
  },
  'table_mod: evict the least important': {
    type: 'table_mod',
    tableId: 255,
    config: ['eviction'],
    properties: [{ type: 'eviction', flags: ['importance', 'lifetime'] }],
  },
  tlv_table_mod: {
    type: 'tlv_table_mod',
    command: 'add',
    mappings: [{ optionClass: 0xffff, optionType: 1, optionLength: 4, index: 0 }],
  },
  tlv_table_reply: { type: 'tlv_table_reply', maxOptionSpace: 248, maxFields: 64, mappings: [] },
  flow_mod_table_id: { type: 'flow_mod_table_id', set: 1 },
  flow_age: { type: 'flow_age' },
  'unknown: a type': { type: 'unknown', headerType: 77, body: bytes('0102') },
  'unknown: a multipart': { type: 'unknown', headerType: 19, kind: 55, more: true, body: bytes('01') },
  'unknown: of an experimenter': {
    type: 'unknown',
    headerType: 4,
    experimenter: 0x1234,
    expType: 9,
    body: none,
  },
  'unknown: multipart of an experimenter': {
    type: 'unknown',
    headerType: 18,
    kind: 0xffff,
    experimenter: 0x2320,
    expType: 99,
    body: none,
  },
}
