/** The numbers of a Map-Server. */
import type { AuthKey } from '../auth.js'
import type { Rate } from './limits.js'

export interface SubscriptionOptions {
  readonly subscribersMax: number
  readonly subscriptionsMax: number
  readonly perSubscriberMax: number
  /** Map-Notify messages to one subscriber; what comes faster is told together. */
  readonly notifyRate: Rate
  /** Changes that wait for one subscription; with more it ends, so that the subscriber asks anew. */
  readonly waitingMax: number
  readonly recordsPerNotify: number
  /** How long a subscription to what nobody has registered lasts. RFC 9437, section 5: 15 minutes. */
  readonly temporaryMs: number
  /** Nonces that are kept of subscriptions which have ended. */
  readonly noncesMax: number
}

export interface MapServerOptions {
  /** Map-Notify, SMR and forwarded requests go to this port: 4342. RFC 9301, sections 5.7 and 8.2. */
  readonly controlPort: number
  /** How often ETRs register; three missed ones end a registration. RFC 9301, section 8.2: a minute. */
  readonly registrationMs: number
  readonly mappingsMax: number
  readonly requestRate: Rate
  readonly registerRate: Rate
  /** Of one source, all messages together; and to one that replies go to in another's name. */
  readonly sourceRate: Rate
  /** Of one site, authenticated ones only. */
  readonly siteRate: Rate
  /** Unacknowledged Map-Notify messages. */
  readonly noticesMax: number
  /** Requests that are remembered for SMRs, and for how long. */
  readonly askersMax: number
  readonly askerMs: number
  readonly logEveryMs: number
  /** Keys of subscribers that belong to no site: with the Site-ID, or for all. */
  readonly subscriberKeys: readonly { readonly siteId?: bigint; readonly key: AuthKey }[]
  readonly subscriptions: SubscriptionOptions
}

export const mapServerDefaults: MapServerOptions = {
  controlPort: 4342,
  registrationMs: 60_000,
  mappingsMax: 4_000_000,
  requestRate: { perSecond: 200_000, burst: 50_000 },
  registerRate: { perSecond: 20_000, burst: 20_000 },
  sourceRate: { perSecond: 20_000, burst: 10_000 },
  siteRate: { perSecond: 5_000, burst: 5_000 },
  noticesMax: 100_000,
  askersMax: 16_384,
  askerMs: 180_000,
  logEveryMs: 10_000,
  subscriberKeys: [],
  subscriptions: {
    subscribersMax: 10_000,
    subscriptionsMax: 200_000,
    perSubscriberMax: 20_000,
    notifyRate: { perSecond: 500, burst: 500 },
    waitingMax: 4_096,
    recordsPerNotify: 16,
    temporaryMs: 900_000,
    noncesMax: 200_000,
  },
}
