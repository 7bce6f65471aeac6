/** The numbers of a resolver client, and what it is started with. */
import type { Random } from '#link/random.js'
import type { Address, IpAddress } from '../address.js'
import type { AuthKey } from '../auth.js'
import type { Endpoint } from '../map-server/effects.js'
import type { Rate } from '../map-server/limits.js'
import type { XtrIdentity } from '../messages/parts.js'

/** The security association with Map-Servers that publish, and who we are. RFC 9437, sections 3 and 7.1. */
export interface PubSub {
  readonly identity: XtrIdentity
  /** Several while they are changed. */
  readonly keys: readonly AuthKey[]
}

export interface ResolverStart {
  readonly now: number
  /** Milliseconds since the Unix epoch at `now`: nonces of subscriptions grow with it, also over restarts. */
  readonly wallTime: number
  /** Nonces come from it: let nobody guess it. */
  readonly random: Random
  /** Own addresses, to which answers are sent: one of each family that is used. */
  readonly rlocs: readonly IpAddress[]
  /** Where answers are received. */
  readonly port?: number
  /** Map-Resolvers, the preferred one first. */
  readonly resolvers: readonly Endpoint[]
  /** Map-Servers, which may tell us to ask again. The Map-Resolvers may, too. */
  readonly servers?: readonly IpAddress[]
  readonly pubsub?: PubSub
  readonly options?: Partial<ResolverOptions>
}

export interface ResolverOptions {
  /** Map-Requests within Encapsulated Control Messages, as Map-Resolvers want them (RFC 9301, section 5.8), or plain. */
  readonly encapsulated: boolean
  readonly sourceEid: Address
  /** Transmissions of one question; each goes to the next Map-Resolver. */
  readonly attemptsMax: number
  /** The first wait for an answer; each later one is twice as long, up to the second number. */
  readonly retryMs: number
  readonly retryMsMax: number
  /** Between two questions for one EID-prefix; of them that SMRs cause; after one that nobody answered. RFC 9301, 5.3 and 6.1. */
  readonly spacingMs: number
  readonly solicitedMs: number
  readonly restMs: number
  readonly inFlightMax: number
  /** Questions that wait for their turn. */
  readonly waitingMax: number
  readonly entriesMax: number
  readonly watchesMax: number
  readonly subscriptionsMax: number
  /** The longest that a mapping is kept, whatever its TTL. */
  readonly ttlMaxMs: number
  /** How long a Map-Resolver that refuses or ignores subscriptions is asked without. */
  readonly unsubscribableMs: number
  readonly sourceRate: Rate
  readonly logEveryMs: number
}

export const resolverDefaults: ResolverOptions = {
  encapsulated: true,
  sourceEid: { family: 'none' },
  attemptsMax: 5,
  retryMs: 1_000,
  retryMsMax: 8_000,
  spacingMs: 1_000,
  solicitedMs: 3_000,
  restMs: 30_000,
  inFlightMax: 1_000,
  waitingMax: 20_000,
  entriesMax: 200_000,
  watchesMax: 100_000,
  subscriptionsMax: 100_000,
  ttlMaxMs: 86_400_000,
  unsubscribableMs: 600_000,
  sourceRate: { perSecond: 20_000, burst: 10_000 },
  logEveryMs: 10_000,
}
