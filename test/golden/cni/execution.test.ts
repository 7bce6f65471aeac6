/**
 * How a plugin is called and answers, from the tests of CNI's own `pkg/skel`: `../shared/vectors/cni/plugin-execution.json`.
 * Codes are normative, words are not: what the specification asks of them is that they name the variables. Skipped where the folder is absent.
 */
import { describe, expect, it } from 'vitest'
import type { Command } from '#cni/environment.js'
import { CniError } from '#cni/error.js'
import { type BareCall, type CommandRun, type Plugin, serve } from '#cni/invocation.js'
import { vectors, vectorsThere } from './vectors.js'

interface Vector {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly stdin: string
  readonly pluginSupports: readonly string[]
  readonly expect: {
    readonly handlerCalled: Command | null
    readonly error?: { readonly code: number; readonly msg?: string }
    readonly stdinFault?: string
    readonly handlerError?: string | { readonly code: number; readonly msg: string }
    readonly stderr?: string
    readonly stdoutJson?: { readonly supportedVersions: readonly string[] }
  }
}

const errorOf = (wanted: NonNullable<Vector['expect']['handlerError']>): Error =>
  typeof wanted === 'string'
    ? new Error(wanted)
    : new CniError('ipam-failed', wanted.msg, { number: wanted.code })

const callOf = async ({ env, stdin, pluginSupports, expect: wanted }: Vector) => {
  const called: Command[] = []
  const command =
    (name: Command): CommandRun<BareCall> =>
    async () => {
      called.push(name)
      if (wanted.handlerError !== undefined) throw errorOf(wanted.handlerError)
      return undefined
    }
  const plugin: Plugin = {
    commands: {
      ADD: command('ADD'),
      DEL: command('DEL'),
      CHECK: command('CHECK'),
      STATUS: command('STATUS'),
      GC: command('GC'),
    },
    supportedVersions: pluginSupports,
    ...(wanted.stderr === undefined ? {} : { about: 'AWESOME PLUGIN' }),
  }
  const readInput = async (): Promise<string> => {
    if (wanted.stdinFault !== undefined) throw new Error('banana')
    return stdin
  }
  return { outcome: await serve({ env, readInput }, plugin), called }
}

describe.skipIf(!vectorsThere)('the calls of pkg/skel', () => {
  it.each(vectors<Vector>('plugin-execution'))('$name', async (vector) => {
    const { outcome, called } = await callOf(vector)
    const { error, handlerCalled, handlerError, stderr, stdoutJson } = vector.expect
    expect(outcome.stderr).toBe(stderr ?? '')
    if (error === undefined) {
      expect(outcome.exitCode).toBe(0)
      // VERSION is ours to answer: no command of the plugin's is called for it.
      if (handlerCalled !== 'VERSION') expect(called).toEqual(handlerCalled === null ? [] : [handlerCalled])
      if (stdoutJson !== undefined)
        expect(JSON.parse(outcome.stdout).supportedVersions).toEqual(stdoutJson.supportedVersions)
      return
    }
    const answer = JSON.parse(outcome.stdout)
    expect(outcome.exitCode).not.toBe(0)
    expect(answer.code).toBe(error.code)
    expect(called).toHaveLength(handlerError === undefined ? 0 : 1)
    for (const variable of error.msg?.match(/CNI_\w+/g) ?? []) expect(answer.msg).toContain(variable)
  })
})
