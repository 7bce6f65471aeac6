/**
 * What a fabric controller uses of a switch's configuration database, `Open_vSwitch`: ovs-vswitchd.conf.db(5). Fits the schemas of Open vSwitch
 * 2.9 to 3.5: a column that came in between is `maybe`, and so is one that may leave. Statistics are left out: they change every few
 * seconds at every switch, and OpenFlow has them when they are asked for.
 */
import { boolean, integer, map, maybe, oneOf, optional, ref, set, string } from '../columns.js'
import { type Row, table } from '../tables.js'

export const openVswitchDatabaseName = 'Open_vSwitch'

const stringMap = map(string, string)

/** The one row of the switch itself. */
export const openVswitch = table('Open_vSwitch', {
  bridges: set(ref('Bridge')),
  manager_options: set(ref('Manager')),
  ssl: optional(ref('SSL')),
  other_config: stringMap,
  external_ids: stringMap,
  /** Raised by whoever changes the configuration; `ovs-vswitchd` sets `cur_cfg` to it when the change is in force. */
  next_cfg: integer,
  cur_cfg: integer,
  ovs_version: optional(string),
  db_version: optional(string),
  system_type: optional(string),
  system_version: optional(string),
  datapath_types: set(string),
  iface_types: set(string),
  dpdk_initialized: maybe(boolean),
})

export const bridge = table('Bridge', {
  name: string,
  datapath_type: string,
  datapath_version: maybe(string),
  /** Sixteen hexadecimal digits; null while the bridge does not exist in the datapath. */
  datapath_id: optional(string),
  ports: set(ref('Port')),
  controller: set(ref('Controller')),
  protocols: set(oneOf('OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15')),
  fail_mode: optional(oneOf('standalone', 'secure')),
  stp_enable: boolean,
  rstp_enable: boolean,
  mcast_snooping_enable: boolean,
  status: stringMap,
  other_config: stringMap,
  external_ids: stringMap,
})

export const port = table('Port', {
  name: string,
  interfaces: set(ref('Interface')),
  tag: optional(integer),
  trunks: set(integer),
  vlan_mode: optional(oneOf('trunk', 'access', 'native-tagged', 'native-untagged', 'dot1q-tunnel')),
  mac: optional(string),
  status: stringMap,
  other_config: stringMap,
  external_ids: stringMap,
})

export const iface = table('Interface', {
  name: string,
  type: string,
  options: stringMap,
  /** -1 when the port could not be added to the datapath, null when that was not tried yet. */
  ofport: optional(integer),
  ofport_request: optional(integer),
  mac: optional(string),
  mac_in_use: optional(string),
  ifindex: optional(integer),
  mtu: optional(integer),
  mtu_request: optional(integer),
  admin_state: optional(oneOf('up', 'down')),
  link_state: optional(oneOf('up', 'down')),
  /** In bits per second. */
  link_speed: optional(integer),
  link_resets: optional(integer),
  /** Why the interface could not be made, in the words of `ovs-vswitchd`. */
  error: optional(string),
  status: stringMap,
  other_config: stringMap,
  external_ids: stringMap,
})

export const manager = table('Manager', {
  target: string,
  max_backoff: optional(integer),
  /** In milliseconds. */
  inactivity_probe: optional(integer),
  is_connected: boolean,
  status: stringMap,
  other_config: stringMap,
  external_ids: stringMap,
})

export const controller = table('Controller', {
  target: string,
  /** Came with 2.12 (schema 8.0). */
  type: maybe(optional(oneOf('primary', 'service'))),
  max_backoff: optional(integer),
  /** In milliseconds. */
  inactivity_probe: optional(integer),
  connection_mode: optional(oneOf('in-band', 'out-of-band')),
  controller_rate_limit: optional(integer),
  controller_burst_limit: optional(integer),
  /** Came with 2.13 (schema 8.2). */
  controller_queue_size: maybe(optional(integer)),
  enable_async_messages: optional(boolean),
  is_connected: boolean,
  role: optional(oneOf('other', 'master', 'slave')),
  status: stringMap,
  other_config: stringMap,
  external_ids: stringMap,
})

/** At most one row. */
export const ssl = table('SSL', {
  private_key: string,
  certificate: string,
  ca_cert: string,
  bootstrap_ca_cert: boolean,
  external_ids: stringMap,
})

export type OpenVswitchRow = Row<typeof openVswitch>
export type BridgeRow = Row<typeof bridge>
export type PortRow = Row<typeof port>
export type InterfaceRow = Row<typeof iface>
export type ManagerRow = Row<typeof manager>
export type ControllerRow = Row<typeof controller>
export type SslRow = Row<typeof ssl>
