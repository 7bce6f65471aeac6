/** A lab as the command line shows it: values for programs, tables for people. */
import { type Daemon, daemons } from '#lab/daemons.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import type { LabNode } from '#lab/node.js'
import type { HostInterface } from '#lab/state.js'
import type { Palette } from '../palette.js'
import { type Column, detailsOf, tableOf } from '../table.js'

export interface NodeView {
  readonly name: string
  readonly namespace: string
  readonly directory: string
  readonly managementAddress: string
  readonly rloc: string
  /** Process numbers; a daemon that does not run is absent. */
  readonly processes: Partial<Record<Daemon, number>>
}

export interface HostView {
  readonly name: string
  readonly node: string
  readonly namespace: string
  readonly interfaces: readonly HostInterface[]
}

export interface LabView {
  readonly name: string
  readonly createdAt: string
  readonly controllerAddress: string
  readonly controllerAddress6?: string
  readonly controller?: string
  readonly datapath: string
  readonly underlayMtu: number
  readonly nodes: readonly NodeView[]
  readonly hosts: readonly HostView[]
}

const viewNode = async (node: LabNode): Promise<NodeView> => {
  const pids = await Promise.all(daemons.map(async (daemon) => [daemon, await node.pid(daemon)] as const))
  const { name, namespace, directory, managementAddress, rloc } = node
  const processes = Object.fromEntries(pids.filter(([, pid]) => pid !== undefined))
  return { name, namespace, directory, managementAddress, rloc, processes }
}

export const viewHost = ({ name, node, namespace, interfaces }: LabHost): HostView => ({
  name,
  node,
  namespace,
  interfaces,
})

export const viewLab = async (lab: Lab): Promise<LabView> => ({
  name: lab.name,
  createdAt: lab.state.createdAt,
  controllerAddress: lab.controllerAddress,
  ...(lab.controllerAddress6 === undefined ? {} : { controllerAddress6: lab.controllerAddress6 }),
  ...(lab.state.controller === undefined ? {} : { controller: lab.state.controller }),
  datapath: lab.state.datapath,
  underlayMtu: lab.state.underlayMtu,
  nodes: await Promise.all(lab.nodes.map(viewNode)),
  hosts: (await lab.hosts()).map(viewHost),
})

const nodeColumns = (palette: Palette): readonly Column<NodeView>[] => [
  { title: 'NODE', cell: ({ name }) => name },
  { title: 'MANAGEMENT', cell: ({ managementAddress }) => managementAddress },
  { title: 'RLOC', cell: ({ rloc }) => rloc },
  ...daemons.map(
    (daemon): Column<NodeView> => ({
      title: daemon.toUpperCase(),
      cell: ({ processes }) => processes[daemon]?.toString() ?? palette.red('stopped'),
    }),
  ),
  { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
]

/** One line for each cable, since the device is what a link names. */
const cableColumns: readonly Column<{ host: HostView; cable: HostInterface }>[] = [
  { title: 'HOST', cell: ({ host }) => host.name },
  { title: 'INTERFACE', cell: ({ cable }) => cable.name },
  { title: 'NODE', cell: ({ host }) => host.node },
  { title: 'DEVICE', cell: ({ cable }) => cable.device },
  { title: 'MTU', align: 'right', cell: ({ cable }) => String(cable.mtu) },
  { title: 'ADDRESSES', cell: ({ cable }) => cable.addresses.join(' ') },
]

export const hostTable = (hosts: readonly HostView[], palette: Palette): string => {
  const cables = hosts.flatMap((host) => host.interfaces.map((cable) => ({ host, cable })))
  return cables.length === 0 ? '' : tableOf(cableColumns, cables, palette)
}

export const labText = (lab: LabView, palette: Palette): string => {
  const addresses = [lab.controllerAddress, lab.controllerAddress6].filter((each) => each !== undefined)
  const details = detailsOf(
    [
      ['lab', lab.name],
      ['controller address', addresses.join(' ')],
      ['OVSDB manager', lab.controller],
      ['datapath', lab.datapath],
      ['underlay MTU', String(lab.underlayMtu)],
    ],
    palette,
  )
  const tables = [tableOf(nodeColumns(palette), lab.nodes, palette), hostTable(lab.hosts, palette)]
  return [details, ...tables].filter((part) => part !== '').join('\n')
}
