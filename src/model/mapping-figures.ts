/** What the mapping system counts, for metrics: as it is now, and since this controller leads. */
import type { MappingOrigin } from './mapping.js'

export interface MappingFigures {
  /** Mappings that are there, by origin. */
  readonly mappings: Readonly<Record<MappingOrigin, number>>
  readonly sites: number
  /** Messages taken. */
  readonly requests: number
  readonly registers: number
  /** Map-Replies sent; negative records in them; requests sent on to an ETR. */
  readonly replies: number
  readonly negatives: number
  readonly forwards: number
  /** By why. */
  readonly refusals: ReadonlyMap<string, number>
  /** Map-Notify messages that nobody has acknowledged yet. */
  readonly notices: number
  readonly subscriptions: number
  /** Datagrams that could not be sent. */
  readonly unsent: number
  /** Answers from elsewhere that are kept. */
  readonly cached: number
  /** How it stands with each Map-Server elsewhere, by its address. */
  readonly mapServers: ReadonlyMap<string, string>
}
