/** Map-Register: who may register what, and what becomes of it. RFC 9301, sections 5.6, 5.7 and 8.2. */
import { printPrefix } from '../address-text.js'
import { checkAuthentication, type Proof, seal } from '../auth.js'
import { type Eid, eidOf } from '../eid.js'
import { familyOf, instanceIdMax, nameLengthMax } from '../mapping/eid-key.js'
import { isSetOf, type LocatorSet, locatorSet } from '../mapping/locator-set.js'
import type { Mapping, MappingSystem } from '../mapping-system.js'
import type { MapRegister } from '../messages/map-register.js'
import type { MappingRecord } from '../records.js'
import { published, recordOf } from './answers.js'
import type { Endpoint, Outbox } from './effects.js'
import { TokenBucket } from './limits.js'
import type { MapServerOptions } from './options.js'
import { firstExpiry, mergedLocators, type Owner, type Xtr } from './owners.js'
import { type Refusal, type Refusals, type Refused, refused } from './refusals.js'
import type { Registry } from './registry.js'
import { mayLocate, mayRegister, type Site, type Sites } from './sites.js'
import { isOrdered, type Xtrs } from './xtrs.js'

export interface RegistrationParts {
  readonly system: MappingSystem<Owner>
  readonly registry: Registry
  readonly sites: Sites
  readonly xtrs: Xtrs
  readonly refusals: Refusals
  readonly options: MapServerOptions
}

/** What is the same for all records of a message. */
interface Batch {
  readonly message: MapRegister
  readonly site: Site
  readonly xtr: Xtr
  readonly from: Endpoint
  readonly now: number
  readonly out: Outbox
  /** The locators of the last record. */
  last?: LocatorSet
}

export class Registration {
  readonly #parts: RegistrationParts
  readonly #siteBuckets = new Map<string, TokenBucket>()

  constructor(parts: RegistrationParts) {
    this.#parts = parts
  }

  /** Takes a Map-Register, of which `data` are the bytes. */
  take(
    message: MapRegister,
    data: Uint8Array,
    from: Endpoint,
    now: number,
    out: Outbox,
  ): Refused | undefined {
    const batch = this.#admit(message, data, from, now, out)
    if ('refusal' in batch) return batch
    batch.xtr.address = from.address
    batch.xtr.seen = now
    this.#takeRecords(batch)
    return undefined
  }

