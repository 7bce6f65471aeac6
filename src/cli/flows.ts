/** `heddle flows`: what is installed in a switch, and what each flow exists for. */
import type { Command } from 'commander'
import type { Flow } from '#api/client.js'
import { readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import type { Palette } from './palette.js'
import { type PrintOptions, print } from './print.js'
import { plain } from './text.js'

export const flowsCommand = (io: Io): Command =>
  asking('flows')
    .description('show the flows of a node as ovs-ofctl prints them, each with what it exists for')
    .argument('<node>', 'name of the node')
    .option('--link <link>', 'only those of this link', readName)
    .option('--foreign', 'only those that are not ours')
    .addHelpText(
      'after',
      examples(
        ['heddle flows n1', 'all of them'],
        ['heddle flows n1 --link blue', 'what one link is made of'],
        ["heddle flows n1 -o json | jq '.[] | {table, packets}'", 'counters for a script'],
      ),
    )
    .action(
      async (node: string, options: ServerOptions & PrintOptions & { link?: string; foreign?: boolean }) => {
        const client = await connect(io, options)
        const flows = await client.flows(node, { signal: io.signal })
        const shown = flows.filter(({ origin }) => matches(origin, options))
        print(io, options, shown, (palette) => shown.map((flow) => flowText(flow, palette)).join(''))
        if (shown.length === 0) io.stderr.write('no flows\n')
      },
    )

const matches = (origin: Flow['origin'], wanted: { link?: string; foreign?: boolean }): boolean => {
  if (wanted.foreign === true && origin !== undefined) return false
  return wanted.link === undefined || (origin?.kind === 'link' && origin.name === wanted.link)
}

/** The flow, then its origin behind `#`, which `ovs-ofctl add-flows` skips. */
const flowText = ({ text, origin }: Flow, palette: Palette): string => {
  if (origin === undefined) return `${plain(text.trim())} ${palette.yellow('# not ours')}\n`
  const { kind, name, requestId, by, at } = origin
  const said = [
    `${kind} ${name}`,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(at === undefined ? [] : [at]),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
  ]
  return `${plain(text.trim())} ${palette.dim(`# ${plain(said.join(', '))}`)}\n`
}
