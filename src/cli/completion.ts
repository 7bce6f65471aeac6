/** `heddle completion`: scripts for shells, made from the tree of commands. */
import { Argument, Command } from 'commander'
import { shapeOf } from './command-shape.js'
import { bashCompletion } from './completion-bash.js'
import { fishCompletion } from './completion-fish.js'
import { zshCompletion } from './completion-zsh.js'
import { examples } from './help.js'
import type { Io } from './io.js'
import { namesCommand } from './names.js'

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

const isShell = (name: string): name is keyof typeof shells => Object.hasOwn(shells, name)

export const completionCommand = (io: Io, program: Command): Command =>
  new Command('completion')
    .addCommand(namesCommand(io), { hidden: true })
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(shells)))
    .addHelpText(
      'after',
      examples(
        ['source <(heddle completion bash)', 'in this shell'],
        ['heddle completion bash > /etc/bash_completion.d/heddle', 'for everyone'],
        ['heddle completion fish > ~/.config/fish/completions/heddle.fish', 'for fish'],
      ),
    )
    .action((shell: string) => {
      if (isShell(shell)) io.stdout.write(shells[shell](shapeOf(program)))
    })
