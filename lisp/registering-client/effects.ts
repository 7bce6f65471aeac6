/** What a registering client wants done, and what it tells. */
import type { Eid } from '../eid.js'
import type { KeepNonce, Log, Send } from '../map-server/effects.js'
import type { MappingRecord } from '../records.js'
import type { ClientRefusal } from '../resolver-client/refusals.js'

/** How it stands with a Map-Server: told when it changes, and once a while as long as it is bad. */
export interface ServerStateTold {
  readonly do: 'server-state'
  readonly server: string
  readonly state: ServerState
  /** For people. */
  readonly detail: string
}

export type ServerState =
  /** Nothing has been acknowledged yet, nothing has failed; or there is nothing to register. */
  | 'unknown'
  /** All own EIDs have been acknowledged. */
  | 'registered'
  /** It acknowledges nothing: it is away, or refuses the key, which it does not say. */
  | 'silent'
  /** It acknowledges some own EIDs and not others. */
  | 'refusing'

/** Somebody else has registered an own EID. */
export interface Displaced {
  readonly do: 'displaced'
  readonly server: string
  readonly eid: Eid
  /** Where it is now. */
  readonly record: MappingRecord
}

export type RegisteringEffect = Send | KeepNonce | Log<ClientRefusal> | ServerStateTold | Displaced

/** Effects in the order in which they came up. */
export type RegisteringOutbox = RegisteringEffect[]
