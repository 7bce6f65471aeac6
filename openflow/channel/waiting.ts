/**
 * Who waits for which xids. A request waits for one, a bundle for a whole row of them; a message of the switch finds the one
 * that it is about. Bounded: whoever comes when all places are taken is turned away.
 */
import { OpenFlowError } from '../errors.js'
import type { Envelope } from '../messages.js'

/** Somebody who waits for messages with the xids `first` to `first + count - 1`. */
export interface Waiter {
  readonly first: number
  readonly count: number
  onMessage(envelope: Envelope): void
  /** A message with one of the xids has come that cannot be read. */
  onMalformed(error: OpenFlowError): void
  onClose(error: Error): void
}

const xidMax = 0xffff_ffff

export class Waiting {
  readonly #waitersMax: number
  readonly #single = new Map<number, Waiter>()
  readonly #rows = new Set<Waiter>()
  #next = 1

  constructor(waitersMax: number) {
    this.#waitersMax = waitersMax
  }

  get size(): number {
    return this.#single.size + this.#rows.size
  }

  /** The first of `count` xids in a row; never 0, which switches use for what they send unasked. */
  allocate(count = 1): number {
    if (this.#next + count - 1 > xidMax) this.#next = 1
    const first = this.#next
    this.#next = first + count
    return first
  }

  /** Throws `OpenFlowError` `busy` where all places are taken. */
  add(waiter: Waiter): void {
    if (this.size >= this.#waitersMax) {
      throw new OpenFlowError('busy', `${this.size} requests wait for the switch already`)
    }
    if (waiter.count === 1) this.#single.set(waiter.first, waiter)
    else this.#rows.add(waiter)
  }

  remove(waiter: Waiter): void {
    this.#rows.delete(waiter)
    if (this.#single.get(waiter.first) === waiter) this.#single.delete(waiter.first)
  }

  find(xid: number): Waiter | undefined {
    const single = this.#single.get(xid)
    if (single !== undefined) return single
    for (const row of this.#rows) if (xid >= row.first && xid < row.first + row.count) return row
    return undefined
  }

  /** Ends every wait. */
  closeAll(error: Error): void {
    const all = [...this.#single.values(), ...this.#rows]
    this.#single.clear()
    this.#rows.clear()
    for (const waiter of all) waiter.onClose(error)
  }
}
