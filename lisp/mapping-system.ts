/**
 * The mapping database: EID-prefixes and the locators behind them, for each instance a longest match of its own. A value with
 * operations: it has no clock and no socket, `now` (milliseconds of any clock that does not go back) is an argument. It knows
 * nothing of who may register what: `map-server.ts` does.
 *
 * Listing does not hold anything up: it goes on from where the last page ended, however much has changed meanwhile. A mapping
 * that is there all the time is listed once; with `sequence`, taken before the first page, a reader knows which were
 * changed under its hands.
 */
import type { Eid } from './eid.js'
import { checkedFamily, type EidFamily, eidFamilies, readKey, writeKey } from './mapping/eid-key.js'
import { Interner } from './mapping/interner.js'
import type { LocatorSet } from './mapping/locator-set.js'
import type { Change, Mapping, MappingContent, MappingEntry, Page } from './mapping/mapping.js'
import type { Slot } from './mapping/slots.js'
import { Space } from './mapping/space.js'
import { actionIn, mapVersionIn, originIn, packTraits, proxyReplyIn } from './mapping/traits.js'

export interface MappingSystemOptions {
  /** When the database begins. */
  readonly now: number
  /** Mappings are taken out at most this much late. */
  readonly tickMs?: number
  /** Any 32 bits that those who register do not know. */
  readonly seed?: number
}

const added = { outcome: 'added' } as const
const refreshed = { outcome: 'refreshed' } as const

export class MappingSystem<Owner extends object> {
  readonly #spaces: Readonly<Record<EidFamily, Space>>
  readonly #locatorSets = new Interner<string, LocatorSet>()
  readonly #owners = new Interner<Owner, Owner>()
  #sequence = 0

  constructor({ now, tickMs = 250, seed = 0 }: MappingSystemOptions) {
    const space = (family: EidFamily): Space => new Space(family, { now, tickMs, seed })
    this.#spaces = { ipv4: space('ipv4'), ipv6: space('ipv6'), mac: space('mac'), name: space('name') }
  }

