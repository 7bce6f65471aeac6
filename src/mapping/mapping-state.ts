/**
 * What is said of sites and mappings by the configuration, the northbound database and the fabric, and the Map-Server that it is said
 * to. When another Map-Server takes over, it is told all of it again; what routers registered is not carried over.
 */

import type { Eid } from '#lisp/eid.js'
import type { MappingChange } from '#lisp/map-server/effects.js'
import { makeSite, type Site } from '#lisp/map-server/sites.js'
import type { Effect, MapServer, OwnMapping } from '#lisp/map-server.js'
import { EidMap } from '#lisp/mapping/eid-map.js'
import { errorText } from '#model/error.js'
import type { LocalNetwork } from '#model/local-mappings.js'
import type { Logger } from '#model/logger.js'
import type { MappingOrigin } from '#model/mapping.js'
import type { SiteOrigin } from '#model/site.js'
import type { Changed, Store, StoreChange, StoredMapping, StoredSite } from '#store/store.js'
import { eidOfText } from './eid-text.js'
import { staticMapping } from './mapping-values.js'
import { eidOfIp } from './own-mappings.js'
import { siteOf } from './site-values.js'
import { SpokenPrefixes } from './spoken-prefixes.js'
import type { Term } from './term.js'

export interface MappingStateOptions {
  readonly store: Pick<Store, 'sites' | 'mappings'>
  readonly logger: Logger
  readonly now: () => number
  /** Sites of the configuration. */
  readonly configured: readonly Site[]
  /** Nonces must grow everywhere. */
  readonly strictNonces: boolean
}

/** The name that a network's site has among sites. */
export const networkSite = (name: string): string => `network.${name}`

const prefixesOf = ({ prefixes }: Site): readonly Eid[] => prefixes.map(({ eid }) => eid)

export class MappingState {
  /** Mappings that are there. */
  readonly counts: Record<MappingOrigin, number> = { registered: 0, static: 0, local: 0 }
  readonly configured: ReadonlyMap<string, Site>
  readonly stored = new Map<string, StoredSite>()
  readonly statics = new EidMap<StoredMapping>()
  readonly networks = new Map<string, Site>()
  /** What sites and mappings of operators are about. */
  readonly prefixes = new SpokenPrefixes()
  /** Sites that are not in force, and why. */
  readonly #complaints = new Map<string, string>()
  readonly #options: MappingStateOptions
  #term: Term
  #beginning = false

  /** `term` is the first one: its server is told of the configuration at once. */
  constructor(options: MappingStateOptions, term: Term) {
    this.#options = options
    this.configured = new Map(options.configured.map((site) => [site.name, site]))
    this.#term = term
    this.prefixes.change([], options.configured.flatMap(prefixesOf))
    this.#tellSites()
  }

  get term(): Term {
    return this.#term
  }

  get server(): MapServer {
    return this.#term.server
  }

  /** Whether what is put in now was there already, and is no change to anybody. */
  get beginning(): boolean {
    return this.#beginning
  }

  /** Takes up what the store holds. */
  load(): void {
    this.#begin(() => {
      for (const site of this.#options.store.sites()) this.#siteStored({ new: site })
      for (const mapping of this.#options.store.mappings()) this.#mappingStored({ new: mapping })
    })
  }

