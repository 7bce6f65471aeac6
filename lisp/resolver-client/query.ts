/** One question: what it is for, how often it was sent, and under which nonces. */
import type { Eid } from '../eid.js'
import type { Endpoint } from '../map-server/effects.js'
import type { Purpose } from './requests.js'
import type { Resolver } from './resolvers.js'

export interface Wish {
  readonly purpose: Purpose
  /** Somebody waits for the answer: it is told, be it good or bad. */
  readonly told?: boolean
  /** To be asked though the map-cache may know. */
  readonly anew?: boolean
  readonly smrInvoked?: boolean
  /** Who is asked first: the Map-Server that holds the subscription. */
  readonly first?: Endpoint
}

/** One transmission. */
export interface Attempt {
  readonly query: Query
  readonly nonce: bigint
  readonly purpose: Purpose
  readonly resolver: Resolver
  readonly at: number
}

export interface Query {
  readonly id: number
  readonly name: string
  readonly eid: Eid
  /** `waiting` for its turn, `resting` until it may be asked, `asked`. */
  state: 'waiting' | 'resting' | 'asked'
  purpose: Purpose
  told: boolean
  anew: boolean
  smrInvoked: boolean
  /** Told to ask again while the answer was on its way: that answer may be older. */
  again: boolean
  readonly first?: Endpoint
  readonly attempts: Attempt[]
}

/**
 * The first half of the transmissions subscribes, the second asks without: a resolver that says nothing to what it does not know is
 * asked in the old way.
 */
export const purposeAt = (
  query: Query,
  resolver: Resolver | undefined,
  max: number,
  now: number,
): Purpose => {
  if (query.purpose !== 'subscribe') return query.purpose
  const isLate = query.attempts.length >= Math.ceil(max / 2)
  return isLate || (resolver?.unsubscribableUntil ?? 0) > now ? 'resolve' : 'subscribe'
}

/** Joins another wish for the same to a question that is on its way. */
export const join = (query: Query, wish: Wish): void => {
  if (wish.purpose === 'subscribe') query.purpose = 'subscribe'
  query.told ||= wish.told === true
  query.anew ||= wish.anew === true
  query.smrInvoked ||= wish.smrInvoked === true
  if (wish.smrInvoked === true && query.state === 'asked') query.again = true
}
