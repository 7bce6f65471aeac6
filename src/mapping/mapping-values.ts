/** Mappings between what people say and see of them and the values of `lisp/`. */

import { printAddress } from '#lisp/address-text.js'
import { type Eid, eidOf } from '#lisp/eid.js'
import type { Answer } from '#lisp/map-resolver.js'
import type { OwnMapping } from '#lisp/map-server.js'
import type { HistoryEntry, HistoryState } from '#lisp/mapping-history.js'
import type { Locator, MappingRecord } from '#lisp/records.js'
import type {
  AnswerView,
  LocatorView,
  MappingChangeView,
  MappingRecordView,
  MappingSpec,
  MappingStateView,
} from '#model/mapping.js'
import { rlocOfText, textOfEid } from './eid-text.js'

/** A static mapping as the Map-Server takes it. Throws `invalid-request` with the field: `locators[0].rloc`. */
export const staticMapping = (eid: Eid, { locators, ttl, action }: MappingSpec): OwnMapping => ({
  eid,
  locators: locators.map((one, index) => ({
    priority: one.priority ?? 1,
    weight: one.weight ?? 100,
    multicastPriority: one.multicastPriority ?? 255,
    multicastWeight: one.multicastWeight ?? 0,
    flags: { reachable: true },
    rloc: rlocOfText(one.rloc, `locators[${index}].rloc`),
  })),
  ...(ttl !== undefined && { ttl }),
  ...(action !== undefined && { action }),
})

export const locatorView = (locator: Locator): LocatorView => ({
  rloc: printAddress(locator.rloc),
  priority: locator.priority,
  weight: locator.weight,
  multicastPriority: locator.multicastPriority,
  multicastWeight: locator.multicastWeight,
  reachable: locator.flags.reachable === true,
})

export const recordView = (record: MappingRecord): MappingRecordView => {
  const eid = eidOf(record)
  return {
    iid: eid?.iid ?? 0,
    eid: eid === undefined ? printAddress(record.eid) : textOfEid(eid),
    ttl: record.ttl,
    action: record.action,
    locators: record.locators.map(locatorView),
  }
}

/** An answer as it would be given now; `quietUntil`, in wall time, is the end of the time in which "nobody" is not said. */
export const answerView = (answer: Answer, quietUntil: number | undefined): AnswerView => {
  switch (answer.kind) {
    case 'reply':
      return { kind: 'reply', records: answer.records.map(recordView) }
    case 'negative':
      return quietUntil === undefined
        ? { kind: 'negative', record: recordView(answer.record) }
        : { kind: 'quiet', until: quietUntil }
    case 'forward':
      return { kind: 'forward', to: printAddress(answer.to) }
    case 'no-etr':
      return { kind: 'no-etr' }
  }
}

const stateView = ({ owner, locators, ttl }: HistoryState): MappingStateView => ({
  owner,
  locators: locators.map(locatorView),
  ttl,
})

export const changeView = ({ at, cause, before, after }: HistoryEntry): MappingChangeView => ({
  at,
  cause,
  ...(before !== undefined && { before: stateView(before) }),
  ...(after !== undefined && { after: stateView(after) }),
})
