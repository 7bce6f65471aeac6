/** Another plugin for the addresses: run as the specification says (1.1.0, section 4 "Plugin Delegation"). */
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import type { Call } from './call.js'
import type { Command } from './environment.js'
import { CniError } from './error.js'
import { type RunProgram, wordsOf } from './programs.js'
import { isObject } from './reading.js'
import { type PluginResult, parseResult } from './result.js'

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** @throws CniError `ipam-failed` */
const find = (type: string, path: readonly string[]): string => {
  if (/[/\\]/.test(type) || type === '.' || type === '..')
    throw new CniError('invalid-config', `ipam.type: "${type}" is not the name of a plugin`)
  for (const directory of path) {
    const program = join(directory, type)
    if (isExecutable(program)) return program
  }
  throw new CniError('ipam-failed', `the IPAM plugin ${type} is in no directory of CNI_PATH`, {
    details: path.join(':'),
  })
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The error that a plugin printed, with its own number, or that it printed none. */
const failureOf = (type: string, stdout: string, words: string): CniError => {
  const said = parse(stdout)
  if (!isObject(said) || typeof said.code !== 'number' || typeof said.msg !== 'string')
    return new CniError('ipam-failed', `the IPAM plugin ${type} failed`, { details: words })
  return new CniError('ipam-failed', `${type}: ${said.msg}`, {
    number: said.code,
    ...(typeof said.details === 'string' ? { details: said.details } : {}),
  })
}

/**
 * Runs the IPAM plugin with the call's own environment and configuration; undefined for a command without a result.
 * @throws CniError with the plugin's number and words, or `ipam-failed`
 */
export const runIpam = async (
  run: RunProgram,
  type: string,
  command: Command,
  { environment, raw }: Call,
): Promise<PluginResult | undefined> => {
  const program = find(type, environment.path)
  const variables = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: environment.containerId,
    CNI_NETNS: environment.netns,
    CNI_IFNAME: environment.interfaceName,
    CNI_ARGS: environment.args,
    CNI_PATH: environment.path.join(':'),
  }
  const result = await run(program, [], { env: variables, input: JSON.stringify(raw) })
  if (result.code !== 0) throw failureOf(type, result.stdout, wordsOf(result))
  if (command !== 'ADD') return undefined
  const answer = parse(result.stdout)
  if (answer === undefined) throw new CniError('decoding-failure', `the answer of ${type} is no JSON`)
  return parseResult(answer, `the answer of ${type}`)
}
