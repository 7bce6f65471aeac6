/** The tree of commands. */
import { Command } from 'commander'
import { createColors } from 'picocolors'
import { applyCommand, planCommand } from './apply.js'
import { completionCommand } from './completion.js'
import { configCommand } from './config.js'
import { controllerCommand } from './controller.js'
import { ligCommand } from './debug/lig.js'
import { lispCommand } from './debug/lisp.js'
import { openflowCommand } from './debug/openflow.js'
import { ovsdbCommand } from './debug/ovsdb.js'
import { demoCommand } from './demo.js'
import { attachCommand, endpointsCommand } from './endpoints.js'
import { eventsCommand } from './events.js'
import { exitCodes } from './exit.js'
import { flowsCommand } from './flows.js'
import type { Io } from './io.js'
import { labCommand } from './lab.js'
import { linksCommand } from './links.js'
import { mappingsCommand } from './mappings.js'
import { networksCommand } from './networks.js'
import { nodesCommand } from './nodes.js'
import { fsckCommand, mapCacheCommand } from './overlay-checks.js'
import { wantsColour } from './palette.js'
import { sitesCommand } from './sites.js'
import { topologiesCommand } from './topologies.js'

const exitCodeHelp = (): string =>
  Object.values(exitCodes)
    .map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`)
    .join('\n')

const afterHelp = (): string => `
A switch joins with one command on its machine:
  ovs-vsctl set-manager tcp:CONTROLLER:6640

Exit codes:
${exitCodeHelp()}

Each command explains itself: heddle links add --help`

export const createProgram = (io: Io): Command => {
  const program = new Command('heddle')
    .description('Heddle, a programmable fabric controller for Open vSwitch')
    .version(io.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand('help [command]', 'explain a command')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput(outputTo(io))
    .configureHelp(helpStyle)
    .showSuggestionAfterError()
    .addHelpText('after', afterHelp())

  const groups = {
    'Fabric:': [
      nodesCommand,
      linksCommand,
      topologiesCommand,
      applyCommand,
      planCommand,
      flowsCommand,
      eventsCommand,
    ],
    'Overlay networks:': [networksCommand, endpointsCommand, attachCommand, mapCacheCommand, fsckCommand],
    'Mapping system:': [sitesCommand, mappingsCommand],
    'Controller:': [controllerCommand, configCommand],
    'Laboratory:': [labCommand, demoCommand],
    'Protocols:': [ligCommand, lispCommand, openflowCommand, ovsdbCommand],
  }
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const make of commands) program.addCommand(make(io))
  }
  program.commandsGroup('Shell:')
  program.addCommand(completionCommand(io, program))
  inherit(program)
  // Made once more, under this heading: the others have theirs under none.
  program.helpCommand('help [command]', 'explain a command')
  return program
}

/** Commands made on their own write where the program writes, and end as it ends. */
const inherit = (command: Command): void => {
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inherit(child)
  }
}

const outputTo = (io: Io) => ({
  writeOut: (text: string): void => {
    io.stdout.write(text)
  },
  writeErr: (text: string): void => {
    io.stderr.write(text.replace(/^error: /, 'heddle: '))
  },
  getOutHasColors: () => wantsColour(io.stdout, io.env),
  getErrHasColors: () => wantsColour(io.stderr, io.env),
  getOutHelpWidth: () => io.stdout.columns ?? helpWidth,
  getErrHelpWidth: () => io.stderr.columns ?? helpWidth,
})

const helpWidth = 100

/** commander takes the colours away where they are not wanted. */
const { bold, cyan } = createColors(true)
const helpStyle = {
  styleTitle: (text: string): string => bold(text),
  styleCommandText: (text: string): string => cyan(text),
  styleSubcommandText: (text: string): string => cyan(text),
  styleOptionText: (text: string): string => cyan(text),
  styleArgumentText: (text: string): string => cyan(text),
}
