/**
 * Mappings: EID-prefixes of an instance and the RLOCs where they are. What an operator may say of one, and what is known of all. EIDs
 * and RLOCs are text, as in `site.ts`.
 */
import { z } from 'zod'
import { eidText, type MappingAction, mappingActions } from './site.js'
import type { Provenance } from './wire.js'

const octet = z.int().min(0).max(255)

export const locatorSpec = z.strictObject({
  /** An address; explicit locator paths and other LCAFs as their text. */
  rloc: eidText,
  /** 0 is preferred, 255 means: not for unicast packets; 1 when absent. */
  priority: octet.optional(),
  /** Share among locators of one priority; 100 when absent. */
  weight: octet.optional(),
  /** 255 when absent: not for multicast packets. */
  multicastPriority: octet.optional(),
  /** 0 when absent. */
  multicastWeight: octet.optional(),
})
export type LocatorSpec = z.infer<typeof locatorSpec>

/** What an operator says of an EID-prefix. */
export const mappingSpec = z
  .strictObject({
    /** None: what happens to packets is said by `action`. */
    locators: z.array(locatorSpec).max(255),
    /** Minutes for which ITRs may keep it; 1440 when absent. */
    ttl: z.int().min(1).max(0x7fff_ffff).optional(),
    action: z.enum(mappingActions).optional(),
  })
  .refine(({ locators, action }) => locators.length === 0 || action === undefined, {
    path: ['action'],
    message: 'is for mappings without locators',
  })
export type MappingSpec = z.infer<typeof mappingSpec>

/** One locator as it is known. */
export interface LocatorView {
  readonly rloc: string
  readonly priority: number
  readonly weight: number
  readonly multicastPriority: number
  readonly multicastWeight: number
  /** As the ETR that registered it sees it. */
  readonly reachable: boolean
}

/** Where a mapping comes from: a Map-Register, an operator, or a node of the controller's own. */
export const mappingOrigins = ['registered', 'static', 'local'] as const
export type MappingOrigin = (typeof mappingOrigins)[number]

/** Two of the eight actions have no meaning yet; a router may send them. */
export type KnownAction = MappingAction | 'unassigned-6' | 'unassigned-7'

/** What is said of an EID-prefix, by a mapping or by an answer. */
export interface MappingRecordView {
  readonly iid: number
  /** With its length where it has one: `10.0.0.1/32`. */
  readonly eid: string
  /** Minutes. */
  readonly ttl: number
  readonly action: KnownAction
  readonly locators: readonly LocatorView[]
}

/** A mapping for those who look at it. */
export interface MappingView extends MappingRecordView {
  readonly origin: MappingOrigin
  /** For people: a node's name, xTRs, `static`. */
  readonly owner: string
  /** The node that has the EID, where it is a local one. */
  readonly node?: string
  /** The site that the EID belongs to. */
  readonly site?: string
  /** Heddle answers for it; otherwise it sends requests on to an ETR. */
  readonly proxyReply: boolean
  /** RFC 9302; 0 where versions are not used. */
  readonly mapVersion: number
  /** Milliseconds since the Unix epoch: when the prefix came in, when it was said last, when it goes. */
  readonly since: number
  readonly refreshed: number
  /** Absent when it stays. */
  readonly expires?: number
  /** Who put it, for a static one. */
  readonly provenance?: Provenance
}

/** What a Map-Request for an EID is answered now. */
export type AnswerView =
  /** A Map-Reply with these records, that of the mapping first. */
  | { readonly kind: 'reply'; readonly records: readonly MappingRecordView[] }
  /** A negative Map-Reply: for all of `record.eid`, which is the hole around the EID. */
  | { readonly kind: 'negative'; readonly record: MappingRecordView }
  /** The request goes on to this address of an ETR, which answers. */
  | { readonly kind: 'forward'; readonly to: string }
  /** The site wants to answer itself and has no locator that can be asked: no answer. */
  | { readonly kind: 'no-etr' }
  /** Nothing is known, and so soon after the start that means nothing: no answer until then. Milliseconds since the Unix epoch. */
  | { readonly kind: 'quiet'; readonly until: number }

/** Where an EID is, and why that is the answer. */
export interface MappingExplanation {
  readonly iid: number
  /** What was asked for, in one form. */
  readonly eid: string
  readonly answer: AnswerView
  /** The longest match, where the answer comes from it. */
  readonly mapping?: MappingView
  /** All mappings that cover the EID, the shortest prefix first. */
  readonly covering: readonly MappingView[]
  /** The site that the EID belongs to, and by which of its prefixes. */
  readonly site?: { readonly name: string; readonly eid: string }
}

export const mappingCauses = [
  'registered',
  'moved',
  'merged',
  'deregistered',
  'expired',
  'configured',
] as const
export type MappingCause = (typeof mappingCauses)[number]

/** What was known of an EID before or after a change. */
export interface MappingStateView {
  readonly owner: string
  readonly locators: readonly LocatorView[]
  /** Minutes. */
  readonly ttl: number
}

/** A change of what is known of an EID: `before` alone took it out, `after` alone brought it in. */
export interface MappingChangeView {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly cause: MappingCause
  readonly before?: MappingStateView
  readonly after?: MappingStateView
}
