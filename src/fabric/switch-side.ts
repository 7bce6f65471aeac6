/** What overlay networks need to know of the switches: convergence tells it, tests make it up. */
import type { CacheEntryView } from '#api/networks.js'
import type { Endpoint, EndpointStatus } from '#model/endpoint.js'

export interface SwitchSide {
  statusOf(endpoint: Endpoint): EndpointStatus
  /** Resolves when the endpoints of these serials are up, after `waitMs`, or when the signal says so. */
  whenReady(serials: readonly number[], waitMs: number, signal?: AbortSignal): Promise<void>
  /** Resolves when no reachable switch holds anything of this endpoint, after `waitMs`, or when the signal says so. */
  whenGone(endpoint: Endpoint, waitMs: number, signal?: AbortSignal): Promise<void>
  /** The largest packet that every two nodes can exchange, in bytes; undefined while that is not known. */
  overlayMtu(): number | undefined
  /** What forwards on a node: `system` or `netdev`; undefined while it is not connected. */
  datapathType(node: string): string | undefined
  /** Rejects with `node-offline`. */
  mapCache(node: string): Promise<readonly CacheEntryView[]>
  /** Whether a node of this name has joined or was stated. */
  knowsNode(name: string): boolean
}
