/** The map-cache: what has been answered and published, with its TTL, in bounded room. RFC 9301, sections 5.4, 5.5 and 8.1. */
import { type Eid, makeEid } from '../eid.js'
import { checkedEid } from '../map-server/registration.js'
import { keyLength, sameEid } from '../mapping/eid-key.js'
import { locatorSet } from '../mapping/locator-set.js'
import { type Mapping, MappingSystem } from '../mapping-system.js'
import type { MappingRecord } from '../records.js'
import type { ChangeCause, Resolved, ResolverOutbox } from './effects.js'
import type { ResolverOptions } from './options.js'

/** Who stands behind all mappings here: the mapping system. */
interface Elsewhere {
  readonly kind: 'elsewhere'
}
const elsewhere: Elsewhere = { kind: 'elsewhere' }

export interface MapCacheParts {
  readonly now: number
  readonly options: ResolverOptions
  /** Whether somebody watches an EID within this prefix: such mappings are not thrown out for others. */
  readonly isWatched: (eid: Eid) => boolean
  /** Nothing is known any more of this EID-prefix by itself. */
  readonly gone: (eid: Eid) => void
}

/** Entries that are looked at when one has to go. */
const candidatesMax = 16
/** Entries within a new negative one that are looked at. */
const withinMax = 1_024
/** RFC 9301, section 5.4: "as long as you like". */
const anyTtl = 0xffff_ffff

export class MapCache {
  readonly #parts: MapCacheParts
  readonly #system: MappingSystem<Elsewhere>
  /** Where the last search for an entry to throw out ended. */
  #hand: Eid | undefined

  constructor(parts: MapCacheParts) {
    this.#parts = parts
    this.#system = new MappingSystem({ now: parts.now })
  }

  get size(): number {
    return this.#system.size
  }

  lookup(eid: Eid): Resolved | undefined {
    const found = this.#system.lookup(eid)
    return found && resolved(found)
  }

  /** The mapping that covers `eid`, and when it expires. */
  lookupEntry(eid: Eid): { readonly mapping: Resolved; readonly expires: number } | undefined {
    const found = this.#system.covering(eid).at(-1)
    if (found === undefined) return undefined
    return { mapping: resolved(found), expires: found.expires ?? Number.POSITIVE_INFINITY }
  }

  /** The mapping that covers `eid`, and up to `limit` within it. */
  around(eid: Eid, limit: number): readonly Resolved[] {
    const covering = this.#system.lookup(eid)
    const within = this.#system.within(eid, limit).filter((one) => one.id !== covering?.id)
    return [...(covering ? [covering] : []), ...within].map(resolved)
  }

  /** Everything, page by page. */
  *entries(): Generator<Resolved> {
    for (const entry of this.#system.mappings()) yield resolved(entry)
  }

  /**
   * Takes the records of an answer to a question for `asked`: the one that covers it, which is returned, and those within that one.
   * What contradicts them goes. Undefined when no record covers what was asked.
   */
  answer(
    asked: Eid,
    records: readonly MappingRecord[],
    now: number,
    out: ResolverOutbox,
  ): { readonly mapping: Resolved; readonly kept: boolean } | undefined {
    const read = records.flatMap((record) => {
      const eid = checkedEid(record)
      return typeof eid === 'string' ? [] : [{ eid, record }]
    })
    const main = longestCovering(asked, read)
    if (main === undefined) return undefined
    this.#contradict(asked, main.eid, main.record, out)
    let kept = true
    for (const { eid, record } of read) {
      if (covers(main.eid, eid)) kept = this.put(eid, record, 'answered', now, out) && kept
    }
    return { mapping: resolvedOf(main.eid, main.record), kept }
  }

  /** Puts in one record; TTL 0 takes out. False when there was no room. */
  put(eid: Eid, record: MappingRecord, cause: ChangeCause, now: number, out: ResolverOutbox): boolean {
    if (record.ttl === 0) {
      this.#remove(eid, cause, out)
      return true
    }
    const { entriesMax, ttlMaxMs } = this.#parts.options
    const old = this.#system.find(eid)
    if (old === undefined && this.size >= entriesMax && !this.#makeRoom(out)) return false
    const life = record.ttl === anyTtl ? ttlMaxMs : Math.min(record.ttl * 60_000, ttlMaxMs)
    const change = this.#system.put(eid, contentOf(record), now, now + life)
    if (change.outcome === 'refreshed') return true
    const before = change.outcome === 'changed' ? resolved(change.before) : undefined
    const after = resolvedOf(eid, record)
    if (before === undefined || isSaidDifferently(before, after)) {
      out.push({ do: 'changed', eid, ...(before && { before }), after, cause })
    }
    return true
  }

  /** Takes out what is too old, up to `max` entries. */
  expire(now: number, max: number, out: ResolverOutbox): void {
    const expired: Mapping<Elsewhere>[] = []
    this.#system.expire(now, max, (mapping) => {
      expired.push(mapping)
      return undefined
    })
    for (const mapping of expired) this.#tellGone(mapping, 'expired', out)
  }

