/**
 * What the executable takes from Bun, which it is bundled with: programs, HTTP and standard streams without the modules of Node.js in between,
 * whose loading alone takes longer than all that an ADD does (docs/decisions/0017). Nothing else in this folder knows of it.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { CniError } from './error.js'
import { enableIpv6, setMtu, turnOffloadOff, within } from './namespaces.js'
import { type Kernel, readIfThere } from './node.js'
import type { RunProgram } from './programs.js'
import { together } from './together.js'

interface Stream {
  text(): Promise<string>
}

interface Sink {
  write(text: string): unknown
  end(): unknown
}

interface Subprocess {
  /** Of a program that was started with a pipe. */
  readonly stdin: Sink
  readonly stdout: Stream
  readonly stderr: Stream
  readonly exited: Promise<number>
}

interface SpawnOptions {
  readonly cmd: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin: Uint8Array | 'pipe'
  readonly stdout: 'pipe'
  readonly stderr: 'pipe'
}

/** https://bun.com/docs/api/spawn, as far as it is used here. */
declare const Bun: { spawn(options: SpawnOptions): Subprocess }

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export const runProgram: RunProgram = async (program, args, { input = '', env = {}, netns } = {}) => {
  const start = (): Subprocess =>
    Bun.spawn({
      cmd: [program, ...args],
      env: { PATH: searchPath, LC_ALL: 'C', ...env },
      stdin: typeof input === 'string' ? Buffer.from(input) : 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
    })
  // A program that cannot be started has nobody who waits for its input.
  if (typeof input !== 'string') input.catch(() => {})
  try {
    const child = netns === undefined ? start() : within(netns, start)
    const [stdout, stderr, code] = await together([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
      typeof input === 'string' ? undefined : feed(child.stdin, input),
    ])
    return { code, stdout, stderr }
  } catch (cause) {
    if (cause instanceof CniError) throw cause
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new CniError('command-failed', `${program}: ${words}`, { cause })
  }
}

/** Without its input a program is told that there is none, so that it ends. */
const feed = async (stdin: Sink, input: Promise<string>): Promise<void> => {
  try {
    stdin.write(await input)
  } finally {
    stdin.end()
  }
}

export const kernel: Kernel = {
  enableIpv6,
  setMtu,
  turnOffloadOff,
  read: readIfThere,
  write: (file, text) => {
    try {
      writeFileSync(file, text)
    } catch (cause) {
      throw new CniError('io-failure', `${file} cannot be written`, { cause })
    }
  },
}

/** Everything on standard input. */
export const readInput = async (): Promise<string> => readFileSync(0, 'utf8')

/** All of a text to a standard stream: 1 or 2. */
export const writeOut = (stream: 1 | 2, text: string): void => {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(stream, bytes, at)
}
