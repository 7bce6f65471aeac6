/**
 * Two transports joined in memory, for tests and simulations: bytes take as long as the clock says, and the cable between
 * them can be cut so that neither end notices, as a dead machine's is.
 */
import type { Clock } from './clock.js'
import { LinkError } from './errors.js'
import type { Transport, TransportEvents } from './transport.js'

export interface MemoryPairOptions {
  readonly clock: Clock
  /** The time that bytes are under way, in milliseconds. */
  readonly delayMs?: number
  /** Splits what one `write` delivers, to cut messages at awkward places. */
  readonly cutAt?: (data: Uint8Array) => readonly Uint8Array[]
  /** As for a socket: bytes that may wait for a peer that has paused. */
  readonly queueBytesMax?: number
  readonly names?: readonly [string, string]
}

export interface MemoryPair {
  readonly ends: readonly [Transport, Transport]
  /** From now on bytes and closings vanish: a half-open connection. */
  cut(): void
}

export const memoryPair = (options: MemoryPairOptions): MemoryPair => {
  const [nameOfB, nameOfA] = options.names ?? ['unix:b', 'unix:a']
  const a = new MemoryTransport(nameOfB, options)
  const b = new MemoryTransport(nameOfA, options)
  a.join(b)
  b.join(a)
  return {
    ends: [a, b],
    cut: () => {
      a.join(undefined)
      b.join(undefined)
    },
  }
}

class MemoryTransport implements Transport {
  readonly peer: string
  readonly #options: MemoryPairOptions
  #far: MemoryTransport | undefined
  #events: TransportEvents | undefined
  #open = true
  #paused = false
  #held: Uint8Array[] = []
  #heldClose: (() => void) | undefined
  /** Sent and not yet given to the owner of the far end. */
  queuedBytes = 0

  constructor(peer: string, options: MemoryPairOptions) {
    this.peer = peer
    this.#options = options
  }

  join(far: MemoryTransport | undefined): void {
    this.#far = far
  }

  start(events: TransportEvents): void {
    this.#events = events
    this.#later(() => this.#drain())
  }

  write(data: Uint8Array): boolean {
    const limit = this.#options.queueBytesMax ?? Number.POSITIVE_INFINITY
    if (!this.#open) return true // `onClose` says it
    if (this.queuedBytes > limit) {
      this.close(new LinkError('queue-full', `${this.peer} does not read: ${this.queuedBytes} bytes wait`))
      return false
    }
    this.queuedBytes += data.length
    const far = this.#far
    for (const part of this.#options.cutAt?.(data) ?? [data]) this.#later(() => far?.receive(part, this))
    return this.queuedBytes <= limit
  }

  receive(part: Uint8Array, from: MemoryTransport): void {
    if (this.#far !== from) return
    this.#held.push(part)
    this.#drain()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#later(() => this.#drain())
  }

  close(error?: Error): void {
    if (!this.#open) return
    this.#open = false
    this.#held = []
    const far = this.#far
    this.#later(() => this.#events?.onClose(error))
    this.#later(() => far?.farClosed(this))
  }

  farClosed(from: MemoryTransport): void {
    if (this.#far !== from || !this.#open) return
    this.#heldClose = () => {
      this.#open = false
      this.#events?.onClose()
    }
    this.#drain()
  }

  #drain(): void {
    while (this.#events !== undefined && !this.#paused && this.#open) {
      const part = this.#held.shift()
      if (part === undefined) break
      if (this.#far !== undefined) this.#far.queuedBytes -= part.length
      this.#events.onData(part)
    }
    if (this.#events === undefined || this.#held.length > 0 || this.#heldClose === undefined) return
    const finish = this.#heldClose
    this.#heldClose = undefined
    if (this.#open) finish()
  }

  #later(fire: () => void): void {
    this.#options.clock.schedule(this.#options.delayMs ?? 0, fire)
  }
}
