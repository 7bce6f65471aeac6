/** A clock that stands still until a test or a simulation moves it. Timers fire in order of time, then of setting. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '#link/clock.js'

interface Timer {
  readonly at: number
  readonly fire: () => void
}

export class VirtualClock implements Clock {
  #now = 0
  readonly #wallStart: number
  readonly #timers = new Set<Timer>()

  constructor(wallStart = 1_700_000_000_000) {
    this.#wallStart = wallStart
  }

  now(): number {
    return this.#now
  }

  wallTime(): number {
    return this.#wallStart + this.#now
  }

  schedule(delayMs: number, fire: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves time and fires what falls due on the way; promises settle only after the caller awaits something. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) this.#fire(next)
    this.#now = end
  }

  /** As `advance`, letting promises settle before and after every timer. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms
    await setImmediate()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#fire(next)
      await setImmediate()
    }
    this.#now = end
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    this.#now = Math.max(this.#now, timer.at)
    timer.fire()
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer
    }
    return first
  }
}
