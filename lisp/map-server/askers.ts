/**
 * Who asked for which mapping lately, so that those who did not subscribe are told to ask again when it changes (Solicit-Map-Request:
 * RFC 9301, section 6.1). A fixed number of entries in typed arrays, chained by mapping: the oldest makes room for the newest.
 */
import type { IpAddress } from '../address.js'

const nobody = 0xffff_ffff

/** Askers of one mapping that are remembered. */
const perMappingMax = 64

/** Fields of an entry, which lie together: the mapping's number in two words, its neighbours in the chain, when it was (ticks). */
const LOW = 0
const HIGH = 1
const NEXT = 2
const PREVIOUS = 3
const TIME = 4
const STRIDE = 8
const tickMs = 100

export class Askers {
  readonly #keepTicks: number
  readonly #mask: number
  /** First entry of each chain. Mappings that fall on the same chain share it. */
  readonly #heads: Uint32Array
  readonly #entries: Uint32Array
  readonly #addresses: (IpAddress | undefined)[]
  #cursor = 0

  /** `entries`: a power of two. */
  constructor(entries: number, keepMs: number) {
    this.#keepTicks = Math.ceil(keepMs / tickMs)
    this.#mask = entries - 1
    this.#heads = new Uint32Array(entries).fill(nobody)
    this.#entries = new Uint32Array(entries * STRIDE)
    this.#addresses = new Array<IpAddress | undefined>(entries).fill(undefined)
  }

  /** Notes that `address` asked for the mapping of this number. */
  note(mapping: number, address: IpAddress, now: number): void {
    let found = 0
    for (let at = this.#first(mapping); at !== nobody; at = this.#field(at, NEXT)) {
      if (!this.#isOf(at, mapping)) continue
      if (this.#addresses[at]?.value === address.value) {
        this.#set(at, TIME, ticksOf(now))
        return
      }
      if (++found >= perMappingMax) return
    }
    this.#add(mapping, address, now)
  }

  /** Forgets one who asked: it hears of changes otherwise. */
  forget(mapping: number, address: IpAddress): void {
    for (let at = this.#first(mapping); at !== nobody; at = this.#field(at, NEXT)) {
      if (!this.#isOf(at, mapping) || this.#addresses[at]?.value !== address.value) continue
      this.#drop(at)
      return
    }
  }

  /** Takes out those who asked for a mapping lately. */
  take(mapping: number, now: number): readonly IpAddress[] {
    const found: IpAddress[] = []
    for (let at = this.#first(mapping); at !== nobody; ) {
      const next = this.#field(at, NEXT)
      if (this.#isOf(at, mapping)) {
        const address = this.#addresses[at]
        const age = ticksOf(now) - this.#field(at, TIME)
        if (address !== undefined && age <= this.#keepTicks) found.push(address)
        this.#drop(at)
      }
      at = next
    }
    return found
  }

  #add(mapping: number, address: IpAddress, now: number): void {
    const at = this.#cursor
    this.#cursor = (at + 1) & this.#mask
    if (this.#addresses[at] !== undefined) this.#drop(at)
    const chain = this.#chain(mapping)
    const head = this.#heads[chain] as number
    this.#addresses[at] = address
    this.#set(at, LOW, mapping % 0x1_0000_0000)
    this.#set(at, HIGH, mapping / 0x1_0000_0000)
    this.#set(at, NEXT, head)
    this.#set(at, PREVIOUS, nobody)
    this.#set(at, TIME, ticksOf(now))
    if (head !== nobody) this.#set(head, PREVIOUS, at)
    this.#heads[chain] = at
  }

  #drop(at: number): void {
    const next = this.#field(at, NEXT)
    const previous = this.#field(at, PREVIOUS)
    const mapping = this.#field(at, HIGH) * 0x1_0000_0000 + this.#field(at, LOW)
    if (next !== nobody) this.#set(next, PREVIOUS, previous)
    if (previous !== nobody) this.#set(previous, NEXT, next)
    else this.#heads[this.#chain(mapping)] = next
    this.#addresses[at] = undefined
  }

  #first(mapping: number): number {
    return this.#heads[this.#chain(mapping)] as number
  }

  #isOf(at: number, mapping: number): boolean {
    return this.#field(at, HIGH) * 0x1_0000_0000 + this.#field(at, LOW) === mapping
  }

  #field(at: number, field: number): number {
    return this.#entries[at * STRIDE + field] as number
  }

  #set(at: number, field: number, value: number): void {
    this.#entries[at * STRIDE + field] = value
  }

  #chain(mapping: number): number {
    const hash = Math.imul((mapping % 0x1_0000_0000) ^ (mapping / 0x1_0000_0000), 0x9e37_79b1)
    return (hash ^ (hash >>> 15)) & this.#mask
  }
}

const ticksOf = (now: number): number => Math.floor(now / tickMs)
