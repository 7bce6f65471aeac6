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

/** A datagram to be sent. */
export interface Send {
  readonly do: 'send'
  readonly to: Endpoint
  readonly data: Uint8Array
}

/** To be written where a restart finds it: what has a lower nonce, or this one, is a replay. */
export interface KeepNonce {
  readonly do: 'keep-nonce'
  /** Whose messages: an xTR and key of a Map-Server, or a Map-Server and key of a registering client. */
  readonly xtr: string
  readonly nonce: bigint
}

/** To be logged; `unlogged` like it were refused since the last line. */
export interface Log<Name extends string> {
  readonly do: 'log'
  readonly refusal: Name
  readonly from: Endpoint
  readonly detail: string
  readonly unlogged: number
}

export type Effect =
  | Send
  /** A mapping has changed: for events, history, the fabric's own flows. */
  | { readonly do: 'tell'; readonly change: MappingChange }
  | KeepNonce
  | Log<Refusal>
  /** Not for a Map-Server: for whoever resolves and registers elsewhere (`mapping-client.ts`). `data` are its bytes. */
  | {
      readonly do: 'pass'
      readonly message: MapReply | MapNotify | MapRequest
      readonly data: Uint8Array
      readonly from: Endpoint
    }

/** Effects in the order in which they came up. */
export type Outbox = Effect[]
