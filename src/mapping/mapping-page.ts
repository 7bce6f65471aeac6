/** Mappings page by page in the order of the database. What is looked at for one page is bounded: a filter may find little. */
import type { MappingFilter, MappingPage, MappingPageQuery } from '#api/mappings.js'
import type { Clock } from '#link/clock.js'
import { parseEid, printEid } from '#lisp/address-text.js'
import type { Eid } from '#lisp/eid.js'
import { makeEid } from '#lisp/eid.js'
import { LispError } from '#lisp/errors.js'
import type { Owner } from '#lisp/map-server/owners.js'
import { type EidFamily, familyOf, keyLength, sameEid } from '#lisp/mapping/eid-key.js'
import type { MappingEntry } from '#lisp/mapping-system.js'
import { FabricError } from '#model/error.js'
import type { MappingView } from '#model/mapping.js'
import { eidOfText } from './eid-text.js'
import type { MappingState } from './mapping-state.js'
import { viewOf } from './mapping-views.js'

type Entry = MappingEntry<Owner>

/** Mappings that are looked at for one page, and at a time. */
const lookedAtMax = 20_000
const stride = 500

const covers = (wide: Eid, eid: Eid): boolean => {
  if (wide.iid !== eid.iid || familyOf(wide.address) !== familyOf(eid.address)) return false
  if (keyLength(eid) < keyLength(wide)) return false
  return sameEid(wide, makeEid(eid.iid, eid.address, wide.length))
}

const readCursor = (after: string): Eid => {
  try {
    return parseEid(after)
  } catch (error) {
    if (!(error instanceof LispError)) throw error
    throw new FabricError('invalid-request', `no page ends there: ${error.message}`, {
      field: 'query.after',
      cause: error,
    })
  }
}

/** A page of the mappings that fit a filter. */
export const pageOf = (
  state: MappingState,
  clock: Clock,
  filter: MappingFilter,
  { after, limit }: MappingPageQuery,
): MappingPage => {
  const within =
    filter.within === undefined ? undefined : eidOfText(filter.iid ?? 0, filter.within, 'query.within')
  const fits = (entry: Entry): boolean =>
    (filter.origin === undefined || entry.origin === filter.origin) &&
    (filter.node === undefined || (entry.owner.kind === 'local' && entry.owner.name === filter.node)) &&
    (filter.site === undefined || state.server.sites.of(entry.eid)?.site.name === filter.site)
  const mappings: MappingView[] = []
  let last: Eid | undefined
  let looked = 0
  for (const entry of entriesOf(
    state,
    filter.iid,
    within,
    after === undefined ? undefined : readCursor(after),
  )) {
    if (mappings.length >= limit || looked >= lookedAtMax) {
      return { mappings, ...(last !== undefined && { next: printEid(last) }) }
    }
    looked += 1
    last = entry.eid
    if (fits(entry)) mappings.push(viewOf(entry, state, clock))
  }
  return { mappings }
}

/** The mappings of an instance or of a prefix in order, behind one. */
function* entriesOf(
  state: MappingState,
  iid: number | undefined,
  within: Eid | undefined,
  after: Eid | undefined,
): Generator<Entry> {
  const { system } = state.server
  const family = within === undefined ? undefined : familyOf(within.address)
  const narrow: { family?: EidFamily; iid?: number } = {
    ...(family !== undefined && { family }),
    ...((within?.iid ?? iid) !== undefined && { iid: within?.iid ?? iid ?? 0 }),
  }
  // The prefix itself comes before all that lies in it.
  const own = within === undefined || after !== undefined ? undefined : system.get(within)
  if (own !== undefined) yield own
  let from = after ?? within
  for (;;) {
    const page = system.page({ ...narrow, limit: stride, ...(from !== undefined && { after: from }) })
    for (const entry of page) {
      if (within !== undefined && !covers(within, entry.eid)) return
      yield entry
    }
    from = page.at(-1)?.eid
    if (from === undefined || page.length < stride) return
  }
}
