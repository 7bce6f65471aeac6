/** Programs of the node: arguments as lists, input as text; a failure keeps the program's own words. */
import { CniError } from './error.js'

export interface ProgramOptions {
  /** What is not known yet is waited for while the program starts; the call rejects with what it rejects with. */
  readonly input?: string | Promise<string>
  /** The path of a network namespace that it runs in; the plugin's own unless told. */
  readonly netns?: string
  /** Replaces the environment but for PATH. */
  readonly env?: Readonly<Record<string, string>>
}

export interface ProgramResult {
  /** Exit code; 128 and the signal's number for a program that a signal ended. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. @throws CniError `command-failed` where it cannot be started; `container-unknown` without its namespace */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
) => Promise<ProgramResult>

/** What a program that failed said. */
export const wordsOf = ({ code, stdout, stderr }: ProgramResult): string =>
  (stderr.trim() || stdout.trim() || `exit code ${code}`).slice(0, 1000)

/** What a program that has to succeed printed. @throws CniError `command-failed` */
export const outputOf = async (what: string, running: Promise<ProgramResult>): Promise<string> => {
  const result = await running
  if (result.code === 0) return result.stdout
  throw new CniError('command-failed', what, { details: wordsOf(result) })
}
