/** Chance as an argument: jitter and identifiers come from a `Random`, so that a seed replays a run. */
import { randomInt } from 'node:crypto'

/** A source of uniformly distributed numbers in [0, 1). */
export type Random = () => number

export const systemRandom: Random = () => Math.random()

/** For what a stranger must not guess, as the nonces of requests that are answered without authentication. */
export const secretRandom: Random = () => randomInt(2 ** 47) / 2 ** 47

/** A small deterministic generator (mulberry32) for tests and simulations. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 15), z | 1)
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61)
    return ((z ^ (z >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
