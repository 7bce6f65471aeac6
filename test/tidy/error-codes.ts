/** Error codes as they are declared, each with what its declaration says of it: what `docs/error-codes.md` lists. */
import { isProduct, type Source, sources } from './sources.js'

export interface Code {
  readonly code: string
  /** Empty where the declaration says nothing. */
  readonly meaning: string
}

export interface Declaration {
  readonly path: string
  /** The class of the error, or the type of the codes where they are no error's. */
  readonly name: string
  readonly codes: readonly Code[]
}

/** A union of codes, a table of codes, and a class with one code of its own. */
const union = /^export type (\w*(?:ErrorCode|PendingCode)) =\n([\s\S]*?)\n\n/gm
const table = /^export const \w*rrorCodes = \{\n([\s\S]*?)\n\}/gm
const single =
  /\/\*\*([^/]*)\*\/\nexport class (\w+) [^\n]*\{\n(?:.*\n){0,3}? {2}readonly code = '([a-z-]+)'/g

/** A comment, and a code with the comment behind it. */
const commentOrCode = /\/\*\* ([\s\S]*?) \*\/|\| '([a-z-]+)'(?: \/\*\* (.*?) \*\/)?/g
const tableLine = /^ {2}'?([a-z-]+)'?:\s*(?:\[\d+, )?'((?:[^'\\]|\\.)*)'/gm

const inOneLine = (comment: string): string => comment.replace(/\s*\n\s*\* ?/g, ' ').trim()

const codesOfUnion = (block: string): Code[] => {
  let above = ''
  return [...block.matchAll(commentOrCode)].flatMap(([, comment, code, behind]) => {
    if (code === undefined) {
      above = comment ?? ''
      return []
    }
    const meaning = inOneLine(behind ?? above)
    above = ''
    return [{ code, meaning }]
  })
}

const codesOf = ({ text }: Source): Code[] => [
  ...[...text.matchAll(union)].flatMap(([, , block = '']) => codesOfUnion(block)),
  ...[...text.matchAll(table)].flatMap(([, block = '']) =>
    [...block.matchAll(tableLine)].map(([, code = '', meaning = '']) => ({ code, meaning })),
  ),
  ...[...text.matchAll(single)].map(([, meaning = '', , code = '']) => ({
    code,
    meaning: inOneLine(meaning),
  })),
]

const nameOf = ({ text }: Source): string =>
  /class (\w+Error|CheckFailed) extends/.exec(text)?.[1] ?? /type (\w+Code) =/.exec(text)?.[1] ?? ''

/** Every file of the product that declares codes. */
export const declarations: readonly Declaration[] = sources
  .filter(isProduct)
  .map((source) => ({ path: source.path, name: nameOf(source), codes: codesOf(source) }))
  .filter(({ codes }) => codes.length > 0)
  .sort((a, b) => a.path.localeCompare(b.path))

/** Text of a comment in the cell of a table. */
const cell = (meaning: string): string => {
  const sentence = meaning.charAt(0).toUpperCase() + meaning.slice(1)
  return sentence.replaceAll('|', '\\|').replace(/([^.?!])$/, '$1.')
}

/** The page. */
export const errorCodesManual = (): string => {
  const sections = declarations.map(({ path, name, codes }) => {
    const lines = codes.map(({ code, meaning }) => `| \`${code}\` | ${cell(meaning)} |`)
    return `## \`${name}\`, ${path}\n\n| Code | Meaning |\n| --- | --- |\n${lines.join('\n')}\n`
  })
  const intro = `# Error codes

<!-- Made from the declarations by test/tidy/error-codes.ts. Do not edit: run \`npx vitest run -u test/tidy.test.ts\`. -->

Every error of Heddle has a \`code\` that never changes its meaning, and a message for people. What REST answers is explained
in [errors.md](errors.md), with the way out; this page lists all codes of all parts by where they are declared.
`
  return `${intro}\n${sections.join('\n')}`
}
