/** How a command ends: the exit codes, and the error that carries one. */

/** Every exit code, with the words that the help has for it. */
export const exitCodes = {
  ok: [0, 'done'],
  failed: [1, 'the request was refused or failed'],
  usage: [2, 'the command line, a file or the configuration is not valid'],
  unreachable: [3, 'no controller answers'],
  pending: [4, 'stored, and still pending when the wait was over'],
  interrupted: [130, 'interrupted by Ctrl-C'],
} as const satisfies Record<string, readonly [code: number, meaning: string]>

export type ExitReason = keyof typeof exitCodes

/** A command that cannot go on: what happened in words, and lines below it that name things and the way out. */
export class CliError extends Error {
  readonly reason: ExitReason
  readonly notes: readonly string[]

  constructor(reason: ExitReason, message: string, notes: readonly string[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CliError'
    this.reason = reason
    this.notes = notes
  }

  get exitCode(): number {
    return exitCodes[this.reason][0]
  }
}

export const usageError = (message: string, notes: readonly string[] = []): CliError =>
  new CliError('usage', message, notes)
