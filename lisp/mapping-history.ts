/**
 * What has become of EIDs: the last changes of each, for people who ask where something was an hour ago. Bounded in all and for
 * each EID; the oldest goes first. The Map-Server's `tell` effects go in.
 */
import type { Eid } from './eid.js'
import type { MappingChange } from './map-server/effects.js'
import { printOwner } from './map-server/owners.js'
import { EidMap } from './mapping/eid-map.js'
import type { Mapping } from './mapping-system.js'
import type { Locator } from './records.js'

/** What was known of the EID. */
export interface HistoryState {
  /** For people: a node, an xTR, `static`. */
  readonly owner: string
  readonly locators: readonly Locator[]
  /** Minutes. */
  readonly ttl: number
}

export interface HistoryEntry {
  /** Whatever clock the caller has: wall time, so that it means something tomorrow. */
  readonly at: number
  readonly cause: MappingChange['cause']
  readonly before?: HistoryState
  readonly after?: HistoryState
}

export interface MappingHistoryOptions {
  readonly entriesMax?: number
  readonly perEidMax?: number
}

export class MappingHistory {
  readonly #entriesMax: number
  readonly #perEidMax: number
  readonly #byEid = new EidMap<HistoryEntry[]>()
  /** The EIDs of all entries, the oldest first. */
  readonly #order = new Map<HistoryEntry, Eid>()

  constructor({ entriesMax = 100_000, perEidMax = 32 }: MappingHistoryOptions = {}) {
    this.#entriesMax = entriesMax
    this.#perEidMax = perEidMax
  }

  /** Entries in all. */
  get size(): number {
    return this.#order.size
  }

  note({ eid, before, after, cause }: MappingChange, at: number): void {
    const entry: HistoryEntry = {
      at,
      cause,
      ...(before && { before: stateOf(before) }),
      ...(after && { after: stateOf(after) }),
    }
    const entries = this.#byEid.get(eid) ?? []
    entries.push(entry)
    this.#byEid.set(eid, entries)
    this.#order.set(entry, eid)
    if (entries.length > this.#perEidMax) this.#shift(eid)
    const [oldest] = this.#order.values()
    if (this.#order.size > this.#entriesMax && oldest !== undefined) this.#shift(oldest)
  }

  /** The changes of exactly this EID-prefix, the latest first. */
  of(eid: Eid): readonly HistoryEntry[] {
    return [...(this.#byEid.get(eid) ?? [])].reverse()
  }

  /** Forgets the oldest entry of an EID. */
  #shift(eid: Eid): void {
    const entries = this.#byEid.get(eid) ?? []
    const oldest = entries.shift()
    if (oldest !== undefined) this.#order.delete(oldest)
    if (entries.length === 0) this.#byEid.delete(eid)
  }
}

const stateOf = (mapping: Mapping<Parameters<typeof printOwner>[0]>): HistoryState => ({
  owner: printOwner(mapping.owner),
  locators: mapping.locators.locators,
  ttl: mapping.ttl,
})
