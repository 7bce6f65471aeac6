/** Mappings as the records of Map-Reply and Map-Notify. */
import { type Eid, eidFields } from '../eid.js'
import type { Mapping } from '../mapping-system.js'
import type { Action, Locator, MappingRecord } from '../records.js'
import type { Owner } from './owners.js'

/** TTLs of negative replies in minutes. RFC 9301, section 8.3. */
export const nobodysTtl = 15
export const unregisteredTtl = 1

/** What is said of a mapping, for its own prefix or for a part of it. Authoritative is who has the EID: our own nodes. */
export const recordOf = (
  mapping: Mapping<Owner>,
  eid: Eid = mapping.eid,
  ttl = mapping.ttl,
): MappingRecord => ({
  ttl,
  maskLength: eid.length,
  action: mapping.action,
  authoritative: mapping.origin === 'local',
  mapVersion: mapping.mapVersion,
  eid: eid.iid === 0 ? eid.address : eidFields(eid).eid,
  locators: mapping.locators.locators,
})

/** "There is none": an ITR keeps this for `ttl` minutes; 0 takes away what it has. */
export const negativeRecord = (eid: Eid, action: Action, ttl: number): MappingRecord => ({
  ...eidFields(eid),
  ttl,
  action,
  authoritative: false,
  mapVersion: 0,
  locators: [],
})

/**
 * A registered locator as others are told of it: that it is the sender's own, or answers its probe, is not ours to say. RFC 9301,
 * section 5.4.
 */
export const published = (locator: Locator): Locator => ({
  priority: locator.priority,
  weight: locator.weight,
  multicastPriority: locator.multicastPriority,
  multicastWeight: locator.multicastWeight,
  flags: { local: false, probed: false, reachable: locator.flags.reachable === true },
  rloc: locator.rloc,
})
