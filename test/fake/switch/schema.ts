/**
 * The part of a switch's database that simulated switches have, in the words of ovs-vswitchd.conf.db(5). Few columns: a fabric
 * of simulated switches has some hundred thousand rows.
 */
import type { Json } from '#ovsdb/json.js'

const strings: Json = { key: 'string', value: 'string', min: 0, max: 'unlimited' }
const rows = (refTable: string): Json => ({ key: { type: 'uuid', refTable }, min: 0, max: 'unlimited' })
const words = (...allowed: string[]): Json => ({
  key: { type: 'string', enum: ['set', allowed] },
  min: 0,
  max: 1,
})
const some = (type: Json): Json => ({ key: type, min: 0, max: 1 })
const many = (type: Json): Json => ({ key: type, min: 0, max: 'unlimited' })

const protocols = ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15']

const columns = (types: Readonly<Record<string, Json>>): Json =>
  Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]))

export const vswitchSchema = {
  name: 'Open_vSwitch',
  version: '8.3.1',
  cksum: '3012963480 26720',
  tables: {
    Open_vSwitch: {
      isRoot: true,
      maxRows: 1,
      columns: columns({
        bridges: rows('Bridge'),
        manager_options: rows('Manager'),
        other_config: strings,
        external_ids: strings,
        next_cfg: 'integer',
        cur_cfg: 'integer',
        ovs_version: some('string'),
        db_version: some('string'),
        system_type: some('string'),
        system_version: some('string'),
        datapath_types: many('string'),
        iface_types: many('string'),
      }),
    },
    Bridge: {
      indexes: [['name']],
      columns: columns({
        name: 'string',
        datapath_type: 'string',
        datapath_id: some('string'),
        ports: rows('Port'),
        controller: rows('Controller'),
        protocols: {
          key: { type: 'string', enum: ['set', protocols] },
          min: 0,
          max: 'unlimited',
        },
        fail_mode: words('secure', 'standalone'),
        status: strings,
        other_config: strings,
        external_ids: strings,
      }),
    },
    Port: {
      indexes: [['name']],
      columns: columns({
        name: 'string',
        interfaces: rows('Interface'),
        other_config: strings,
        external_ids: strings,
      }),
    },
    Interface: {
      indexes: [['name']],
      columns: columns({
        name: 'string',
        type: 'string',
        options: strings,
        ofport: some('integer'),
        ofport_request: some('integer'),
        mac: some('string'),
        mac_in_use: some('string'),
        ifindex: some('integer'),
        link_speed: some('integer'),
        mtu: some('integer'),
        mtu_request: some('integer'),
        admin_state: words('down', 'up'),
        link_state: words('down', 'up'),
        error: some('string'),
        status: strings,
        other_config: strings,
        external_ids: strings,
      }),
    },
    Manager: {
      indexes: [['target']],
      columns: columns({
        target: 'string',
        max_backoff: some('integer'),
        inactivity_probe: some('integer'),
        is_connected: 'boolean',
        status: strings,
        other_config: strings,
        external_ids: strings,
      }),
    },
    Controller: {
      columns: columns({
        target: 'string',
        max_backoff: some('integer'),
        inactivity_probe: some('integer'),
        connection_mode: words('in-band', 'out-of-band'),
        is_connected: 'boolean',
        role: words('master', 'other', 'slave'),
        status: strings,
        other_config: strings,
        external_ids: strings,
      }),
    },
  },
} as const
