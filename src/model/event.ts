/** Changes of state that are told to whoever listens: server-sent events, logs, metrics. */

export type FabricEventType =
  | 'node-joined'
  | 'node-ready'
  | 'node-offline'
  | 'node-refused'
  | 'node-changed'
  | 'node-deleted'
  | 'link-created'
  | 'link-changed'
  | 'link-deleted'
  | 'link-up'
  | 'link-down'
  | 'link-pending'
  | 'network-created'
  | 'network-changed'
  | 'network-deleted'
  | 'endpoint-created'
  | 'endpoint-changed'
  | 'endpoint-moved'
  | 'endpoint-deleted'
  | 'endpoint-up'
  | 'endpoint-pending'
  | 'topology-applied'
  | 'topology-deleted'
  | 'drift-repaired'
  | 'drift-foreign'
  | 'site-created'
  | 'site-changed'
  | 'site-deleted'
  | 'mapping-registered'
  | 'mapping-created'
  | 'mapping-changed'
  | 'mapping-moved'
  | 'mapping-withdrawn'
  | 'mapping-expired'
  | 'mapping-deleted'
  /** A router has registered an EID of ours at a Map-Server elsewhere. */
  | 'mapping-displaced'
  /** How it stands with a Map-Server elsewhere where our EIDs are registered. */
  | 'map-server-registered'
  | 'map-server-silent'
  | 'map-server-refusing'
  /** Changes of mappings that came too fast to be told one by one: how many. */
  | 'mappings-changed'
  | 'controller-leader'
  | 'controller-standby'

export interface FabricEvent {
  /** `<boot>-<sequence>`: a resuming listener whose boot or sequence is gone is told `reset` first. */
  readonly id: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly type: FabricEventType
  /** `link blue`, `node n1`. */
  readonly object: string
  /** What happened, in a sentence. */
  readonly message: string
  /** More for programs; small and plain. */
  readonly data?: Readonly<Record<string, unknown>>
}
