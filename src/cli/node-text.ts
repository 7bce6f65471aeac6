/** Nodes and their ports for people. */
import type { Node, Port } from '#api/client.js'
import type { Palette } from './palette.js'
import { type Column, detailsOf } from './table.js'
import { counted, duration, plain } from './text.js'

const stateText = (state: Node['state'], palette: Palette): string => {
  const colours = { ready: palette.green, preparing: palette.yellow, offline: palette.red }
  return colours[state](state)
}

export const nodeColumns = (palette: Palette): readonly Column<Node>[] => [
  { title: 'NODE', cell: ({ name }) => plain(name) },
  { title: 'STATE', cell: ({ state }) => stateText(state, palette) },
  { title: 'RLOC', cell: ({ rloc }) => plain(rloc ?? '') },
  { title: 'DATAPATH', cell: ({ datapathType }) => plain(datapathType ?? '') },
  { title: 'OVS', cell: ({ ovsVersion }) => plain(ovsVersion ?? '') },
  { title: 'PORTS', align: 'right', cell: ({ ports }) => String(ports) },
  { title: 'LINKS', align: 'right', cell: ({ links }) => String(links) },
  { title: 'FLOWS', align: 'right', cell: ({ flows }) => String(flows) },
  { title: 'WHY', cell: ({ reason }) => plain(reason ?? '') },
]

/** `now` is the time of day, in milliseconds since the epoch. */
export const nodeDetails = (node: Node, now: number, palette: Palette): string => {
  const optional = (text: string | number | undefined): string | undefined =>
    text === undefined ? undefined : plain(String(text))
  return detailsOf(
    [
      ['node', palette.bold(plain(node.name))],
      ['state', stateText(node.state, palette)],
      ['why', optional(node.reason)],
      ['peer', optional(node.peer)],
      ['connected', sinceText(node.connectedAt, now)],
      ['target', optional(node.spec.target)],
      ['rloc', optional(node.rloc)],
      ['underlay mtu', String(node.underlayMtu)],
      [
        'datapath',
        [node.datapathType, node.datapathId]
          .filter(Boolean)
          .map((one) => plain(one ?? ''))
          .join(' ') || undefined,
      ],
      ['open vswitch', optional(node.ovsVersion)],
      ['tunnel ofport', optional(node.tunnelOfport)],
      [
        'holds',
        [counted(node.ports, 'port'), counted(node.links, 'link'), counted(node.flows, 'flow')].join(', '),
      ],
    ],
    palette,
  )
}

const sinceText = (at: string | undefined, now: number): string | undefined =>
  at === undefined ? undefined : `${at}, ${duration(Math.max(0, now - Date.parse(at)))} ago`

export const portColumns = (palette: Palette): readonly Column<Port>[] => [
  { title: 'PORT', cell: ({ name }) => plain(name) },
  { title: 'OFPORT', align: 'right', cell: ({ ofport }) => String(ofport ?? '') },
  { title: 'STATE', cell: (port) => portState(port, palette) },
  { title: 'MAC', cell: ({ mac }) => plain(mac ?? '') },
  { title: 'MTU', align: 'right', cell: ({ mtu }) => String(mtu ?? '') },
  { title: 'OWNER', cell: ({ ours }) => (ours ? 'heddle' : 'others') },
  { title: 'ERROR', cell: ({ error }) => plain(error ?? '') },
]

/** What we turned down ourselves is told apart from a device that has no carrier. */
const portState = ({ error, ofport, held, linkDown }: Port, palette: Palette): string => {
  if (error !== undefined) return palette.red('error')
  if (ofport === undefined) return palette.yellow('waiting')
  if (held === true) return palette.yellow('held down')
  return linkDown === true ? palette.red('no carrier') : palette.green('up')
}
