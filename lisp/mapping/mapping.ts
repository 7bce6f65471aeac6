/** What the mapping database holds and answers. */
import type { Eid } from '../eid.js'
import type { EidFamily } from './eid-key.js'
import type { LocatorSet } from './locator-set.js'
import type { MappingTraits } from './traits.js'

/** What is said of an EID-prefix. `Owner` is whoever says it: any object, compared by identity. */
export interface MappingContent<Owner extends object> extends MappingTraits {
  readonly locators: LocatorSet
  readonly owner: Owner
  /** Minutes, as in records. */
  readonly ttl: number
}

export interface Mapping<Owner extends object> extends MappingContent<Owner> {
  readonly eid: Eid
  /** A number that no other mapping has as long as this one is in. */
  readonly id: number
}

/** A mapping with its times, for lists and for people: a lookup leaves them out, since each is a place of memory to go to. */
export interface MappingEntry<Owner extends object> extends Mapping<Owner> {
  /** Grows with every change of the database; this is the number of this mapping's last one. */
  readonly sequence: number
  /** When the EID-prefix was put in, and when it was last put, changed or not. */
  readonly since: number
  readonly refreshed: number
  /** When it is to be taken out; undefined when it stays. */
  readonly expires: number | undefined
}

/** What `put` has done: `before` is what was there and differed. */
export type Change<Owner extends object> =
  | { readonly outcome: 'added' }
  | { readonly outcome: 'refreshed' }
  | { readonly outcome: 'changed'; readonly before: Mapping<Owner> }

export interface Page {
  readonly family?: EidFamily
  readonly iid?: number
  /** The last EID of the page before. */
  readonly after?: Eid
  readonly limit: number
}
