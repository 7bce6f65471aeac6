/** What a resolver client wants done, and what it tells. `udp.ts` sends; the rest is the controller's. */
import type { Eid } from '../eid.js'
import type { Endpoint, Log, Send } from '../map-server/effects.js'
import type { Action, Locator } from '../records.js'
import type { ClientRefusal } from './refusals.js'

/** What is known of an EID-prefix. Without locators it is a negative answer. */
export interface Resolved {
  readonly eid: Eid
  /** In order of their addresses. */
  readonly locators: readonly Locator[]
  /** What to do with packets where there is no locator. */
  readonly action: Action
  /** Minutes, as it was answered. */
  readonly ttl: number
}

/** The answer to `resolve`, or the first one to `watch`. */
export interface Answered {
  readonly do: 'answered'
  readonly asked: Eid
  readonly mapping: Resolved
  /** Who said so; absent where the map-cache did. */
  readonly from?: Endpoint
  readonly rttMs?: number
}

/** The map-cache has changed at exactly this EID-prefix. Without `after` nothing is known of it any more. */
export interface Changed {
  readonly do: 'changed'
  readonly eid: Eid
  readonly before?: Resolved
  readonly after?: Resolved
  readonly cause: ChangeCause
}

export type ChangeCause =
  /** By a Map-Reply, or by the Map-Notify that confirms a subscription. */
  | 'answered'
  /** By a Map-Notify that nobody asked for. */
  | 'published'
  /** Its TTL is over. */
  | 'expired'
  /** There was no room. */
  | 'evicted'

export interface Failed {
  readonly do: 'failed'
  readonly asked: Eid
  readonly reason: FailureReason
}

export type FailureReason =
  /** No Map-Resolver has answered, or all are silent since a moment ago. */
  | 'silent'
  /** Too many questions wait already. */
  | 'busy'
  /** No Map-Resolver is configured, or none of a family that there is an own RLOC of. */
  | 'no-resolver'

export type ResolverEffect = Send | Log<ClientRefusal> | Answered | Changed | Failed

/** Effects in the order in which they came up. */
export type ResolverOutbox = ResolverEffect[]
