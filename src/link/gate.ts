/**
 * A gate lets a limited number through at a time and makes the others wait in order: when a thousand peers come back at once, their
 * initial dumps are read a few at a time and not all together.
 */
import { LinkError } from './errors.js'

/** To be called once the work that was waited for is done; further calls do nothing. */
export type Leave = () => void

export class Gate {
  readonly #insideMax: number
  readonly #waitingMax: number
  readonly #waiting = new Set<() => void>()
  #inside = 0

  constructor(insideMax: number, waitingMax = Number.POSITIVE_INFINITY) {
    this.#insideMax = insideMax
    this.#waitingMax = waitingMax
  }

  get inside(): number {
    return this.#inside
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Resolves when there is room. Rejects with the signal's reason, or with `queue-full` when too many wait already. */
  enter(signal?: AbortSignal): Promise<Leave> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      if (this.#inside < this.#insideMax) return resolve(this.#admit())
      if (this.#waiting.size >= this.#waitingMax) {
        return reject(new LinkError('queue-full', `${this.#waiting.size} wait at the gate already`))
      }
      const onAbort = (): void => {
        this.#waiting.delete(proceed)
        reject(signal?.reason)
      }
      const proceed = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(this.#admit())
      }
      this.#waiting.add(proceed)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  #admit(): Leave {
    this.#inside += 1
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      this.#inside -= 1
      const [next] = this.#waiting
      if (next === undefined) return
      this.#waiting.delete(next)
      next()
    }
  }
}
