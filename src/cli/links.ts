/** `heddle links`: point-to-point links between interfaces. */
import { Command, Option } from 'commander'
import type { Client, Link, LinkQuery } from '#api/client.js'
import type { WireEnd } from '#model/wire.js'
import { integerFrom, integerOrNone, type OrNone, readEnd, readName, settingOf } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { CliError, usageError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { linkColumns, linkDetails, linkLine, reasonsOf } from './link-text.js'
import { printPages } from './pages.js'
import { type PrintOptions, print } from './print.js'
import { type WaitOptions, withWait } from './wait.js'

type AskOptions = ServerOptions & PrintOptions
type ChangeOptions = AskOptions & WaitOptions

export const linksCommand = (io: Io): Command =>
  new Command('links')
    .description('point-to-point links between interfaces')
    .addCommand(listCommand(io))
    .addCommand(addCommand(io))
    .addCommand(showCommand(io))
    .addCommand(setCommand(io))
    .addCommand(removeCommand(io))

const vni = integerFrom(1, 0xff_ffff)
const mtuRange = [68, 65_535] as const
const rateRange = [1, 1_000_000] as const

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list links by name')
    .option('--node <node>', 'only those that end there', readName)
    .addOption(new Option('--state <state>', 'only those').choices(['up', 'down', 'pending']))
    .option('--topology <topology>', 'only those of this topology', readName)
    .addHelpText(
      'after',
      examples(
        ['heddle links list', 'all of them'],
        ['heddle links list --state pending', 'what waits, and for what'],
        ["heddle links list --node n1 -o json | jq -r '.[].name'", 'names for a script'],
      ),
    )
    .action(async (options: AskOptions & Pick<LinkQuery, 'node' | 'state' | 'topology'>) => {
      const { node, state, topology } = options
      const client = await connect(io, options)
      const shown = await printPages(io, options, pages(client, { node, state, topology }, io), linkColumns)
      if (shown === 0) io.stderr.write('no links\n')
    })

/** Links that are asked for at once: thousands of them neither fill memory nor keep the reader waiting. */
const pageLength = 1000

async function* pages(client: Client, query: LinkQuery, io: Io): AsyncGenerator<readonly Link[]> {
  let after: string | undefined
  do {
    const page = await client.links({ ...query, limit: pageLength, after }, { signal: io.signal })
    yield page.links
    after = page.next
  } while (after !== undefined)
}

interface Settings {
  readonly a?: WireEnd
  readonly b?: WireEnd
  readonly vni?: number
}

const addCommand = (io: Io): Command =>
  withWait(asking('add'))
    .description('join two interfaces, on one node or on two; they may come to exist later')
    .argument('<name>', 'name of the new link', readName)
    .requiredOption('--a <node:interface>', 'one end', readEnd)
    .requiredOption('--b <node:interface>', 'the other end', readEnd)
    .option('--vni <vni>', 'VXLAN network identifier; a free one otherwise', vni)
    .option('--mtu <bytes>', 'largest packet; what the underlay carries otherwise', integerFrom(...mtuRange))
    .option('--rate <mbps>', 'limit of each direction in Mbit/s', integerFrom(...rateRange))
    .addHelpText(
      'after',
      examples(
        ['heddle links add blue --a n1:eth0 --b n2:eth0', 'between two nodes'],
        ['heddle links add lab7 --a n1:r1-g0 --b n1:r2-g0 --rate 100', 'on one node, 100 Mbit/s'],
        ['heddle links add red --a n1:eth1 --b n2:eth1 --wait 0', 'do not wait for the switches'],
      ),
    )
    .action(
      async (name: string, options: ChangeOptions & Required<Settings> & { mtu?: number; rate?: number }) => {
        const { a, b, mtu, rate } = options
        const client = await connect(io, options)
        const spec = { name, a, b, vni: options.vni, mtu, rateMbps: rate }
        finish(io, options, await client.createLink(spec, waiting(io, options)))
      },
    )

const showCommand = (io: Io): Command =>
  asking('show')
    .description('show a link: its state and why, its settings, how long its last change took')
    .argument('<link>', 'name of the link')
    .action(async (name: string, options: AskOptions) => {
      const client = await connect(io, options)
      const link = await client.link(name, { signal: io.signal })
      print(io, options, link, (palette) => linkDetails(link, palette))
    })

const setCommand = (io: Io): Command =>
  withWait(asking('set'))
    .description('change a link; what is not named stays')
    .argument('<link>', 'name of the link')
    .option('--a <node:interface>', 'one end', readEnd)
    .option('--b <node:interface>', 'the other end', readEnd)
    .option('--vni <vni>', 'VXLAN network identifier', vni)
    .option('--mtu <bytes>', 'largest packet; none: what the underlay carries', integerOrNone(...mtuRange))
    .option('--rate <mbps>', 'limit of each direction in Mbit/s; none: no limit', integerOrNone(...rateRange))
    .addHelpText(
      'after',
      examples(
        ['heddle links set blue --rate 50', 'limit it'],
        ['heddle links set blue --rate none', 'and no more'],
        ['heddle links set blue --b n3:eth0', 'move one end'],
      ),
    )
    .action(async (name: string, options: ChangeOptions & Settings & { mtu?: OrNone; rate?: OrNone }) => {
      const { a, b, mtu, rate } = options
      const patch = { a, b, vni: options.vni, mtu: settingOf(mtu), rateMbps: settingOf(rate) }
      if (Object.values(patch).every((value) => value === undefined))
        throw usageError('nothing to change: name --a, --b, --vni, --mtu or --rate')
      const client = await connect(io, options)
      finish(io, options, await client.changeLink(name, patch, waiting(io, options)))
    })

const removeCommand = (io: Io): Command =>
  withWait(asking('remove'))
    .alias('rm')
    .description('remove links')
    .argument('<link...>', 'their names')
    .action(async (names: readonly string[], options: ChangeOptions) => {
      const client = await connect(io, options)
      for (const name of names) {
        await client.deleteLink(name, waiting(io, options))
        print(io, options, { removed: name }, (palette) => `link ${palette.bold(name)} is removed\n`)
      }
    })

const waiting = (io: Io, { wait }: WaitOptions) => ({ signal: io.signal, wait: `${wait}ms` })

/** Prints what became of a change; one that was waited for and is still pending is no success. */
const finish = (io: Io, options: ChangeOptions, link: Link): void => {
  print(io, options, link, (palette) => linkLine(link, palette))
  if (link.status.state !== 'pending' || options.wait === 0) return
  throw new CliError(
    'pending',
    `link ${link.name} is stored and comes up by itself; it waits:`,
    reasonsOf(link),
  )
}
