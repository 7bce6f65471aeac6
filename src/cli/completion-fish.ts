/** Completion for fish: a function that tells where the words so far lead, and a line for each thing that may follow. */
import { allOf, type CommandShape, type OptionShape } from './command-shape.js'

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const condition = (path: readonly string[]): string => quoted(`__heddle_at ${['heddle', ...path].join(' ')}`)
const at = (path: readonly string[]): string => `complete -c heddle -n ${condition(path)}`

const optionLine = (path: readonly string[], option: OptionShape): string => {
  const names = option.names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  )
  const choices = option.choices.length > 0 ? ` -x -a ${quoted(option.choices.join(' '))}` : ''
  const value = option.file ? ' -r -F' : option.takesValue && choices === '' ? ' -x' : choices
  return `${at(path)} ${names.join(' ')}${value} -d ${quoted(option.about)}`
}

const linesOf = (shape: CommandShape): readonly string[] => [
  ...shape.children.map((child) => `${at(shape.path)} -a ${child.path.at(-1)} -d ${quoted(child.about)}`),
  ...(shape.choices.length > 0 ? [`${at(shape.path)} -a ${quoted(shape.choices.join(' '))}`] : []),
  ...[...new Set(shape.names)].flatMap((kind) =>
    kind === undefined
      ? []
      : [`${at(shape.path)} -a ${quoted(`(heddle completion names ${kind} 2>/dev/null)`)}`],
  ),
  ...shape.options.map((option) => optionLine(shape.path, option)),
]

export const fishCompletion = (program: CommandShape): string => {
  const all = allOf(program)
  const paths = all.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')))
  return `# Completion of heddle for fish: heddle completion fish > ~/.config/fish/completions/heddle.fish
function __heddle_at --description 'whether the words so far lead to this command'
    set -l known ${paths.join(' ')}
    set -l at
    for word in (commandline -opc)[2..-1]
        if contains -- (string join -- ' ' $at $word) $known
            set -a at $word
        end
    end
    test "$at" = "$argv[2..-1]"
end
complete -c heddle -f
${all.flatMap(linesOf).join('\n')}
`
}
