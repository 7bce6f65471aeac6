/**
 * The tunnel ports of a node: one flow-based port for each encapsulation, whatever the number of peers; flows set VNI and both
 * addresses. Pure: what rows they take, and what it takes to get from the rows that are there to those.
 */
import { insert, mutate, type Operation, update } from '#ovsdb/operations.js'
import { port as ovsPort } from '#ovsdb/schemas/open-vswitch.js'
import type { SwitchSettings } from './settings.js'
import { type BridgeRow, bridge, ids, iface, owners } from './tables.js'
import type { SwitchView } from './view.js'

interface TunnelPort {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

const named = (namedUuid: string) => ({ namedUuid })

const flowBased = { remote_ip: 'flow', local_ip: 'flow', key: 'flow' } as const

/** LISP routers send IP packets without Ethernet header: draft-ietf-nvo3-vxlan-gpe, section 3.1. */
const withoutEthernet = { exts: 'gpe', packet_type: 'legacy_l3' } as const

const tunnelPorts = ({ tunnelPort, tunnelUdpPort, gpe }: SwitchSettings): readonly TunnelPort[] => [
  { name: tunnelPort, options: { ...flowBased, dst_port: String(tunnelUdpPort) } },
  ...(gpe === undefined
    ? []
    : [{ name: gpe.port, options: { ...flowBased, ...withoutEthernet, dst_port: String(gpe.udpPort) } }]),
]

/** Rows by these names in one transaction: `ports` is for the bridge's row. */
interface NewPorts {
  readonly operations: readonly Operation[]
  readonly ports: readonly { readonly namedUuid: string }[]
}

const newPorts = (wanted: readonly TunnelPort[]): NewPorts => {
  const ports = wanted.map((_, index) => named(`tunnel${index}`))
  const operations = wanted.flatMap(({ name, options }, index) => {
    const device = `tunnel_interface${index}`
    const external_ids = { [ids.owner]: owners.tunnel }
    return [
      insert(iface, { name, type: 'vxlan', options }, device),
      insert(ovsPort, { name, interfaces: [named(device)], external_ids }, `tunnel${index}`),
    ]
  })
  return { operations, ports }
}

/** For a bridge that is being made. */
export const makeTunnels = (settings: SwitchSettings): NewPorts => newPorts(tunnelPorts(settings))

const mendOptions = ({ name, options }: TunnelPort, view: SwitchView): Operation[] => {
  const device = view.interface(name)
  if (device === undefined || !view.port(name)?.external_ids.has(ids.owner)) return []
  const same = Object.entries(options).every(([key, value]) => device.options.get(key) === value)
  return same && device.type === 'vxlan'
    ? []
    : [update(iface, [['_uuid', '==', device._uuid]], { type: 'vxlan', options })]
}

/** Tunnel ports that are missing are made, others of ours that nobody wants any more go. Ports of others stay. */
export const mendTunnels = (row: BridgeRow, view: SwitchView, settings: SwitchSettings): Operation[] => {
  const wanted = tunnelPorts(settings)
  const made = newPorts(wanted.filter(({ name }) => view.port(name) === undefined))
  const left = [...view.ports()].filter(
    ({ name, external_ids }) =>
      external_ids.get(ids.owner) === owners.tunnel && !wanted.some((one) => one.name === name),
  )
  const where = [['_uuid', '==', row._uuid]] as const
  return [
    ...wanted.flatMap((one) => mendOptions(one, view)),
    ...made.operations,
    ...(made.ports.length > 0 ? [mutate(bridge, where, [['ports', 'insert', [...made.ports]]])] : []),
    ...(left.length > 0
      ? [mutate(bridge, where, [['ports', 'delete', left.map(({ _uuid }) => _uuid)]])]
      : []),
  ]
}

/** Why wires have to wait. */
export const tunnelMissing = (view: SwitchView, { tunnelPort }: SwitchSettings): string | undefined => {
  const tunnel = view.interface(tunnelPort)
  if (tunnel?.error) return `tunnel port ${tunnelPort} cannot be made: ${tunnel.error}`
  return tunnel?.ofport == null ? `tunnel port ${tunnelPort} is being made` : undefined
}

/** What is wrong with the way to LISP routers, which nothing else waits for. */
export const gpeFault = (view: SwitchView, { gpe }: SwitchSettings): string | undefined => {
  const error = gpe === undefined ? undefined : view.interface(gpe.port)?.error
  return error == null ? undefined : `VXLAN-GPE port ${gpe?.port} cannot be made: ${error}`
}