  /** Who sends, and for which site; nothing of the message counts before that is proven. */
  #admit(message: MapRegister, data: Uint8Array, from: Endpoint, now: number, out: Outbox): Batch | Refused {
    const [first] = message.records
    if (first === undefined) return refused('no-records')
    const eid = checkedEid(first)
    if (typeof eid === 'string') return refused(eid, nameOf(first))
    const site = this.#parts.sites.of(eid)?.site
    if (site === undefined) return refused('unknown-eid', nameOf(first))
    const proof = checkAuthentication(data, site.keys)
    if (typeof proof === 'string') return refused(proof, `site ${site.name}`)
    if (!this.#bucketOf(site).take(now)) return refused('site-rate', `site ${site.name}`)
    const xtr = this.#parts.xtrs.meet(site, message.xtr, from, proof, now)
    if (xtr === undefined) return refused('too-many-xtrs', `site ${site.name}`)
    if (!this.#isNew(message, site, xtr, proof, out)) return refused('replayed-nonce', xtr.key)
    xtr.proof = proof
    return { message, site, xtr, from, now, out }
  }

  /** Whether the nonce is greater than the last, where it must be; if so, it is the last from now on. */
  #isNew(message: MapRegister, site: Site, xtr: Xtr, proof: Proof, out: Outbox): boolean {
    if (!isOrdered(site, message, proof)) return true
    const last = this.#parts.xtrs.lastNonce(xtr, proof.key.keyId)
    if (last !== undefined && message.nonce <= last) return false
    out.push({ do: 'keep-nonce', ...this.#parts.xtrs.note(xtr, proof.key.keyId, message.nonce) })
    return true
  }

  #takeRecords(batch: Batch): void {
    const { message, xtr, from, now, out } = batch
    const accepted: MappingRecord[] = []
    for (const record of message.records) {
      const eid = checkedEid(record)
      const refusal = typeof eid === 'string' ? eid : this.#takeRecord(batch, eid, record)
      if (refusal === undefined) accepted.push(this.#outcome(batch, eid as Eid, record))
      else this.#parts.refusals.refuse(refused(refusal, `${nameOf(record)} of ${xtr.key}`), from, now, out)
    }
    if (message.flags.wantNotify && accepted.length > 0) this.#acknowledge(batch, accepted)
  }

  /** The answer to a registration: with what came of merging, where records were merged. */
  #outcome({ message }: Batch, eid: Eid, record: MappingRecord): MappingRecord {
    const mapping = message.flags.merge ? this.#parts.system.find(eid) : undefined
    return mapping?.owner.kind === 'merged' ? { ...recordOf(mapping), eid: record.eid } : record
  }

  /** RFC 9301, section 5.7: the fields of the Map-Register, authenticated anew; sent to where ETRs listen. */
  #acknowledge({ message, xtr, from, out }: Batch, records: readonly MappingRecord[]): void {
    const { nonce, xtr: identity } = message
    const notify = { type: 'map-notify' as const, flags: {}, nonce, records }
    const data = seal(identity === undefined ? notify : { ...notify, xtr: identity }, xtr.proof)
    out.push({ do: 'send', to: { address: from.address, port: this.#parts.options.controlPort }, data })
  }

  /** Undefined when the record has been taken. */
  #takeRecord(batch: Batch, eid: Eid, record: MappingRecord): Refusal | undefined {
    const { site, message } = batch
    const match = this.#parts.sites.of(eid)
    if (match?.site.name !== site.name || !mayRegister(match, eid)) return 'eid-outside-site'
    const old = this.#parts.system.find(eid)
    if (old !== undefined && old.origin !== 'registered') return 'eid-taken'
    if (record.ttl === 0) return this.#deregister(batch, eid, old)
    const foreign = record.locators.some(({ rloc }) => !mayLocate(site, rloc))
    if (foreign) return 'locator-not-allowed'
    if (old === undefined && !this.#hasRoom(site)) return 'too-many-mappings'
    if (message.flags.merge) this.#merge(batch, eid, record, old)
    else this.#replace(batch, eid, record, old)
    return undefined
  }

  #hasRoom(site: Site): boolean {
    const { system, options, registry } = this.#parts
    return system.size < options.mappingsMax && registry.registered(site.name) < site.registrationsMax
  }

  #replace(batch: Batch, eid: Eid, record: MappingRecord, old: Mapping<Owner> | undefined): void {
    const { xtr, message, now, out } = batch
    const content = this.#content(batch, record, xtr, this.#setOf(batch, record, old))
    const cause = old === undefined || old.owner === xtr ? 'registered' : 'moved'
    this.#parts.registry.put(eid, content, cause, now, out, this.#expiry(message, record, now))
  }

  /** A record's locators as a set: mostly that of the mapping as it is, or of the record before. */
  #setOf(batch: Batch, record: MappingRecord, old: Mapping<Owner> | undefined): LocatorSet {
    const locators = record.locators.map(published)
    if (old !== undefined && isSetOf(old.locators, locators)) return old.locators
    if (batch.last === undefined || !isSetOf(batch.last, locators)) batch.last = locatorSet(locators)
    return batch.last
  }

