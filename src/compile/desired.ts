/** Desired state: what one origin wants one switch to hold. Plain values; `reconcile` compares them with what is there. */
import type { Flow } from '#openflow/flow.js'

/** An interface that must be a port of the integration bridge. */
export interface PortWish {
  readonly name: string
  /** Bytes, asked of the device (Interface.mtu_request); absent: as the device has it. */
  readonly mtu?: number
  /** The bridge itself makes the device, with this MAC address (48 bits); absent: the device is there or comes from elsewhere. */
  readonly internalMac?: number
}

/** A rate limit. */
export interface MeterWish {
  readonly meterId: number
  readonly rateKbps: number
  readonly burstKbits: number
}

/** Whether a port is turned down through OpenFlow, so that its peer sees no carrier. */
export interface HoldWish {
  readonly ofport: number
  readonly held: boolean
}

export interface Desired {
  readonly ports: readonly PortWish[]
  readonly flows: readonly Flow[]
  readonly meters: readonly MeterWish[]
  readonly holds: readonly HoldWish[]
}

export const nothing: Desired = Object.freeze({ ports: [], flows: [], meters: [], holds: [] })
