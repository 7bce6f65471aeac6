/**
 * Where the EIDs of a network are, for whoever sends packets there: what the fabric itself, operators and LISP routers said here, and
 * where nobody has said anything, what mapping systems elsewhere answer. `src/mapping` knows.
 */
import type { Rloc } from './address.js'
import type { Cidr, Ip } from './cidr.js'
import type { KnownAction } from './mapping.js'

export interface Located {
  readonly vni: number
  /** The whole prefix that this holds for; an address in it may be somewhere else only where this says so by being asked anew. */
  readonly eid: Cidr
  /** The preferred one first; none: nobody has it, and `action` says what is to be done with packets. */
  readonly rlocs: readonly Rloc[]
  /** The node of ours that has it. */
  readonly node?: string
  readonly action: KnownAction
  /** Minutes for which it may be kept by whoever does not watch it. */
  readonly ttl: number
}

export interface Whereabouts {
  /** What is known, without asking anybody; undefined where somebody elsewhere has to be asked. */
  lookup(vni: number, ip: Ip): Located | undefined
  /**
   * Asks elsewhere where nothing is known here, and calls `answered` once, at once where something is. Undefined: nobody answers.
   */
  resolve(vni: number, ip: Ip, answered: (found: Located | undefined) => void): void
  /**
   * Asks as `resolve` does, and calls `changed` with each answer that may be another than before, until the returned function is
   * called. Undefined: nothing is known at the moment, and it is being asked.
   */
  watch(vni: number, ip: Ip, changed: (now: Located | undefined) => void): () => void
}

/** Of which EID-prefixes somebody may know something, besides the networks' own. */
export interface SpokenFor {
  /** What sites of LISP routers and mappings of operators are about: EID-prefixes that lie in no other of them. */
  prefixes(vni: number): readonly Cidr[]
  /** Calls `changed` with each VNI whose prefixes have changed, until the returned function is called. */
  watchPrefixes(changed: (vni: number) => void): () => void
}

/** For a controller that runs no mapping system: nothing is known of any EID. */
export const noWhereabouts: Whereabouts & SpokenFor = {
  lookup: () => undefined,
  resolve: (_vni, _ip, answered) => answered(undefined),
  watch: () => () => {},
  prefixes: () => [],
  watchPrefixes: () => () => {},
}
