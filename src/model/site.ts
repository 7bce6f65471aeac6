/**
 * Sites of the mapping system as operators know them: which EID-prefixes are theirs, with which keys their routers register, and
 * what is allowed them. RFC 9301, section 8.2. EIDs and RLOCs are text here (`10.0.0.0/24`, `2001:db8::/32`,
 * `02:00:00:00:00:01`, `"a name"`): whoever keeps the mappings reads them.
 */
import { z } from 'zod'
import type { Provenance } from './wire.js'

/** Instance id: 24 bits; 0 where nothing is said. */
export const instanceId = z.int().min(0).max(0xff_ffff)

/** An address or a prefix as text. What is in it is looked at by whoever keeps the mappings. */
export const eidText = z
  .string()
  .regex(/^[\x20-\x7e]{1,256}$/, 'an address or a prefix: 1 to 256 visible characters')

/** Algorithms of RFC 9301, section 12.5. `none` takes whatever comes: for laboratories. */
export const authAlgorithms = [
  'none',
  'hmac-sha-1-96',
  'hmac-sha-256-128',
  'hmac-sha-256-128+hkdf-sha256',
] as const
export type AuthAlgorithm = (typeof authAlgorithms)[number]

/** What an ITR does with packets for which there is no locator: RFC 9301, section 12.3. */
export const mappingActions = [
  'no-action',
  'natively-forward',
  'send-map-request',
  'drop',
  'drop-policy-denied',
  'drop-auth-failure',
] as const
export type MappingAction = (typeof mappingActions)[number]

export const siteKeySpec = z.strictObject({
  /** 0 is what routers use that know no numbers. */
  keyId: z.int().min(0).max(255),
  /** Never told again. Without it the key of this number keeps the one that it has. */
  secret: z.string().min(1).max(256).optional(),
  /** What the routers may use; all but `none` when absent. */
  algorithms: z.array(z.enum(authAlgorithms)).min(1).max(authAlgorithms.length).optional(),
})
export type SiteKeySpec = z.infer<typeof siteKeySpec>

export const sitePrefixSpec = z.strictObject({
  iid: instanceId.optional(),
  eid: eidText,
  /** Whether longer prefixes in it may be registered, or only itself; false when absent. */
  acceptMoreSpecifics: z.boolean().optional(),
})
export type SitePrefixSpec = z.infer<typeof sitePrefixSpec>

/** A prefix of a site, all said. */
export interface SitePrefix {
  readonly iid: number
  readonly eid: string
  readonly acceptMoreSpecifics: boolean
}

/** What a user may say of a site. */
export const siteSpec = z.strictObject({
  prefixes: z.array(sitePrefixSpec).min(1).max(4096),
  /** Several while they are changed; without one nobody registers there. */
  keys: z.array(siteKeySpec).max(16).optional(),
  /** Whether Heddle answers for the site: when its routers ask for that (absent: so), always, or never. */
  proxyReply: z.enum(['asked', 'always', 'never']).optional(),
  /** Prefixes in which RLOCs must lie; all are allowed when absent. */
  allowedLocators: z.array(eidText).max(1024).optional(),
  /** Nonces must grow even from routers that neither name themselves nor derive keys. */
  strictNonces: z.boolean().optional(),
  /**
   * Nonces need not grow even from routers that name themselves, as lispers.net's do not: whoever has overheard a registration
   * can then say it again. Where nonces are strict this means nothing.
   */
  anyNonces: z.boolean().optional(),
  /** Site-IDs of its routers: who subscribes under one of them is given the site's key. */
  siteIds: z
    .array(z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits'))
    .max(64)
    .optional(),
  registrationsMax: z.int().min(0).max(4_000_000).optional(),
  xtrsMax: z.int().min(0).max(1_000_000).optional(),
  /** What becomes of packets to EIDs of the site that nobody has registered; natively forwarded when absent. */
  unregistered: z.enum(mappingActions).optional(),
})
export type SiteSpec = z.infer<typeof siteSpec>

/** Where a site comes from: only those that were put through REST can be changed there. */
export const siteOrigins = ['stored', 'configured', 'network'] as const
export type SiteOrigin = (typeof siteOrigins)[number]

/** A site for those who look at it: everything said, secrets left out. */
export interface SiteView {
  readonly name: string
  readonly origin: SiteOrigin
  readonly prefixes: readonly SitePrefix[]
  readonly keys: readonly { readonly keyId: number; readonly algorithms: readonly AuthAlgorithm[] }[]
  readonly proxyReply: 'asked' | 'always' | 'never'
  readonly allowedLocators?: readonly string[]
  readonly strictNonces: boolean
  /** Absent: they must. */
  readonly anyNonces?: true
  readonly siteIds: readonly string[]
  readonly registrationsMax: number
  readonly xtrsMax: number
  readonly unregistered: MappingAction
  /** EIDs that its routers have registered now. */
  readonly registrations: number
  /** Routers that have registered since the controller started. */
  readonly xtrs: number
  /** Absent for a site that nobody has put. */
  readonly provenance?: Provenance
}
