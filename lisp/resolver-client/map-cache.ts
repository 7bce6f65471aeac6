/** The map-cache: what has been answered and published, with its TTL, in bounded room. RFC 9301, sections 5.4, 5.5 and 8.1. */
import { printEid, printPrefix } from '../address-text.js'
import { type Eid, fullLength, makeEid } from '../eid.js'
import { checkedEid } from '../map-server/registration.js'
import { keyLength, sameEid } from '../mapping/eid-key.js'
import { locatorSet } from '../mapping/locator-set.js'
import { type Mapping, MappingSystem } from '../mapping-system.js'
import { RecentMap } from '../recent-map.js'
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
  /** Two things were said of an EID-prefix, and nobody knows which is newer: to be asked for again. */
  readonly doubt: (eid: Eid) => void
}

/** What the cache has made of an answer. */
export interface CacheAnswer {
  /** The prefix that covers what was asked. */
  readonly eid: Eid
  readonly mapping: Resolved
  /** Whether there was room for all of it. */
  readonly kept: boolean
}

/** Entries that are looked at when one has to go. */
const candidatesMax = 16
/** Entries within a new negative one that are looked at. */
const withinMax = 1_024
/** Withdrawn EID-prefixes of which the time is remembered. */
const withdrawnMax = 4_096
/** The TTL that leaves it to us. RFC 9301, section 5.4. */
const anyTtl = 0xffff_ffff

