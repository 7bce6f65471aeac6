/** How a wire is doing, why, and how long its last change took. */
import type { EndName, Wire } from './wire.js'

export type PendingCode =
  | 'node-unknown'
  | 'node-offline'
  | 'node-preparing'
  | 'rloc-missing'
  | 'interface-missing'
  | 'interface-error'
  | 'mtu-too-large'
  | 'switch-refused'
  | 'applying'

/** One thing that a wire waits for. */
export interface PendingReason {
  readonly code: PendingCode
  readonly end?: EndName
  readonly node?: string
  readonly interface?: string
  /** What is missing and what to do, in words. */
  readonly message: string
}

export type WireStatus =
  | { readonly state: 'up' }
  | { readonly state: 'down'; readonly lostCarrier: readonly EndName[] }
  | { readonly state: 'pending'; readonly reasons: readonly PendingReason[] }

/** Milliseconds of the last change, counted from the request's arrival. Absent parts have not happened yet. */
export interface Receipt {
  readonly storedMs: number
  readonly portsReadyMs?: number
  /** node name to milliseconds until its barrier confirmed the flows */
  readonly flowsConfirmedMs: Readonly<Record<string, number>>
}

export interface WireView {
  readonly wire: Wire
  readonly status: WireStatus
  /** MTU in force: the wire's own, or what the underlay leaves. Absent while unknown. */
  readonly effectiveMtu?: number
  /** Absent for changes made before this controller started. */
  readonly receipt?: Receipt
}
