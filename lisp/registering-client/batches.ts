/** Map-Registers on their way to one server: what each carries, and when it is sent again. */
import { TimingWheel } from '../mapping/timing-wheel.js'
import type { Own } from './own-eids.js'

export interface Batch {
  readonly id: number
  /** What was sent, in the version of that time. */
  readonly sent: ReadonlyMap<Own, number>
  /** Of its transmissions: each has one of its own, and an answer to any of them is an answer. */
  readonly nonces: readonly bigint[]
  /** When the first of its transmissions was. */
  readonly since: number
}

export class Batches {
  readonly #byNonce = new Map<bigint, Batch>()
  readonly #byId = new Map<number, Batch>()
  readonly #free: number[] = []
  readonly #wheel: TimingWheel

  constructor(now: number) {
    this.#wheel = new TimingWheel({ tickMs: 50, now })
  }

  get size(): number {
    return this.#byId.size
  }

  find(nonce: bigint): Batch | undefined {
    return this.#byNonce.get(nonce)
  }

  add(batch: Omit<Batch, 'id'>, due: number): Batch {
    const made = { ...batch, id: this.#free.pop() ?? this.size + 1 }
    this.#byId.set(made.id, made)
    for (const nonce of made.nonces) this.#byNonce.set(nonce, made)
    this.#wheel.schedule(made.id, due)
    return made
  }

  remove({ id, nonces }: Batch): void {
    if (!this.#byId.delete(id)) return
    for (const nonce of nonces) this.#byNonce.delete(nonce)
    this.#free.push(id)
    this.#wheel.cancel(id)
  }

  /** Takes out those that nobody has acknowledged in time. */
  overdue(now: number): readonly Batch[] {
    const found: Batch[] = []
    this.#wheel.advance(now, Number.MAX_SAFE_INTEGER, (id) => {
      const batch = this.#byId.get(id)
      if (batch !== undefined) found.push(batch)
    })
    for (const batch of found) this.remove(batch)
    return found
  }
}
