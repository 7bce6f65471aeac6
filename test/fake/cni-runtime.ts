/**
 * A container runtime's half of CNI (specification 1.1.0, sections 1 and 3): network configurations are found and read, and the plugins of a
 * list are called one after the other. What containerd does through libcni, small enough to test chains with.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '#cni/reading.js'
import { isAtLeast, parseVersion, supportedVersions } from '#cni/version.js'

export type PluginConfiguration = Readonly<Record<string, unknown>> & { readonly type: string }

export interface NetworkList {
  readonly name: string
  /** Empty where nothing is said. */
  readonly cniVersion: string
  readonly disableCheck: boolean
  readonly loadOnlyInlinedPlugins: boolean
  readonly plugins: readonly PluginConfiguration[]
}

type Json = Readonly<Record<string, unknown>>

const parseObject = (text: string, what: string): Json => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`error parsing ${what}: unexpected end of JSON input`)
  }
  if (!isObject(value)) throw new Error(`error parsing ${what}: no object`)
  return value
}

const isPlugin = (value: unknown): value is PluginConfiguration =>
  isObject(value) && typeof value.type === 'string'

/** One plugin's configuration. */
export const parsePlugin = (text: string): PluginConfiguration => {
  const value = parseObject(text, 'configuration')
  if (!isPlugin(value)) throw new Error("error parsing configuration: missing 'type'")
  return value
}

const flagOf = (value: unknown, key: string): boolean => {
  if (value === undefined || value === false || value === 'false') return false
  if (value === true || value === 'true') return true
  throw new Error(`error parsing configuration list: invalid value "${String(value)}" for ${key}`)
}

/** The newest that both sides know; the one that is said where only one is. */
const versionOf = ({ cniVersion, cniVersions }: Json): string => {
  const said = typeof cniVersion === 'string' ? cniVersion : ''
  if (!Array.isArray(cniVersions)) return said
  const all = [...cniVersions.map(String), ...(said === '' ? [] : [said])]
  for (const version of all) parseVersion(version)
  const known = all.filter((version) => isAtLeast(supportedVersions.at(-1) ?? '', version))
  return known.reduce((best, version) => (best === '' || isAtLeast(version, best) ? version : best), '')
}

/** Plugins that stand in files of their own, in a directory named after the network. */
const besides = (directory: string | undefined, name: string): readonly PluginConfiguration[] => {
  const folder = directory === undefined ? undefined : join(directory, name)
  if (folder === undefined || !existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => /\.(conf|json)$/.test(file))
    .sort()
    .map((file) => parsePlugin(readFileSync(join(folder, file), 'utf8')))
}

/** A list; a single configuration is a list of one. @param directory where plugins beside it are looked for */
export const parseList = (text: string, directory?: string): NetworkList => {
  const value = parseObject(text, 'configuration list')
  const name = typeof value.name === 'string' ? value.name : ''
  const cniVersion = versionOf(value)
  if (isPlugin(value)) {
    return { name, cniVersion, disableCheck: false, loadOnlyInlinedPlugins: false, plugins: [value] }
  }
  const disableCheck = flagOf(value.disableCheck, 'disableCheck')
  const loadOnlyInlinedPlugins = flagOf(value.loadOnlyInlinedPlugins, 'loadOnlyInlinedPlugins')
  const inlined = Array.isArray(value.plugins) ? value.plugins : []
  if (loadOnlyInlinedPlugins && inlined.length === 0)
    throw new Error(
      "error parsing configuration list: `loadOnlyInlinedPlugins` is true, and no 'plugins' key",
    )
  const plugins = [
    ...inlined.map((each) => parsePlugin(JSON.stringify(each))),
    ...(loadOnlyInlinedPlugins ? [] : besides(directory, name)),
  ]
  if (plugins.length === 0) throw new Error('no plugin configs found')
  return { name, cniVersion, disableCheck, loadOnlyInlinedPlugins, plugins }
}

const filesOf = (directory: string, endings: readonly string[]): readonly string[] => {
  const names = existsSync(directory) ? readdirSync(directory, { withFileTypes: true }) : []
  return names
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map(({ name }) => name)
    .sort()
}

/** The configuration of a plugin, by the name of its network. */
export const findPlugin = (directory: string, network: string): PluginConfiguration => {
  const files = filesOf(directory, ['.conf', '.json'])
  if (!existsSync(directory)) throw new Error('no net configurations found in <dir>')
  for (const file of files) {
    const found = parsePlugin(readFileSync(join(directory, file), 'utf8'))
    if (found.name === network) return found
  }
  throw new Error(`no net configuration with name "${network}" in <dir>`)
}

/** The list of a network: lists first, then single configurations. */
export const findList = (directory: string, network: string): NetworkList => {
  const lists = filesOf(directory, ['.conflist'])
  const singles = filesOf(directory, ['.conf', '.json'])
  if (!existsSync(directory)) throw new Error('no net configurations found in <dir>')
  for (const file of [...lists, ...singles]) {
    const text = readFileSync(join(directory, file), 'utf8')
    if (parseObject(text, 'configuration list').name === network) return parseList(text, directory)
  }
  throw new Error(`no net configuration with name "${network}" in <dir>`)
}

/** Calls one plugin. Rejects with what it says. */
export type CallPlugin = (
  command: 'ADD' | 'DEL' | 'CHECK',
  configuration: PluginConfiguration,
) => Promise<unknown>

/** What a plugin of a list gets: name and version of the list, what the runtime knows of its capabilities, the result so far. */
const requestOf = (
  { name, cniVersion }: NetworkList,
  plugin: PluginConfiguration,
  capabilities: Json,
  prevResult: unknown,
): PluginConfiguration => {
  const able = isObject(plugin.capabilities) ? plugin.capabilities : {}
  const runtimeConfig = Object.fromEntries(Object.entries(capabilities).filter(([key]) => able[key] === true))
  return {
    ...plugin,
    name,
    cniVersion,
    ...(Object.keys(runtimeConfig).length === 0 ? {} : { runtimeConfig }),
    ...(prevResult === undefined ? {} : { prevResult }),
  }
}

/** ADD of a list: the result of each plugin is handed to the next. */
export const addList = async (
  list: NetworkList,
  call: CallPlugin,
  capabilities: Json = {},
): Promise<unknown> => {
  let result: unknown
  for (const plugin of list.plugins) result = await call('ADD', requestOf(list, plugin, capabilities, result))
  return result
}

/** CHECK of a list, in its order. */
export const checkList = async (
  list: NetworkList,
  call: CallPlugin,
  result: unknown,
  capabilities: Json = {},
): Promise<void> => {
  for (const plugin of list.plugins) await call('CHECK', requestOf(list, plugin, capabilities, result))
}

/** DEL of a list, from its end. */
export const delList = async (
  list: NetworkList,
  call: CallPlugin,
  result: unknown,
  capabilities: Json = {},
): Promise<void> => {
  for (const plugin of list.plugins.toReversed())
    await call('DEL', requestOf(list, plugin, capabilities, result))
}
