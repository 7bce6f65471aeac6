/** `heddle lab show`. */
import { Command } from 'commander'
import { openLab } from '#lab/lab.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type PrintOptions, print, withOutput } from '../print.js'
import { type NameOption, withName } from './options.js'
import { labText, viewLab } from './view.js'

export const showCommand = (io: Io): Command => {
  const command = new Command('show')
    .description('show the nodes and hosts of a lab')
    .addHelpText(
      'after',
      examples(
        ['heddle lab show', 'addresses, processes, and the device of each host interface'],
        ['heddle lab show -o json | jq -r .controllerAddress', 'for a script'],
      ),
    )
    .action(async (options: NameOption & PrintOptions) => {
      const view = await viewLab(await openLab(options.name, io.clock))
      print(io, options, view, (palette) => labText(view, palette))
    })
  return withOutput(withName(command))
}