  /**
   * An answer by a shorter prefix says that nothing longer covers what was asked; a negative one that there is nothing at all within it
   * (RFC 9301, sections 5.5 and 8.4).
   */
  #contradict(asked: Eid, eid: Eid, record: MappingRecord, out: ResolverOutbox): void {
    const isNegative = record.locators.length === 0
    for (const old of this.#system.covering(asked)) {
      if (keyLength(old.eid) > keyLength(eid)) this.#remove(old.eid, 'answered', out)
    }
    if (!isNegative) return
    for (const old of this.#system.within(eid, withinMax)) {
      if (!sameEid(old.eid, eid)) this.#remove(old.eid, 'answered', out)
    }
  }

  #remove(eid: Eid, cause: ChangeCause, out: ResolverOutbox): void {
    const removed = this.#system.remove(eid)
    if (removed !== undefined) this.#tellGone(removed, cause, out)
  }

  #tellGone(mapping: Mapping<Elsewhere>, cause: ChangeCause, out: ResolverOutbox): void {
    out.push({ do: 'changed', eid: mapping.eid, before: resolved(mapping), cause })
    this.#parts.gone(mapping.eid)
  }

  /** Throws out the first to expire among a few that nobody watches. */
  #makeRoom(out: ResolverOutbox): boolean {
    const after = this.#hand
    const page = this.#system.page({ limit: candidatesMax, ...(after && { after }) })
    this.#hand = page.at(-1)?.eid
    const free = page.filter(({ eid }) => !this.#parts.isWatched(eid))
    const [first, ...others] = free
    if (first === undefined) return after !== undefined && page.length === 0 && this.#makeRoom(out)
    const victim = others.reduce(
      (best, one) => ((one.expires ?? 0) < (best.expires ?? 0) ? one : best),
      first,
    )
    this.#remove(victim.eid, 'evicted', out)
    return true
  }
}

const contentOf = (record: MappingRecord) => ({
  locators: locatorSet(record.locators),
  owner: elsewhere,
  ttl: record.ttl,
  action: record.locators.length === 0 ? record.action : ('no-action' as const),
  origin: 'registered' as const,
  proxyReply: false,
  mapVersion: record.mapVersion,
})

const resolved = ({ eid, locators, action, ttl }: Mapping<Elsewhere>): Resolved => ({
  eid,
  locators: locators.locators,
  action,
  ttl,
})

const resolvedOf = (eid: Eid, record: MappingRecord): Resolved => {
  const { locators, action, ttl } = contentOf(record)
  return { eid, locators: locators.locators, action, ttl }
}

/** Whether packets are to be treated differently. */
const isSaidDifferently = (before: Resolved, after: Resolved): boolean =>
  before.action !== after.action || locatorSet(before.locators).key !== locatorSet(after.locators).key

/** Whether `wide` is `narrow` or a shorter prefix of it. */
export const covers = (wide: Eid, narrow: Eid): boolean => {
  if (wide.iid !== narrow.iid || keyLength(wide) > keyLength(narrow)) return false
  return sameEid(wide, makeEid(narrow.iid, narrow.address, wide.length))
}

const longestCovering = <R extends { readonly eid: Eid }>(asked: Eid, read: readonly R[]): R | undefined => {
  let best: R | undefined
  for (const one of read) {
    const isBetter = best === undefined || keyLength(one.eid) > keyLength(best.eid)
    if (isBetter && covers(one.eid, asked)) best = one
  }
  return best
}
