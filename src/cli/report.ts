/** Failures as users read them: what happened, to what, and the way out. Never a stack trace. */
import { CommanderError } from 'commander'
import { ApiError } from '#api/client.js'
import { describeApiError } from './api-report.js'
import { CliError, exitCodes } from './exit.js'
import type { Io } from './io.js'
import { paletteFor } from './palette.js'
import { plain } from './text.js'

/** Errors of this command line and of the parts it stands on have a code; what has none is a defect of ours. */
const isExpected = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'

const asCliError = (error: unknown): CliError => {
  if (error instanceof CliError) return error
  if (error instanceof ApiError) return describeApiError(error)
  if (isExpected(error)) return new CliError('failed', error.message, notesOf(error), error)
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return new CliError(
    'failed',
    words,
    ['this is a defect of heddle: run it again with HEDDLE_DEBUG=1 for more'],
    error,
  )
}

/** What the peer said, where the error kept it and does not say it already. */
const notesOf = (error: Error): readonly string[] =>
  'peer' in error && typeof error.peer === 'string' ? [`peer: ${error.peer}`] : []

/** Tells of a failure on standard error; answers the exit code. */
export const report = (io: Io, error: unknown): number => {
  if (error instanceof CommanderError) return exitCodeOf(error)
  if (io.signal.aborted) return exitCodes.interrupted[0]
  const { message, notes, exitCode, reason, cause } = asCliError(error)
  const palette = paletteFor(io.stderr, io.env)
  const mark = reason === 'pending' ? palette.yellow('heddle:') : palette.red('heddle:')
  const lines = [`${mark} ${shown(message)}`, ...notes.map((note) => `  ${shown(note)}`)]
  if ((io.env.HEDDLE_DEBUG ?? '') !== '') lines.push(stackOf(cause ?? error))
  io.stderr.write(`${lines.join('\n')}\n`)
  return exitCode
}

/** Lines of ours stay lines; nothing else in them may steer the terminal. */
const shown = (text: string): string => text.split('\n').map(plain).join('\n    ')

const stackOf = (error: unknown): string =>
  error instanceof Error && error.stack !== undefined ? error.stack : String(error)

/** commander has printed its words already. Help that was asked for is success; help instead of an answer is not. */
const exitCodeOf = (error: CommanderError): number =>
  error.exitCode === 0 ? exitCodes.ok[0] : exitCodes.usage[0]
