/**
 * What the mapping system keeps for each mapping, a slot of numbers in one typed array: what a lookup needs lies in one cache
 * line, and a million mappings are three objects to the garbage collector.
 */

/** Fields of a slot, then the words of its key. */
const IID = 0
const LENGTH = 1
const NODE = 2
const LOCATORS = 3
const OWNER = 4
const TTL = 5
const FLAGS = 6
const KEY = 7

/** A slot's number; 0 is no slot. */
export type Slot = number

export class Slots {
  readonly words: number
  readonly #stride: number
  #data: Uint32Array
  /** Sequence number of the last change, and when the mapping came and was last put. */
  #times: Float64Array
  #used = 1
  #free: Slot = 0
  #count = 0

  constructor(words: number, capacity = 64) {
    this.words = words
    this.#stride = KEY + words
    this.#data = new Uint32Array(this.#stride * capacity)
    this.#times = new Float64Array(3 * capacity)
  }

  get size(): number {
    return this.#count
  }

  take(iid: number, key: Uint32Array, length: number): Slot {
    const slot = this.#free === 0 ? this.#fresh() : this.#free
    const at = slot * this.#stride
    if (slot === this.#free) this.#free = this.#data[at] as number
    this.#count += 1
    this.#data[at + IID] = iid
    this.#data[at + LENGTH] = length
    for (let i = 0; i < this.words; i++) this.#data[at + KEY + i] = leading(key[i] as number, length - i * 32)
    return slot
  }

  give(slot: Slot): void {
    this.#count -= 1
    this.#data[slot * this.#stride] = this.#free
    this.#free = slot
  }

  iid(slot: Slot): number {
    return this.#data[slot * this.#stride + IID] as number
  }

  length(slot: Slot): number {
    return this.#data[slot * this.#stride + LENGTH] as number
  }

  word(slot: Slot, index: number): number {
    return this.#data[slot * this.#stride + KEY + index] as number
  }

  /** The slot's key as a view, good until the next slot is taken. */
  key(slot: Slot): Uint32Array {
    const from = slot * this.#stride + KEY
    return this.#data.subarray(from, from + this.words)
  }

  /** Whether the slot is that of the first `length` bits of `key` in the instance. */
  is(slot: Slot, iid: number, key: Uint32Array, length: number): boolean {
    const data = this.#data
    const at = slot * this.#stride
    if (data[at + IID] !== iid || data[at + LENGTH] !== length) return false
    for (let i = 0; i < this.words; i++) if (data[at + KEY + i] !== key[i]) return false
    return true
  }

  /** The slot's node in the tree. */
  node(slot: Slot): number {
    return this.#data[slot * this.#stride + NODE] as number
  }

  setNode(slot: Slot, node: number): void {
    this.#data[slot * this.#stride + NODE] = node
  }

  locators(slot: Slot): number {
    return this.#data[slot * this.#stride + LOCATORS] as number
  }

  owner(slot: Slot): number {
    return this.#data[slot * this.#stride + OWNER] as number
  }

  ttl(slot: Slot): number {
    return this.#data[slot * this.#stride + TTL] as number
  }

  flags(slot: Slot): number {
    return this.#data[slot * this.#stride + FLAGS] as number
  }

  fill(slot: Slot, locators: number, owner: number, ttl: number, flags: number): void {
    const at = slot * this.#stride
    this.#data[at + LOCATORS] = locators
    this.#data[at + OWNER] = owner
    this.#data[at + TTL] = ttl
    this.#data[at + FLAGS] = flags
  }

  sequence(slot: Slot): number {
    return this.#times[slot * 3] as number
  }

  since(slot: Slot): number {
    return this.#times[slot * 3 + 1] as number
  }

  refreshed(slot: Slot): number {
    return this.#times[slot * 3 + 2] as number
  }

  setSequence(slot: Slot, sequence: number): void {
    this.#times[slot * 3] = sequence
  }

  setSince(slot: Slot, now: number): void {
    this.#times[slot * 3 + 1] = now
  }

  setRefreshed(slot: Slot, now: number): void {
    this.#times[slot * 3 + 2] = now
  }

  #fresh(): Slot {
    if ((this.#used + 1) * this.#stride > this.#data.length) this.#grow()
    return this.#used++
  }

  #grow(): void {
    const capacity = Math.ceil((this.#data.length / this.#stride) * 1.6)
    const data = new Uint32Array(this.#stride * capacity)
    data.set(this.#data)
    this.#data = data
    const times = new Float64Array(3 * capacity)
    times.set(this.#times)
    this.#times = times
  }
}

/** The first `bits` of a word, the others zero. */
const leading = (word: number, bits: number): number =>
  bits >= 32 ? word : bits <= 0 ? 0 : word & (0xffff_ffff << (32 - bits))
