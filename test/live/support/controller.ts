/**
 * A controller under test: in the test's own process, or as the real program in a process of its own, where it has to be
 * killed or its exit code counts. Both take the settings of config.ts by key and say on which URL REST is.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client } from '#api/client.js'
import { loadConfig } from '#config'
import { startController } from '#main'
import type { Logger } from '#model/logger.js'

/** Settings by key: `{ 'vni.min': '10' }`. */
export type Settings = Readonly<Record<string, string>>

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string }

export interface Controller {
  readonly url: string
  readonly client: Client
  /** What it has logged so far. */
  readonly log: readonly LogLine[]
  stop(): Promise<void>
}

/** A directory for a controller's data, with a path short enough for sockets in it. */
export const makeDataDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'heddle-'))

export const removeDataDirectory = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true })

/** REST on a port of the kernel's choice; switches at `address`. */
export const settingsAt = (address: string, dataDirectory: string): Settings => ({
  'listen.rest': '127.0.0.1:0',
  'listen.ovsdb': `ptcp:6640:${address}`,
  'listen.openflow': `ptcp:6653:${address}`,
  dataDirectory,
})

const collector = (lines: LogLine[]): Logger => {
  const write = (fields: Readonly<Record<string, unknown>>, msg: string): void => {
    lines.push({ ...fields, msg })
  }
  return { debug: write, info: write, warn: write, error: write }
}

/** No mapping system unless a test wants one: its port is one for the whole machine. */
const withoutLisp: Settings = { 'lisp.listen': 'none' }

/** Starts a controller in this process. */
export const startHere = async (flags: Settings): Promise<Controller> => {
  const log: LogLine[] = []
  const { config } = loadConfig({ flags: { ...withoutLisp, ...flags } })
  const running = await startController(config, collector(log))
  return { url: running.url, client: new Client({ baseUrl: running.url }), log, stop: () => running.stop() }
}

const program = fileURLToPath(new URL('../../../dist/src/cli/heddle.js', import.meta.url))

/** A controller in a process of its own. */
export interface ControllerProcess extends Controller {
  readonly pid: number
  /** Sends SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>
  /** SIGKILL: it gets no chance to say good-bye. */
  kill(): Promise<void>
}

const flagOf = (key: string): string =>
  key
    .replaceAll('.', '-')
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .replace(/^northbound-target$/, 'northbound')

const parseLine = (text: string): LogLine => {
  try {
    return JSON.parse(text)
  } catch {
    return { msg: text }
  }
}

/** Reads the log into `lines`; resolves with the URL of REST, rejects when the process ends before it says one. */
const restOf = (child: ChildProcess, lines: LogLine[]): Promise<string> =>
  new Promise((resolve, reject) => {
    if (child.stderr === null) return reject(new Error('no standard error'))
    createInterface({ input: child.stderr }).on('line', (text) => {
      const line = parseLine(text)
      lines.push(line)
      if (line.msg === 'Heddle is ready') resolve(String(line.rest))
    })
    child.on('exit', (code) =>
      reject(
        new Error(
          `the controller ended with ${code}: ${JSON.stringify(lines.slice(-5).map(({ msg }) => msg))}`,
        ),
      ),
    )
  })

const gone = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

/** The program as built into dist, just begun. */
const begin = (flags: Settings): ChildProcess => {
  const words = Object.entries({ 'log.pretty': 'never', ...withoutLisp, ...flags }).map(
    ([key, value]) => `--${flagOf(key)}=${value}`,
  )
  return spawn(process.execPath, ['--enable-source-maps', program, 'controller', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Starts the program and sends it SIGTERM as soon as it says `words`; resolves with its exit code. */
export const terminateAt = async (flags: Settings, words: string): Promise<number | null> => {
  const child = begin(flags)
  child.stderr?.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes(words)) child.kill('SIGTERM')
  })
  return gone(child)
}

/** Starts the program and waits until it is ready. */
export const startProcess = async (flags: Settings): Promise<ControllerProcess> => {
  const child = begin(flags)
  const log: LogLine[] = []
  const url = await restOf(child, log)
  const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    child.kill(signal)
    return gone(child)
  }
  return {
    url,
    client: new Client({ baseUrl: url }),
    log,
    pid: child.pid ?? 0,
    terminate: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    stop: async () => void (await end('SIGTERM')),
  }
}
