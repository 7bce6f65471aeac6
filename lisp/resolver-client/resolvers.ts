/** The Map-Resolvers: which is asked first, and which of them take subscriptions. */
import type { IpAddress } from '../address.js'
import type { Endpoint } from '../map-server/effects.js'

export interface Resolver {
  readonly endpoint: Endpoint
  readonly index: number
  /** Until then it is asked without subscribing: it has refused, or said nothing to one who wanted to. */
  unsubscribableUntil: number
}

export class Resolvers {
  readonly all: readonly Resolver[]
  #preferred = 0

  /** `rlocs`: own addresses. A resolver of a family of which there is none cannot be asked. */
  constructor(endpoints: readonly Endpoint[], rlocs: readonly IpAddress[]) {
    this.all = endpoints
      .filter(({ address }) => rlocs.some(({ family }) => family === address.family))
      .map((endpoint, index) => ({ endpoint, index, unsubscribableUntil: Number.NEGATIVE_INFINITY }))
  }

  /** Whom to ask at the n-th attempt: the one that answered last, then the others in turn. */
  at(attempt: number): Resolver | undefined {
    return this.all[(this.#preferred + attempt) % this.all.length]
  }

  /** Whether there is one that takes subscriptions, as far as we know. */
  subscribable(now: number): boolean {
    return this.all.some(({ unsubscribableUntil }) => unsubscribableUntil <= now)
  }

  /** A resolver has answered: it is the first to be asked from now on. */
  prefer({ index }: Resolver): void {
    this.#preferred = index
  }
}
