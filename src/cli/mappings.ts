/** `heddle mappings`: where EIDs are, and why. */
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Client, Mapping, MappingQuery, MappingSpec } from '#api/client.js'
import { type LocatorSpec, mappingOrigins, mappingSpec } from '#model/mapping.js'
import { mappingActions } from '#model/site.js'
import { integerFrom, listOf, readEid, readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { usageError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { answerDetails, eidText, historyColumns, mappingColumns, mappingLine } from './mapping-text.js'
import { printPages } from './pages.js'
import { type PrintOptions, print } from './print.js'
import { readSpec } from './spec-file.js'
import { tableOf } from './table.js'

type AskOptions = ServerOptions & PrintOptions

interface InstanceOptions {
  readonly iid: number
}

export const mappingsCommand = (io: Io): Command =>
  new Command('mappings')
    .description('where EIDs are, and why')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(addCommand(io))
    .addCommand(removeCommand(io))
    .addCommand(historyCommand(io))

const readIid = integerFrom(0, 0xff_ffff)

/** A command about one EID of one instance. */
const about = (name: string): Command =>
  asking(name).option('--iid <iid>', 'instance id: the VNI of a network', readIid, 0)

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list mappings in the order of their EIDs')
    .option('--iid <iid>', 'only those of this instance', readIid)
    .option('--within <prefix>', 'only those in this prefix of the instance, or of instance 0', readEid)
    .addOption(new Option('--origin <origin>', 'only those').choices(mappingOrigins))
    .option('--site <site>', 'only EIDs of this site', readName)
    .option('--node <node>', 'only what is on this node', readName)
    .addHelpText(
      'after',
      examples(
        ['heddle mappings list', 'all of them'],
        ['heddle mappings list --iid 4097 --within 10.0.0.0/24', 'one subnet of one network'],
        ["heddle mappings list --site branch -o json | jq -r '.[].eid'", 'EIDs for a script'],
      ),
    )
    .action(async (options: AskOptions & MappingQuery) => {
      const { iid, within, origin, site, node } = options
      const client = await connect(io, options)
      const query = { iid, within, origin, site, node }
      const shown = await printPages(io, options, pages(client, query, io), () => mappingColumns)
      if (shown === 0) io.stderr.write('no mappings\n')
    })

/** Mappings that are asked for at once: a million of them neither fill memory nor keep the reader waiting. */
const pageLength = 1000

async function* pages(client: Client, query: MappingQuery, io: Io): AsyncGenerator<readonly Mapping[]> {
  let after: string | undefined
  do {
    const page = await client.mappings.list({ ...query, limit: pageLength, after }, { signal: io.signal })
    yield page.mappings
    after = page.next
  } while (after !== undefined)
}

const showCommand = (io: Io): Command =>
  about('show')
    .description('show what a Map-Request for an EID is answered, and why')
    .argument('<eid>', 'address or prefix', readEid)
    .addHelpText(
      'after',
      examples(
        ['heddle mappings show 10.0.0.7', 'an address'],
        ['heddle mappings show 2001:db8::/64 --iid 4097', 'a prefix of a network'],
      ),
    )
    .action(async (eid: string, options: AskOptions & InstanceOptions) => {
      const client = await connect(io, options)
      const found = await client.mappings.explain(options.iid, eid, { signal: io.signal })
      print(io, options, found, (palette) => answerDetails(found, palette))
    })

interface Settings {
  readonly rloc?: readonly LocatorSpec[]
  readonly ttl?: number
  readonly action?: (typeof mappingActions)[number]
  readonly file?: string
}

const addCommand = (io: Io): Command =>
  about('add')
    .alias('put')
    .description('say where an EID-prefix is; saying it again replaces it')
    .argument('<eid>', 'address or prefix', readEid)
    .option(
      '--rloc <rloc>',
      'address[,priority=N][,weight=N] of a router there; may be given again',
      listOf(readLocator),
    )
    .option('--ttl <minutes>', 'how long routers may keep it; 1440 otherwise', integerFrom(1, 0x7fff_ffff))
    .addOption(
      new Option('--action <action>', 'what becomes of packets, without --rloc').choices(mappingActions),
    )
    .addOption(
      new Option('-f, --file <file>', 'all of it in YAML or JSON, - for standard input').conflicts([
        'rloc',
        'ttl',
        'action',
      ]),
    )
    .addHelpText(
      'after',
      examples(
        ['heddle mappings add 10.1.0.0/16 --rloc 192.0.2.1', 'one router'],
        ['heddle mappings add 10.1.0.0/16 --rloc 192.0.2.1 --rloc 192.0.2.2,priority=2', 'and a second one'],
        ['heddle mappings add 10.2.0.0/16 --iid 7 --action drop', 'nowhere'],
      ),
    )
    .action(async (eid: string, options: AskOptions & InstanceOptions & Settings) => {
      const spec = await specFrom(io, options)
      const client = await connect(io, options)
      const mapping = await client.mappings.put(options.iid, eid, spec, { signal: io.signal })
      print(io, options, mapping, (palette) => mappingLine(mapping, palette))
    })

const specFrom = async (io: Io, { file, rloc = [], ttl, action }: Settings): Promise<MappingSpec> => {
  if (file !== undefined) return readSpec<MappingSpec>(io, file, 'mapping', mappingSpec)
  if (rloc.length === 0 && action === undefined)
    throw usageError('where is it? Name --rloc, --action or --file')
  if (rloc.length > 0 && action !== undefined) throw usageError('--action is for mappings without --rloc')
  return { locators: [...rloc], ttl, action }
}

/** The names come last: the address itself may have commas in it. */
const readLocator = (text: string): LocatorSpec => {
  const [, rloc = '', named = ''] = /^(.+?)((?:,(?:priority|weight)=\d{1,3})*)$/.exec(text) ?? []
  const numbers = named
    .split(',')
    .slice(1)
    .map((one) => one.split('='))
  const values = Object.fromEntries(numbers.map(([name = '', digits]) => [name, Number(digits)]))
  if (rloc !== '' && !/,[a-z-]+=\w*$/i.test(rloc) && Object.values(values).every((value) => value <= 255)) {
    return { rloc, ...values }
  }
  throw new InvalidArgumentError('Expected RLOC[,priority=0..255][,weight=0..255].')
}

const removeCommand = (io: Io): Command =>
  about('remove')
    .alias('rm')
    .description('take mappings out, each of exactly this prefix; a registered one comes back')
    .argument('<eid...>', 'addresses or prefixes')
    .action(async (eids: readonly string[], options: AskOptions & InstanceOptions) => {
      const client = await connect(io, options)
      for (const eid of eids) {
        await client.mappings.delete(options.iid, eid, { signal: io.signal })
        print(
          io,
          options,
          { removed: eid, iid: options.iid },
          (palette) => `mapping ${palette.bold(eidText({ iid: options.iid, eid }))} is removed\n`,
        )
      }
    })

const historyCommand = (io: Io): Command =>
  about('history')
    .description('show what has become of an EID-prefix, the latest change first')
    .argument('<eid>', 'address or prefix', readEid)
    .action(async (eid: string, options: AskOptions & InstanceOptions) => {
      const client = await connect(io, options)
      const { changes } = await client.mappings.history(options.iid, eid, { signal: io.signal })
      print(io, options, changes, (palette) =>
        changes.length === 0 ? '' : tableOf(historyColumns, changes, palette),
      )
      if (changes.length === 0) io.stderr.write('no changes that are remembered\n')
    })
