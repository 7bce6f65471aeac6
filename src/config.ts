/**
 * The effective settings of the process: settings.ts filled from the first that names each, flag, environment variable,
 * file, default. Pure: whoever calls `loadConfig` has read the file.
 */
import type { z } from 'zod'
import { configSchema, type Setting, settings } from './settings.js'
import { readYaml, YamlError, type YamlSource } from './yaml-source.js'

export { type Setting, settings } from './settings.js'
export { readYaml, YamlError, type YamlSource } from './yaml-source.js'

type Parsed = z.output<typeof configSchema>

/** The effective settings. */
export type Config = Omit<Parsed, 'northbound'> & {
  readonly northbound: { readonly target?: string; readonly file: string }
}

export interface ConfigInput {
  /** The YAML file, read by the caller; its path appears in errors. */
  readonly file?: { readonly path: string; readonly text: string }
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Flags by the key of their setting: `{ 'listen.rest': '[::1]:8080' }`. */
  readonly flags?: Readonly<Record<string, string | undefined>>
}

export interface LoadedConfig {
  readonly config: Config
  /** Setting key to where its value comes from: `flag --bridge`, `HEDDLE_BRIDGE`, `/etc/heddle.yaml:3`, `default`. */
  readonly sources: ReadonlyMap<string, string>
  /** Variables that begin with HEDDLE_ and are no setting: not an error, since others name variables too. */
  readonly ignored: readonly string[]
}

/** Settings that are not valid. Each problem names its source and the key. */
export class ConfigError extends Error {
  readonly code = 'invalid-config'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Variables of the command line itself (src/cli). */
export const otherVariables = ['HEDDLE_CONFIG', 'HEDDLE_SERVER', 'HEDDLE_TOKEN_FILE'] as const

/** Fills the schema. Throws `ConfigError` with every problem at once. */
export const loadConfig = (input: ConfigInput = {}): LoadedConfig => {
  const file = input.file === undefined ? emptyFile : readFile(input.file.path, input.file.text)
  const tree = file.tree
  const sources = new Map<string, string>()
  for (const setting of settings) {
    const given = setting.fileOnly
      ? undefined
      : (fromFlag(setting, input.flags) ?? fromVariable(setting, input.env))
    if (given !== undefined) place(tree, setting.path, given.value)
    const inFile = given === undefined && look(tree, setting.path) !== undefined
    sources.set(setting.key, given?.source ?? (inFile ? file.where(setting.path) : 'default'))
  }
  const parsed = configSchema.safeParse(tree)
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.flatMap((issue) => describe(issue, sources, file)))
  }
  const problems = contradictions(parsed.data, sources)
  if (problems.length > 0) throw new ConfigError(problems)
  return { config: complete(parsed.data), sources, ignored: unknownVariables(input.env ?? {}) }
}

/** A section, its settings and the sections below it. */
type Tree = { [name: string]: unknown }

interface ConfigFile {
  readonly tree: Tree
  /** `PATH:LINE` of a key. */
  where(path: readonly PropertyKey[]): string
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Every section of the schema is there: an absent one in a file means its defaults. */
const withSections = (tree: Tree): Tree => {
  for (const { path } of settings) {
    const [section] = path
    if (section !== undefined && path.length > 1) tree[section] ??= {}
  }
  return tree
}

const emptyFile: ConfigFile = {
  get tree() {
    return withSections({})
  },
  where: () => 'file',
}

const readFile = (path: string, text: string): ConfigFile => {
  const { value, where } = yamlOf(path, text)
  if (!isTree(value)) throw new ConfigError([`${path}: expected settings, "key: value" lines`])
  return { tree: withSections(pruned(value)), where }
}

const yamlOf = (path: string, text: string): YamlSource => {
  try {
    const source = readYaml(path, text)
    return { ...source, value: source.value ?? {} }
  } catch (error) {
    if (error instanceof YamlError) throw new ConfigError(error.problems)
    throw error
  }
}

/** A key whose value is left out (`tls:` with everything below it commented out) counts as absent. */
const pruned = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, isTree(value) ? pruned(value) : value]),
  )

interface Given {
  readonly value: unknown
  readonly source: string
}

const fromFlag = (setting: Setting, flags: ConfigInput['flags'] = {}): Given | undefined => {
  const text = flags[setting.key]
  return text === undefined ? undefined : { value: read(setting, text), source: `flag --${setting.flag}` }
}

/** An empty variable counts as absent: that is how a unit file or a shell takes one away. */
const fromVariable = (setting: Setting, env: ConfigInput['env'] = {}): Given | undefined => {
  const text = env[setting.variable]
  return text === undefined || text === ''
    ? undefined
    : { value: read(setting, text), source: setting.variable }
}

/** Text as the value it stands for; what is no number stays text and fails in the schema. */
const read = (setting: Setting, text: string): unknown =>
  setting.numeric && /^-?\d{1,15}$/.test(text) ? Number(text) : text

const look = (tree: Tree, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (isTree(value) ? value[name] : undefined), tree)