  /** Another Map-Server from now on. */
  begin(term: Term): void {
    const before = this.server
    this.#term = term
    Object.assign(this.counts, { registered: 0, static: 0, local: 0 })
    this.#begin(() => {
      this.#tellSites()
      for (const { eid, locators, owner, ttl } of before.system.mappings()) {
        if (owner.kind === 'local') this.putLocal({ eid, locators: locators.locators, node: owner, ttl })
      }
      for (const [eid, mapping] of this.statics.entries()) this.#tellStatic(eid, mapping)
    })
  }

  /** Follows a change of the store. */
  follow({ sites, mappings }: Pick<StoreChange, 'sites' | 'mappings'>): void {
    for (const site of sites) this.#siteStored(site)
    for (const mapping of mappings) this.#mappingStored(mapping)
  }

  /** To be called with every change of a mapping. */
  count({ before, after }: MappingChange): void {
    if (before !== undefined) this.counts[before.origin] -= 1
    if (after !== undefined) this.counts[after.origin] += 1
  }

  /** Puts a mapping of the fabric's own. */
  putLocal(mapping: OwnMapping): void {
    this.#tell(mapping)
    this.#term.elsewhere?.register(mapping)
  }

  /** Takes a mapping of the fabric's own out; what an operator put there comes back. */
  removeLocal(eid: Eid): void {
    if (this.server.system.find(eid)?.origin !== 'local') return
    this.#term.elsewhere?.client.deregister(eid)
    const put = this.statics.get(eid)
    if (put === undefined) this.#obey(this.server.remove(eid, this.#options.now()))
    else this.#putStatic(eid, put)
  }

  /** Takes out what a router has registered. */
  withdraw(eid: Eid): void {
    this.#obey(this.server.remove(eid, this.#options.now()))
  }

  putNetwork({ name, vni, subnets }: LocalNetwork): void {
    const prefixes = subnets.map((cidr) => ({ eid: eidOfIp(vni, cidr), acceptMoreSpecifics: true }))
    const site = makeSite({ name: networkSite(name), prefixes, keys: [] })
    const isReplaced = this.networks.has(site.name)
    this.networks.set(site.name, site)
    this.#putSite(site)
    if (isReplaced) this.#tellRest()
  }

  removeNetwork(name: string): void {
    if (this.networks.delete(networkSite(name))) this.#removeSite(networkSite(name))
  }

  originOf(site: string): SiteOrigin {
    if (this.configured.has(site)) return 'configured'
    return this.networks.has(site) ? 'network' : 'stored'
  }

  #siteStored({ old, new: site }: Changed<StoredSite>): void {
    this.prefixes.change(this.#prefixesOf(old), this.#prefixesOf(site))
    if (old !== undefined && old.name !== site?.name) {
      this.stored.delete(old.name)
      if (this.originOf(old.name) === 'stored') this.#removeSite(old.name)
    }
    if (site === undefined) return
    this.stored.set(site.name, site)
    this.#tellStored(site)
    if (old !== undefined) this.#tellRest()
  }

  #mappingStored({ old, new: mapping }: Changed<StoredMapping>): void {
    const eids = [old, mapping].map((one) => (one === undefined ? undefined : this.#eidOf(one)))
    const [those, these] = eids.map((eid) => (eid === undefined ? [] : [eid]))
    this.prefixes.change(those ?? [], these ?? [])
    if (mapping === undefined && old !== undefined) this.#mappingGone(old)
    if (mapping === undefined) return
    const eid = this.#eidOf(mapping)
    if (eid === undefined) return
    this.statics.set(eid, mapping)
    this.#tellStatic(eid, mapping)
  }

  #mappingGone(mapping: StoredMapping): void {
    const eid = this.#eidOf(mapping)
    if (eid === undefined) return
    this.statics.delete(eid)
    if (this.server.system.find(eid)?.origin === 'static')
      this.#obey(this.server.remove(eid, this.#options.now()))
  }

  #tellSites(): void {
    for (const site of this.configured.values()) this.#putSite(site)
    for (const site of this.networks.values()) this.#putSite(site)
    for (const site of this.stored.values()) this.#tellStored(site)
  }

  /** What another wrote into the database may be no site, or another's: it is told, and not in force. */
  #tellStored({ name, spec }: StoredSite): void {
    if (this.originOf(name) !== 'stored') {
      this.#complain(name, 'the configuration has one of this name')
      return
    }
    try {
      this.#putSite(siteOf(name, spec, this.#options.strictNonces))
    } catch (error) {
      this.#complain(name, errorText(error))
      this.#withdrawSite(name)
    }
  }

  #putSite(site: Site): void {
    const outcome = this.server.putSite(site, this.#options.now())
    if ('over' in outcome) {
      this.#complain(site.name, `${outcome.over} is of site ${outcome.other}`)
      this.#withdrawSite(site.name)
      return
    }
    this.#complaints.delete(site.name)
    this.#obey(outcome)
  }

  /** Once for each reason, however often it is tried. */
  #complain(name: string, reason: string): void {
    if (this.#complaints.get(name) === reason) return
    this.#complaints.set(name, reason)
    this.#options.logger.error({ site: name }, `the site ${name} is not in force: ${reason}`)
  }

  /** What was in force under the name is so no more. */
  #withdrawSite(name: string): void {
    if (this.server.sites.get(name) !== undefined)
      this.#obey(this.server.removeSite(name, this.#options.now()))
  }

  #removeSite(name: string): void {
    this.#complaints.delete(name)
    this.#withdrawSite(name)
    this.#tellRest()
  }

  /** A site that could not be in force for another's prefixes may be once that one has changed. */
  #tellRest(): void {
    const isOut = ({ name }: { readonly name: string }): boolean => this.server.sites.get(name) === undefined
    for (const site of this.networks.values()) if (isOut(site)) this.#putSite(site)
    for (const site of this.stored.values()) if (isOut(site)) this.#tellStored(site)
  }

  /** Where a node of ours has the EID it stays there, whatever an operator says. */
  #tellStatic(eid: Eid, mapping: StoredMapping): void {
    if (this.server.system.find(eid)?.origin !== 'local') this.#putStatic(eid, mapping)
  }

  #putStatic(eid: Eid, { spec }: StoredMapping): void {
    try {
      this.#tell(staticMapping(eid, spec))
    } catch (error) {
      this.#options.logger.error({ err: error }, `a mapping is not in force: ${errorText(error)}`)
    }
  }

  #tell(mapping: OwnMapping): void {
    this.#obey(this.server.put(mapping, this.#options.now()))
  }

  /** Of a site as stored; none where that is no site. */
  #prefixesOf(site: StoredSite | undefined): readonly Eid[] {
    if (site === undefined) return []
    try {
      return prefixesOf(siteOf(site.name, site.spec, this.#options.strictNonces))
    } catch {
      // It is told where it is put in force.
      return []
    }
  }

  #eidOf({ iid, eid }: StoredMapping): Eid | undefined {
    try {
      return eidOfText(iid, eid, 'eid')
    } catch (error) {
      this.#options.logger.error({ err: error, iid, eid }, `a mapping is not in force: ${errorText(error)}`)
      return undefined
    }
  }

  #begin(tell: () => void): void {
    this.#beginning = true
    try {
      tell()
    } finally {
      this.#beginning = false
    }
  }

  #obey(effects: readonly Effect[]): void {
    this.#term.obey(effects)
  }
}
