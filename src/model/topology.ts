/** A topology: a whole set of wires stated at once. */
import { z } from 'zod'
import { type Wire, wireSpec } from './wire.js'

export const topologySpec = z.strictObject({ links: z.array(wireSpec).max(100_000) })
export type TopologySpec = z.infer<typeof topologySpec>

/** What applying a topology does, wire by wire. */
export interface TopologyPlan {
  readonly add: readonly string[]
  /** Each changed wire with the names of what changes. */
  readonly change: readonly { readonly name: string; readonly fields: readonly string[] }[]
  readonly remove: readonly string[]
  readonly keep: number
}

export interface TopologyView {
  readonly name: string
  readonly wires: readonly Wire[]
  readonly up: number
  readonly down: number
  readonly pending: number
}