const place = (tree: Tree, path: readonly string[], value: unknown): void => {
  const [name, ...below] = path
  if (name === undefined) return
  const inner = tree[name]
  if (below.length === 0) tree[name] = value
  else if (isTree(inner)) place(inner, below, value)
}

const describe = (
  issue: z.core.$ZodIssue,
  sources: ReadonlyMap<string, string>,
  file: ConfigFile,
): readonly string[] => {
  const key = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((name) => {
      const path = [...issue.path, name]
      const known = knownBelow(key)
      const hint = known === '' ? '' : `; known here: ${known}`
      return `${file.where(path)}: ${path.map(String).join('.')}: no such setting${hint}`
    })
  }
  const known = settings.find((setting) => key === setting.key || key.startsWith(`${setting.key}.`))
  const isDeep = known === undefined || known.fileOnly === true
  const source = isDeep ? file.where(issue.path) : (sources.get(known.key) ?? 'default')
  return [`${source}: ${key}: ${wordsOf(issue)}`]
}

/** Of a union, the words of the alternative that came closest. */
const wordsOf = (issue: z.core.$ZodIssue): string => issue.message.replace(/^Invalid (input|option): /, '')

/** The names that a section has, in their order. */
const knownBelow = (section: string): string => {
  const depth = section === '' ? 0 : 1
  const here = settings.filter((setting) => section === '' || setting.path[0] === section)
  return [...new Set(here.map((setting) => setting.path[depth]))].join(', ')
}

const isLoopback = (address: string): boolean => /^(127\.|\[?::1\b)/.test(address)

/** What each setting allows and all together do not. */
const contradictions = (config: Parsed, sources: ReadonlyMap<string, string>): string[] => {
  const problems: string[] = []
  const add = (key: string, words: string): void => {
    problems.push(`${sources.get(key) ?? 'default'}: ${key}: ${words}`)
  }
  if (config.vni.min > config.vni.max) {
    add('vni.max', `${config.vni.max} is below vni.min, ${config.vni.min}`)
  }
  const { tunnel } = config
  if (tunnel.gpePortName === tunnel.portName)
    add('tunnel.gpePortName', `${tunnel.portName} is the name of the VXLAN port`)
  if (tunnel.gpeDstPort === tunnel.dstPort) add('tunnel.gpeDstPort', `${tunnel.dstPort} is the port of VXLAN`)
  const everywhere = config.lisp.listen.find((one) => /^(0\.0\.0\.0|\[[0:]+\]):/.test(one))
  if (everywhere !== undefined && config.lisp.rloc === undefined) {
    add('lisp.listen', `${everywhere} is every address; say in lisp.rloc which one routers know`)
  }
  const elsewhere = [...config.mapping.resolvers, ...config.mapping.servers.map(({ address }) => address)]
  const far = elsewhere.find((one) => !isLoopback(one))
  const own = [...config.lisp.listen, ...[config.lisp.rloc ?? []].flat()]
  if (elsewhere.length > 0 && own.length === 0) {
    add(
      'lisp.rloc',
      'mapping.resolvers and mapping.servers answer to an own address: say which, or lisp.listen',
    )
  } else if (far !== undefined && own.every(isLoopback)) {
    add(
      'lisp.listen',
      `${own.join(', ')} cannot be reached from ${far}: listen where its answers can come to`,
    )
  }
  const names = config.mapping.sites.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) add('mapping.sites', `there are two sites ${twice}`)
  const { privateKey, certificate, ca } = config.tls
  if (privateKey !== undefined && certificate !== undefined && ca !== undefined) return problems
  for (const key of ['tls.privateKey', 'tls.certificate', 'tls.ca'] as const) {
    if (look({ ...config }, key.split('.')) !== undefined) {
      add(key, 'tls.privateKey, tls.certificate and tls.ca go together')
    }
  }
  for (const key of ['listen.ovsdb', 'listen.openflow', 'northbound.target'] as const) {
    const targets = [look({ ...config }, key.split('.'))].flat()
    const secure = targets.find((target) => typeof target === 'string' && /^p?ssl:/.test(target))
    if (secure !== undefined) add(key, `${secure} needs tls.privateKey, tls.certificate and tls.ca`)
  }
  return problems
}

/** Defaults that depend on other settings. */
const complete = ({ northbound, ...config }: Parsed): Config => ({
  ...config,
  northbound: {
    file: northbound.file ?? `${config.dataDirectory.replace(/\/+$/, '')}/northbound.db`,
    ...(northbound.target === undefined ? {} : { target: northbound.target }),
  },
})

const unknownVariables = (env: Readonly<Record<string, string | undefined>>): string[] => {
  const variables = settings.filter(({ fileOnly }) => !fileOnly).map(({ variable }) => variable)
  const known = new Set<string>([...variables, ...otherVariables])
  return Object.keys(env)
    .filter((name) => name.startsWith('HEDDLE_') && !known.has(name))
    .sort()
}
