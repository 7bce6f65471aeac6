/** Those who wait until something holds of objects, asked again whenever something about one of them changed. */
import type { Clock } from '#link/clock.js'

type Waiter<K> = (key: K) => void

export class Waits<K> {
  private readonly waiters = new Map<K, Set<Waiter<K>>>()

  constructor(private readonly clock: Clock) {}

  /** Something about the object has changed. */
  changed(key: K): void {
    const waiters = this.waiters.get(key)
    if (waiters !== undefined) for (const waiter of [...waiters]) waiter(key)
  }

  /**
   * Resolves with true once `done` has held for each of `keys`, with false after `waitMs` milliseconds or when the signal is
   * aborted.
   */
  until(
    keys: readonly K[],
    waitMs: number,
    done: (key: K) => boolean,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const remaining = new Set(keys.filter((key) => !done(key)))
    if (remaining.size === 0) return Promise.resolve(true)
    if (waitMs <= 0 || signal?.aborted) return Promise.resolve(false)
    return new Promise((resolve) => {
      const finish = (result: boolean): void => {
        for (const key of remaining) this.leave(key, waiter)
        cancel()
        signal?.removeEventListener('abort', giveUp)
        resolve(result)
      }
      const giveUp = (): void => finish(false)
      const waiter: Waiter<K> = (key) => {
        if (!done(key)) return
        remaining.delete(key)
        this.leave(key, waiter)
        if (remaining.size === 0) finish(true)
      }
      const cancel = this.clock.schedule(waitMs, giveUp)
      signal?.addEventListener('abort', giveUp, { once: true })
      for (const key of remaining) {
        const set = this.waiters.get(key)
        if (set === undefined) this.waiters.set(key, new Set([waiter]))
        else set.add(waiter)
      }
    })
  }

  private leave(key: K, waiter: Waiter<K>): void {
    const set = this.waiters.get(key)
    set?.delete(waiter)
    if (set?.size === 0) this.waiters.delete(key)
  }
}
