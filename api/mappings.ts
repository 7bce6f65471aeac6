/**
 * What REST needs of the mapping system, and all that it sees of it: the sibling of `fabric.ts`. `src/mapping` implements it.
 */
import type {
  MappingChangeView,
  MappingExplanation,
  MappingOrigin,
  MappingSpec,
  MappingView,
} from '#model/mapping.js'
import type { SiteSpec, SiteView } from '#model/site.js'
import type { Request } from './fabric.js'

/** Which mappings of all; what is absent does not matter. */
export interface MappingFilter {
  readonly iid?: number | undefined
  /** Those whose EID-prefixes this one covers, in instance `iid`, or 0 where there is none. */
  readonly within?: string | undefined
  readonly origin?: MappingOrigin | undefined
  /** Those whose EID belongs to this site. */
  readonly site?: string | undefined
  /** Local ones of this node. */
  readonly node?: string | undefined
}

export interface MappingPageQuery {
  /** The `next` of the page before. */
  readonly after?: string | undefined
  /** Mappings at most. */
  readonly limit: number
}

/** A page in the order of the database. It may be short, or empty, with a `next`: what is looked at for one page is bounded. */
export interface MappingPage {
  readonly mappings: readonly MappingView[]
  /** Where the next page goes on, whatever has changed meanwhile; absent on the last one. */
  readonly next?: string
}

/**
 * Every method throws or rejects with `FabricError`. What is wrong with a text is `invalid-request` with its `field`: `path.eid`,
 * `query.within` or `query.after` for an argument, `prefixes[0].eid`, `allowedLocators[0]`, `keys[0].secret`, `locators[0].rloc` in a
 * specification. A promise of a change resolves after its durable commit.
 */
export interface Mappings {
  sites(): readonly SiteView[]
  /** `not-found`. */
  site(name: string): SiteView
  /**
   * Adds or replaces a site. `invalid-request` for a new key without a secret, `eid-taken` for a prefix of another site,
   * `managed-elsewhere` for a site that is configured or a network's.
   */
  putSite(
    name: string,
    spec: SiteSpec,
    request: Request,
  ): Promise<{ readonly site: SiteView; readonly created: boolean }>
  /** What its routers have registered goes with it. `not-found`, `managed-elsewhere`. */
  deleteSite(name: string, request: Request): Promise<void>

  mappings(filter: MappingFilter, page: MappingPageQuery): MappingPage
  /** An EID that nobody has is explained as well. */
  explain(iid: number, eid: string): MappingExplanation
  /** Puts a static mapping, in the place of what routers have registered there. `managed-elsewhere` for that of a node. */
  putMapping(
    iid: number,
    eid: string,
    spec: MappingSpec,
    request: Request,
  ): Promise<{ readonly mapping: MappingView; readonly created: boolean }>
  /**
   * Takes the mapping of exactly this prefix out: a static one, or a registered one, which comes back when its router says so
   * again. `not-found`; `managed-elsewhere` for that of a node.
   */
  deleteMapping(iid: number, eid: string, request: Request): Promise<void>
  /** Changes of exactly this prefix, the latest first; none that is known of is an empty list. */
  history(iid: number, eid: string): readonly MappingChangeView[]
}
