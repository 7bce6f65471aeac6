/** `heddle lab exec`: a command inside a node or a host, with the terminal and the exit code passed through. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Command } from 'commander'
import { openLab } from '#lab/lab.js'
import { CliError, usageError } from '../exit.js'
import { examples } from '../help.js'
import type { Io } from '../io.js'
import { type NameOption, withName } from './options.js'

/** The exit code as a shell gives it: 128 and the signal's number where a signal ended the command. */
const runInForeground = async ([program = '', ...args]: readonly string[]): Promise<number> => {
  const child = spawn(program, args, { stdio: 'inherit' })
  // The terminal sends Ctrl-C to the command as well: what it means is for the command to say.
  const ignore = (): void => {}
  const passOn = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  process.on('SIGINT', ignore).on('SIGTERM', passOn).on('SIGHUP', passOn)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', passOn).off('SIGHUP', passOn)
  }
}

/** commander leaves the `--` in front of the command where it passes words through. */
const withoutDashes = (words: readonly string[]): readonly string[] =>
  words[0] === '--' ? words.slice(1) : words

const exec = async (io: Io, name: string, words: readonly string[], options: NameOption): Promise<void> => {
  const command = withoutDashes(words)
  if (command.length === 0) throw usageError(`no command was given to run in ${name}`)
  const member = await (await openLab(options.name, io.clock)).member(name)
  const code = await runInForeground(member.enter(command)).catch((cause: unknown) => {
    throw new CliError('failed', `the command cannot be started: ${String(cause)}`, [], cause)
  })
  // The command's own words are out, and its exit code is the answer: there is nothing for heddle to say.
  if (code !== 0) process.exit(code)
}

export const execCommand = (io: Io): Command => {
  const command = new Command('exec')
    .description('run a command inside a node or a host; its exit code is passed on')
    .argument('<member>', 'a node or a host')
    .argument('<command...>', 'the command with its arguments, best after --')
    .passThroughOptions()
    .addHelpText(
      'after',
      examples(
        ['heddle lab exec r1 -- ping -c 3 10.0.0.2', 'in a host'],
        ['heddle lab exec r1 -- bash', 'a shell in it'],
        ['heddle lab exec n1 -- ovs-vsctl show', "in a node, where the tools find the node's own switch"],
        ['heddle lab exec --name big n7 -- ovs-ofctl dump-flows br-int', 'in another lab'],
      ),
    )
    .action((member: string, words: string[], options: NameOption) => exec(io, member, words, options))
  return withName(command)
}
