/** Runs one command line. Everything that it touches comes in as `io`, so that tests run it in their own process. */
import { exitCodes } from './exit.js'
import type { Io } from './io.js'
import { createProgram } from './program.js'
import { report } from './report.js'

/** `argv` begins with the first word after `heddle`. Resolves with the exit code; never rejects. */
export const run = async (argv: readonly string[], io: Io): Promise<number> => {
  try {
    await createProgram(io).parseAsync([...argv], { from: 'user' })
    return exitCodes.ok[0]
  } catch (error) {
    return report(io, error)
  }
}
