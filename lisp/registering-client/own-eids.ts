/** The own EIDs: where each is, in which version, and whether it is still ours. */
import { encode } from '#wire/codec.js'
import type { Eid } from '../eid.js'
import { eidFields } from '../eid.js'
import { EidMap } from '../mapping/eid-map.js'
import { locatorSet } from '../mapping/locator-set.js'
import { type Action, type Locator, type MappingRecord, mappingRecord } from '../records.js'

/** An EID of ours, as the caller says it. */
export interface OwnEid {
  readonly eid: Eid
  readonly locators: readonly Locator[]
  /** Minutes that others may keep it. */
  readonly ttl?: number
  /** What to do with packets, where there are no locators. */
  readonly action?: Action
}

export interface Own {
  readonly id: number
  readonly eid: Eid
  /** What is registered: TTL 0 takes it back. */
  record: MappingRecord
  bytes: number
  /** Grows with each change. */
  version: number
  /** Servers that have not heard yet that it is gone. */
  goneAt: number
}

const defaultTtl = 1_440

export class OwnEids {
  readonly #byEid = new EidMap<Own>()
  readonly #byId = new Map<number, Own>()
  readonly #free: number[] = []

  /** With those that are being taken back. */
  get size(): number {
    return this.#byId.size
  }

  get(id: number): Own | undefined {
    return this.#byId.get(id)
  }

  find(eid: Eid): Own | undefined {
    return this.#byEid.get(eid)
  }

  all(): Iterable<Own> {
    return this.#byId.values()
  }

  /** Puts one in, or what is new of it; undefined when nothing is. */
  put({ eid, locators, ttl = defaultTtl, action = 'no-action' }: OwnEid): Own | undefined {
    const record = {
      ...eidFields(eid),
      ttl,
      action: locators.length === 0 ? action : 'no-action',
      authoritative: true,
      mapVersion: 0,
      locators: locatorSet(locators).locators,
    } as const
    return this.#write(eid, record)
  }

  /** Has one taken back at `servers` servers; undefined when it is not there. */
  takeBack(eid: Eid, servers: number): Own | undefined {
    const own = this.find(eid)
    if (own === undefined || own.record.ttl === 0) return undefined
    const changed = this.#write(eid, { ...own.record, ttl: 0, locators: [] })
    if (changed !== undefined) changed.goneAt = servers
    return changed
  }

  /** A server has heard that it is gone, or will not: the last one takes it out. */
  heardGone(own: Own): void {
    own.goneAt -= 1
    if (own.goneAt > 0) return
    this.#byEid.delete(own.eid)
    this.#byId.delete(own.id)
    this.#free.push(own.id)
  }

  #write(eid: Eid, record: MappingRecord): Own | undefined {
    const bytes = encode(mappingRecord, record)
    const known = this.find(eid)
    if (known === undefined) {
      const id = this.#free.pop() ?? this.size + 1
      const own = { id, eid, record, bytes: bytes.length, version: 1, goneAt: 0 }
      this.#byEid.set(eid, own)
      this.#byId.set(id, own)
      return own
    }
    if (Buffer.compare(encode(mappingRecord, known.record), bytes) === 0) return undefined
    known.record = record
    known.bytes = bytes.length
    known.version += 1
    known.goneAt = 0
    return known
  }
}
