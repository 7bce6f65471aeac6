/** Sites between what people say of them and the Map-Server's own form, and how they are shown: without secrets. */

import { makeKey } from '#lisp/auth.js'
import { makeSite, type Site } from '#lisp/map-server/sites.js'
import { sameEid } from '#lisp/mapping/eid-key.js'
import { FabricError } from '#model/error.js'
import type { SiteOrigin, SiteSpec, SiteView } from '#model/site.js'
import type { Provenance } from '#model/wire.js'
import { eidOfText, rlocPrefixOfText, textOfEid } from './eid-text.js'

const invalid = (field: string, words: string): FabricError =>
  new FabricError('invalid-request', words, { field })

/** The second of two that are alike, by its place; -1 when all differ. */
const twin = <T>(all: readonly T[], same: (a: T, b: T) => boolean): number =>
  all.findIndex((one, index) => all.findIndex((other) => same(one, other)) < index)

const hexadecimal = (value: bigint): string => value.toString(16).padStart(16, '0')

/**
 * A site as the Map-Server has it. `strict`: nonces must grow, whatever the site says. Throws `invalid-request` with the field:
 * `prefixes[0].eid`, `keys[1].secret`, `allowedLocators[0]`.
 */
export const siteOf = (name: string, spec: SiteSpec, strict: boolean): Site => {
  const { keys = [], allowedLocators } = spec
  const prefixes = spec.prefixes.map(({ iid = 0, eid, acceptMoreSpecifics = false }, index) => ({
    eid: eidOfText(iid, eid, `prefixes[${index}].eid`),
    acceptMoreSpecifics,
  }))
  const same = twin(prefixes, (a, b) => sameEid(a.eid, b.eid))
  if (same >= 0) throw invalid(`prefixes[${same}].eid`, 'the prefix is there twice')
  const sameKey = twin(keys, (a, b) => a.keyId === b.keyId)
  if (sameKey >= 0) throw invalid(`keys[${sameKey}].keyId`, 'the key id is there twice')
  if (allowedLocators?.length === 0) throw invalid('allowedLocators', 'leave it out to allow all')
  return makeSite({
    name,
    prefixes,
    keys: keys.map(({ keyId, secret, algorithms }, index) => {
      if (secret === undefined)
        throw invalid(`keys[${index}].secret`, `the key ${keyId} is new: a secret is needed`)
      return makeKey(keyId, secret, algorithms)
    }),
    strictNonces: strict || spec.strictNonces === true,
    ...(spec.anyNonces === true && { anyNonces: true }),
    ...(spec.proxyReply !== undefined && { proxyReply: spec.proxyReply }),
    ...(allowedLocators !== undefined && {
      allowedLocators: allowedLocators.map((text, index) =>
        rlocPrefixOfText(text, `allowedLocators[${index}]`),
      ),
    }),
    ...(spec.siteIds !== undefined && { siteIds: spec.siteIds.map((text) => BigInt(`0x${text}`)) }),
    ...(spec.registrationsMax !== undefined && { registrationsMax: spec.registrationsMax }),
    ...(spec.xtrsMax !== undefined && { xtrsMax: spec.xtrsMax }),
    ...(spec.unregistered !== undefined && { unregistered: spec.unregistered }),
  })
}

/** What is said of a site, complete and in one form: keys without a secret have that of `before`, prefixes are as they are printed. */
export const settledSpec = (spec: SiteSpec, before: SiteSpec | undefined): SiteSpec => ({
  ...spec,
  prefixes: spec.prefixes.map(({ iid = 0, eid, acceptMoreSpecifics = false }, index) => ({
    iid,
    eid: textOfEid(eidOfText(iid, eid, `prefixes[${index}].eid`)),
    acceptMoreSpecifics,
  })),
  keys: (spec.keys ?? []).map(({ secret, ...key }) => {
    const known = secret ?? before?.keys?.find(({ keyId }) => keyId === key.keyId)?.secret
    return known === undefined ? key : { ...key, secret: known }
  }),
})

/** What is shown of a site besides what is said of it. */
export interface SiteFacts {
  readonly origin: SiteOrigin
  readonly registrations: number
  readonly xtrs: number
  readonly provenance?: Provenance
}

export const siteView = (site: Site, facts: SiteFacts): SiteView => ({
  name: site.name,
  ...facts,
  prefixes: site.prefixes.map(({ eid, acceptMoreSpecifics }) => ({
    iid: eid.iid,
    eid: textOfEid(eid),
    acceptMoreSpecifics,
  })),
  keys: site.keys.map(({ keyId, algorithms }) => ({ keyId, algorithms })),
  proxyReply: site.proxyReply,
  ...(site.allowedLocators !== undefined && { allowedLocators: site.allowedLocators.map(textOfEid) }),
  strictNonces: site.strictNonces,
  ...(site.anyNonces === true && { anyNonces: true }),
  siteIds: (site.siteIds ?? []).map(hexadecimal),
  registrationsMax: site.registrationsMax,
  xtrsMax: site.xtrsMax,
  unregistered: knownAction(site.unregistered),
})

/** A site's action comes from a specification, which has no unassigned ones. */
const knownAction = (action: Site['unregistered']): SiteView['unregistered'] =>
  action === 'unassigned-6' || action === 'unassigned-7' ? 'no-action' : action
