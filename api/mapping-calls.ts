/** The part of the client that asks for sites and mappings: `client.mappings`. */
import type { CallOptions } from './client.js'
import type { HttpCaller } from './http-call.js'
import type {
  Mapping,
  MappingAnswer,
  MappingHistory,
  MappingList,
  MappingQuery,
  MappingSpec,
} from './routes/mappings.js'
import type { Site, SiteList, SiteSpec } from './routes/sites.js'

export type {
  Mapping,
  MappingAnswer,
  MappingHistory,
  MappingList,
  MappingQuery,
  MappingSpec,
} from './routes/mappings.js'
export type { Site, SiteList, SiteSpec } from './routes/sites.js'

const sitePath = (name: string): string => `/v1/sites/${encodeURIComponent(name)}`
const mappingPath = (iid: number, eid: string): string => `/v1/mappings/${iid}/${encodeURIComponent(eid)}`

export class MappingCalls {
  readonly #http: HttpCaller

  constructor(http: HttpCaller) {
    this.#http = http
  }

  sites(call: CallOptions = {}): Promise<SiteList> {
    return this.#http.json({ ...call, path: '/v1/sites' })
  }

  site(name: string, call: CallOptions = {}): Promise<Site> {
    return this.#http.json({ ...call, path: sitePath(name) })
  }

  /** A key without a secret keeps the one that the site has. */
  putSite(name: string, spec: SiteSpec, call: CallOptions = {}): Promise<Site> {
    return this.#http.json({ ...call, method: 'PUT', path: sitePath(name), body: spec })
  }

  async deleteSite(name: string, call: CallOptions = {}): Promise<void> {
    await this.#http.text({ ...call, method: 'DELETE', path: sitePath(name) })
  }

  /** One page. It may have fewer mappings than it was asked for: the last one is the one without a `next`. */
  list(query: MappingQuery = {}, call: CallOptions = {}): Promise<MappingList> {
    return this.#http.json({ ...call, path: '/v1/mappings', query: { ...query } })
  }

  /** What a Map-Request for the EID is answered, and why. */
  explain(iid: number, eid: string, call: CallOptions = {}): Promise<MappingAnswer> {
    return this.#http.json({ ...call, path: mappingPath(iid, eid) })
  }

  put(iid: number, eid: string, spec: MappingSpec, call: CallOptions = {}): Promise<Mapping> {
    return this.#http.json({ ...call, method: 'PUT', path: mappingPath(iid, eid), body: spec })
  }

  async delete(iid: number, eid: string, call: CallOptions = {}): Promise<void> {
    await this.#http.text({ ...call, method: 'DELETE', path: mappingPath(iid, eid) })
  }

  /** Changes of exactly this prefix, the latest first. */
  history(iid: number, eid: string, call: CallOptions = {}): Promise<MappingHistory> {
    return this.#http.json({ ...call, path: `${mappingPath(iid, eid)}/history` })
  }
}
