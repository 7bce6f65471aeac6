/** The inventory as the compiler reads it: what is known of nodes and ports at this moment. */
import type { Rloc } from './address.js'
import type { Port } from './node.js'

/** What the compiler must know of a node. Addresses outlive the connection: a node that is away keeps its RLOC. */
export interface NodeFacts {
  readonly name: string
  readonly state: 'unknown' | 'offline' | 'preparing' | 'ready'
  /** Why it is not ready, in words. */
  readonly reason?: string
  /** Address of the tunnel endpoint. */
  readonly rloc?: Rloc
  /** OpenFlow port of the flow-based VXLAN port. */
  readonly tunnelOfport?: number
  /** OpenFlow port of the VXLAN-GPE port that LISP routers are reached by. */
  readonly gpeOfport?: number
  /** Bytes. */
  readonly underlayMtu: number
}

export interface Inventory {
  node(name: string): NodeFacts
  /** Undefined: the bridge has no such port, or the node is not connected. */
  port(node: string, name: string): Port | undefined
}
