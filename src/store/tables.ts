/** The northbound tables as declared to the OVSDB library; `heddle.ovsschema` is the same for the server, with indexes. */
import { boolean, integer, map, optional, ref, set, string } from '#ovsdb/columns.js'
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
  last_underlay_mtu: optional(integer),
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

/** A site of the mapping system. Its secrets are here as well, since the Map-Server computes with them. */
export const site = table('Site', {
  name: string,
  prefixes: set(ref('Site_Prefix')),
  keys: set(ref('Site_Key')),
  proxy_reply: optional(string),
  allowed_locators: set(string),
  strict_nonces: optional(boolean),
  any_nonces: optional(boolean),
  site_ids: set(string),
  registrations_max: optional(integer),
  xtrs_max: optional(integer),
  unregistered: optional(string),
  request_id: string,
  requested_by: string,
  requested_at: integer,
})

/** In a table of its own so that one index covers the EID-prefixes of all sites. */
export const sitePrefix = table('Site_Prefix', {
  iid: integer,
  eid: string,
  accept_more_specifics: boolean,
})

export const siteKey = table('Site_Key', { key_id: integer, secret: string, algorithms: set(string) })

/** A mapping that an operator put; what routers register is never stored. */
export const mapping = table('Mapping', {
  iid: integer,
  eid: string,
  locators: set(ref('Mapping_Locator')),
  ttl: optional(integer),
  action: optional(string),
  request_id: string,
  requested_by: string,
  requested_at: integer,
})

export const mappingLocator = table('Mapping_Locator', {
  rloc: string,
  priority: integer,
  weight: integer,
  multicast_priority: integer,
  multicast_weight: integer,
})

/** A network. Its subnets are rows of their own. */
export const network = table('Network', {
  name: string,
  serial: integer,
  vni: integer,
  subnets: set(ref('Subnet')),
  mtu: optional(integer),
  resolution: string,
  idle_timeout: integer,
  /** Destination to gateway; '' where there is none. */
  routes: map(string, string),
  /** Address to the id of an endpoint. */
  reservations: map(string, string),
  isolation: boolean,
  broadcast: boolean,
  request_id: string,
  requested_by: string,
  requested_at: integer,
})

export const subnet = table('Subnet', {
  /** Of the subnet among those of its network. */
  position: integer,
  cidr: string,
  gateway: string,
  exclude: set(string),
})

/** Its interface is an `End`, as those of links are: one index keeps all of them apart. */
export const endpoint = table('Endpoint', {
  id: string,
  serial: integer,
  network: ref('Network'),
  end: ref('End'),
  mac: integer,
  addresses: set(ref('Lease')),
  container_id: optional(string),
  container_interface: optional(string),
  pod_namespace: optional(string),
  pod: optional(string),
  labels: map(string, string),
  request_id: string,
  requested_by: string,
  requested_at: integer,
})

export const lease = table('Lease', {
  network: ref('Network'),
  address: string,
  endpoint: optional(ref('Endpoint')),
  until: optional(integer),
  last_owner: optional(string),
})

export const block = table('Block', { network: ref('Network'), cidr: string, node: string })

const overlayTables = [network, subnet, endpoint, lease, block] as const
const mappingTables = [site, sitePrefix, siteKey, mapping, mappingLocator] as const
export const northboundTables = [
  heddle,
  node,
  link,
  end,
  topology,
  retiredVni,
  ...mappingTables,
  ...overlayTables,
] as const
export type NorthboundTable = (typeof northboundTables)[number]

export type LinkRow = Row<typeof link>
export type EndRow = Row<typeof end>
export type NodeRow = Row<typeof node>
export type TopologyRow = Row<typeof topology>
export type RetiredVniRow = Row<typeof retiredVni>
export type SiteRow = Row<typeof site>
export type SitePrefixRow = Row<typeof sitePrefix>
export type SiteKeyRow = Row<typeof siteKey>
export type MappingRow = Row<typeof mapping>
export type MappingLocatorRow = Row<typeof mappingLocator>
export type NetworkRow = Row<typeof network>
export type SubnetRow = Row<typeof subnet>
export type EndpointRow = Row<typeof endpoint>
export type LeaseRow = Row<typeof lease>
export type BlockRow = Row<typeof block>
