/**
 * The Map-Resolver: what is answered to "where is this EID?". RFC 9301, sections 5.5, 8.3 and 8.4. Pure: the database and the sites
 * in, an answer out; `map-server.ts` gives it bytes.
 */
import { type IpAddress, widthOf } from './address.js'
import type { Eid } from './eid.js'
import { negativeRecord, nobodysTtl, recordOf, unregisteredTtl } from './map-server/answers.js'
import type { Owner } from './map-server/owners.js'
import type { SiteMatch, Sites } from './map-server/sites.js'
import { keyLength } from './mapping/eid-key.js'
import { longer } from './mapping/eid-map.js'
import type { Mapping, MappingSystem } from './mapping-system.js'
import { ipAddressOf } from './messages/map-request.js'
import type { MappingRecord } from './records.js'

export type Answer =
  /** A Map-Reply with these records; `mapping` is the one that was asked for. */
  | { readonly kind: 'reply'; readonly records: readonly MappingRecord[]; readonly mapping: Mapping<Owner> }
  /** A negative Map-Reply. */
  | { readonly kind: 'negative'; readonly record: MappingRecord }
  /** The request goes on to an ETR of the site, which answers itself. */
  | { readonly kind: 'forward'; readonly to: IpAddress; readonly mapping: Mapping<Owner> }
  /** The site wants to answer itself and has no locator that can be asked. */
  | { readonly kind: 'no-etr'; readonly mapping: Mapping<Owner> }

/** More specific mappings that a reply carries along; around more of them it tells only of a part without any. */
const moreSpecificsMax = 16

export class MapResolver {
  readonly #system: MappingSystem<Owner>
  readonly #sites: Sites

  constructor(system: MappingSystem<Owner>, sites: Sites) {
    this.#system = system
    this.#sites = sites
  }

  /** `authoritative`: the asker wants the site's own answer (A bit). */
  answer(eid: Eid, authoritative: boolean): Answer {
    const mapping = this.#system.lookup(eid)
    if (mapping === undefined) return this.#none(eid, this.#sites.of(eid))
    // A mapping of full length is nobody else's: it needs no look at the sites.
    const isWhole = keyLength(mapping.eid) === keyLength(eid)
    const site = isWhole ? undefined : this.#sites.of(eid)
    if (site !== undefined && this.#isOthers(mapping, site)) return this.#none(eid, site)
    const owned = mapping.origin !== 'registered' || mapping.locators.locators.length === 0
    if (owned || (mapping.proxyReply && !authoritative)) return this.#reply(eid, mapping)
    const to = etrOf(mapping)
    return to === undefined ? { kind: 'no-etr', mapping } : { kind: 'forward', to, mapping }
  }

  /** Whether an EID lies in a prefix of another site within the mapping's: what covers it is not said of it. */
  #isOthers(mapping: Mapping<Owner>, { site, prefix }: SiteMatch): boolean {
    if (keyLength(prefix.eid) <= keyLength(mapping.eid)) return false
    return this.#sites.of(mapping.eid)?.site.name !== site.name
  }

  /**
   * A reply for a prefix holds for all of it: more specific mappings come along (RFC 9301, section 5.5). Where there are too many,
   * or another site's prefixes lie in it, the reply is for the largest part around the EID that has nothing of its own.
   */
  #reply(eid: Eid, mapping: Mapping<Owner>): Answer {
    if (isSingle(mapping.eid)) return { kind: 'reply', mapping, records: [recordOf(mapping)] }
    const all = this.#system.within(mapping.eid, moreSpecificsMax + 2)
    const foreign = this.#sites
      .within(mapping.eid, moreSpecificsMax)
      .some((match) => this.#isOthers(mapping, match))
    if (!foreign && all.length <= moreSpecificsMax + 1) {
      const ttl = Math.min(...all.map((one) => one.ttl))
      const others = all.filter((one) => one.id !== mapping.id)
      return {
        kind: 'reply',
        mapping,
        records: [mapping, ...others].map((one) => recordOf(one, one.eid, ttl)),
      }
    }
    const part = this.#free(eid) ?? eid
    return { kind: 'reply', mapping, records: [recordOf(mapping, longer(mapping.eid, part))] }
  }

  #none(eid: Eid, match: SiteMatch | undefined): Answer {
    const unmapped = this.#system.hole(eid) ?? eid
    if (match === undefined) {
      const free = longer(unmapped, this.#sites.hole(eid) ?? eid)
      return { kind: 'negative', record: negativeRecord(free, 'natively-forward', nobodysTtl) }
    }
    const { site, prefix } = match
    const isAlone = this.#sites.within(prefix.eid, 2).length === 1
    const free = longer(unmapped, isAlone ? prefix.eid : (this.#sites.hole(eid) ?? eid))
    return { kind: 'negative', record: negativeRecord(free, site.unregistered, unregisteredTtl) }
  }

  /**
   * The shortest prefix around an EID that has neither a mapping nor a site's prefix in it, other than those that cover it.
   */
  #free(eid: Eid): Eid | undefined {
    const unmapped = this.#system.hole(eid)
    const nobodys = this.#sites.hole(eid)
    return unmapped === undefined || nobodys === undefined ? undefined : longer(unmapped, nobodys)
  }
}

/** Whether a prefix is one address. */
const isSingle = ({ address, length }: Eid): boolean => length === widthOf(address.family)

/** The best locator that a request can be sent on to. */
const etrOf = (mapping: Mapping<Owner>): IpAddress | undefined => {
  let best: IpAddress | undefined
  let priority = 255
  for (const locator of mapping.locators.locators) {
    const address = ipAddressOf(locator.rloc)
    const isBetter = best === undefined || locator.priority < priority
    if (address === undefined || locator.flags.reachable !== true || !isBetter) continue
    best = address
    priority = locator.priority
  }
  return best
}
