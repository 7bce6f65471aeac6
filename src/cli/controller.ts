/** `heddle controller`: runs the controller in the foreground until SIGTERM or Ctrl-C. */
import { Command } from 'commander'
import { examples } from './help.js'
import type { Io } from './io.js'
import { settingsFor, withSettings } from './settings.js'

export const controllerCommand = (io: Io): Command => {
  const command = new Command('controller')
    .description('run the controller')
    .addHelpText(
      'after',
      examples(
        ['heddle controller', 'on loopback, with its own northbound database'],
        ['heddle controller --config /etc/heddle/heddle.yaml', 'as the service runs it'],
        ['heddle controller --listen-ovsdb ptcp:6640 --listen-openflow ptcp:6653', 'for switches elsewhere'],
      ),
    )
    .action(async (flags: Readonly<Record<string, string | undefined>>) => {
      const { config } = await settingsFor(io, flags)
      await io.runController(config)
    })
  return withSettings(command)
}
