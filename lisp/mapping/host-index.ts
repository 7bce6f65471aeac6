/**
 * The slots of single EIDs by their bits. Most mappings of a fabric are of full length and are asked for as such: they are found
 * here by two touches of memory, one here and one at the slot, where the tree needs one for each bit that tells them apart. A hash
 * table with open addressing, cut into many small ones that grow by themselves, so that growing never takes long.
 *
 * An entry is a slot's number with six bits of the hash above it: a slot whose key is another is hardly ever looked at.
 */
import type { Slot, Slots } from './slots.js'

/** From the top of a hash: which shard, then the tag; the place in the shard comes from the bottom. */
const SHARD_BITS = 6
const TAG_BITS = 6
const SHARDS = 1 << SHARD_BITS
const SLOT_BITS = 32 - TAG_BITS
const SLOT_MASK = 2 ** SLOT_BITS - 1
const CAPACITY_MIN = 8

export class HostIndex {
  readonly #slots: Slots
  readonly #seed: number
  readonly #shards: Uint32Array[] = []
  readonly #counts = new Uint32Array(SHARDS)

  /** `seed`: 32 bits that those who register do not know, so that they cannot choose EIDs that fall on one place. */
  constructor(slots: Slots, seed = 0) {
    this.#slots = slots
    this.#seed = seed
    const none = new Uint32Array(1)
    for (let i = 0; i < SHARDS; i++) this.#shards.push(none)
  }

  /** The slot of `key`, which is `length` bits long, in the instance, or 0. */
  find(iid: number, key: Uint32Array, length: number): Slot {
    const hash = hashOf(iid, key, this.#seed)
    const shard = this.#shards[hash >>> (32 - SHARD_BITS)] as Uint32Array
    const mask = shard.length - 1
    const tag = tagOf(hash)
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = shard[at] as number
      if (entry === 0) return 0
      if (entry >>> SLOT_BITS !== tag) continue
      const slot = entry & SLOT_MASK
      if (this.#slots.is(slot, iid, key, length)) return slot
    }
  }

  /** Adds a slot whose key is not in yet. */
  add(slot: Slot): void {
    if (slot > SLOT_MASK) throw new RangeError(`slot ${slot}: there is room for ${SLOT_MASK}`)
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
    while (((shard[hole] as number) & SLOT_MASK) !== slot) hole = (hole + 1) & mask
    this.#counts[number] = (this.#counts[number] as number) - 1
    // What follows moves up, so that no search ends at the hole before it has come to its slot.
    for (let at = (hole + 1) & mask; shard[at] !== 0; at = (at + 1) & mask) {
      const entry = shard[at] as number
      const home = this.#hash(entry & SLOT_MASK) & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        shard[hole] = entry
        hole = at
      }
    }
    shard[hole] = 0
  }

  #hash(slot: Slot): number {
    return hashOf(this.#slots.iid(slot), this.#slots.key(slot), this.#seed)
  }

  #grow(number: number): void {
    const old = this.#shards[number] as Uint32Array
    const larger = new Uint32Array(Math.max(CAPACITY_MIN, old.length * 2))
    for (const entry of old) {
      const slot = entry & SLOT_MASK
      if (slot !== 0) place(larger, this.#hash(slot), slot)
    }
    this.#shards[number] = larger
  }
}

const tagOf = (hash: number): number => (hash >>> (32 - SHARD_BITS - TAG_BITS)) & ((1 << TAG_BITS) - 1)

const place = (shard: Uint32Array, hash: number, slot: Slot): void => {
  const mask = shard.length - 1
  let at = hash & mask
  while (shard[at] !== 0) at = (at + 1) & mask
  shard[at] = (tagOf(hash) << SLOT_BITS) | slot
}

const hashOf = (iid: number, key: Uint32Array, seed: number): number => {
  let hash = Math.imul(iid ^ seed ^ 0x9e37_79b9, 0x85eb_ca6b)
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ (hash >>> 15) ^ (key[i] as number), 0xc2b2_ae35)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
