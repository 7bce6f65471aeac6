/** How a wire is doing, why, and how long its last change took. */
import type { EndName, Wire } from './wire.js'

export type PendingCode =
  /** No node of this name has joined: run `ovs-vsctl set-manager` there, and compare `external_ids:system-id`. */
  | 'node-unknown'
  /** The node has joined once and is not connected now. */
  | 'node-offline'
  /** The node is connected, and its bridge, tunnel port or OpenFlow channel is not ready: the message says which. */
  | 'node-preparing'
  /** The node has no tunnel address, or one of another family than the far end: set `external_ids:heddle-rloc`. */
  | 'rloc-missing'
  /** The node has no device of this name yet: the link comes up when it appears. */
  | 'interface-missing'
  /** The switch could not open the device, and says why. */
  | 'interface-error'
  /** The link wants a larger MTU than the underlay carries now. */
  | 'mtu-too-large'
  /** The switch refused a flow of the link, and says why. */
  | 'switch-refused'
  /** What the link needs is on its way to the switch. */
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
