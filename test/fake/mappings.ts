/**
 * Sites and mappings in memory for tests of what stands in front of them: it keeps what is put and knows no prefixes, no routers and
 * no time. What an implementation says of EIDs is tested with the real one.
 */
import type { MappingFilter, MappingPageQuery, Mappings } from '#api/mappings.js'
import { FabricError } from '#model/error.js'
import type { LocatorSpec, MappingExplanation, MappingSpec, MappingView } from '#model/mapping.js'
import { authAlgorithms, type SiteSpec, type SiteView } from '#model/site.js'

const siteView = (name: string, spec: SiteSpec, provenance: SiteView['provenance']): SiteView => ({
  name,
  origin: 'stored',
  prefixes: spec.prefixes.map(({ iid = 0, eid, acceptMoreSpecifics = false }) => ({
    iid,
    eid,
    acceptMoreSpecifics,
  })),
  // The secret comes along, as it would by mistake: REST has to leave it out.
  keys: (spec.keys ?? []).map((key) => ({ ...key, algorithms: key.algorithms ?? authAlgorithms.slice(1) })),
  proxyReply: spec.proxyReply ?? 'asked',
  ...(spec.allowedLocators && { allowedLocators: spec.allowedLocators }),
  strictNonces: spec.strictNonces ?? false,
  ...(spec.anyNonces === true && { anyNonces: true }),
  siteIds: spec.siteIds ?? [],
  registrationsMax: spec.registrationsMax ?? 1_000_000,
  xtrsMax: spec.xtrsMax ?? 4096,
  unregistered: spec.unregistered ?? 'natively-forward',
  registrations: 0,
  xtrs: 0,
  ...(provenance && { provenance }),
})

const locatorView = ({
  rloc,
  priority = 1,
  weight = 100,
  multicastPriority = 255,
  multicastWeight = 0,
}: LocatorSpec) => ({ rloc, priority, weight, multicastPriority, multicastWeight, reachable: true })

export class FakeMappings implements Mappings {
  /** What the last list was asked for. */
  asked: { readonly filter: MappingFilter; readonly page: MappingPageQuery } | undefined
  /** What the next explanation answers. */
  answer: MappingExplanation['answer'] | undefined
  readonly #sites = new Map<string, SiteView>()
  readonly #mappings = new Map<string, MappingView>()

  sites(): readonly SiteView[] {
    return [...this.#sites.values()]
  }

  site(name: string): SiteView {
    const site = this.#sites.get(name)
    if (site === undefined) throw new FabricError('not-found', `there is no site ${name}`)
    return site
  }

  async putSite(...[name, spec, { provenance }]: Parameters<Mappings['putSite']>) {
    const created = !this.#sites.has(name)
    this.#sites.set(name, siteView(name, spec, provenance))
    return { site: this.site(name), created }
  }

  async deleteSite(name: string): Promise<void> {
    this.site(name)
    this.#sites.delete(name)
  }

  mappings(filter: MappingFilter, page: MappingPageQuery) {
    this.asked = { filter, page }
    const all = [...this.#mappings.values()]
    const start = page.after === undefined ? 0 : Number(page.after)
    const end = start + page.limit
    return { mappings: all.slice(start, end), ...(end < all.length && { next: String(end) }) }
  }

  explain(iid: number, eid: string): MappingExplanation {
    const mapping = this.#mappings.get(`${iid} ${eid}`)
    const nothing = { iid, eid, ttl: 15, action: 'natively-forward', locators: [] } as const
    const answer =
      this.answer ??
      (mapping === undefined
        ? { kind: 'negative' as const, record: nothing }
        : { kind: 'reply' as const, records: [mapping] })
    return { iid, eid, answer, ...(mapping && { mapping }), covering: mapping === undefined ? [] : [mapping] }
  }

  async putMapping(
    ...[iid, eid, spec, { provenance }]: [number, string, MappingSpec, Parameters<Mappings['putMapping']>[3]]
  ) {
    const created = !this.#mappings.has(`${iid} ${eid}`)
    const { locators, ttl = 1440, action = 'no-action' } = spec
    const times = { since: provenance.at, refreshed: provenance.at }
    const kind = { origin: 'static', owner: 'static', proxyReply: true, mapVersion: 0 } as const
    const view = { iid, eid, ttl, action, locators: locators.map(locatorView), ...kind, ...times, provenance }
    this.#mappings.set(`${iid} ${eid}`, view)
    return { mapping: view, created }
  }

  async deleteMapping(iid: number, eid: string): Promise<void> {
    if (!this.#mappings.delete(`${iid} ${eid}`))
      throw new FabricError('not-found', `there is no mapping ${eid}`)
  }

  history(iid: number, eid: string) {
    const mapping = this.#mappings.get(`${iid} ${eid}`)
    return mapping === undefined ? [] : [{ at: mapping.since, cause: 'configured' as const, after: mapping }]
  }
}
