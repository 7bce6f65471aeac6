/** `heddle sites`: who may register which EIDs with the mapping system. */
import { Command, Option } from 'commander'
import type { SiteSpec } from '#api/client.js'
import { authAlgorithms, mappingActions, siteSpec } from '#model/site.js'
import { integerFrom, listOf, readEid, readName } from './arguments.js'
import { asking, connect, type ServerOptions } from './connect.js'
import { usageError } from './exit.js'
import { examples } from './help.js'
import { type Io, readStdin } from './io.js'
import { type PrintOptions, print } from './print.js'
import { siteColumns, siteDetails } from './site-text.js'
import { readSpec } from './spec-file.js'
import { tableOf } from './table.js'

type AskOptions = ServerOptions & PrintOptions

export const sitesCommand = (io: Io): Command =>
  new Command('sites')
    .description('who may register which EIDs with the mapping system')
    .addCommand(listCommand(io))
    .addCommand(showCommand(io))
    .addCommand(addCommand(io))
    .addCommand(removeCommand(io))

const listCommand = (io: Io): Command =>
  asking('list')
    .description('list sites by name')
    .action(async (options: AskOptions) => {
      const client = await connect(io, options)
      const { sites } = await client.mappings.sites({ signal: io.signal })
      print(io, options, sites, (palette) => (sites.length === 0 ? '' : tableOf(siteColumns, sites, palette)))
      if (sites.length === 0) io.stderr.write('no sites\n')
    })

const showCommand = (io: Io): Command =>
  asking('show')
    .description('show a site: its prefixes, its keys without their secrets, what is registered')
    .argument('<site>', 'name of the site')
    .addHelpText(
      'after',
      examples(
        ['heddle sites show branch', 'for people'],
        [
          'heddle sites show branch -o json | jq .spec >branch.json',
          'to edit, then: sites add branch --file',
        ],
      ),
    )
    .action(async (name: string, options: AskOptions) => {
      const client = await connect(io, options)
      const site = await client.mappings.site(name, { signal: io.signal })
      print(io, options, site, (palette) => siteDetails(site, palette))
    })

interface Settings {
  readonly prefix?: readonly string[]
  readonly iid?: number
  readonly moreSpecifics?: boolean
  readonly secretFile?: string
  readonly keyId: number
  readonly algorithm?: (typeof authAlgorithms)[number]
  readonly proxyReply?: 'asked' | 'always' | 'never'
  readonly allowLocator?: readonly string[]
  readonly strictNonces?: boolean
  readonly anyNonces?: boolean
  readonly unregistered?: (typeof mappingActions)[number]
}

const addCommand = (io: Io): Command =>
  settings(asking('add'))
    .alias('put')
    .description('say what a site is; saying it again replaces all of it')
    .argument('<name>', 'name of the site', readName)
    .addHelpText(
      'after',
      examples(
        ['heddle sites add branch --prefix 10.1.0.0/16 --more-specifics --secret-file branch.key', 'one key'],
        ['heddle sites add branch --file branch.yaml', 'several prefixes, keys and limits'],
        ['heddle sites add lab --prefix 10.9.0.0/24 --iid 7 --secret-file -', 'the secret is read'],
      ),
    )
    .action(async (name: string, options: AskOptions & Settings & { readonly file?: string }) => {
      const spec =
        options.file === undefined
          ? await specFrom(io, options)
          : await readSpec<SiteSpec>(io, options.file, 'site', siteSpec)
      const client = await connect(io, options)
      const site = await client.mappings.putSite(name, spec, { signal: io.signal })
      print(io, options, site, (palette) => siteDetails(site, palette))
    })

const settings = (command: Command): Command =>
  command
    .option('--prefix <prefix>', 'EID-prefix of the site; may be given again', listOf(readEid))
    .option('--iid <iid>', 'instance id of the prefixes; 0 otherwise', integerFrom(0, 0xff_ffff))
    .option('--more-specifics', 'longer prefixes in them may be registered, too')
    .option('--secret-file <file>', 'file with the secret of the routers, - for standard input')
    .option('--key-id <id>', 'number of the key', integerFrom(0, 255), 0)
    .addOption(
      new Option('--algorithm <name>', 'the one that the routers use; all but none otherwise').choices(
        authAlgorithms,
      ),
    )
    .addOption(
      new Option('--proxy-reply <when>', 'whether Heddle answers for the site').choices([
        'asked',
        'always',
        'never',
      ]),
    )
    .option('--allow-locator <prefix>', 'where RLOCs must lie; may be given again', listOf(readEid))
    .option('--strict-nonces', 'nonces must grow even from routers that do not name themselves')
    .addOption(
      new Option('--any-nonces', 'nonces need not grow: for routers of lispers.net').conflicts(
        'strictNonces',
      ),
    )
    .addOption(
      new Option('--unregistered <action>', 'of packets to EIDs that nobody has registered').choices(
        mappingActions,
      ),
    )
    .addOption(
      new Option('-f, --file <file>', 'all of it in YAML or JSON, - for standard input').conflicts(inFile),
    )

/** What a file says itself. */
const inFile = [
  'prefix',
  'iid',
  'moreSpecifics',
  'secretFile',
  'keyId',
  'algorithm',
  'proxyReply',
  'allowLocator',
  'strictNonces',
  'anyNonces',
  'unregistered',
]

const specFrom = async (io: Io, options: Settings): Promise<SiteSpec> => {
  const { prefix = [], iid, moreSpecifics, keyId, algorithm, allowLocator, secretFile } = options
  if (prefix.length === 0) throw usageError('a site has a prefix: name it with --prefix, or --file')
  const secret = secretFile === undefined ? undefined : await readSecret(io, secretFile)
  return {
    prefixes: prefix.map((eid) => ({ eid, iid, acceptMoreSpecifics: moreSpecifics })),
    ...(secret === undefined
      ? {}
      : { keys: [{ keyId, secret, ...(algorithm === undefined ? {} : { algorithms: [algorithm] }) }] }),
    proxyReply: options.proxyReply,
    ...(allowLocator === undefined ? {} : { allowedLocators: [...allowLocator] }),
    strictNonces: options.strictNonces,
    anyNonces: options.anyNonces,
    unregistered: options.unregistered,
  }
}

/** The first line: an editor ends a file with a newline that is no part of the secret. */
const readSecret = async (io: Io, path: string): Promise<string> => {
  const [secret = ''] = (await secretText(io, path)).split(/\r?\n/)
  if (secret === '') throw usageError(`there is no secret in ${path}`)
  return secret
}

const secretText = async (io: Io, path: string): Promise<string> => {
  try {
    return path === '-' ? await readStdin(io) : await io.readFile(path)
  } catch (error) {
    throw usageError(`the secret cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const removeCommand = (io: Io): Command =>
  asking('remove')
    .alias('rm')
    .description('forget sites, with what their routers have registered')
    .argument('<site...>', 'their names')
    .action(async (names: readonly string[], options: AskOptions) => {
      const client = await connect(io, options)
      for (const name of names) {
        await client.mappings.deleteSite(name, { signal: io.signal })
        print(io, options, { removed: name }, (palette) => `site ${palette.bold(name)} is removed\n`)
      }
    })
