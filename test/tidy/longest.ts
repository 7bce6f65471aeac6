/** The longest files and functions, which the tidy test prints: a question, usually whether it is two things in one. */
import { isProduct, type Source, sources } from './sources.js'

const shown = 5
/** Lines from which on the question is asked. */
const fileLines = 300
const functionLines = 40

interface Length {
  readonly name: string
  readonly lines: number
}

/** The first line of a function whose body is a block: an arrow, a method or a declaration, as the formatter lays them out. */
const beginning =
  /^( *)(?:.*\b(?:const|function\*?) (\w+)\b.*|(?:(?:static|async|override|get|set|private|readonly|protected) )*\*?(#?\w+)[(<].*|.*)\{$/
const isFunction = /=> \{$|\)(?:: [^{}]+)? \{$/
const isStatement =
  /^ *(?:if|for|while|switch|else|\} else|try|catch|\} catch|do|return|case|class|interface)\b/

/** Indentation is the formatter's: a block ends at the next line that is indented as its beginning and closes it. */
const functionsOf = ({ path, text }: Source): Length[] => {
  const lines = text.split('\n')
  return lines.flatMap((line, start) => {
    const [, indent = '', declared, method] = beginning.exec(line) ?? []
    if (!isFunction.test(line) || isStatement.test(line)) return []
    const end = lines.findIndex((later, index) => index > start && later.startsWith(`${indent}}`))
    const length = end - start + 1
    return end < 0 ? [] : [{ name: `${path}:${start + 1} ${declared ?? method ?? ''}`.trim(), lines: length }]
  })
}

const byLength = (a: Length, b: Length): number => b.lines - a.lines || a.name.localeCompare(b.name)

const listOf = (title: string, lengths: readonly Length[], question: number): string[] => [
  title,
  ...[...lengths]
    .sort(byLength)
    .slice(0, shown)
    .map(({ name, lines }) => `  ${String(lines).padStart(4)}${lines > question ? '?' : ' '} ${name}`),
]

/** The list for people. */
export const longest = (): string => {
  const ours = sources.filter(isProduct)
  const filesByLength = ours.map(({ path, text }) => ({ name: path, lines: text.split('\n').length - 1 }))
  return [
    ...listOf('longest files:', filesByLength, fileLines),
    ...listOf('longest functions:', ours.flatMap(functionsOf), functionLines),
  ].join('\n')
}