export class MapCache {
  readonly #parts: MapCacheParts
  readonly #system: MappingSystem<Elsewhere>
  /** When something was withdrawn, by the text of the EID-prefix; the latest last. */
  readonly #withdrawn = new RecentMap<string, number>(withdrawnMax)
  /** Entries that no subscription tells of, by the text of the EID-prefix. */
  readonly #distrusted = new Set<string>()
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
   * Takes the records of an answer to a question for `asked` that was sent at `since`: the one that covers it, and those within that
   * one. What contradicts them goes, unless it has been told after the question was sent: then nobody knows which is newer, and it is
   * in doubt. Returns what is known now; undefined when no record covers what was asked.
   */
  answer(
    asked: Eid,
    records: readonly MappingRecord[],
    since: number,
    now: number,
    out: ResolverOutbox,
  ): CacheAnswer | undefined {
    const read = records.flatMap((record) => {
      const eid = checkedEid(record)
      return typeof eid === 'string' ? [] : [{ eid, record }]
    })
    const main = longestCovering(asked, read)
    if (main === undefined) return undefined
    this.#contradict(asked, main.eid, main.record, since, out)
    let kept = true
    for (const { eid, record } of read) {
      if (!covers(main.eid, eid)) continue
      if (this.#isNewer(eid, since) && !this.#agrees(eid, record)) this.#parts.doubt(eid)
      else {
        kept = this.put(eid, record, 'answered', now, out) && kept
        // Until a subscription is confirmed with it: `confirm`.
        if (record.ttl > 0) this.#distrusted.add(printEid(eid))
      }
    }
    return { eid: main.eid, mapping: this.lookup(asked) ?? resolvedOf(main.eid, main.record), kept }
  }

  /** Puts in one record; TTL 0 takes out. False when there was no room. */
  put(eid: Eid, record: MappingRecord, cause: ChangeCause, now: number, out: ResolverOutbox): boolean {
    if (record.ttl === 0) {
      this.#remove(eid, cause, out)
      this.#withdrawn.set(printEid(eid), now)
      // The server forgets the subscription after a while (RFC 9437, section 5), and what covers the prefix has to tell of it.
      if (cause === 'published' && this.#system.lookup(eid) !== undefined) this.#parts.doubt(eid)
      return true
    }
    const { entriesMax, ttlMaxMs } = this.#parts.options
    const old = this.#system.find(eid)
    if (old === undefined && this.size >= entriesMax && !this.#makeRoom(out)) return false
    const life = record.ttl === anyTtl ? ttlMaxMs : Math.min(record.ttl * 60_000, ttlMaxMs)
    const change = this.#system.put(eid, contentOf(record), now, now + life)
    this.#distrusted.delete(printEid(eid))
    if (change.outcome === 'refreshed') return true
    const before = change.outcome === 'changed' ? resolved(change.before) : undefined
    const after = resolvedOf(eid, record)
    if (before === undefined || isSaidDifferently(before, after)) {
      out.push({ do: 'changed', eid, ...(before && { before }), after, cause })
    }
    return true
  }

  /** Somebody says this of a prefix who is not to be believed at once: where it is news, it is in doubt. */
  question(eid: Eid, record: MappingRecord): void {
    if (!this.#agrees(eid, record)) this.#parts.doubt(eid)
  }

  /**
   * The subscription that told of a prefix has ended: what is cached within it is good until it expires, but one of a shorter prefix,
   * which seems to tell of it, may not.
   */
  distrust(eid: Eid): void {
    for (const { eid: within } of this.#system.within(eid, Number.POSITIVE_INFINITY)) {
      this.#distrusted.add(printEid(within))
    }
  }

  /** Whether changes of a mapping that is cached are told, as far as there is a subscription that covers it. */
  isTrusted({ eid }: Resolved): boolean {
    return !this.#distrusted.has(printEid(eid))
  }

  /** A subscription was confirmed with these records: what else is cached within it from before is not there any more, or in doubt. */
  confirm(eid: Eid, records: readonly MappingRecord[], since: number): void {
    const told = new Set(records.map((record) => printPrefix(record.eid, record.maskLength)))
    for (const { eid: within } of this.#system.within(eid, Number.POSITIVE_INFINITY)) {
      if (told.has(printEid(within))) this.#distrusted.delete(printEid(within))
      if (told.has(printEid(within)) || this.#isNewer(within, since)) continue
      if (this.#parts.isWatched(within)) this.#parts.doubt(within)
      else this.#distrusted.add(printEid(within))
    }
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
   * An answer by a shorter prefix says that nothing longer covers what was asked; a negative one about a single EID that there is nothing
   * at all within it (RFC 9301, sections 5.5 and 8.4).
   */
  #contradict(asked: Eid, eid: Eid, record: MappingRecord, since: number, out: ResolverOutbox): void {
    const longer = this.#system.covering(asked).filter((old) => keyLength(old.eid) > keyLength(eid))
    const isHole = record.locators.length === 0 && asked.length === fullLength(asked.address)
    const within = isHole ? this.#system.within(eid, withinMax).filter((old) => !sameEid(old.eid, eid)) : []
    for (const { eid: old } of [...longer, ...within]) {
      if (this.#isNewer(old, since)) this.#parts.doubt(old)
      else this.#remove(old, 'answered', out)
    }
  }

  /** Whether something has been told of exactly this prefix after a time. */
  #isNewer(eid: Eid, since: number): boolean {
    const told = this.#system.get(eid)?.refreshed ?? this.#withdrawn.get(printEid(eid))
    return told !== undefined && told > since
  }

  /** Whether the cache has for exactly a prefix what a record says of it. */
  #agrees(eid: Eid, record: MappingRecord): boolean {
    const known = this.#system.find(eid)
    if (known === undefined) return record.ttl === 0
    return record.ttl > 0 && !isSaidDifferently(resolved(known), resolvedOf(eid, record))
  }

  #remove(eid: Eid, cause: ChangeCause, out: ResolverOutbox): void {
    const removed = this.#system.remove(eid)
    if (removed !== undefined) this.#tellGone(removed, cause, out)
  }

  #tellGone(mapping: Mapping<Elsewhere>, cause: ChangeCause, out: ResolverOutbox): void {
    out.push({ do: 'changed', eid: mapping.eid, before: resolved(mapping), cause })
    this.#distrusted.delete(printEid(mapping.eid))
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

/** Of what is told about several prefixes that about the longest one which covers `asked`. */
export const longestCovering = <R extends { readonly eid: Eid }>(
  asked: Eid,
  read: readonly R[],
): R | undefined => {
  let best: R | undefined
  for (const one of read) {
    const isBetter = best === undefined || keyLength(one.eid) > keyLength(best.eid)
    if (isBetter && covers(one.eid, asked)) best = one
  }
  return best
}
