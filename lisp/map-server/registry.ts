/**
 * The one place where mappings come, change and go: whoever causes it, all that follows from it (subscribers, askers, the old
 * owner, the controller) hears of it here.
 */
import type { Random } from '#link/random.js'
import type { IpAddress } from '../address.js'
import { seal } from '../auth.js'
import { type Eid, eidFields } from '../eid.js'
import { locatorSet } from '../mapping/locator-set.js'
import type { Mapping, MappingContent, MappingSystem } from '../mapping-system.js'
import { encodeMessage } from '../messages.js'
import type { MappingRecord } from '../records.js'
import { recordOf } from './answers.js'
import type { Askers } from './askers.js'
import type { MappingChange, Outbox } from './effects.js'
import type { Notices } from './notices.js'
import { firstExpiry, type Merged, mergedLocators, type Owner, type Xtr } from './owners.js'
import type { Subscriptions } from './subscriptions.js'

type Cause = MappingChange['cause']

export interface RegistryParts {
  readonly system: MappingSystem<Owner>
  readonly subscriptions: Subscriptions
  readonly notices: Notices
  readonly askers: Askers
  readonly random: Random
  /** The server's own address, for those who are told to ask again. */
  readonly rloc: IpAddress
}

export class Registry {
  readonly #parts: RegistryParts
  /** Registered mappings of each site. */
  readonly #counts = new Map<string, number>()

  constructor(parts: RegistryParts) {
    this.#parts = parts
  }

  /** How many EIDs the xTRs of a site have registered. */
  registered(site: string): number {
    return this.#counts.get(site) ?? 0
  }

  /** Puts a mapping in; returns true when that changed what is known of the EID. `by` knows already: it is not told. */
  put(
    eid: Eid,
    content: MappingContent<Owner>,
    cause: Cause,
    now: number,
    out: Outbox,
    expires?: number,
    by?: Xtr,
  ): boolean {
    const { system } = this.#parts
    const change = system.put(eid, content, now, expires)
    if (change.outcome === 'refreshed') return false
    const before = change.outcome === 'changed' ? change.before : undefined
    this.#count(before?.owner, -1)
    this.#count(content.owner, 1)
    const after = system.find(eid)
    if (after === undefined) return false
    out.push({ do: 'tell', change: { eid: after.eid, ...(before && { before }), after, cause } })
    if (before === undefined || isSaidDifferently(before, after)) this.#spread(after.eid, after.id, now, out)
    if (before !== undefined) this.#tellOwners(before, after, by, now, out)
    return true
  }

  /** Takes a mapping out. */
  withdraw(eid: Eid, cause: Cause, now: number, out: Outbox): Mapping<Owner> | undefined {
    const before = this.#parts.system.remove(eid)
    if (before === undefined) return undefined
    this.#count(before.owner, -1)
    out.push({ do: 'tell', change: { eid: before.eid, before, cause } })
    this.#spread(before.eid, before.id, now, out)
    return before
  }

  /** Takes out what has not been refreshed in time: up to `max`. */
  expire(now: number, max: number, out: Outbox): void {
    const { system } = this.#parts
    const changed: { mapping: Mapping<Owner>; gone: boolean }[] = []
    system.expire(now, max, (mapping) => {
      const next = mapping.owner.kind === 'merged' ? this.#shrink(mapping, mapping.owner, now) : undefined
      changed.push({ mapping, gone: next === undefined })
      return next
    })
    for (const { mapping: before, gone } of changed) {
      const after = gone ? undefined : system.find(before.eid)
      if (gone) this.#count(before.owner, -1)
      out.push({ do: 'tell', change: { eid: before.eid, before, ...(after && { after }), cause: 'expired' } })
      this.#spread(before.eid, before.id, now, out)
      if (after !== undefined) this.#tellOwners(before, after, undefined, now, out)
    }
  }

  /** A merged mapping without the members whose time is up; undefined when none is left. */
  #shrink(mapping: Mapping<Owner>, owner: Merged, now: number) {
    const members = new Map([...owner.members].filter(([, { expires }]) => expires > now))
    if (members.size === 0) return undefined
    const content = {
      ...mapping,
      owner: { kind: 'merged', members } as const,
      locators: locatorSet(mergedLocators(members)),
    }
    return { content, expires: firstExpiry(members) }
  }

  #count(owner: Owner | undefined, by: number): void {
    const xtr = owner?.kind === 'merged' ? owner.members.keys().next().value : owner
    if (xtr?.kind === 'xtr') this.#counts.set(xtr.site, (this.#counts.get(xtr.site) ?? 0) + by)
  }

  /** Subscribers are told; others who asked lately are told to ask again. */
  #spread(eid: Eid, id: number, now: number, out: Outbox): void {
    const { subscriptions, askers, notices, rloc } = this.#parts
    subscriptions.publish(eid, now, out)
    const asked = askers.take(id, now)
    if (asked.length === 0) return
    const data = solicit(eid, this.#nonce(), rloc)
    for (const address of asked) out.push({ do: 'send', to: { address, port: notices.port }, data })
  }

  /** Who had the EID hears who has it now; so do the others of a merged mapping who want to. */
  #tellOwners(
    before: Mapping<Owner>,
    after: Mapping<Owner>,
    by: Xtr | undefined,
    now: number,
    out: Outbox,
  ): void {
    const record = recordOf(after)
    if (before.owner.kind === 'xtr' && before.owner !== after.owner && before.owner !== by) {
      this.#notify(before.owner, record, now, out)
    }
    if (after.owner.kind !== 'merged' || before.locators.key === after.locators.key) return
    for (const [xtr, { wantNotify }] of after.owner.members) {
      if (wantNotify && xtr !== by) this.#notify(xtr, record, now, out)
    }
  }

  #notify(xtr: Xtr, record: MappingRecord, now: number, out: Outbox): void {
    xtr.noticeNonce = BigInt.asUintN(64, xtr.noticeNonce + 1n)
    const { noticeNonce: nonce, proof, address } = xtr
    const bytes = seal({ type: 'map-notify', flags: {}, nonce, records: [record] }, proof)
    const topic = `${record.maskLength} ${JSON.stringify(record.eid)}`
    const notice = { nonce, sealed: { bytes }, addresses: [address], proof, party: xtr, topic }
    this.#parts.notices.send(notice, now, out)
  }

  #nonce(): bigint {
    return BigInt(Math.floor(this.#parts.random() * 2 ** 52)) << 11n
  }
}

/** Whether ITRs would be told something else. */
const isSaidDifferently = (before: Mapping<Owner>, after: Mapping<Owner>): boolean =>
  before.locators.key !== after.locators.key ||
  before.action !== after.action ||
  before.ttl !== after.ttl ||
  before.mapVersion !== after.mapVersion

/**
 * A Solicit-Map-Request: RFC 9301, section 6.1. The EID stands in both places, since some routers look at the one and some at the
 * other.
 */
const solicit = (eid: Eid, nonce: bigint, rloc: IpAddress): Uint8Array => {
  const fields = eidFields(eid)
  return encodeMessage({
    type: 'map-request',
    flags: { smr: true },
    nonce,
    sourceEid: fields.eid,
    itrRlocs: [rloc],
    records: [{ ...fields, notify: false }],
  })
}
