/** What the demo finds out: a check that passed, or what was expected and what was found instead. */

/** A check that did not pass. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed'
  readonly code = 'check-failed'
  readonly expected: string
  readonly found: string

  constructor(expected: string, found: string) {
    super(`expected ${expected}; found ${found}`)
    this.expected = expected
    this.found = found
  }
}

/** @throws CheckFailed unless `fits` */
export const expectThat = (fits: boolean, expected: string, found: string): void => {
  if (!fits) throw new CheckFailed(expected, found)
}

/** The outcome of one step. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  /** How long the step took. */
  readonly ms: number
  /** It was not tried, since something failed that it needs. */
  readonly skipped?: true
  /** What was seen, for people. */
  readonly detail?: string
  /** Of a failed check. */
  readonly expected?: string
  readonly found?: string
}

/** The outcome of a step that threw. An error that is no `CheckFailed` is what was found where none was expected. */
export const failedCheck = (name: string, ms: number, error: unknown): Check => {
  if (error instanceof CheckFailed) {
    return { name, ok: false, ms, expected: error.expected, found: error.found }
  }
  const found = error instanceof Error ? error.message : String(error)
  return { name, ok: false, ms, expected: 'no error', found }
}
