/** What a Map-Server wants done: it sends, writes and logs nothing itself. `udp.ts` and the controller obey. */
import type { IpAddress } from '../address.js'
import type { Eid } from '../eid.js'
import type { Mapping } from '../mapping-system.js'
import type { MapNotify } from '../messages/map-notify.js'
import type { MapReply } from '../messages/map-reply.js'
import type { MapRequest } from '../messages/map-request.js'
import type { Owner } from './owners.js'
import type { Refusal } from './refusals.js'

/** Where a datagram comes from or goes to. */
export interface Endpoint {
  readonly address: IpAddress
  readonly port: number
}

export interface MappingChange {
  readonly eid: Eid
  /** Both absent: never. `before` alone: withdrawn. `after` alone: new. */
  readonly before?: Mapping<Owner>
  readonly after?: Mapping<Owner>
  readonly cause: 'registered' | 'moved' | 'merged' | 'deregistered' | 'expired' | 'configured'
}

export type Effect =
  | { readonly do: 'send'; readonly to: Endpoint; readonly data: Uint8Array }
  /** A mapping has changed: for events, history, the fabric's own flows. */
  | { readonly do: 'tell'; readonly change: MappingChange }
  /** To be written where a restart finds it: messages of this xTR with no greater nonce are replays. */
  | { readonly do: 'keep-nonce'; readonly xtr: string; readonly nonce: bigint }
  /** To be logged; `unlogged` like it were refused since the last line. */
  | {
      readonly do: 'log'
      readonly refusal: Refusal
      readonly from: Endpoint
      readonly detail: string
      readonly unlogged: number
    }
  /** Not for a Map-Server: answers to whoever resolves elsewhere. */
  | { readonly do: 'pass'; readonly message: MapReply | MapNotify | MapRequest; readonly from: Endpoint }

/** Effects in the order in which they came up. */
export type Outbox = Effect[]
