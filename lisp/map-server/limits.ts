/**
 * Rates in bounded memory: token buckets, one for all and a fixed number for sources. A source finds its bucket among a few by a
 * hash that nobody outside knows; where all of them are taken, the fullest, whose owner loses least, is given away.
 */
import type { Random } from '#link/random.js'
import type { IpAddress } from '../address.js'

export interface Rate {
  readonly perSecond: number
  /** At once, after a rest. */
  readonly burst: number
}

export class TokenBucket {
  readonly #rate: Rate
  #tokens: number
  #at = Number.NEGATIVE_INFINITY

  constructor(rate: Rate) {
    this.#rate = rate
    this.#tokens = rate.burst
  }

  /** Takes a token; false when there is none. */
  take(now: number): boolean {
    if (this.#at !== Number.NEGATIVE_INFINITY) {
      const grown = this.#tokens + ((now - this.#at) * this.#rate.perSecond) / 1_000
      this.#tokens = Math.min(this.#rate.burst, grown)
    }
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}

const WAYS = 4

export class SourceBuckets {
  readonly #rate: Rate
  readonly #mask: number
  readonly #seed: number
  /** By place: the source's hash (0: free), its tokens when last asked, and when that was. */
  readonly #tags: Uint32Array
  readonly #tokens: Float64Array
  readonly #times: Float64Array

  /** `places`: a power of two, how many sources are told apart. */
  constructor(rate: Rate, random: Random, places = 65_536) {
    this.#rate = rate
    this.#mask = places - 1
    this.#seed = Math.floor(random() * 0x1_0000_0000)
    this.#tags = new Uint32Array(places)
    this.#tokens = new Float64Array(places)
    this.#times = new Float64Array(places)
  }

  /** Takes one of the source's tokens; false when there is none. */
  take(source: IpAddress, now: number): boolean {
    const place = this.#place(hashOf(source, this.#seed), now)
    const tokens = this.#tokensAt(place, now)
    this.#times[place] = now
    this.#tokens[place] = tokens < 1 ? tokens : tokens - 1
    return tokens >= 1
  }

  #tokensAt(place: number, now: number): number {
    const grown =
      (this.#tokens[place] as number) +
      ((now - (this.#times[place] as number)) * this.#rate.perSecond) / 1_000
    return Math.min(this.#rate.burst, grown)
  }

  #place(hash: number, now: number): number {
    const first = hash & this.#mask & ~(WAYS - 1)
    let fullest = first
    for (let place = first; place < first + WAYS; place++) {
      const tag = this.#tags[place]
      if (tag === hash) return place
      if (tag === 0) {
        fullest = place
        break
      }
      if (this.#tokensAt(place, now) > this.#tokensAt(fullest, now)) fullest = place
    }
    this.#tags[fullest] = hash
    this.#tokens[fullest] = this.#rate.burst
    this.#times[fullest] = now
    return fullest
  }
}

/** Unsigned and not 0. */
const hashOf = (source: IpAddress, seed: number): number => {
  if (source.family === 'ipv4') return (mix(source.value, seed) | 1) >>> 0
  let hash = seed
  for (let rest = source.value; rest > 0n; rest >>= 32n) hash = mix(Number(rest & 0xffff_ffffn), hash)
  return (hash | 1) >>> 0
}

const mix = (word: number, seed: number): number => {
  let hash = Math.imul(word ^ seed, 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