  /** Adds the xTR's locators to those of the others that want to be merged. */
  #merge(batch: Batch, eid: Eid, record: MappingRecord, old: Mapping<Owner> | undefined): void {
    const { xtr, message, now, out } = batch
    const expires = this.#expiry(message, record, now)
    const wantNotify = message.flags.wantNotify === true
    const locators = record.locators.map(published)
    const known = old?.owner.kind === 'merged' ? old.owner : undefined
    const own = known?.members.get(xtr)
    let owner = known
    if (own !== undefined && locatorSet(own.locators).key === locatorSet(locators).key) {
      own.expires = expires
      own.wantNotify = wantNotify
    } else {
      // Last in order is whoever registered last: its word counts for a locator that several have.
      const others = [...(known?.members ?? [])].filter(([other]) => other !== xtr)
      owner = { kind: 'merged', members: new Map([...others, [xtr, { locators, expires, wantNotify }]]) }
    }
    if (owner === undefined) return
    const content = this.#content(batch, record, owner, locatorSet(mergedLocators(owner.members)))
    this.#parts.registry.put(eid, content, 'merged', now, out, firstExpiry(owner.members), xtr)
  }

  #content({ message, site }: Batch, record: MappingRecord, owner: Owner, locators: LocatorSet) {
    const asked = message.flags.proxyReply === true
    return {
      locators,
      owner,
      ttl: record.ttl,
      action: record.locators.length === 0 ? record.action : ('no-action' as const),
      origin: 'registered' as const,
      proxyReply: site.proxyReply === 'always' || (site.proxyReply === 'asked' && asked),
      mapVersion: record.mapVersion,
    }
  }

  /** T bit: the record's TTL; otherwise three registrations that did not come. */
  #expiry({ flags }: MapRegister, { ttl }: MappingRecord, now: number): number {
    return now + (flags.useTtl ? ttl * 60_000 : 3 * this.#parts.options.registrationMs)
  }

  /** TTL 0. What another xTR has registered meanwhile stays. */
  #deregister({ xtr, now, out }: Batch, eid: Eid, old: Mapping<Owner> | undefined): Refusal | undefined {
    const { registry } = this.#parts
    if (old === undefined) return undefined
    if (old.owner.kind === 'merged' && old.owner.members.has(xtr)) {
      const members = new Map([...old.owner.members].filter(([other]) => other !== xtr))
      if (members.size === 0) {
        registry.withdraw(eid, 'deregistered', now, out)
        return undefined
      }
      const content = {
        ...old,
        owner: { kind: 'merged', members } as const,
        locators: locatorSet(mergedLocators(members)),
      }
      registry.put(eid, content, 'deregistered', now, out, firstExpiry(members), xtr)
      return undefined
    }
    if (old.owner !== xtr) return 'not-owner'
    registry.withdraw(eid, 'deregistered', now, out)
    return undefined
  }

  /** Whether a registration is one that its site, as it is now, would let through. */
  mayStay({ eid, owner, locators }: Mapping<Owner>): boolean {
    const xtr = owner.kind === 'merged' ? owner.members.keys().next().value : owner
    const match = this.#parts.sites.of(eid)
    if (match === undefined || xtr?.kind !== 'xtr' || match.site.name !== xtr.site) return false
    return mayRegister(match, eid) && locators.locators.every(({ rloc }) => mayLocate(match.site, rloc))
  }

  #bucketOf({ name }: Site): TokenBucket {
    const known = this.#siteBuckets.get(name)
    if (known !== undefined) return known
    const made = new TokenBucket(this.#parts.options.siteRate)
    this.#siteBuckets.set(name, made)
    return made
  }
}

/** The EID of a record, or why no mapping can have it. */
export const checkedEid = (record: Pick<MappingRecord, 'eid' | 'maskLength'>): Eid | Refusal => {
  const eid = eidOf(record)
  if (eid === undefined || familyOf(eid.address) === undefined) return 'bad-eid'
  if (eid.iid > instanceIdMax) return 'bad-instance-id'
  if (eid.address.family === 'name' && eid.address.value.length > nameLengthMax) return 'bad-eid'
  return eid
}

const nameOf = ({ eid, maskLength }: Pick<MappingRecord, 'eid' | 'maskLength'>): string =>
  printPrefix(eid, maskLength)
