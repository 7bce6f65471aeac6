/**
 * What switches are to hold comes from features: wires, overlay networks. Each answers for its own kinds of origins, and is told
 * what becomes known of nodes and ports. The fleet (`fleet.ts`) asks and tells.
 */
import type { OriginKind, Slot } from '#compile/cookie.js'
import type { Desired, PortWish } from '#compile/desired.js'
import type { NodeFacts } from '#model/facts.js'

export interface Feature {
  readonly kinds: readonly OriginKind[]
  /** `nothing` for an origin that is gone or has nothing at `node`; undefined: not known yet, what is there stays. */
  desired(slot: Slot, node: string): Desired | undefined
  /** The origins that want something at `node`. */
  slotsAt(node: string): Iterable<Slot>
  /** What is wanted of an interface; undefined where it is none of this feature's. */
  port(node: string, name: string): PortWish | undefined
  interfacesAt(node: string): Iterable<string>
  /** A switch has connected and is about to be compared whole. */
  connected(node: string): void
  /** These origins, all of its kinds, were compared with the switch of `node`. */
  settled(node: string, slots: readonly Slot[]): void
  /** What is known of a node was derived anew. */
  factsChanged(node: string, before: NodeFacts, after: NodeFacts): void
  portsChanged(node: string, names: readonly string[]): void
}
