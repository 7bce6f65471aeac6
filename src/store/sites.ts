/** Sites of the mapping system as rows, their prefixes and keys in tables of their own, and back. Pure. */
import { authAlgorithms, mappingActions, type SiteSpec } from '#model/site.js'
import { deleteRows, insert, type Operation, update } from '#ovsdb/operations.js'
import { provenanceColumns, provenanceOf } from './rows.js'
import type { StoreBatch, StoredSite } from './store.js'
import { type SiteKeyRow, type SitePrefixRow, type SiteRow, site, siteKey, sitePrefix } from './tables.js'
import { type Known, named } from './transaction.js'

/** Of a set in the database the words that we know, in our order: somebody else may have written it. */
const known = <W extends string>(words: readonly W[], found: readonly string[]): W[] =>
  words.filter((word) => found.includes(word))

const keyOf = ({ key_id: keyId, secret, algorithms }: SiteKeyRow) => ({
  keyId,
  secret,
  ...(algorithms.length > 0 && { algorithms: known(authAlgorithms, algorithms) }),
})

const prefixOf = ({ iid, eid, accept_more_specifics: acceptMoreSpecifics }: SitePrefixRow) => ({
  iid,
  eid,
  acceptMoreSpecifics,
})

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A set of OVSDB has no order: prefixes come in that of their text, keys in that of their numbers. */
export const storedSiteOf = (
  row: SiteRow,
  prefixes: readonly SitePrefixRow[],
  keys: readonly SiteKeyRow[],
): StoredSite => {
  const [proxyReply] = known(['asked', 'always', 'never'], [row.proxy_reply ?? ''])
  const [unregistered] = known(mappingActions, [row.unregistered ?? ''])
  const spec: SiteSpec = {
    prefixes: prefixes.map(prefixOf).sort((a, b) => a.iid - b.iid || byText(a.eid, b.eid)),
    keys: keys.map(keyOf).sort((a, b) => a.keyId - b.keyId),
    ...(proxyReply !== undefined && { proxyReply }),
    ...(row.allowed_locators.length > 0 && { allowedLocators: row.allowed_locators.toSorted(byText) }),
    ...(row.strict_nonces !== null && { strictNonces: row.strict_nonces }),
    ...(row.any_nonces !== null && { anyNonces: row.any_nonces }),
    ...(row.site_ids.length > 0 && { siteIds: row.site_ids.toSorted(byText) }),
    ...(row.registrations_max !== null && { registrationsMax: row.registrations_max }),
    ...(row.xtrs_max !== null && { xtrsMax: row.xtrs_max }),
    ...(unregistered !== undefined && { unregistered }),
  }
  return { name: row.name, spec, provenance: provenanceOf(row) }
}

/** The columns that belong to a site alone, without its references. */
const columnsOf = ({ spec, provenance }: StoredSite) => ({
  proxy_reply: spec.proxyReply ?? null,
  allowed_locators: spec.allowedLocators ?? [],
  strict_nonces: spec.strictNonces ?? null,
  any_nonces: spec.anyNonces ?? null,
  site_ids: spec.siteIds ?? [],
  registrations_max: spec.registrationsMax ?? null,
  xtrs_max: spec.xtrsMax ?? null,
  unregistered: spec.unregistered ?? null,
  ...provenanceColumns(provenance),
})

/** A replaced site gets new rows below it; the old ones go with their last reference, before the indexes are looked at. */
const put = (stored: StoredSite, known: Known): Operation[] => {
  const { prefixes, keys = [] } = stored.spec
  const columns = {
    ...columnsOf(stored),
    prefixes: prefixes.map((_, index) => named(`prefix${index}`)),
    keys: keys.map((_, index) => named(`key${index}`)),
  }
  const row = known.siteRow(stored.name)
  return [
    ...prefixes.map(({ iid = 0, eid, acceptMoreSpecifics = false }, index) =>
      insert(sitePrefix, { iid, eid, accept_more_specifics: acceptMoreSpecifics }, `prefix${index}`),
    ),
    ...keys.map(({ keyId, secret = '', algorithms = [] }, index) =>
      insert(siteKey, { key_id: keyId, secret, algorithms }, `key${index}`),
    ),
    row === undefined
      ? insert(site, { name: stored.name, ...columns })
      : update(site, [['_uuid', '==', row]], columns),
  ]
}

/** What a batch says of sites, as operations. */
export const siteOperations = ({ putSite, removeSite }: StoreBatch, known: Known): Operation[] => {
  const gone = removeSite === undefined ? undefined : known.siteRow(removeSite)
  return [
    ...(putSite === undefined ? [] : put(putSite, known)),
    ...(gone === undefined ? [] : [deleteRows(site, [['_uuid', '==', gone]])]),
  ]
}
