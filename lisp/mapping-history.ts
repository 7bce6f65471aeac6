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

/** How much more than the entries the order may hold: what was forgotten takes room until it is tidied. */
const slack = 1.25

/** An entry in the order in which all came. */
interface Noted {
  readonly eid: Eid
  readonly entry: HistoryEntry
  /** Forgotten already, for later ones of the same EID. */
  isGone: boolean
}

export class MappingHistory {
  readonly #entriesMax: number
  readonly #perEidMax: number
  readonly #byEid = new EidMap<Noted[]>()
  /** The oldest first, from `#first` on. */
  #order: Noted[] = []
  #first = 0
  #size = 0

  constructor({ entriesMax = 100_000, perEidMax = 32 }: MappingHistoryOptions = {}) {
    this.#entriesMax = entriesMax
    this.#perEidMax = perEidMax
  }

  /** Entries in all. */
  get size(): number {
    return this.#size
  }

  note({ eid, before, after, cause }: MappingChange, at: number): void {
    const entry: HistoryEntry = {
      at,
      cause,
      ...(before && { before: stateOf(before) }),
      ...(after && { after: stateOf(after) }),
    }
    const noted = { eid, entry, isGone: false }
    const known = this.#byEid.get(eid)
    if (known === undefined) this.#byEid.set(eid, [noted])
    else known.push(noted)
    this.#order.push(noted)
    this.#size += 1
    if (known !== undefined && known.length > this.#perEidMax) this.#forget(known[0])
    while (this.#size > this.#entriesMax) this.#forget(this.#order[this.#first++])
    if (this.#order.length > slack * this.#entriesMax) this.#tidy()
  }

  /** The changes of exactly this EID-prefix, the latest first. */
  of(eid: Eid): readonly HistoryEntry[] {
    return (this.#byEid.get(eid) ?? []).map(({ entry }) => entry).reverse()
  }

  /** Forgets an entry that is the oldest of its EID. */
  #forget(noted: Noted | undefined): void {
    if (noted === undefined || noted.isGone) return
    noted.isGone = true
    this.#size -= 1
    const entries = this.#byEid.get(noted.eid) ?? []
    entries.shift()
    if (entries.length === 0) this.#byEid.delete(noted.eid)
  }

  /** Gives back the room of what was forgotten: so seldom that it costs next to nothing. */
  #tidy(): void {
    this.#order = this.#order.slice(this.#first).filter(({ isGone }) => !isGone)
    this.#first = 0
  }
}

const stateOf = (mapping: Mapping<Parameters<typeof printOwner>[0]>): HistoryState => ({
  owner: printOwner(mapping.owner),
  locators: mapping.locators.locators,
  ttl: mapping.ttl,
})