  /** Mappings in all. */
  get size(): number {
    return eidFamilies.reduce((sum, family) => sum + this.#spaces[family].slots.size, 0)
  }

  /** The number of the last change. */
  get sequence(): number {
    return this.#sequence
  }

  /** Different sets of locators and different owners in use. */
  get shared(): { readonly locatorSets: number; readonly owners: number } {
    return { locatorSets: this.#locatorSets.size, owners: this.#owners.size }
  }

  sizeOf(family: EidFamily, iid: number): number {
    return this.#spaces[family].sizeOf(iid)
  }

  /** The slots of a family, for those who answer a hundred thousand requests a second: see `map-resolver.ts`. */
  space(family: EidFamily): Space {
    return this.#spaces[family]
  }

  locatorsOf(space: Space, slot: Slot): LocatorSet {
    return this.#locatorSets.get(space.slots.locators(slot))
  }

  ownerOf(space: Space, slot: Slot): Owner {
    return this.#owners.get(space.slots.owner(slot))
  }

  /**
   * Puts a mapping in or in the place of the one for exactly this prefix. It expires at `expires`, in the clock of `now`; without
   * it, never. Throws `unencodable` for an EID that has no longest match.
   */
  put(eid: Eid, content: MappingContent<Owner>, now: number, expires?: number): Change<Owner> {
    const space = this.#spaces[checkedFamily(eid)]
    const length = writeKey(eid, space.key)
    const old = space.exact(eid.iid, length)
    const slot = old === 0 ? space.add(eid.iid, length) : old
    const change = old === 0 ? added : this.#compare(space, slot, content)
    if (change !== refreshed) this.#write(space, slot, content, old !== 0)
    if (old === 0) space.slots.setSince(slot, now)
    space.slots.setRefreshed(slot, now)
    if (expires === undefined) space.wheel.cancel(slot)
    else space.wheel.schedule(slot, expires)
    return change
  }

  /** Takes out the mapping for exactly this prefix and returns it. */
  remove(eid: Eid): Mapping<Owner> | undefined {
    const space = this.#spaces[checkedFamily(eid)]
    const slot = space.exact(eid.iid, writeKey(eid, space.key))
    return slot === 0 ? undefined : this.#take(space, slot)
  }

  /** The mapping for exactly this prefix, without its times. */
  find(eid: Eid): Mapping<Owner> | undefined {
    const space = this.#spaces[checkedFamily(eid)]
    const slot = space.exact(eid.iid, writeKey(eid, space.key))
    return slot === 0 ? undefined : this.#read(space, slot)
  }

  /** The mapping for exactly this prefix. */
  get(eid: Eid): MappingEntry<Owner> | undefined {
    const space = this.#spaces[checkedFamily(eid)]
    const slot = space.exact(eid.iid, writeKey(eid, space.key))
    return slot === 0 ? undefined : this.#entry(space, slot)
  }

  /** The mapping with the longest prefix that covers `eid`. */
  lookup(eid: Eid): Mapping<Owner> | undefined {
    const space = this.#spaces[checkedFamily(eid)]
    const slot = space.longest(eid.iid, writeKey(eid, space.key))
    return slot === 0 ? undefined : this.#read(space, slot)
  }

  /** All mappings that cover `eid`, the shortest prefix first: the last one is the longest match, the others say why. */
  covering(eid: Eid): readonly MappingEntry<Owner>[] {
    const space = this.#spaces[checkedFamily(eid)]
    const found: MappingEntry<Owner>[] = []
    space.covering(eid.iid, writeKey(eid, space.key), (slot) => found.push(this.#entry(space, slot)))
    return found
  }

  /** Up to `limit` mappings whose prefixes `eid` covers, its own included, in order. */
  within(eid: Eid, limit: number): readonly Mapping<Owner>[] {
    const space = this.#spaces[checkedFamily(eid)]
    const found: Mapping<Owner>[] = []
    if (limit === 0) return found
    space.within(eid.iid, writeKey(eid, space.key), (slot) => found.push(this.#read(space, slot)) < limit)
    return found
  }

  /**
   * The shortest prefix that covers `eid` and has no mapping in it, neither for itself nor for anything more specific: the hole
   * around an EID that nobody has registered. Mappings that cover it do not count. Undefined when `eid` is a prefix with
   * mappings in it.
   */
  hole(eid: Eid): Eid | undefined {
    const family = checkedFamily(eid)
    const space = this.#spaces[family]
    const length = space.gap(eid.iid, writeKey(eid, space.key))
    if (length < 0) return undefined
    // A name ends at a character.
    const whole = family === 'name' ? Math.ceil(length / 8) * 8 : length
    return readKey(family, eid.iid, space.key, whole)
  }

  /**
   * Takes out up to `max` mappings whose time is up at `now`. `renew` may give each new content and a new time instead, and hears
   * of each that goes. Returns false when there are more: come back soon.
   */
  expire(
    now: number,
    max: number,
    renew: (
      mapping: Mapping<Owner>,
    ) => { readonly content: MappingContent<Owner>; readonly expires: number } | undefined,
  ): boolean {
    let left = max
    for (const family of eidFamilies) {
      const space = this.#spaces[family]
      const done = space.wheel.advance(now, left, (slot) => {
        left -= 1
        const mapping = this.#read(space, slot)
        const next = renew(mapping)
        if (next === undefined) this.#take(space, slot)
        else this.put(mapping.eid, next.content, now, next.expires)
      })
      if (!done) return false
    }
    return true
  }

  /** Up to `limit` mappings in order of family, instance and prefix. */
  page({ family, iid, after, limit }: Page): readonly MappingEntry<Owner>[] {
    const from = after === undefined ? undefined : checkedFamily(after)
    const found: MappingEntry<Owner>[] = []
    if (limit <= 0) return found
    for (const one of eidFamilies) {
      if (found.length >= limit || (family !== undefined && family !== one)) continue
      if (from !== undefined && eidFamilies.indexOf(one) < eidFamilies.indexOf(from)) continue
      this.#list(this.#spaces[one], iid, one === from ? after : undefined, limit, found)
    }
    return found
  }

  /** All mappings, or those of one family or instance, page by page. */
  *mappings(filter: Omit<Page, 'limit' | 'after'> = {}, pageSize = 256): Generator<MappingEntry<Owner>> {
    let after: Eid | undefined
    for (;;) {
      const page = this.page({ ...filter, limit: pageSize, ...(after && { after }) })
      yield* page
      after = page.at(-1)?.eid
      if (after === undefined || page.length < pageSize) return
    }
  }

  #list(
    space: Space,
    iid: number | undefined,
    after: Eid | undefined,
    limit: number,
    found: MappingEntry<Owner>[],
  ): void {
    const iids = iid === undefined ? space.iids : [iid]
    for (const one of iids) {
      if (found.length >= limit) return
      if (after !== undefined && one < after.iid) continue
      const length = after?.iid === one ? writeKey(after, space.key) : -1
      space.walk(one, length, (slot) => found.push(this.#entry(space, slot)) < limit)
    }
  }

  #compare(space: Space, slot: Slot, content: MappingContent<Owner>): Change<Owner> {
    const { slots } = space
    const same =
      slots.ttl(slot) === content.ttl &&
      slots.flags(slot) === packTraits(content) &&
      this.ownerOf(space, slot) === content.owner &&
      this.locatorsOf(space, slot).key === content.locators.key
    return same ? refreshed : { outcome: 'changed', before: this.#read(space, slot) }
  }

  #write(space: Space, slot: Slot, content: MappingContent<Owner>, again: boolean): void {
    const { slots } = space
    const oldLocators = slots.locators(slot)
    const oldOwner = slots.owner(slot)
    const locators = this.#locatorSets.acquire(content.locators.key, content.locators)
    slots.fill(
      slot,
      locators,
      this.#owners.acquire(content.owner, content.owner),
      content.ttl,
      packTraits(content),
    )
    if (again) this.#locatorSets.release(oldLocators)
    if (again) this.#owners.release(oldOwner)
    this.#sequence += 1
    slots.setSequence(slot, this.#sequence)
  }

  #take(space: Space, slot: Slot): Mapping<Owner> {
    const mapping = this.#read(space, slot)
    this.#locatorSets.release(space.slots.locators(slot))
    this.#owners.release(space.slots.owner(slot))
    space.remove(slot)
    this.#sequence += 1
    return mapping
  }

  #read(space: Space, slot: Slot): Mapping<Owner> {
    const { slots } = space
    const traits = slots.flags(slot)
    return {
      eid: readSlotKey(space, slot),
      id: eidFamilies.indexOf(space.family) * 0x1_0000_0000 + slot,
      locators: this.locatorsOf(space, slot),
      owner: this.ownerOf(space, slot),
      ttl: slots.ttl(slot),
      action: actionIn(traits),
      origin: originIn(traits),
      proxyReply: proxyReplyIn(traits),
      mapVersion: mapVersionIn(traits),
    }
  }

  #entry(space: Space, slot: Slot): MappingEntry<Owner> {
    const { slots } = space
    return Object.assign(this.#read(space, slot), {
      sequence: slots.sequence(slot),
      since: slots.since(slot),
      refreshed: slots.refreshed(slot),
      expires: space.wheel.deadline(slot),
    })
  }
}

/** A slot's EID-prefix; of the commonest family without a copy of its key. */
const readSlotKey = ({ family, slots }: Space, slot: Slot): Eid =>
  family === 'ipv4'
    ? { iid: slots.iid(slot), address: { family, value: slots.word(slot, 0) }, length: slots.length(slot) }
    : readKey(family, slots.iid(slot), slots.key(slot), slots.length(slot))

export type { Change, Mapping, MappingContent, MappingEntry, Page }
