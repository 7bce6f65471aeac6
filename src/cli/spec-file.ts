/** Files that say what something is to be, as people write them: YAML or JSON, checked, and what is wrong is told by its line. */
import { readYaml, YamlError, type YamlSource } from '#config'
import type { topologySpec } from '#model/topology.js'
import { usageError } from './exit.js'
import { type Io, readStdin } from './io.js'

/** What is wrong with a file, as its schema says it. */
type Issue = NonNullable<ReturnType<typeof topologySpec.safeParse>['error']>['issues'][number]

/** A schema, as much as is needed of one. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } }
}

/** How many problems of one file are told. */
const problemsMax = 20

/** Reads a file, `-` for standard input; `what` it is is for messages: `topology`. Throws a usage error with the lines of what is wrong. */
export const readSpec = async <T>(io: Io, path: string, what: string, schema: Schema<T>): Promise<T> => {
  const text = path === '-' ? await readStdin(io) : await textOf(io, path, what)
  const source = parse(path, text)
  const parsed = schema.safeParse(source.value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.flatMap((issue) => describe(issue, source))
  throw usageError(`${path} is no ${what}`, shortened(problems))
}

const describe = (issue: Issue, source: YamlSource): readonly string[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const keys = [...issue.path, key]
      return `${source.where(keys)}: ${fieldOf(keys)}: there is no such field`
    })
  }
  const words = issue.message.endsWith('received undefined')
    ? 'is missing'
    : issue.message.replace(/^Invalid input: /, '')
  const field = fieldOf(issue.path)
  return [`${source.where(issue.path)}: ${field === '' ? '' : `${field}: `}${words}`]
}

const shortened = (problems: readonly string[]): readonly string[] =>
  problems.length <= problemsMax
    ? problems
    : [...problems.slice(0, problemsMax), `and ${problems.length - problemsMax} more`]

/** `links[3].a.interface` */
const fieldOf = (keys: readonly PropertyKey[]): string =>
  keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '')

const textOf = async (io: Io, path: string, what: string): Promise<string> => {
  try {
    return await io.readFile(path)
  } catch (error) {
    throw usageError(`the ${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** JSON is read as such first: it is YAML too, only much slower to read. */
const parse = (path: string, text: string): YamlSource => {
  try {
    const value: unknown = JSON.parse(text)
    return { value, where: () => path }
  } catch {
    return parseYaml(path, text)
  }
}

const parseYaml = (path: string, text: string): YamlSource => {
  try {
    return readYaml(path, text)
  } catch (error) {
    if (error instanceof YamlError) throw usageError(`${path} is no YAML`, shortened(error.problems))
    throw error
  }
}
