/**
 * Endpoints: an interface on a node that is a member of a network. Each of its addresses is an EID, its node is the RLOC. Made by
 * the CNI plugin, over REST, or by stating an interface that exists.
 */
import { z } from 'zod'
import type { Ip } from './cidr.js'
import { cidrText, ipText } from './network.js'
import { nodePort } from './node-port.js'
import type { PendingReason } from './status.js'
import { interfaceName, objectName, type Provenance } from './wire.js'

/** Unicast, not a group: the low bit of the first byte is 0. */
export const macText = z
  .string()
  .regex(/^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$/, 'a unicast MAC address, aa:bb:cc:dd:ee:ff')

/** The container that an endpoint is for, as its runtime knows it. */
export const containerRef = z.strictObject({
  id: z.string().min(1).max(256),
  interface: interfaceName,
  /** Pod namespace and name, where the runtime is Kubernetes. */
  namespace: z.string().max(253).optional(),
  pod: z.string().max(253).optional(),
})
export type ContainerRef = z.infer<typeof containerRef>

export const endpointSpec = z.strictObject({
  id: objectName,
  network: objectName,
  node: objectName,
  /** The interface on the node: the host's end of a veth, a tap, an internal port. */
  interface: interfaceName,
  /** Derived from the first address when absent. */
  mac: macText.optional(),
  /** Static addresses; one of each subnet's family is allocated when absent. */
  addresses: z.array(ipText).max(16).optional(),
  container: containerRef.optional(),
  labels: z.record(z.string().min(1).max(128), z.string().max(256)).optional(),
})
export type EndpointSpec = z.infer<typeof endpointSpec>

/** An endpoint as stored. */
export interface Endpoint {
  readonly id: string
  readonly serial: number
  readonly network: string
  readonly node: string
  readonly interface: string
  /** 48 bits. */
  readonly mac: number
  readonly addresses: readonly Ip[]
  readonly container?: ContainerRef
  readonly labels: Readonly<Record<string, string>>
  readonly provenance: Provenance
}

export const isNodePort = (endpoint: Pick<Endpoint, 'interface'>): boolean => endpoint.interface === nodePort

export type EndpointStatus =
  | { readonly state: 'up' }
  | { readonly state: 'pending'; readonly reasons: readonly PendingReason[] }

/** An address that is given out, with its one owner; or one that was and rests until `until`. */
export interface Lease {
  readonly network: string
  readonly address: string
  readonly owner?: string
  readonly node?: string
  /** Milliseconds since the Unix epoch: end of the quarantine of an address without owner. */
  readonly until?: number
}

export { cidrText, ipText, nodePort }
