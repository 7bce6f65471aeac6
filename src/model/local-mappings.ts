/**
 * What the fabric tells the mapping system of its own endpoints: each address of an endpoint is an EID, its node's tunnel endpoint
 * the RLOC. It is told in memory and no datagram is sent for it; `src/mapping` keeps it, and answers routers that ask.
 */
import type { Rloc } from './address.js'
import type { Cidr, Ip } from './cidr.js'

/** An EID of a network: an IP address, a prefix, or a MAC address of 48 bits. The VNI is the instance id. */
export type LocalEid = { readonly vni: number } & ({ readonly ip: Ip | Cidr } | { readonly mac: number })

/** A network as the mapping system knows it: what lies in its subnets and is nowhere is "not registered", not "nobody's". */
export interface LocalNetwork {
  readonly name: string
  readonly vni: number
  readonly subnets: readonly Cidr[]
}

/** To be called whenever something changes, whether this controller leads or not. What was said already costs next to nothing. */
export interface LocalMappings {
  /** Says where an EID is, in the place of whatever was said of it. */
  put(eid: LocalEid, node: string, rloc: Rloc): void
  /** Whatever an operator put for the EID is in force again. */
  remove(eid: LocalEid): void
  /** Adds a network or replaces the one of its name. */
  putNetwork(network: LocalNetwork): void
  removeNetwork(name: string): void
}

const ignore = (): void => {}

/** For a controller that runs no mapping system. */
export const noLocalMappings: LocalMappings = {
  put: ignore,
  remove: ignore,
  putNetwork: ignore,
  removeNetwork: ignore,
}
