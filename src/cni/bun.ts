/**
 * What the executable takes from Bun, which it is bundled with: programs, HTTP and standard streams without the modules of Node.js in between,
 * whose loading alone takes longer than all that an ADD does (docs/decisions/0012). Nothing else in this folder knows of it.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { CniError } from './error.js'
import { turnOffloadOff, within } from './namespaces.js'
import { type Kernel, readIfThere } from './node.js'
import type { RunProgram } from './programs.js'

interface Stream {
  text(): Promise<string>
}

interface Subprocess {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly exited: Promise<number>
}

interface SpawnOptions {
  readonly cmd: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly stdin: Uint8Array
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
      stdin: Buffer.from(input),
      stdout: 'pipe',
      stderr: 'pipe',
    })
  try {
    const child = netns === undefined ? start() : within(netns, start)
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { code, stdout, stderr }
  } catch (cause) {
    if (cause instanceof CniError) throw cause
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new CniError('command-failed', `${program}: ${words}`, { cause })
  }
}

export const kernel: Kernel = {
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
