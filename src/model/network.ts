/**
 * Overlay networks as the user wants them: an EID space with a VNI, which is its LISP instance id. Containers of one network
 * reach each other by address on whatever node they run; networks may overlap in addresses.
 */
import { z } from 'zod'
import type { Cidr, Ip } from './cidr.js'
import { objectName, type Provenance } from './wire.js'

/** `10.0.0.0/24`, `2001:db8::/64`. */
export const cidrText = z.union([z.cidrv4(), z.cidrv6()])
export const ipText = z.union([z.ipv4(), z.ipv6()])

/** A subnet and its gateway: the address that every node answers for. */
export const subnetSpec = z.strictObject({
  cidr: cidrText,
  /** The first usable address when absent. */
  gateway: ipText.optional(),
  /** Addresses that are never allocated: single ones or prefixes. */
  exclude: z
    .array(z.union([cidrText, ipText]))
    .max(1024)
    .optional(),
})
export type SubnetSpec = z.infer<typeof subnetSpec>

/** What a container is told to send through its gateway besides the network's subnets. */
export const routeSpec = z.strictObject({ destination: cidrText, gateway: ipText.optional() })
export type RouteSpec = z.infer<typeof routeSpec>

/** An address that is kept for an endpoint that may not be there yet. */
export const reservationSpec = z.strictObject({ address: ipText, endpoint: objectName })
export type ReservationSpec = z.infer<typeof reservationSpec>

export const networkSpec = z.strictObject({
  name: objectName,
  /** Also the LISP instance id; allocated when absent. */
  vni: z.int().min(1).max(0xff_ffff).optional(),
  subnets: z.array(subnetSpec).min(1).max(16),
  /** Largest layer-3 packet in bytes; what the underlay carries when absent. */
  mtu: z.int().min(68).max(65_535).optional(),
  /** `on-demand`: a node learns of an EID when traffic asks for it. `proactive`: every node of the network has them all. */
  resolution: z.enum(['on-demand', 'proactive']).optional(),
  /** How long an entry of the map-cache stays without traffic. */
  idleTimeoutSeconds: z.int().min(1).max(65_535).optional(),
  routes: z.array(routeSpec).max(256).optional(),
  /** Given to nobody but these endpoints, which get them without asking. */
  reservations: z.array(reservationSpec).max(4096).optional(),
  /** true: containers of the network reach nothing but each other, neither nodes nor the world outside. */
  isolation: z.boolean().optional(),
  /** true: broadcast and link-local multicast reach all members (head-end replication). */
  broadcast: z.boolean().optional(),
})
export type NetworkSpec = z.infer<typeof networkSpec>

/** What a subnet is once it is read: addresses as numbers. */
export interface Subnet {
  readonly cidr: Cidr
  /** Of the same family. */
  readonly gateway: bigint
  readonly exclude: readonly Cidr[]
}

export interface Route {
  readonly destination: Cidr
  readonly gateway?: bigint
}

export interface Reservation {
  readonly address: Ip
  /** Id of an endpoint. */
  readonly endpoint: string
}

/** A network as stored. */
export interface Network {
  readonly name: string
  /** Unique and never used again: the low 40 bits of the cookie of its flows. */
  readonly serial: number
  readonly vni: number
  readonly subnets: readonly Subnet[]
  readonly mtu?: number
  readonly resolution: 'on-demand' | 'proactive'
  readonly idleTimeoutSeconds: number
  readonly routes: readonly Route[]
  /** Absent where there are none. */
  readonly reservations?: readonly Reservation[]
  readonly isolation: boolean
  readonly broadcast: boolean
  readonly provenance: Provenance
}

/** What is not said of a network. */
export const networkDefaults = {
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  isolation: false,
  broadcast: false,
} as const
