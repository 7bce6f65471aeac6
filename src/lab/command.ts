/** Running programs: arguments as lists, never through a shell; a failure keeps the program's own words. */
import { execFile } from 'node:child_process'
import { LabError } from './errors.js'

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const outputMaxBytes = 64 << 20

export interface CommandOptions {
  /** Added to the plain environment that every command gets. */
  env?: Readonly<Record<string, string>>
  /** Written to standard input, which is empty otherwise. */
  input?: string | Uint8Array
  /** The command is killed and reported as failed after so long; 60 s unless told. */
  timeoutMs?: number
}

export interface CommandResult {
  /** The exit code; 128 and the signal's number for a command that a signal ended, as shells have it. */
  code: number
  stdout: string
  stderr: string
}

const signalCodes: Readonly<Record<string, number>> = { SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }

/** Runs a program to its end and returns its exit code and output. @throws LabError `tool-missing` */
export const tryRun = (
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const env = { PATH: searchPath, LC_ALL: 'C.UTF-8', ...options.env }
    const settings = { env, maxBuffer: outputMaxBytes, timeout: options.timeoutMs ?? 60_000 }
    const child = execFile(program, [...args], settings, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') {
        reject(new LabError('tool-missing', `${program} is not installed: run deploy/setup.sh as root`))
        return
      }
      const bySignal = error?.signal == null ? 1 : (signalCodes[error.signal] ?? 128)
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : bySignal
      resolve({ code, stdout, stderr })
    })
    // A program that ends without reading its input is judged by its exit code.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
  })

/** As `tryRun`, for a program that has to succeed; returns what it printed. @throws LabError `command-failed` */
export const run = async (
  program: string,
  args: readonly string[],
  options?: CommandOptions,
): Promise<string> => {
  const { code, stdout, stderr } = await tryRun(program, args, options)
  if (code === 0) return stdout
  const said = stderr.trim() || stdout.trim() || 'it said nothing'
  throw new LabError('command-failed', `${program} ${args.join(' ')}: exit code ${code}: ${said}`)
}

/** How many commands `runMany` has at work at a time. */
const runManyAtOnce = 4

/**
 * Runs one program many times, by xargs(1): a fraction of the time that it takes to start each of them from here. The words
 * go to xargs as text, so they hold names that were checked before: no blanks, no quotes. All run, then the first
 * failure's words are thrown.
 * @throws LabError `command-failed`
 */
export const runMany = async (program: string, calls: readonly (readonly string[])[]): Promise<void> => {
  if (calls.length === 0) return
  const input = `${calls.map((words) => words.join(' ')).join('\n')}\n`
  const args = ['--max-lines=1', `--max-procs=${runManyAtOnce}`, program]
  const { code, stdout, stderr } = await tryRun('xargs', args, { input, timeoutMs: 300_000 })
  if (code === 0) return
  throw new LabError('command-failed', `${program}: ${stderr.trim() || stdout.trim() || `exit code ${code}`}`)
}
