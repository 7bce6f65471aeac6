/** The numbers of a registering client, and what it is started with. */
import type { Random } from '#link/random.js'
import type { Proof } from '../auth.js'
import type { Endpoint } from '../map-server/effects.js'
import type { KeptNonce } from '../map-server/xtrs.js'
import type { XtrIdentity } from '../messages/parts.js'

/** A Map-Server at which own EIDs are registered. */
export interface RegistrationServer {
  /** For people, and the name under which its nonce is kept. */
  readonly name: string
  readonly endpoint: Endpoint
  /** Key and algorithm, as the server has them for our site. */
  readonly proof: Proof
  /** The server answers for us. */
  readonly proxyReply: boolean
  /** Our locators are added to those of others. */
  readonly merge: boolean
  /** The server acknowledges; without it a Map-Register is believed to have arrived. */
  readonly wantNotify: boolean
}

export interface RegisteringStart {
  readonly now: number
  /** Milliseconds since the Unix epoch at `now`: nonces grow with it, also where none were kept. */
  readonly wallTime: number
  readonly random: Random
  readonly servers: readonly RegistrationServer[]
  /** Who we are: RFC 9301, section 5.6, I bit. */
  readonly identity?: XtrIdentity
  /** What earlier runs were told to keep. */
  readonly nonces?: Iterable<KeptNonce>
  readonly options?: Partial<RegisteringOptions>
}

export interface RegisteringOptions {
  /** Every EID is registered again after 90 to 100 % of it. RFC 9301, section 8.2: 1 minute. */
  readonly refreshMs: number
  /** The first wait for an acknowledgement; each later one is twice as long. */
  readonly retryMs: number
  /** Transmissions before a message is given up and its EIDs wait for their next turn. */
  readonly attemptsMax: number
  /** Of a Map-Register: it shall pass without being cut up. */
  readonly messageBytes: number
  /** Unacknowledged messages to one server. */
  readonly windowMax: number
  readonly eidsMax: number
  /** Between two words about a server that goes on being bad. */
  readonly remindMs: number
  readonly logEveryMs: number
}

export const registeringDefaults: RegisteringOptions = {
  refreshMs: 60_000,
  retryMs: 1_000,
  attemptsMax: 5,
  messageBytes: 1_400,
  windowMax: 64,
  eidsMax: 1_000_000,
  remindMs: 600_000,
  logEveryMs: 10_000,
}
