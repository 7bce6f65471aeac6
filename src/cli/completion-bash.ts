/** Completion for bash: one function that finds the command among the words so far and offers what it takes. */
import { allOf, type CommandShape } from './command-shape.js'

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const keyOf = (path: readonly string[]): string => path.map((word) => ` ${word}`).join('')

const stepsOf = (shape: CommandShape): readonly string[] =>
  shape.children.map(
    (child) => `      ${quoted(keyOf(child.path))}) path=${quoted(keyOf(child.path))}; count=0 ;;`,
  )

/** After an option that takes a value: its words, or files, or nothing. */
const valuesOf = (shape: CommandShape): readonly string[] =>
  shape.options
    .filter((option) => option.takesValue)
    .map((option) => {
      const pattern = option.names.map((name) => quoted(`${keyOf(shape.path)} ${name}`)).join('|')
      const files = option.file ? 'mapfile -t COMPREPLY < <(compgen -f -- "$current")' : undefined
      const words = `mapfile -t COMPREPLY < <(compgen -W ${quoted(option.choices.join(' '))} -- "$current")`
      return `    ${pattern}) ${files ?? (option.choices.length === 0 ? ':' : words)}; return ;;`
    })

const wordsOf = (shape: CommandShape): string => {
  const options = shape.options.flatMap((option) => option.names).join(' ')
  const words = [...shape.children.map((child) => child.path.at(-1)), ...shape.choices].join(' ')
  const names = shape.names.map((kind) => kind ?? '-').join(' ')
  return `    ${quoted(keyOf(shape.path))}) options=${quoted(options)}; words=${quoted(words)}; names=(${names}) ;;`
}

export const bashCompletion = (program: CommandShape): string => {
  const all = allOf(program)
  return `# Completion of heddle for bash. Put it where bash looks, or: source <(heddle completion bash)
_heddle() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local path='' options='' words='' word index count=0
  local names=()
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$path $word" in
${all.flatMap(stepsOf).join('\n')}
      *) [[ $word == -* ]] || ((count++)) ;;
    esac
  done
  case "$path $previous" in
${all.flatMap(valuesOf).join('\n')}
  esac
  case "$path" in
${all.map(wordsOf).join('\n')}
  esac
  [[ $current == -* ]] && words=$options
  ((count < \${#names[@]})) || count=$((\${#names[@]} - 1))
  if [[ -z $words ]] && ((count >= 0)) && [[ \${names[count]} != - ]]; then
    words=$(heddle completion names "\${names[count]}" 2>/dev/null)
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _heddle heddle
`
}
