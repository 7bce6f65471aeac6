/** A mapping as people see it: with the site that it belongs to and times of their own clock. */
import type { Clock } from '#link/clock.js'
import { type Owner, printOwner } from '#lisp/map-server/owners.js'
import type { MappingEntry } from '#lisp/mapping-system.js'
import type { MappingView } from '#model/mapping.js'
import { textOfEid } from './eid-text.js'
import type { MappingState } from './mapping-state.js'
import { locatorView } from './mapping-values.js'

export const viewOf = (entry: MappingEntry<Owner>, state: MappingState, clock: Clock): MappingView => {
  const { eid, owner, origin } = entry
  const wallOffset = clock.wallTime() - clock.now()
  const wall = (at: number): number => Math.round(wallOffset + at)
  const site = state.server.sites.of(eid)?.site.name
  const provenance = origin === 'static' ? state.statics.get(eid)?.provenance : undefined
  return {
    iid: eid.iid,
    eid: textOfEid(eid),
    ttl: entry.ttl,
    action: entry.action,
    locators: entry.locators.locators.map(locatorView),
    origin,
    owner: printOwner(owner),
    ...(owner.kind === 'local' && { node: owner.name }),
    ...(site !== undefined && { site }),
    proxyReply: entry.proxyReply,
    mapVersion: entry.mapVersion,
    since: wall(entry.since),
    refreshed: wall(entry.refreshed),
    ...(entry.expires !== undefined && { expires: wall(entry.expires) }),
    ...(provenance !== undefined && { provenance }),
  }
}
