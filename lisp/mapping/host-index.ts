/**
 * The slots of single EIDs by their bits. Most mappings of a fabric are of full length and are asked for as such: they are found
 * here by two touches of memory, where the tree needs one for each bit that tells them apart. A hash table with open addressing,
 * cut into many small ones that grow by themselves, so that growing never takes long.
 */
import type { Slot, Slots } from './slots.js'

const SHARD_BITS = 6
const SHARDS = 1 << SHARD_BITS
const CAPACITY_MIN = 8

export class HostIndex {
  readonly #slots: Slots
  readonly #shards: Uint32Array[] = []
  readonly #counts = new Uint32Array(SHARDS)

  constructor(slots: Slots) {
    this.#slots = slots
    const none = new Uint32Array(1)
    for (let i = 0; i < SHARDS; i++) this.#shards.push(none)
  }

  /** The slot of `key`, which is `length` bits long, in the instance, or 0. */
  find(iid: number, key: Uint32Array, length: number): Slot {
    const hash = hashOf(iid, key)
    const shard = this.#shards[hash >>> (32 - SHARD_BITS)] as Uint32Array
    const mask = shard.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const slot = shard[at] as number
      if (slot === 0 || this.#slots.is(slot, iid, key, length)) return slot
    }
  }

  /** Adds a slot whose key is not in yet. */
  add(slot: Slot): void {
    const hash = this.#hash(slot)
    const number = hash >>> (32 - SHARD_BITS)
    const count = (this.#counts[number] as number) + 1
    this.#counts[number] = count
    if (count * 3 > (this.#shards[number] as Uint32Array).length * 2) this.#grow(number)
    place(this.#shards[number] as Uint32Array, hash, slot)
  }

  remove(slot: Slot): void {
    const hash = this.#hash(slot)
    const number = hash >>> (32 - SHARD_BITS)
    const shard = this.#shards[number] as Uint32Array
    const mask = shard.length - 1
    let hole = hash & mask
    while (shard[hole] !== slot) hole = (hole + 1) & mask
    this.#counts[number] = (this.#counts[number] as number) - 1
    // What follows moves up, so that no search ends at the hole before it has come to its slot.
    for (let at = (hole + 1) & mask; shard[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hash(shard[at] as number) & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        shard[hole] = shard[at] as number
        hole = at
      }
    }
    shard[hole] = 0
  }

  #hash(slot: Slot): number {
    return hashOf(this.#slots.iid(slot), this.#slots.key(slot))
  }

  #grow(number: number): void {
    const old = this.#shards[number] as Uint32Array
    const larger = new Uint32Array(Math.max(CAPACITY_MIN, old.length * 2))
    for (const slot of old) if (slot !== 0) place(larger, this.#hash(slot), slot)
    this.#shards[number] = larger
  }
}

const place = (shard: Uint32Array, hash: number, slot: Slot): void => {
  const mask = shard.length - 1
  let at = hash & mask
  while (shard[at] !== 0) at = (at + 1) & mask
  shard[at] = slot
}

const hashOf = (iid: number, key: Uint32Array): number => {
  let hash = Math.imul(iid ^ 0x9e37_79b9, 0x85eb_ca6b)
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ (hash >>> 15) ^ (key[i] as number), 0xc2b2_ae35)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
