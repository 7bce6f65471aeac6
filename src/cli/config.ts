/** `heddle config`: the whole effective configuration and where each value comes from. */
import { Command } from 'commander'
import { examples } from './help.js'
import type { Io } from './io.js'
import { type PrintOptions, print, withOutput } from './print.js'
import { printConfig, settingsFor, withSettings } from './settings.js'

export const configCommand = (io: Io): Command => {
  const command = new Command('config')
    .description('print the settings in force, as YAML with the source of each')
    .addHelpText(
      'after',
      examples(
        ['heddle config', 'the defaults, and what the environment changes'],
        ['heddle config --config /etc/heddle/heddle.yaml', 'what the service uses'],
        ['heddle config > heddle.yaml', 'a file to start from'],
      ),
    )
    .action(async (flags: PrintOptions & Readonly<Record<string, string | undefined>>) => {
      const loaded = await settingsFor(io, flags)
      if (flags.output === 'yaml')
        print(io, { output: 'table' }, loaded.config, (colours) => printConfig(loaded, colours))
      else print(io, flags, loaded.config, (palette) => printConfig(loaded, palette))
    })
  return withSettings(withOutput(command))
}
