/** `heddle fsck` and `heddle map-cache`: looking into overlay networks. */
import type { Command } from 'commander'
import { asking, connect, type ServerOptions } from './connect.js'
import { cacheColumns } from './endpoint-text.js'
import { CliError } from './exit.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { type PrintOptions, print } from './print.js'
import { tableOf } from './table.js'
import { counted, plain } from './text.js'

type AskOptions = ServerOptions & PrintOptions

export const fsckCommand = (io: Io): Command =>
  asking('fsck')
    .description('check that every lease has its owner and every owner its lease; 1 when something is wrong')
    .addHelpText(
      'after',
      examples(
        ['heddle fsck', 'what is wrong, and what to do about it'],
        ["heddle fsck -o json | jq '.findings | length'", 'for monitoring'],
      ),
    )
    .action(async (options: AskOptions) => {
      const { overlay } = await connect(io, options)
      const checked = await overlay.fsck({ signal: io.signal })
      const { ok, findings } = checked
      print(io, options, checked, (palette) =>
        ok
          ? 'every lease has its owner, every owner its lease\n'
          : findings
              .map(({ object, message }) => `${palette.bold(plain(object))}: ${plain(message)}\n`)
              .join(''),
      )
      if (!ok) throw new CliError('failed', `${counted(findings.length, 'fault')} found`)
    })

export const mapCacheCommand = (io: Io): Command =>
  asking('map-cache')
    .description('show the EIDs that a node knows: where they are, why it knows them, who still asks')
    .argument('<node>', 'name of the node')
    .option('--network <network>', 'only those of this network')
    .addHelpText(
      'after',
      examples(
        ['heddle map-cache n1', 'all of them'],
        ['heddle map-cache n1 -o json | jq \'.[] | select(.why == "negative")\'', 'what nobody has'],
      ),
    )
    .action(async (node: string, options: AskOptions & { network?: string }) => {
      const { overlay } = await connect(io, options)
      const entries = await overlay.mapCache(node, { signal: io.signal })
      const shown = entries.filter(({ network }) => network === (options.network ?? network))
      print(io, options, shown, (palette) =>
        shown.length === 0 ? '' : tableOf(cacheColumns, shown, palette),
      )
      if (shown.length === 0) io.stderr.write('no entries\n')
    })
