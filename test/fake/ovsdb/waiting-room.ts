/** Transactions with a `wait` that is not true yet: tried again after each commit, until their time is over. */
import type { Clock } from '#link/clock.js'
import type { Json } from '#ovsdb/json.js'
import type { FakeDatabase } from './database.js'
import { NotYet } from './execution.js'

/** One try; it throws `NotYet` while it may wait and has to. */
type Attempt = (mayWait: (timeoutMs: number) => boolean) => readonly Json[]

/** The longest that a timer of Node.js can take. */
const timerMsMax = 2 ** 31 - 1

export class WaitingRoom {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  attempt(database: FakeDatabase, attempt: Attempt): Json | Promise<Json> {
    const started = this.#clock.now()
    const mayWait = (timeoutMs: number): boolean => this.#clock.now() < started + timeoutMs
    const first = tryOnce(attempt, mayWait)
    if (!(first instanceof NotYet)) return first
    return new Promise((resolve, reject) => {
      const again = (): void => {
        try {
          const result = tryOnce(attempt, mayWait)
          if (result instanceof NotYet) return
          stop()
          cancel()
          resolve(result)
        } catch (error) {
          reject(error)
        }
      }
      // Not at once: every monitor hears of this commit before the next one.
      const stop = database.onCommit(() => queueMicrotask(again))
      const cancel = this.#clock.schedule(Math.min(first.timeoutMs, timerMsMax), again)
    })
  }
}

const tryOnce = (attempt: Attempt, mayWait: (timeoutMs: number) => boolean): readonly Json[] | NotYet => {
  try {
    return attempt(mayWait)
  } catch (error) {
    if (error instanceof NotYet) return error
    throw error
  }
}
