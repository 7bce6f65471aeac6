/** `heddle apply` and `heddle plan`: make the links of a topology what a file says, or say what that would do. */
import type { Command } from 'commander'
import type { Client, TopologyResult } from '#api/client.js'
import { sleep } from '#link/clock.js'
import { readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { CliError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { type PrintOptions, print } from './print.js'
import { duration, plain } from './text.js'
import { readTopology, type TopologyFile } from './topology-file.js'
import { countsText, doneSummary, planText } from './topology-text.js'
import { type WaitOptions, withLongWait } from './wait.js'

interface FileOptions extends ServerOptions, PrintOptions {
  readonly file: string
  readonly name?: string
}

type ApplyOptions = FileOptions & WaitOptions & { readonly dryRun?: boolean }
type Counts = NonNullable<TopologyResult['counts']>

const withFile = (command: Command): Command =>
  command
    .requiredOption('-f, --file <file>', 'YAML or JSON with "links"; - for standard input')
    .option(
      '--name <topology>',
      'its name; otherwise "name" in the file, or what the file is called',
      readName,
    )

const fileFormat = `
The file:
  links:
    - name: blue
      a: { node: n1, interface: eth0 }
      b: { node: n2, interface: eth0 }
    - name: red
      a: { node: n1, interface: eth1 }
      b: { node: n1, interface: eth2 }
      vni: 5000        # if you want to choose it
      mtu: 1400        # bytes
      rateMbps: 100    # each direction`

export const planCommand = (io: Io): Command =>
  withFile(asking('plan'))
    .description('show what applying a topology would do')
    .addHelpText('after', examples(['heddle plan -f campus.yaml', 'of the topology "campus"']))
    .addHelpText('after', fileFormat)
    .action(async (options: FileOptions) => {
      const file = await readTopology(io, options.file, options.name)
      await plan(io, await connect(io, options), file, options)
    })

export const applyCommand = (io: Io): Command =>
  withLongWait(withFile(asking('apply')))
    .description(
      'make the links of a topology what a file says: new ones are added, others changed or removed',
    )
    .option('--dry-run', 'show what it would do, as heddle plan')
    .addHelpText(
      'after',
      examples(
        ['heddle apply -f campus.yaml', 'and wait until every link is up'],
        ['generate | heddle apply -f - --name campus --wait 0', 'from standard input, without waiting'],
      ),
    )
    .addHelpText('after', fileFormat)
    .action(async (options: ApplyOptions) => {
      const file = await readTopology(io, options.file, options.name)
      const client = await connect(io, options)
      if (options.dryRun === true) await plan(io, client, file, options)
      else await apply(io, client, file, options)
    })

const plan = async (
  io: Io,
  client: Client,
  { name, spec }: TopologyFile,
  options: FileOptions,
): Promise<void> => {
  const result = await client.planTopology(name, spec, { signal: io.signal })
  print(io, options, result, (palette) => planText(result.plan, palette))
}

/** What REST is asked to wait; the rest of the wait is watched from here, with progress. */
const firstWaitMsMax = 2000

const apply = async (
  io: Io,
  client: Client,
  { name, spec }: TopologyFile,
  options: ApplyOptions,
): Promise<void> => {
  const begun = io.clock.now()
  const wait = `${Math.min(options.wait, firstWaitMsMax)}ms`
  const result = await client.applyTopology(name, spec, { signal: io.signal, wait })
  const first = result.counts ?? { links: 0, up: 0, down: 0, pending: 0 }
  const counts = await settled(io, client, name, first, begun + options.wait)
  print(io, options, { ...result, counts }, (palette) => {
    const took = palette.dim(`in ${duration(io.clock.now() - begun)}`)
    const words = doneSummary(result.plan)
    return `topology ${palette.bold(plain(name))}: ${words}; ${countsText(counts, palette)} ${took}\n`
  })
  if (counts.pending === 0 || options.wait === 0) return
  throw new CliError(
    'pending',
    `${counts.pending} of ${counts.links} links are pending; they come up by themselves`,
    [`what they wait for: heddle links list --topology ${name} --state pending`],
  )
}

const pollMs = 300

/** Watches the topology until nothing is pending or the time is over. */
const settled = async (io: Io, client: Client, name: string, first: Counts, end: number): Promise<Counts> => {
  let counts = first
  if (counts.pending === 0 || io.clock.now() >= end) return counts
  const bar = io.progress('links', counts.links)
  try {
    while (counts.pending > 0 && io.clock.now() < end) {
      bar.show(counts.links - counts.pending)
      await sleep(io.clock, Math.min(pollMs, end - io.clock.now()), io.signal)
      counts = await countsOf(io, client, name)
    }
    bar.show(counts.links - counts.pending)
  } finally {
    bar.end()
  }
  return counts
}

const countsOf = async (io: Io, client: Client, name: string): Promise<Counts> => {
  const { topologies } = await client.topologies({ signal: io.signal })
  const found = topologies.find((one) => one.name === name)
  if (found !== undefined) return found
  throw new CliError('failed', `somebody removed topology ${name} meanwhile`)
}
