/** Completion for zsh: a function that finds the command among the words so far and describes what it takes. */
import { allOf, type CommandShape, type OptionShape } from './command-shape.js'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const keyOf = (path: readonly string[]): string => path.map((word) => ` ${word}`).join('')
/** `_describe` splits at the first colon. */
const described = (word: string, about: string): string => quoted(`${word.replaceAll(':', '\\:')}:${about}`)

const stepsOf = (shape: CommandShape): readonly string[] =>
  shape.children.map(
    (child) => `      ${quoted(keyOf(child.path))}) at=${quoted(keyOf(child.path))}; count=1 ;;`,
  )

const valueCase = (shape: CommandShape, option: OptionShape): string => {
  const pattern = option.names.map((name) => quoted(`${keyOf(shape.path)} ${name}`)).join('|')
  const words = `compadd -- ${option.choices.map(quoted).join(' ')}`
  const action = option.file ? '_files' : option.choices.length === 0 ? '_message value' : words
  return `    ${pattern}) ${action}; return ;;`
}

const entryOf = (shape: CommandShape): string => {
  const children = shape.children.map((child) => described(child.path.at(-1) ?? '', child.about))
  const choices = shape.choices.map((choice) => described(choice, ''))
  const options = shape.options.flatMap((option) => option.names.map((name) => described(name, option.about)))
  return `    ${quoted(keyOf(shape.path))})
      words_here=(${[...children, ...choices].join(' ')})
      options_here=(${options.join(' ')})
      names_here=(${shape.names.map((kind) => kind ?? '-').join(' ')}) ;;`
}

export const zshCompletion = (program: CommandShape): string => {
  const all = allOf(program)
  return `#compdef heddle
# Completion of heddle for zsh. Put it as _heddle in a directory of $fpath, or: source <(heddle completion zsh)
_heddle() {
  local at='' word count=1
  local -a words_here options_here names_here
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
${all.flatMap(stepsOf).join('\n')}
      *) [[ $word == -* ]] || ((count++)) ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${all.flatMap((shape) => shape.options.filter((option) => option.takesValue).map((option) => valueCase(shape, option))).join('\n')}
  esac
  case "$at" in
${all.map(entryOf).join('\n')}
  esac
  ((count > \${#names_here})) && count=\${#names_here}
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe option options_here
  elif ((\${#words_here})); then
    _describe command words_here
  elif ((count > 0)) && [[ \${names_here[count]} != - ]]; then
    compadd -- \${(f)"$(heddle completion names \${names_here[count]} 2>/dev/null)"}
  fi
}
if [[ $funcstack[1] == _heddle ]]; then _heddle "$@"; else compdef _heddle heddle; fi
`
}
