/**
 * Time as an argument. Everything in Heddle that waits, expires or measures receives a `Clock`; only this file and the
 * composition root know that there is a real one. Tests and simulations pass a virtual clock and move it by hand.
 */

/** A source of time. All times are milliseconds. */
export interface Clock {
  /** Milliseconds of a clock that never goes back; its zero means nothing. */
  now(): number
  /** Milliseconds since the Unix epoch: for people and for durable records, never for intervals. */
  wallTime(): number
  /** Calls `fire` once after `delayMs`; the returned function cancels it and may be called at any time. */
  schedule(delayMs: number, fire: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  schedule: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs)
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export const sleep = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
