/** Topologies and plans for people. */
import type { Plan, Topology, TopologySummary } from '#api/client.js'
import { endText } from './link-text.js'
import type { Palette } from './palette.js'
import { type Column, tableOf } from './table.js'
import { counted, plain } from './text.js'

type Counts = Pick<TopologySummary, 'up' | 'down' | 'pending'>

/** `18 up, 2 pending`. */
export const countsText = ({ up, down, pending }: Counts, palette: Palette): string => {
  const parts = [
    ...(up > 0 ? [palette.green(`${up} up`)] : []),
    ...(down > 0 ? [palette.red(`${down} down`)] : []),
    ...(pending > 0 ? [palette.yellow(`${pending} pending`)] : []),
  ]
  return parts.length === 0 ? 'no links' : parts.join(', ')
}

const count = (value: number, colour: (text: string) => string): string =>
  value === 0 ? '0' : colour(String(value))

export const topologyColumns = (palette: Palette): readonly Column<TopologySummary>[] => [
  { title: 'TOPOLOGY', cell: ({ name }) => plain(name) },
  { title: 'LINKS', align: 'right', cell: ({ links }) => String(links) },
  { title: 'UP', align: 'right', cell: ({ up }) => count(up, palette.green) },
  { title: 'DOWN', align: 'right', cell: ({ down }) => count(down, palette.red) },
  { title: 'PENDING', align: 'right', cell: ({ pending }) => count(pending, palette.yellow) },
]

export const topologyDetails = (topology: Topology, palette: Palette): string => {
  const { links } = topology
  const columns: readonly Column<Topology['links'][number]>[] = [
    { title: 'LINK', cell: ({ name }) => plain(name) },
    { title: 'A', cell: ({ a }) => endText(a) },
    { title: 'B', cell: ({ b }) => endText(b) },
    { title: 'VNI', align: 'right', cell: ({ vni }) => String(vni) },
    { title: 'MTU', align: 'right', cell: ({ mtu }) => String(mtu ?? '') },
    {
      title: 'RATE',
      align: 'right',
      cell: ({ rateMbps }) => (rateMbps === undefined ? '' : `${rateMbps} Mbit/s`),
    },
  ]
  const head = `topology ${palette.bold(plain(topology.name))}: ${counted(links.length, 'link')}, ${countsText(topology, palette)}\n`
  return links.length === 0 ? head : `${head}\n${tableOf(columns, links, palette)}`
}

/** A line for each link that a plan touches, then what it comes to. */
export const planText = ({ add, change, remove, keep }: Plan, palette: Palette): string => {
  const lines = [
    ...add.map((name) => palette.green(`+ ${plain(name)}`)),
    ...change.map(({ name, fields }) => palette.yellow(`~ ${plain(name)} (${fields.map(plain).join(', ')})`)),
    ...remove.map((name) => palette.red(`- ${plain(name)}`)),
  ]
  return `${[...lines, planSummary({ add, change, remove, keep })].join('\n')}\n`
}

/** `20 to add, 1 to change, 0 to remove, 3 as they are`. */
export const planSummary = ({ add, change, remove, keep }: Plan): string =>
  `${add.length} to add, ${change.length} to change, ${remove.length} to remove, ${keep} as they are`

/** `20 added, 1 changed, 0 removed, 3 as they were`. */
export const doneSummary = ({ add, change, remove, keep }: Plan): string =>
  `${add.length} added, ${change.length} changed, ${remove.length} removed, ${keep} as they were`
