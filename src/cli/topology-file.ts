/** Topologies as people write them: a YAML or JSON file with `links`, and a `name` if they like. */
import { basename } from 'node:path'
import { readYaml, YamlError, type YamlSource } from '#config'
import { type TopologySpec, topologySpec } from '#model/topology.js'
import { objectName } from '#model/wire.js'
import { usageError } from './exit.js'
import { type Io, readStdin } from './io.js'

export interface TopologyFile {
  readonly name: string
  readonly spec: TopologySpec
}

const fileSpec = topologySpec.extend({ name: objectName.optional() })

/** What is wrong with a file, as its schema says it. */
type Issue = NonNullable<ReturnType<typeof fileSpec.safeParse>['error']>['issues'][number]

/** How many problems of one file are told. */
const problemsMax = 20

/**
 * Reads a file, `-` for standard input. The topology is called as `name` says, else as the file says, else as the file is
 * called. Throws a usage error with the lines of what is wrong.
 */
export const readTopology = async (io: Io, path: string, name: string | undefined): Promise<TopologyFile> => {
  const text = path === '-' ? await readStdin(io) : await textOf(io, path)
  const source = parse(path, text)
  const parsed = fileSpec.safeParse(source.value)
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => describe(issue, source))
    throw usageError(`${path} is no topology`, shortened(problems))
  }
  const { name: ownName, ...spec } = parsed.data
  return { name: name ?? ownName ?? nameFrom(path), spec }
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

const textOf = async (io: Io, path: string): Promise<string> => {
  try {
    return await io.readFile(path)
  } catch (error) {
    throw usageError(`the topology cannot be read: ${error instanceof Error ? error.message : String(error)}`)
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

const nameFrom = (path: string): string => {
  const name = basename(path).replace(/\.(ya?ml|json)$/i, '')
  if (path !== '-' && objectName.safeParse(name).success) return name
  throw usageError('the topology has no name: give it one with --name, or with "name:" in the file')
}
