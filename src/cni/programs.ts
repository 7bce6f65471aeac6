/** Programs of the node: arguments as lists, input as text; a failure keeps the program's own words. */
import { spawn } from 'node:child_process'
import { CniError } from './error.js'

export interface ProgramOptions {
  readonly input?: string
  /** Replaces the environment but for PATH. */
  readonly env?: Readonly<Record<string, string>>
  /** Ends it. */
  readonly signal?: AbortSignal
}

export interface ProgramResult {
  /** Exit code; 128 for a program that a signal ended. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. @throws CniError `command-failed` where it cannot be started or gives no end of output */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
) => Promise<ProgramResult>

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Characters of output that are kept of a program. */
const outputMax = 8 << 20

export const runProgram: RunProgram = (program, args, { input = '', env = {}, signal } = {}) =>
  new Promise((resolve, reject) => {
    const fail = (why: string, cause?: unknown): void =>
      reject(new CniError('command-failed', `${program}: ${why}`, { cause }))
    const child = spawn(program, [...args], {
      env: { PATH: searchPath, LC_ALL: 'C', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        said[name] += chunk
        if (said[name].length <= outputMax) return
        child.kill('SIGKILL')
        fail('its output has no end')
      })
    }
    child.on('error', (error) => fail(error.message, error))
    child.on('close', (code) => resolve({ code: code ?? 128, ...said }))
    // A program that ends without reading its input is judged by its exit code.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })

/** What a program that failed said. */
export const wordsOf = ({ code, stdout, stderr }: ProgramResult): string =>
  (stderr.trim() || stdout.trim() || `exit code ${code}`).slice(0, 1000)

/** What a program that has to succeed printed. @throws CniError `command-failed` */
export const outputOf = async (what: string, running: Promise<ProgramResult>): Promise<string> => {
  const result = await running
  if (result.code === 0) return result.stdout
  throw new CniError('command-failed', what, { details: wordsOf(result) })
}
