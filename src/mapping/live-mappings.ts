/** Sites and mappings as REST sees them: requests become transactions of the store, which the Map-Server then follows. */
import type { Request } from '#api/fabric.js'
import type { MappingFilter, MappingPage, MappingPageQuery, Mappings } from '#api/mappings.js'
import type { Clock } from '#link/clock.js'
import type { Eid } from '#lisp/eid.js'
import { printOwner } from '#lisp/map-server/owners.js'
import type { Site } from '#lisp/map-server/sites.js'
import { sameEid } from '#lisp/mapping/eid-key.js'
import type { MappingHistory } from '#lisp/mapping-history.js'
import { FabricError } from '#model/error.js'
import type { MappingChangeView, MappingExplanation, MappingSpec, MappingView } from '#model/mapping.js'
import type { SiteSpec, SiteView } from '#model/site.js'
import type { Store } from '#store/store.js'
import { eidOfText, textOfEid } from './eid-text.js'
import { pageOf } from './mapping-page.js'
import type { MappingState } from './mapping-state.js'
import { answerView, changeView, staticMapping } from './mapping-values.js'
import { viewOf } from './mapping-views.js'
import { settledSpec, siteOf, siteView } from './site-values.js'

export interface LiveMappingsOptions {
  readonly state: MappingState
  readonly store: Pick<Store, 'state' | 'commit'>
  readonly history: MappingHistory
  readonly clock: Clock
  readonly strictNonces: boolean
}

export class LiveMappings implements Mappings {
  readonly #options: LiveMappingsOptions

  constructor(options: LiveMappingsOptions) {
    this.#options = options
  }

  sites(): readonly SiteView[] {
    const { state } = this.#options
    return [...state.server.sites.all]
      .map((site) => this.#view(site))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  site(name: string): SiteView {
    const site = this.#options.state.server.sites.get(name)
    if (site === undefined) throw new FabricError('not-found', `there is no site ${name}`)
    return this.#view(site)
  }

  async putSite(
    name: string,
    spec: SiteSpec,
    { provenance }: Request,
  ): Promise<{ site: SiteView; created: boolean }> {
    const { state, store, strictNonces } = this.#options
    this.#requireLeader()
    this.#requireStored(name)
    const before = state.stored.get(name)
    const settled = settledSpec(spec, before?.spec)
    const site = siteOf(name, settled, strictNonces)
    this.#requireFree(site)
    await store.commit({ putSite: { name, spec: settled, provenance } })
    return { site: this.site(name), created: before === undefined }
  }

  async deleteSite(name: string): Promise<void> {
    const { state, store } = this.#options
    this.#requireLeader()
    if (!state.stored.has(name)) {
      this.#requireStored(name)
      throw new FabricError('not-found', `there is no site ${name}`)
    }
    await store.commit({ removeSite: name })
  }

  mappings(filter: MappingFilter, query: MappingPageQuery): MappingPage {
    this.#refuseStandby()
    const { state, clock } = this.#options
    return pageOf(state, clock, filter, query)
  }

  explain(iid: number, text: string): MappingExplanation {
    this.#refuseStandby()
    const { state, clock } = this.#options
    const eid = eidOfText(iid, text, 'path.eid')
    const { answer, covering } = state.server.explain(eid)
    const { quietMs } = state.term
    const match = state.server.sites.of(eid)
    const views = covering.map((one) => viewOf(one, state, clock))
    const mapping = 'mapping' in answer ? answer.mapping.eid : undefined
    const found =
      mapping === undefined ? undefined : views[covering.findIndex((one) => sameEid(one.eid, mapping))]
    return {
      iid,
      eid: textOfEid(eid),
      answer: answerView(answer, quietMs > 0 ? clock.wallTime() + quietMs : undefined),
      covering: views,
      ...(found !== undefined && { mapping: found }),
      ...(match !== undefined && { site: { name: match.site.name, eid: textOfEid(match.prefix.eid) } }),
    }
  }

  async putMapping(
    iid: number,
    text: string,
    spec: MappingSpec,
    { provenance }: Request,
  ): Promise<{ mapping: MappingView; created: boolean }> {
    const { state, store } = this.#options
    this.#requireLeader()
    const eid = eidOfText(iid, text, 'path.eid')
    // What cannot be put is refused before it is stored.
    staticMapping(eid, spec)
    this.#requireNoNode(eid)
    const created = state.statics.get(eid) === undefined
    await store.commit({ putMapping: { iid, eid: textOfEid(eid), spec, provenance } })
    return { mapping: this.#mapping(eid), created }
  }

  async deleteMapping(iid: number, text: string): Promise<void> {
    const { state, store } = this.#options
    this.#requireLeader()
    const eid = eidOfText(iid, text, 'path.eid')
    this.#requireNoNode(eid)
    const put = state.statics.get(eid)
    if (put !== undefined) return store.commit({ removeMapping: put })
    this.#mapping(eid)
    state.withdraw(eid)
  }

  history(iid: number, text: string): readonly MappingChangeView[] {
    this.#refuseStandby()
    return this.#options.history.of(eidOfText(iid, text, 'path.eid')).map(changeView)
  }

  #view(site: Site): SiteView {
    const { state } = this.#options
    const provenance = state.stored.get(site.name)?.provenance
    const origin = state.originOf(site.name)
    return siteView(site, {
      origin,
      registrations: state.server.registered(site.name),
      xtrs: [...state.server.xtrs.of(site.name)].length,
      ...(origin === 'stored' && provenance !== undefined && { provenance }),
    })
  }

  /** The mapping of exactly this prefix. */
  #mapping(eid: Eid): MappingView {
    const { state, clock } = this.#options
    const entry = state.server.system.get(eid)
    if (entry === undefined)
      throw new FabricError('not-found', `there is no mapping ${textOfEid(eid)} in instance ${eid.iid}`)
    return viewOf(entry, state, clock)
  }

  /** What routers registered is known to the controller that leads: whatever this one said would not be true. */
  #refuseStandby(): void {
    const { state } = this.#options.store
    if (state.state === 'standby') throw new FabricError('not-leader', state.reason)
  }

  #requireLeader(): void {
    this.#refuseStandby()
    const { state } = this.#options.store
    if (state.state !== 'leader') throw new FabricError('store-unavailable', state.reason)
  }

  #requireStored(name: string): void {
    const origin = this.#options.state.originOf(name)
    if (origin === 'stored') return
    const owner = origin === 'configured' ? 'configuration' : name.replace('.', ' ')
    throw new FabricError('managed-elsewhere', `the site ${name} comes from the ${owner}`, { owner })
  }

  #requireFree({ name, prefixes }: Site): void {
    for (const [index, { eid }] of prefixes.entries()) {
      const match = this.#options.state.server.sites.of(eid)
      if (match === undefined || match.site.name === name || !sameEid(match.prefix.eid, eid)) continue
      const owner = `site ${match.site.name}`
      const words = `${textOfEid(eid)} of instance ${eid.iid} belongs to ${owner}`
      throw new FabricError('eid-taken', words, { field: `prefixes[${index}].eid`, owner })
    }
  }

  #requireNoNode(eid: Eid): void {
    const there = this.#options.state.server.system.find(eid)
    if (there?.origin !== 'local') return
    const owner = `node ${printOwner(there.owner)}`
    throw new FabricError('managed-elsewhere', `${textOfEid(eid)} is an endpoint on ${owner}`, { owner })
  }
}
