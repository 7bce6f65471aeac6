/**
 * Who asked for which mapping lately, so that those who did not subscribe are told to ask again when it changes (Solicit-Map-Request:
 * RFC 9301, section 6.1). A fixed number of entries in typed arrays, chained by mapping: the oldest makes room for the newest.
 */
import type { IpAddress } from '../address.js'

const nobody = 0xffff_ffff

/** Askers of one mapping that are remembered. */
const perMappingMax = 64

export class Askers {
  readonly #keepMs: number
  readonly #mask: number
  /** First entry of each chain. Mappings that fall on the same chain share it. */
  readonly #heads: Uint32Array
  readonly #mappings: Float64Array
  readonly #next: Uint32Array
  readonly #previous: Uint32Array
  readonly #times: Float64Array
  readonly #addresses: (IpAddress | undefined)[]
  #cursor = 0

  /** `entries`: a power of two. */
  constructor(entries: number, keepMs: number) {
    this.#keepMs = keepMs
    this.#mask = entries - 1
    this.#heads = new Uint32Array(entries).fill(nobody)
    this.#mappings = new Float64Array(entries)
    this.#next = new Uint32Array(entries)
    this.#previous = new Uint32Array(entries)
    this.#times = new Float64Array(entries)
    this.#addresses = new Array<IpAddress | undefined>(entries).fill(undefined)
  }

  /** Notes that `address` asked for the mapping of this number. */
  note(mapping: number, address: IpAddress, now: number): void {
    let found = 0
    for (let at = this.#heads[this.#chain(mapping)] as number; at !== nobody; at = this.#next[at] as number) {
      if (this.#mappings[at] !== mapping) continue
      if (this.#addresses[at]?.value === address.value) {
        this.#times[at] = now
        return
      }
      if (++found >= perMappingMax) return
    }
    this.#add(mapping, address, now)
  }

  /** Forgets one who asked: it hears of changes otherwise. */
  forget(mapping: number, address: IpAddress): void {
    for (let at = this.#heads[this.#chain(mapping)] as number; at !== nobody; at = this.#next[at] as number) {
      if (this.#mappings[at] !== mapping || this.#addresses[at]?.value !== address.value) continue
      this.#drop(at)
      return
    }
  }

  /** Takes out those who asked for a mapping lately. */
  take(mapping: number, now: number): readonly IpAddress[] {
    const found: IpAddress[] = []
    for (let at = this.#heads[this.#chain(mapping)] as number; at !== nobody; ) {
      const next = this.#next[at] as number
      if (this.#mappings[at] === mapping) {
        const address = this.#addresses[at]
        if (address !== undefined && now - (this.#times[at] as number) <= this.#keepMs) found.push(address)
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
    this.#mappings[at] = mapping
    this.#addresses[at] = address
    this.#times[at] = now
    this.#next[at] = head
    this.#previous[at] = nobody
    if (head !== nobody) this.#previous[head] = at
    this.#heads[chain] = at
  }

  #drop(at: number): void {
    const next = this.#next[at] as number
    const previous = this.#previous[at] as number
    if (next !== nobody) this.#previous[next] = previous
    if (previous !== nobody) this.#next[previous] = next
    else this.#heads[this.#chain(this.#mappings[at] as number)] = next
    this.#addresses[at] = undefined
  }

  #chain(mapping: number): number {
    const hash = Math.imul((mapping % 0x1_0000_0000) ^ (mapping / 0x1_0000_0000), 0x9e37_79b1)
    return (hash ^ (hash >>> 15)) & this.#mask
  }
}
