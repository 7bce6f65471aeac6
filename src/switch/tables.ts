/** What the controller replicates of a switch's database: few columns, since a fabric has many ports. */
import * as ovs from '#ovsdb/schemas/open-vswitch.js'
import { type Columns, type Row, table } from '#ovsdb/tables.js'

const pick = <C extends Columns, const K extends keyof C & string>(
  columns: C,
  names: readonly K[],
): Pick<C, K> => Object.fromEntries(names.map((name) => [name, columns[name]])) as Pick<C, K>

export const root = table(
  'Open_vSwitch',
  pick(ovs.openVswitch.columns, ['bridges', 'external_ids', 'next_cfg', 'cur_cfg', 'ovs_version']),
)
export const bridge = table(
  'Bridge',
  pick(ovs.bridge.columns, [
    'name',
    'datapath_type',
    'datapath_id',
    'ports',
    'controller',
    'protocols',
    'fail_mode',
    'other_config',
    'external_ids',
  ]),
)
/** A port of ours and its one interface bear the same name, so neither has to remember the other. */
export const port = table('Port', pick(ovs.port.columns, ['name', 'external_ids']))
export const iface = table(
  'Interface',
  pick(ovs.iface.columns, [
    'name',
    'type',
    'options',
    'ofport',
    'error',
    'ifindex',
    'mtu',
    'mtu_request',
    'mac',
    'mac_in_use',
  ]),
)
export const controller = table(
  'Controller',
  pick(ovs.controller.columns, ['target', 'is_connected', 'connection_mode', 'external_ids']),
)

export const switchTables = [root, bridge, port, iface, controller] as const
export type SwitchTable = (typeof switchTables)[number]

export type RootRow = Row<typeof root>
export type BridgeRow = Row<typeof bridge>
export type PortRow = Row<typeof port>
export type InterfaceRow = Row<typeof iface>
export type ControllerRow = Row<typeof controller>

/** Keys in `external_ids`. Rows of ours carry `owner`; rows of others are never touched. */
export const ids = {
  systemId: 'system-id',
  rloc: 'heddle-rloc',
  underlayMtu: 'heddle-underlay-mtu',
  owner: 'heddle-owner',
  fabric: 'heddle-fabric',
  ifindex: 'heddle-ifindex',
} as const

/** Values of `heddle-owner`: `link` has every device that a link or an endpoint wants, `endpoint` those that the switch makes itself. */
export const owners = {
  bridge: 'bridge',
  link: 'link',
  endpoint: 'endpoint',
  tunnel: 'tunnel',
  controller: 'controller',
} as const
