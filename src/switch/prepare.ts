/**
 * What a switch's database lacks to be a node: bridge, controller target, tunnel port. Pure: the rows as they are, the
 * operations that make them right (none when they are), and what is waited for, in words.
 */
import { createHash } from 'node:crypto'
import { insert, mutate, type Operation, update } from '#ovsdb/operations.js'
import { controller as ovsController, port as ovsPort } from '#ovsdb/schemas/open-vswitch.js'
import type { SwitchSettings } from './settings.js'
import { type BridgeRow, bridge, controller, ids, iface, owners, root } from './tables.js'
import { gpeFault, makeTunnels, mendTunnels, tunnelMissing } from './tunnel-ports.js'
import type { SwitchView } from './view.js'

export interface Preparation {
  readonly operations: readonly Operation[]
  /** Why the node is not ready as far as its database shows. */
  readonly reason?: string
  /** Something that is not as it should be and keeps nothing else waiting. */
  readonly fault?: string
  /** The bridge belongs to somebody else: nothing may be done. */
  readonly refusal?: string
}

/** Heddle speaks 1.5; the others are for operators who use `ovs-ofctl` without naming a version. */
const protocols = ['OpenFlow10', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'] as const

/** The same bridge gets the same datapath id when it is made again. */
export const datapathIdOf = (fabricId: string, node: string): string =>
  `0000${createHash('sha256').update(`${fabricId} ${node}`).digest('hex').slice(0, 12)}`

const named = (namedUuid: string) => ({ namedUuid })

/** Tells `ovs-vswitchd`'s answer to this transaction from its answers to earlier ones. */
const raiseConfig = (view: SwitchView): Operation[] =>
  view.root === undefined ? [] : [mutate(root, [['_uuid', '==', view.root._uuid]], [['next_cfg', '+=', 1]])]

/** Milliseconds: a controller that comes back is found again within a second. */
const backoffMsMax = 1_000

const makeController = (target: string): Operation =>
  insert(
    ovsController,
    {
      target,
      connection_mode: 'out-of-band',
      max_backoff: backoffMsMax,
      external_ids: { [ids.owner]: owners.controller },
    },
    'controller',
  )

const makeBridge = (
  settings: SwitchSettings,
  node: string,
  target: string,
  rootUuid: string,
): Operation[] => {
  const tunnels = makeTunnels(settings)
  return [
    makeController(target),
    ...tunnels.operations,
    insert(iface, { name: settings.bridge, type: 'internal' }, 'local_interface'),
    insert(ovsPort, { name: settings.bridge, interfaces: [named('local_interface')] }, 'local'),
    insert(
      bridge,
      {
        name: settings.bridge,
        datapath_type: settings.datapathType === 'system' ? '' : settings.datapathType,
        fail_mode: 'secure',
        protocols,
        ports: [named('local'), ...tunnels.ports],
        controller: [named('controller')],
        other_config: {
          'disable-in-band': 'true',
          'datapath-id': datapathIdOf(settings.fabricId, node),
          // The hardware address must not change with every port that comes and goes.
          hwaddr: hardwareAddress(settings.fabricId, node),
        },
        external_ids: { [ids.owner]: owners.bridge, [ids.fabric]: settings.fabricId },
      },
      'bridge',
    ),
    mutate(root, [['_uuid', '==', rootUuid]], [['bridges', 'insert', [named('bridge')]]]),
  ]
}

/** Locally administered, unicast: IEEE 802, 8.2.2. */
const hardwareAddress = (fabricId: string, node: string): string => {
  const digits = datapathIdOf(fabricId, node).slice(6)
  return ['0a', ...(digits.match(/../g) ?? [])].join(':')
}

/** Columns of the bridge that are not as they should be. */
const mendBridge = (row: BridgeRow, view: SwitchView, settings: SwitchSettings): Operation[] => {
  const columns = {
    ...(row.fail_mode !== 'secure' && { fail_mode: 'secure' as const }),
    // No protocols named means all of them.
    ...(row.protocols.length > 0 && !row.protocols.includes('OpenFlow15') && { protocols }),
    ...(cannotBeMade(row, view) && { datapath_type: 'netdev' }),
  }
  const where = [['_uuid', '==', row._uuid]] as const
  const operations: Operation[] = []
  if (Object.keys(columns).length > 0) operations.push(update(bridge, where, columns))
  if (row.other_config.get('disable-in-band') !== 'true') {
    operations.push(
      mutate(bridge, where, [
        ['other_config', 'delete', ['disable-in-band']],
        ['other_config', 'insert', { 'disable-in-band': 'true' }],
      ]),
    )
  }
  if (row.external_ids.get(ids.fabric) === undefined) {
    operations.push(mutate(bridge, where, [['external_ids', 'insert', { [ids.fabric]: settings.fabricId }]]))
  }
  return operations
}

/** A datapath that the switch lacks shows by a bridge without datapath id once the switch has done what it was asked. */
const cannotBeMade = (row: BridgeRow, view: SwitchView): boolean =>
  row.datapath_id === null && row.datapath_type !== 'netdev' && view.settled

const mendController = (row: BridgeRow, view: SwitchView, target: string): Operation[] => {
  const ours = view.controllers().find(({ external_ids }) => external_ids.has(ids.owner))
  if (ours === undefined) {
    return [
      makeController(target),
      mutate(bridge, [['_uuid', '==', row._uuid]], [['controller', 'insert', [named('controller')]]]),
    ]
  }
  if (ours.target === target && ours.connection_mode === 'out-of-band') return []
  return [update(controller, [['_uuid', '==', ours._uuid]], { target, connection_mode: 'out-of-band' })]
}

const waitingFor = (view: SwitchView, settings: SwitchSettings): string | undefined => {
  const row = view.bridge
  if (row === undefined) return `bridge ${settings.bridge} is being made`
  if (row.datapath_id === null) return `bridge ${settings.bridge} waits for ovs-vswitchd to make it`
  return tunnelMissing(view, settings)
}

/** Why the bridge is not ours to touch; undefined when it is, or is not there. */
export const foreignBridge = (
  view: SwitchView,
  { bridge: name, fabricId }: SwitchSettings,
): string | undefined => {
  const owner = view.bridge?.external_ids.get(ids.fabric)
  return owner === undefined || owner === fabricId
    ? undefined
    : `bridge ${name} belongs to another Heddle fabric (${owner}); to hand it over: ovs-vsctl remove bridge ${name} external_ids ${ids.fabric}`
}

/** What `node` needs. `target` is where its bridge is to find our OpenFlow listener. */
export const prepare = (
  view: SwitchView,
  settings: SwitchSettings,
  node: string,
  target: string,
): Preparation => {
  const rootRow = view.root
  if (rootRow === undefined) return { operations: [], reason: 'the switch has no Open_vSwitch row' }
  const row = view.bridge
  const refusal = foreignBridge(view, settings)
  if (refusal !== undefined) return { operations: [], refusal }
  const operations =
    row === undefined
      ? makeBridge(settings, node, target, rootRow._uuid)
      : [
          ...mendBridge(row, view, settings),
          ...mendController(row, view, target),
          ...mendTunnels(row, view, settings),
        ]
  const reason = waitingFor(view, settings)
  const fault = gpeFault(view, settings)
  return {
    operations: operations.length === 0 ? [] : [...operations, ...raiseConfig(view)],
    ...(reason !== undefined && { reason }),
    ...(fault !== undefined && { fault }),
  }
}
