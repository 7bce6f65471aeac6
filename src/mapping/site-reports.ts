/** What is told of sites that were put, changed or deleted over REST. */
import type { Changed, StoredSite } from '#store/store.js'
import type { Report } from './change-reports.js'

export const siteReport = ({ old, new: site }: Changed<StoredSite>): Report => {
  const [type, verb] =
    old === undefined
      ? (['site-created', 'created'] as const)
      : site === undefined
        ? (['site-deleted', 'deleted'] as const)
        : (['site-changed', 'changed'] as const)
  const name = (site ?? old)?.name ?? ''
  // Who deletes a site is not who made it.
  const provenance = site?.provenance
  return {
    type,
    object: `site ${name}`,
    message: `${name} was ${verb}`,
    ...(provenance !== undefined && { data: { requestId: provenance.requestId, by: provenance.by } }),
  }
}
