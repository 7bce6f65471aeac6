/**
 * From the runtime to the commands and back: environment and standard input are read and checked in the order of the
 * specification, a command is called, and what it answers goes to standard output. Everything outside is an argument.
 */
import type { Call } from './call.js'
import { readConfiguration } from './configuration.js'
import {
  type Command,
  checkContainerId,
  checkInterfaceName,
  checkNetworkName,
  type Environment,
  readEnvironment,
  type Variables,
} from './environment.js'
import { answerOf, CniError } from './error.js'
import { isObject } from './reading.js'
import { checkVersion, ownVersion, versionDefault } from './version.js'

export interface Input {
  readonly env: Variables
  readonly readInput: () => Promise<string>
}

/** What the process does with it. */
export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** What a command answers: JSON for standard output, or nothing. */
export type CommandRun<C> = (call: C) => Promise<object | undefined>

/** Everything of a call but the meaning of its configuration. */
export type BareCall = Omit<Call, 'configuration'>

export interface Plugin {
  readonly commands: Readonly<Record<Exclude<Command, 'VERSION'>, CommandRun<BareCall>>>
  readonly supportedVersions: readonly string[]
  /** What a person is told who starts the plugin by hand. */
  readonly about?: string
}

/** Characters of configuration that are read. */
const inputMax = 4 << 20

const readJson = async (readInput: Input['readInput']): Promise<Readonly<Record<string, unknown>>> => {
  const text = await readInput().catch((cause: unknown) => {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new CniError('io-failure', `error reading from stdin: ${words}`, { cause })
  })
  if (text.length > inputMax) throw new CniError('decoding-failure', 'the network configuration is too long')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const details = cause instanceof Error ? cause.message : String(cause)
    throw new CniError('decoding-failure', 'the network configuration is not JSON', { details, cause })
  }
  if (isObject(value)) return value
  throw new CniError('decoding-failure', 'the network configuration is no JSON object')
}

const textOf = (raw: Readonly<Record<string, unknown>>, key: string): string => {
  const value = raw[key] ?? ''
  if (typeof value === 'string') return value
  throw new CniError('decoding-failure', `${key} is not a text`)
}

/** The version that answers bear: the configuration's, where it is one. */
const versionOf = (raw: Readonly<Record<string, unknown>>): string =>
  textOf(raw, 'cniVersion') || versionDefault

const checkNames = ({ command, containerId, interfaceName }: Environment): void => {
  if (command !== 'ADD' && command !== 'DEL' && command !== 'CHECK') return
  checkContainerId(containerId)
  checkInterfaceName(interfaceName)
}

const print = (value: object): string => `${JSON.stringify(value, null, 2)}\n`

const refusal = (version: string, error: unknown): Outcome => ({
  exitCode: 1,
  stdout: print({ cniVersion: version, ...answerOf(error) }),
  stderr: '',
})

/** Serves one call. Never rejects: what goes wrong is an answer as well. */
export const serve = async ({ env, readInput }: Input, plugin: Plugin): Promise<Outcome> => {
  const { supportedVersions: supported, about } = plugin
  if ((env.CNI_COMMAND ?? '') === '' && about !== undefined) {
    const stderr = `${about}\nCNI protocol versions supported: ${supported.join(', ')}\n`
    return { exitCode: 0, stdout: '', stderr }
  }
  let version = ownVersion
  try {
    const environment = readEnvironment(env)
    const { command } = environment
    if (command === 'VERSION') {
      const stdout = print({ cniVersion: ownVersion, supportedVersions: supported })
      return { exitCode: 0, stdout, stderr: '' }
    }
    const raw = await readJson(readInput)
    const name = textOf(raw, 'name')
    checkNetworkName(name)
    const asked = versionOf(raw)
    checkVersion(command, asked, supported)
    version = asked
    checkNames(environment)
    const answer = await plugin.commands[command]({ environment, version, name, raw })
    return { exitCode: 0, stdout: answer === undefined ? '' : print(answer), stderr: '' }
  } catch (error) {
    return refusal(version, error)
  }
}

/** Commands that take a call whole, given the making of what they work with. */
export const withConfiguration =
  <T>(
    open: (call: Call) => T,
    run: (tools: T, call: Call) => Promise<object | undefined>,
  ): CommandRun<BareCall> =>
  async (bare) => {
    const call: Call = { ...bare, configuration: readConfiguration(bare.raw) }
    return run(open(call), call)
  }
