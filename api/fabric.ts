/**
 * What REST needs of the controller, and all that it sees of it. `src/fabric` implements it; the routes translate it.
 */
import type { FabricEvent } from '#model/event.js'
import type { FlowView, NodeSpec, NodeView, Port } from '#model/node.js'
import type { WireView } from '#model/status.js'
import type { TopologyPlan, TopologySpec, TopologyView } from '#model/topology.js'
import type { Provenance, WireSpec } from '#model/wire.js'

/** What may change of a wire; `null` takes a setting away. */
export interface WirePatch {
  readonly a?: WireSpec['a'] | undefined
  readonly b?: WireSpec['b'] | undefined
  readonly vni?: number | undefined
  readonly mtu?: number | null | undefined
  readonly rateMbps?: number | null | undefined
}

/** A request: who makes it, and how long its maker waits for both ends. */
export interface Request {
  readonly provenance: Provenance
  /** Milliseconds to wait for confirmation; 0 answers once stored. */
  readonly waitMs: number
  /** Aborted: the waiting is over, and the promise resolves with what there is. */
  readonly signal?: AbortSignal
}

/** Every method rejects with `FabricError`. A promise of a change resolves after its durable commit. */
export interface Fabric {
  nodes(): readonly NodeView[]
  node(name: string): NodeView
  putNode(
    name: string,
    spec: NodeSpec,
    request: Request,
  ): Promise<{ readonly node: NodeView; readonly created: boolean }>
  deleteNode(name: string, request: Request): Promise<void>
  ports(node: string): readonly Port[]
  /** Asks the switch: counters are those of now. */
  flows(node: string): Promise<readonly FlowView[]>

  wires(): Iterable<WireView>
  wire(name: string): WireView
  createWire(spec: WireSpec, request: Request): Promise<WireView>
  changeWire(name: string, patch: WirePatch, request: Request): Promise<WireView>
  /** Resolves when the flows are gone at both ends, or after `waitMs`. */
  deleteWire(name: string, request: Request): Promise<void>

  topologies(): readonly TopologyView[]
  topology(name: string): TopologyView
  planTopology(name: string, spec: TopologySpec): TopologyPlan
  applyTopology(
    name: string,
    spec: TopologySpec,
    request: Request,
  ): Promise<{ readonly plan: TopologyPlan; readonly topology: TopologyView; readonly created: boolean }>
  deleteTopology(name: string, request: Request): Promise<TopologyPlan>

  /**
   * Events after `lastEventId` (all that are kept when it is not known any more, with `reset` true), then new ones until
   * the returned function is called. `deliver` returns false when its reader is too slow: it is then told nothing more.
   */
  subscribe(
    lastEventId: string | undefined,
    deliver: (event: FabricEvent) => boolean,
  ): {
    readonly reset: boolean
    /** An event id to resume from, for a listener that has not been told any yet. */
    readonly position: string
    readonly stop: () => void
  }

  /** Alive and answering. */
  health(): { readonly ok: boolean; readonly reason?: string }
  /** Able to take changes: northbound connected and lock held. */
  readiness(): { readonly ready: boolean; readonly reason?: string }
  /** Prometheus text exposition. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
}
