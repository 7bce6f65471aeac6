/** The files of this repository as the tidy test reads them: what is ours, not what is installed or built. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const notOurs = new Set(['node_modules', 'dist', '.git', '.heddle', 'coverage'])

export interface Source {
  /** From the repository's root: `src/main.ts`. */
  readonly path: string
  readonly text: string
}

/** What the user gets; the other folders are tests and benches. */
export const products = ['src', 'ovsdb', 'openflow', 'lisp', 'api'] as const

export const isProduct = ({ path }: Pick<Source, 'path'>): boolean =>
  products.some((folder) => path.startsWith(`${folder}/`))

const pathsBelow = (folder: string): string[] =>
  readdirSync(`${root}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    if (notOurs.has(entry.name)) return []
    const path = `${folder}${entry.name}`
    return entry.isDirectory() ? pathsBelow(`${path}/`) : entry.isFile() ? [path] : []
  })

/** Every file of text, and what is neither text nor ours left out. */
export const files: readonly Source[] = pathsBelow('').map((path) => ({
  path,
  text: readFileSync(`${root}${path}`, 'utf8'),
}))

/** Our TypeScript, the settings of tools at the root aside. */
export const sources: readonly Source[] = files.filter(({ path }) => /^[^/]+\/.*\.ts$/.test(path))

export const textOf = (path: string): string => {
  const found = files.find((file) => file.path === path)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found.text
}

/** Strings, which stay, or comments, which go; the alternatives in this order, so that quotes in comments do not matter. */
const stringOrComment =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g

/** The text without its comments, line numbers kept. */
export const codeOf = ({ text }: Source): string =>
  text.replace(stringOrComment, (found) => (/^\/[/*]/.test(found) ? found.replace(/[^\n]/g, ' ') : found))

/** `PATH:LINE: the line` of every place where a pattern is found. */
export const placesOf = ({ path }: Source, text: string, pattern: RegExp): string[] =>
  text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : []))
