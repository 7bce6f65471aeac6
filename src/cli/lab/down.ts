/** `heddle lab down`. */
import { Command } from 'commander'
import { listLabs } from '#lab/list-labs.js'
import { destroyLab } from '#lab/teardown.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type PrintOptions, print, withOutput } from '../print.js'
import { type NameOption, withName } from './options.js'

interface DownOptions extends NameOption, PrintOptions {
  readonly all?: true
}

const down = async (io: Io, options: DownOptions): Promise<void> => {
  const names = options.all === true ? (await listLabs()).map((lab) => lab.name) : [options.name]
  const removed: string[] = []
  for (const name of names) {
    if (await destroyLab(name, io.clock)) removed.push(name)
  }
  print(io, options, { removed }, () => {
    if (removed.length === 0) return options.all ? 'no labs\n' : `no lab called ${options.name}\n`
    return removed.map((name) => `${name} is down\n`).join('')
  })
}

export const downCommand = (io: Io): Command => {
  const command = new Command('down')
    .description('remove a lab with everything that runs in it; done twice it does no harm')
    .option('--all', 'every lab on this machine')
    .addHelpText(
      'after',
      examples(
        ['heddle lab down', 'the lab called lab, also one that was stopped half way up'],
        ['heddle lab down --name big', 'another'],
        ['heddle lab down --all', 'all that "heddle lab list" shows'],
      ),
    )
    .action((options: DownOptions) => down(io, options))
  return withOutput(withName(command))
}
