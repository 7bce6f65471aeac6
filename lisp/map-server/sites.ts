/**
 * Sites as operators know them: which EID-prefixes are theirs, with which keys they register and what is allowed them. RFC 9301,
 * section 8.2. A network of the controller's own is a site without keys: nobody registers there by datagram.
 */
import type { Address, IpAddress } from '../address.js'
import { printEid } from '../address-text.js'
import type { AuthKey } from '../auth.js'
import { type Eid, makeEid } from '../eid.js'
import { sameEid } from '../mapping/eid-key.js'
import { EidMap } from '../mapping/eid-map.js'
import { ipAddressOf } from '../messages/map-request.js'
import type { Action } from '../records.js'

export interface SitePrefix {
  /** With its instance id. */
  readonly eid: Eid
  /** Whether longer prefixes in it may be registered, or only itself. */
  readonly acceptMoreSpecifics: boolean
}

export interface Site {
  readonly name: string
  readonly prefixes: readonly SitePrefix[]
  /** Several while they are changed. */
  readonly keys: readonly AuthKey[]
  /** Whether the Map-Server answers for the site: when its ETRs ask for that, always, or never. */
  readonly proxyReply: 'asked' | 'always' | 'never'
  /** RLOCs must lie in one of these prefixes; undefined allows all. Their instance id does not matter. */
  readonly allowedLocators?: readonly Eid[]
  /** Nonces must grow even from routers that neither name themselves nor derive keys. */
  readonly strictNonces: boolean
  /** Nonces need not grow even from routers that name themselves: lispers.net says the same ones again with each registration. */
  readonly anyNonces?: boolean
  /** Site-IDs of its xTRs: who subscribes under one of them is given the site's key. */
  readonly siteIds?: readonly bigint[]
  readonly registrationsMax: number
  readonly xtrsMax: number
  /** What ITRs do with packets to EIDs of the site that nobody has registered. */
  readonly unregistered: Action
}

/** A site with what most sites have. */
export const makeSite = (
  site: Pick<Site, 'name' | 'prefixes' | 'keys'> & Partial<Omit<Site, 'name' | 'prefixes' | 'keys'>>,
): Site => ({
  proxyReply: 'asked',
  strictNonces: false,
  registrationsMax: 1_000_000,
  xtrsMax: 4_096,
  unregistered: 'natively-forward',
  ...site,
})

export interface SiteMatch {
  readonly site: Site
  readonly prefix: SitePrefix
}

/** Two sites of one EID-prefix or name. */
export interface SiteConflict {
  readonly site: string
  readonly other: string
  readonly over: string
}

export class Sites {
  readonly #byName = new Map<string, Site>()
  readonly #byPrefix = new EidMap<SiteMatch>()

  get all(): IterableIterator<Site> {
    return this.#byName.values()
  }

  get(name: string): Site | undefined {
    return this.#byName.get(name)
  }

  /** Adds a site or replaces the one of its name. With a conflict nothing is changed. */
  put(site: Site): SiteConflict | undefined {
    for (const { eid } of site.prefixes) {
      const other = this.#byPrefix.get(eid)
      if (other !== undefined && other.site.name !== site.name) {
        return { site: site.name, other: other.site.name, over: printEid(eid) }
      }
    }
    this.remove(site.name)
    this.#byName.set(site.name, site)
    for (const prefix of site.prefixes) this.#byPrefix.set(prefix.eid, { site, prefix })
    return undefined
  }

  remove(name: string): Site | undefined {
    const site = this.#byName.get(name)
    for (const { eid } of site?.prefixes ?? []) this.#byPrefix.delete(eid)
    this.#byName.delete(name)
    return site
  }

  /** The site of an EID: that of the longest prefix. */
  of(eid: Eid): SiteMatch | undefined {
    return this.#byPrefix.longest(eid)
  }

  /** Site prefixes that `eid` covers, its own included, up to `limit`. */
  within(eid: Eid, limit: number): readonly SiteMatch[] {
    return this.#byPrefix.within(eid, limit)
  }

  /** The shortest prefix that covers `eid` and has no site's prefix in it. */
  hole(eid: Eid): Eid | undefined {
    return this.#byPrefix.hole(eid)
  }

  /** The site whose xTRs have this Site-ID. */
  bySiteId(siteId: bigint): Site | undefined {
    for (const site of this.#byName.values()) if (site.siteIds?.includes(siteId)) return site
    return undefined
  }
}

/** Whether an EID is one that the site may register. */
export const mayRegister = ({ prefix }: SiteMatch, eid: Eid): boolean =>
  prefix.acceptMoreSpecifics || sameEid(prefix.eid, eid)

const covers = (wide: Eid, narrow: IpAddress): boolean => {
  const { address, length } = wide
  if (address.family !== narrow.family) return false
  return sameEid({ ...wide, iid: 0 }, makeEid(0, narrow, length))
}

/** Whether a site may use an RLOC. One that holds no IP address is allowed only where all are. */
export const mayLocate = (site: Site, rloc: Address): boolean => {
  if (site.allowedLocators === undefined) return true
  const address = ipAddressOf(rloc)
  return address !== undefined && site.allowedLocators.some((prefix) => covers(prefix, address))
}
