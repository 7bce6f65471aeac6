/** `heddle topologies`: the sets of links that were applied. */
import { Command } from 'commander'
import { asking, connect, type ServerOptions } from './connect.js'
import type { Io } from './io.js'
import { type PrintOptions, print } from './print.js'
import { tableOf } from './table.js'
import { counted, plain } from './text.js'
import { topologyColumns, topologyDetails } from './topology-text.js'
import { type WaitOptions, withWait } from './wait.js'

type AskOptions = ServerOptions & PrintOptions

export const topologiesCommand = (io: Io): Command =>
  new Command('topologies')
    .description('the sets of links that were applied')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(removeCommand(io))

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list topologies by name')
    .action(async (options: AskOptions) => {
      const client = await connect(io, options)
      const { topologies } = await client.topologies({ signal: io.signal })
      print(io, options, topologies, (palette) =>
        topologies.length === 0 ? '' : tableOf(topologyColumns(palette), topologies, palette),
      )
      if (topologies.length === 0) io.stderr.write('no topologies\n')
    })

const showCommand = (io: Io): Command =>
  asking('show')
    .description('show a topology and its links')
    .argument('<topology>', 'name of the topology')
    .action(async (name: string, options: AskOptions) => {
      const client = await connect(io, options)
      const topology = await client.topology(name, { signal: io.signal })
      print(io, options, topology, (palette) => topologyDetails(topology, palette))
    })

const removeCommand = (io: Io): Command =>
  withWait(asking('remove'))
    .alias('rm')
    .description('remove a topology and its links')
    .argument('<topology>', 'name of the topology')
    .action(async (name: string, options: AskOptions & WaitOptions) => {
      const client = await connect(io, options)
      const result = await client.deleteTopology(name, { signal: io.signal, wait: `${options.wait}ms` })
      print(
        io,
        options,
        result,
        (palette) =>
          `topology ${palette.bold(plain(name))} is removed, ${counted(result.plan.remove.length, 'link')} with it\n`,
      )
    })
