/** Where a client is: one union, and how to wait for the state that most callers want. */
import { OvsdbError } from './errors.js'
import type { MonitorMethod } from './monitor.js'
import type { DatabaseSchema } from './schema.js'

/** The peer of a connection and the addresses of its two ends, which Unix sockets do not have. */
export interface Peer {
  readonly peer: string
  readonly localAddress?: string
  readonly remoteAddress?: string
}

export type ClientState =
  | { readonly state: 'connecting'; readonly error?: Error }
  /** Until the next attempt, at `until` of the clock. */
  | { readonly state: 'waiting'; readonly until: number; readonly error: Error }
  | { readonly state: 'starting'; readonly peer: Peer }
  | { readonly state: 'loading'; readonly peer: Peer }
  | {
      readonly state: 'synced'
      readonly peer: Peer
      readonly schema: DatabaseSchema
      /** Absent when nothing is replicated. */
      readonly method?: MonitorMethod
    }
  | { readonly state: 'closed'; readonly error?: Error }

/** What has a state that changes: a client. */
export interface Stateful {
  readonly state: ClientState
  onState(listener: (state: ClientState) => void): () => void
}

/** Resolves once the client is synced. Rejects with the signal's reason, or with `closed` when that will not happen. */
export const whenSynced = (client: Stateful, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort)
      stop()
    }
    const onAbort = (): void => {
      settle()
      reject(signal?.reason)
    }
    const look = (state: ClientState): void => {
      if (state.state !== 'synced' && state.state !== 'closed') return
      settle()
      if (state.state === 'synced') resolve()
      else reject(notSynced(state, 'the client will not be synced'))
    }
    const stop = client.onState(look)
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort)
    look(client.state)
  })

/** `closed`, with what was wanted and why it cannot be. */
export const notSynced = (state: ClientState, what: string): OvsdbError => {
  const cause = 'error' in state ? state.error : undefined
  const why = cause === undefined ? '' : `: ${cause.message}`
  return new OvsdbError(
    'closed',
    `${what}: the client is ${state.state}${why}`,
    cause === undefined ? {} : { cause },
  )
}

export const addressesOf = ({ peer, localAddress, remoteAddress }: Peer): Peer => ({
  peer,
  ...(localAddress !== undefined && { localAddress }),
  ...(remoteAddress !== undefined && { remoteAddress }),
})
