/** The tree of commands as plain values, read from commander: what shell completion is made from. */
import type { Argument, Command, Option } from 'commander'

export interface OptionShape {
  /** `-o`, `--output`: those that there are. */
  readonly names: readonly string[]
  readonly about: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
  /** Its value is the path of a file. */
  readonly file: boolean
}

export interface CommandShape {
  /** The words that lead to it, without the program's name. */
  readonly path: readonly string[]
  readonly about: string
  readonly options: readonly OptionShape[]
  /** Words that its first argument may be. */
  readonly choices: readonly string[]
  /** What its arguments name, each: `nodes` for `<node>`; undefined where heddle cannot list them. */
  readonly names: readonly (Listable | undefined)[]
  readonly children: readonly CommandShape[]
}

/** What the controller can list the names of. */
export const listable = ['nodes', 'links', 'topologies', 'sites', 'networks', 'endpoints'] as const
export type Listable = (typeof listable)[number]

const listed: Readonly<Record<string, Listable>> = {
  node: 'nodes',
  link: 'links',
  topology: 'topologies',
  site: 'sites',
  network: 'networks',
  endpoint: 'endpoints',
}

export const shapeOf = (command: Command, above: readonly string[] = []): CommandShape => ({
  path: above,
  about: firstClause(command.description()),
  options: command.createHelp().visibleOptions(command).map(optionShape),
  choices: command.registeredArguments[0]?.argChoices ?? [],
  names: command.registeredArguments.map(namesOf),
  children: command
    .createHelp()
    .visibleCommands(command)
    .map((child) => shapeOf(child, [...above, child.name()])),
})

/** A command and all below it, the deepest last. */
export const allOf = (shape: CommandShape): readonly CommandShape[] => [
  shape,
  ...shape.children.flatMap(allOf),
]

const optionShape = (option: Option): OptionShape => ({
  names: [option.short, option.long].filter((name) => name !== undefined && name !== null),
  about: firstClause(option.description),
  takesValue: option.required || option.optional,
  choices: option.argChoices ?? [],
  file: /<(file|path)>/.test(option.flags),
})

const namesOf = (argument: Argument): Listable | undefined => listed[argument.name()]

/** What fits beside a word in a shell's list. */
const firstClause = (text: string): string => (text.split(/[;(\n]/)[0] ?? text).trim()
