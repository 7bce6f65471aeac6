/**
 * A topic is what a server keeps telling us about: a monitor, a lock. Its news comes as notifications and starts with the reply to the request
 * that made it. Promises hand the reply over a little later than the notifications that follow it in the same chunk of bytes,
 * so those are held until the reply is through: a sink sees everything in the order of the wire.
 */
import { OvsdbError } from './errors.js'

/** More news than this before the reply is no server's doing that follows RFC 7047. */
const heldMax = 1000

export class Topic<E> {
  #held: E[] | undefined = []
  readonly #sink: (event: E) => void

  constructor(sink: (event: E) => void) {
    this.#sink = sink
  }

  /** The reply is there: it goes first, then what was held. */
  open(first: E): void {
    const held = this.#held ?? []
    this.#held = undefined
    this.#sink(first)
    for (const event of held) this.#sink(event)
  }

  /** News. Throws what the sink throws, and `malformed-message` when too much comes before the reply. */
  deliver(event: E): void {
    if (this.#held === undefined) {
      this.#sink(event)
      return
    }
    if (this.#held.length === heldMax) {
      throw new OvsdbError(
        'malformed-message',
        `${heldMax} notifications came before the reply that they follow`,
      )
    }
    this.#held.push(event)
  }
}
