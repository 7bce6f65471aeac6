/** What parts of the controller log with; `main` passes pino, tests pass nothing. */
type Log = (fields: Readonly<Record<string, unknown>>, message: string) => void

export interface Logger {
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
}

const nowhere: Log = () => {}
export const silentLogger: Logger = { debug: nowhere, info: nowhere, warn: nowhere, error: nowhere }
