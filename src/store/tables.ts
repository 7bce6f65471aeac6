/** The northbound tables as declared to the OVSDB library; `heddle.ovsschema` is the same for the server, with indexes. */
import { integer, optional, ref, string } from '#ovsdb/columns.js'
import { type Row, table } from '#ovsdb/tables.js'

export const databaseName = 'Heddle_Northbound'

/** The one row of the fabric: its UUID is the fabric's identity. */
export const heddle = table('Heddle', { next_serial: integer })

export const node = table('Node', {
  name: string,
  target: optional(string),
  rloc: optional(string),
  underlay_mtu: optional(integer),
  last_rloc: optional(string),
  joined_at: integer,
})

export const link = table('Link', {
  name: string,
  serial: integer,
  a: ref('End'),
  b: ref('End'),
  vni: integer,
  mtu: optional(integer),
  rate_mbps: optional(integer),
  topology: optional(string),
  request_id: string,
  requested_by: string,
  requested_at: integer,
})

/** An interface of a node, in a table of its own so that one index covers both ends of all links. */
export const end = table('End', { node: string, interface: string })

export const topology = table('Topology', {
  name: string,
  request_id: string,
  requested_by: string,
  requested_at: integer,
})

export const retiredVni = table('Retired_Vni', { vni: integer, until: integer })

export const northboundTables = [heddle, node, link, end, topology, retiredVni] as const
export type NorthboundTable = (typeof northboundTables)[number]

export type LinkRow = Row<typeof link>
export type EndRow = Row<typeof end>
export type NodeRow = Row<typeof node>
export type TopologyRow = Row<typeof topology>
export type RetiredVniRow = Row<typeof retiredVni>
