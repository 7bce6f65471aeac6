/**
 * Deadlines of many numbered things without looking at all of them: a hierarchical timing wheel (Varghese and Lauck) with its
 * lists in typed arrays. A deadline that moves back, as that of every refreshed registration does, costs one write: the entry
 * stays where it is and is put further on when its old time comes.
 */

const SLOT_BITS = 6
const SLOTS = 1 << SLOT_BITS
const LEVELS = 4
const SPAN = SLOTS ** LEVELS

export interface TimingWheelOptions {
  /** The fineness of deadlines: a thing falls due at most this much late. */
  readonly tickMs: number
  /** The time at which the wheel starts. */
  readonly now: number
}

export class TimingWheel {
  readonly #tickMs: number
  /** The tick whose slot is emptied next. */
  #tick: number
  #count = 0
  /** First id of each slot, 0 for none; ids are positive. */
  readonly #heads = new Int32Array(LEVELS * SLOTS)
  /** Neighbours in a slot's list; the first one's `previous` is the slot, as its complement. 0 in `where` is out of the wheel. */
  #next = new Int32Array(64)
  #previous = new Int32Array(64)
  /** Tick at which an id falls due, and the tick for which it was put into its slot plus one: 0 for an id that is not in. */
  #due = new Float64Array(64)
  #placed = new Float64Array(64)

  constructor(options: TimingWheelOptions) {
    this.#tickMs = options.tickMs
    this.#tick = Math.floor(options.now / options.tickMs)
  }

  /** Ids with a deadline. */
  get size(): number {
    return this.#count
  }

  has(id: number): boolean {
    return (this.#placed[id] ?? 0) !== 0
  }

  /** When `id` falls due, in milliseconds, rounded up to a tick; undefined when it does not. */
  deadline(id: number): number | undefined {
    return this.has(id) ? (this.#due[id] as number) * this.#tickMs : undefined
  }

  /** Sets or moves the deadline of `id` (a positive integer; small ones, since arrays are as long as the largest). */
  schedule(id: number, deadline: number): void {
    if (id >= this.#next.length) this.#grow(id)
    const due = Math.max(this.#tick, Math.ceil(deadline / this.#tickMs))
    this.#due[id] = due
    const placed = this.#placed[id] as number
    if (placed !== 0 && placed - 1 <= due) return
    if (placed !== 0) this.#unlink(id)
    this.#link(id, due)
  }

  cancel(id: number): void {
    if (this.has(id)) this.#unlink(id)
  }

  /**
   * Takes up to `max` ids whose deadline is not after `now` out of the wheel and calls `fire` with each. Returns false when it
   * stopped at `max`: the caller comes back soon. `fire` may schedule and cancel.
   */
  advance(now: number, max: number, fire: (id: number) => void): boolean {
    const last = Math.floor(now / this.#tickMs)
    let left = max
    while (this.#tick <= last) {
      if (this.#count === 0) {
        this.#tick = last + 1
        return true
      }
      left = this.#empty(this.#tick % SLOTS, left, fire)
      if (left < 0) return false
      this.#tick += 1
      this.#cascade()
    }
    return true
  }

  /** Fires the ids of a slot of the lowest level; returns what is left of `max`, -1 when it was not enough. */
  #empty(slot: number, max: number, fire: (id: number) => void): number {
    let left = max
    for (let id = this.#heads[slot] as number; id !== 0; id = this.#heads[slot] as number) {
      const due = this.#due[id] as number
      if (due <= this.#tick && left === 0) return -1
      this.#unlink(id)
      if (due > this.#tick) {
        this.#link(id, due)
      } else {
        left -= 1
        fire(id)
      }
    }
    return left
  }

  /** Spreads the slots of the upper levels whose time begins now. */
  #cascade(): void {
    let unit = SLOTS
    for (let level = 1; level < LEVELS && this.#tick % unit === 0; level++, unit *= SLOTS) {
      const slot = level * SLOTS + (Math.floor(this.#tick / unit) % SLOTS)
      let id = this.#heads[slot] as number
      // Cut off as a whole: every id of it goes to a slot nearer by, or to the far end of the wheel.
      this.#heads[slot] = 0
      while (id !== 0) {
        const next = this.#next[id] as number
        this.#placed[id] = 0
        this.#count -= 1
        this.#link(id, this.#due[id] as number)
        id = next
      }
    }
  }

  #link(id: number, due: number): void {
    // A deadline out of reach waits in the last slot and is looked at again there.
    const at = Math.min(due, this.#tick + SPAN - SPAN / SLOTS - 1)
    const slot = this.#slotFor(at)
    const head = this.#heads[slot] as number
    this.#next[id] = head
    this.#previous[id] = ~slot
    if (head !== 0) this.#previous[head] = id
    this.#heads[slot] = id
    this.#placed[id] = at + 1
    this.#count += 1
  }

  #slotFor(at: number): number {
    let unit = 1
    for (let level = 0; level < LEVELS; level++, unit *= SLOTS) {
      const distance = Math.floor(at / unit) - Math.floor(this.#tick / unit)
      if (distance < SLOTS) return level * SLOTS + (Math.floor(at / unit) % SLOTS)
    }
    throw new Error(`tick ${at} is out of the wheel's reach`)
  }

  #unlink(id: number): void {
    const next = this.#next[id] as number
    const previous = this.#previous[id] as number
    if (next !== 0) this.#previous[next] = previous
    if (previous < 0) this.#heads[~previous] = next
    else this.#next[previous] = next
    this.#placed[id] = 0
    this.#count -= 1
  }

  #grow(id: number): void {
    const size = Math.max(id + 1, Math.ceil(this.#next.length * 1.6))
    this.#next = longer(this.#next, new Int32Array(size))
    this.#previous = longer(this.#previous, new Int32Array(size))
    this.#due = longer(this.#due, new Float64Array(size))
    this.#placed = longer(this.#placed, new Float64Array(size))
  }
}

const longer = <A extends Int32Array | Float64Array>(from: A, to: A): A => {
  to.set(from)
  return to
}
