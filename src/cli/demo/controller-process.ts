/**
 * The controller of the demo: the same program, in a process of its own, so that it can be killed. Not in the terminal's
 * process group: Ctrl-C is the demo's to handle.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client } from '#api/client.js'
import { tryRun } from '#lab/command.js'
import { unless } from '#lab/failure.js'
import type { Clock } from '#link/clock.js'
import { CheckFailed } from './check.js'

const program = fileURLToPath(new URL('../heddle.js', import.meta.url))
const logLinesKept = 8
const startMsMax = 15_000
const stopMsMax = 10_000

export interface ControllerOptions {
  /** The address where switches find it. */
  readonly address: string
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

export interface ControllerProcess {
  readonly pid: number
  /** Where REST is. */
  readonly url: string
  readonly client: Client
  /** SIGKILL: it gets no chance to say good-bye. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code, null when a signal ended it: ours, if it took too long. */
  stop(): Promise<number | null>
}

const databaseOf = (directory: string): string => join(directory, 'northbound.db')

/** REST on a port that the kernel chooses; the lab's address is nobody else's, so there the usual ports are free. */
const argumentsOf = ({ address, directory }: ControllerOptions): readonly string[] => [
  'controller',
  // Nodes reach REST there, for the CNI plugin; nobody else does.
  `--listen-rest=${address}:0`,
  `--listen-ovsdb=ptcp:6640:${address}`,
  `--listen-openflow=ptcp:6653:${address}`,
  `--lisp-listen=${address}:4342`,
  `--data-directory=${directory}`,
  `--northbound-file=${databaseOf(directory)}`,
  '--log-pretty=never',
]

/** What configures a controller of the user's is none of ours. */
const withoutSettings = (env: ControllerOptions['env']): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('HEDDLE_')))

const exitOf = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

const parseLine = (text: string): Readonly<Record<string, unknown>> => {
  try {
    return JSON.parse(text)
  } catch {
    return { msg: text }
  }
}

/** Resolves with the URL of REST; rejects with the end of the log when the process ends, or takes long, before it says one. */
const urlOf = (child: ChildProcess, clock: Clock): Promise<string> =>
  new Promise((resolve, reject) => {
    const last: string[] = []
    const fail = (): void => reject(new CheckFailed('a controller that is ready', last.join(' / ')))
    const cancel = clock.schedule(startMsMax, fail)
    child.on('error', reject)
    if (child.stderr === null) return
    const lines = createInterface({ input: child.stderr })
    lines.on('close', fail)
    lines.on('line', (text) => {
      const { msg, rest } = parseLine(text)
      last.push(String(msg))
      last.splice(0, last.length - logLinesKept)
      if (msg !== 'Heddle is ready') return
      cancel()
      resolve(String(rest))
    })
  })

const spawnController = (options: ControllerOptions): ChildProcess =>
  spawn(process.execPath, [...process.execArgv, program, ...argumentsOf(options)], {
    detached: true,
    env: withoutSettings(options.env),
    stdio: ['ignore', 'ignore', 'pipe'],
  })

/** Starts a controller and resolves when it is ready. */
export const startControllerProcess = async (options: ControllerOptions): Promise<ControllerProcess> => {
  const child = spawnController(options)
  const end = (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal)
    return exitOf(child)
  }
  const url = await urlOf(child, options.clock).catch(async (error: unknown) => {
    await end('SIGKILL')
    await stopStoreOf(options.directory)
    throw error
  })
  return {
    pid: child.pid ?? 0,
    url,
    client: new Client({ baseUrl: url }),
    kill: async () => {
      await end('SIGKILL')
    },
    stop: () => {
      const cancel = options.clock.schedule(stopMsMax, () => child.kill('SIGKILL'))
      return end('SIGTERM').finally(cancel)
    },
  }
}

/** The control socket of the northbound database server, which lives as long as that server does. */
export const storeControlOf = (directory: string): string => `${databaseOf(directory)}.ctl`

/** A controller that was killed leaves its database server running, for the next one: ends it. */
export const stopStoreOf = async (directory: string): Promise<void> => {
  const control = storeControlOf(directory)
  if ((await unless(stat(control), 'ENOENT')) === undefined) return
  await tryRun('ovs-appctl', ['-t', control, 'exit'])
}
