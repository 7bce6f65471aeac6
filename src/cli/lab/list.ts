/** `heddle lab list`. */
import { Command } from 'commander'
import { controllerAddress } from '#lab/addresses.js'
import { type LabSummary, listLabs } from '#lab/list-labs.js'
import { readHosts } from '#lab/state.js'
import type { Io } from '../io.js'
import type { Palette } from '../palette.js'
import { type PrintOptions, print, withOutput } from '../print.js'
import { type Column, tableOf } from '../table.js'

interface Row {
  readonly name: string
  readonly state: LabSummary['state']
  readonly nodes?: number
  readonly hosts?: number
  readonly controllerAddress?: string
  readonly createdAt?: string
}

const rowOf = async ({ name, state, record }: LabSummary): Promise<Row> => {
  if (record === undefined) return { name, state }
  const hosts = await readHosts(name).catch(() => [])
  const { nodes, subnet, createdAt } = record
  return {
    name,
    state,
    nodes: nodes.length,
    hosts: hosts.length,
    ...(state === 'up' ? { controllerAddress: controllerAddress(subnet) } : {}),
    createdAt,
  }
}

const columns = (palette: Palette): readonly Column<Row>[] => [
  { title: 'LAB', cell: ({ name }) => name },
  { title: 'STATE', cell: ({ state }) => (state === 'up' ? palette.green(state) : palette.yellow(state)) },
  { title: 'NODES', align: 'right', cell: ({ nodes }) => nodes?.toString() ?? '' },
  { title: 'HOSTS', align: 'right', cell: ({ hosts }) => hosts?.toString() ?? '' },
  { title: 'CONTROLLER ADDRESS', cell: (row) => row.controllerAddress ?? '' },
  { title: 'SINCE', cell: ({ createdAt }) => createdAt?.replace(/\.\d+Z$/, 'Z') ?? '' },
]

export const listCommand = (io: Io): Command =>
  withOutput(
    new Command('list')
      .alias('ls')
      .description('show the labs of this machine')
      .action(async (options: PrintOptions) => {
        const rows = await Promise.all((await listLabs()).map(rowOf))
        print(io, options, rows, (palette) =>
          rows.length === 0 ? 'no labs\n' : tableOf(columns(palette), rows, palette),
        )
      }),
  )
