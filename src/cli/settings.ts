/** The settings of the process on the command line: a flag for each, the file, and how `heddle config` shows them. */
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { type Config, ConfigError, type LoadedConfig, loadConfig, type Setting, settings } from '#config'
import { CliError, usageError } from './exit.js'
import type { Io } from './io.js'
import type { Palette } from './palette.js'

const defaults = loadConfig().config

/** Those that a flag can say. */
const flagged = settings.filter(({ fileOnly }) => !fileOnly)

const optionOf = (setting: Setting): Option => {
  const fallback = settingValue(defaults, setting)
  const inWords = fallback === undefined ? '' : ` (default: ${String(fallback) || 'none'})`
  const option = new Option(`--${setting.flag} <value>`, `${setting.about}${inWords}`).helpGroup('Settings:')
  return setting.choices === undefined ? option : option.choices(setting.choices)
}

/** Adds `--config` and a flag for every setting that one can say. */
export const withSettings = (command: Command): Command => {
  command.option('--config <file>', 'YAML file of settings (env: HEDDLE_CONFIG)')
  for (const setting of flagged) command.addOption(optionOf(setting))
  return command
}

type Flags = Readonly<Record<string, string | undefined>>

/** The effective settings of a command with these flags. Throws `CliError` with every problem. */
export const settingsFor = async (io: Io, flags: Flags): Promise<LoadedConfig> => {
  const path = flags.config ?? io.env.HEDDLE_CONFIG
  const file =
    path === undefined || path === '' ? undefined : { path, text: await readSettingsFile(io, path) }
  const given = Object.fromEntries(flagged.map((one) => [one.key, flags[optionOf(one).attributeName()]]))
  try {
    return loadConfig({ ...(file === undefined ? {} : { file }), env: io.env, flags: given })
  } catch (error) {
    if (error instanceof ConfigError) throw usageError('the settings are not valid', error.problems)
    throw error
  }
}

const readSettingsFile = async (io: Io, path: string): Promise<string> => {
  try {
    return await io.readFile(path)
  } catch (error) {
    throw new CliError('usage', `the settings cannot be read: ${wordsOf(error)}`, [], error)
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const settingValue = (config: Config, setting: Setting): unknown =>
  setting.path.reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), config)

const inline = (value: unknown): string =>
  stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()

/** The settings as a YAML file that would make them, each with what it means and where its value comes from. */
export const printConfig = ({ config, sources, ignored }: LoadedConfig, palette: Palette): string => {
  const lines: string[] = []
  let section = ''
  for (const setting of settings) {
    const [first = '', second] = setting.path
    if (second !== undefined && first !== section) lines.push(`${palette.bold(first)}:`)
    section = first
    lines.push(
      ...settingLines(setting, settingValue(config, setting), sources.get(setting.key) ?? 'default', palette),
    )
  }
  for (const name of ignored) lines.push(palette.yellow(`# ${name} is set and is no setting`))
  return `${lines.join('\n')}\n`
}

const settingLines = (
  setting: Setting,
  value: unknown,
  source: string,
  palette: Palette,
): readonly string[] => {
  const indent = setting.path.length > 1 ? '  ' : ''
  const name = setting.path.at(-1) ?? setting.key
  const about = palette.dim(`${indent}# ${setting.about}`)
  if (value === undefined) return [about, palette.dim(`${indent}# ${name}: not set`)]
  const comment = source === 'default' ? palette.dim(`# ${source}`) : palette.green(`# ${source}`)
  return [about, `${indent}${palette.bold(name)}: ${inline(value)} ${comment}`]
}
