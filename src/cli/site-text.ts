/** Sites for people. */
import type { Site } from '#api/client.js'
import { eidText } from './mapping-text.js'
import type { Palette } from './palette.js'
import { type Column, detailsOf } from './table.js'
import { counted, plain } from './text.js'

type SitePrefix = Site['spec']['prefixes'][number]

/** The first prefix stands for the others; `sites show` has them all. */
const shortPrefixes = ([first, ...others]: readonly SitePrefix[]): string => {
  if (first === undefined) return ''
  return others.length === 0 ? eidText(first) : `${eidText(first)} (and ${counted(others.length, 'other')})`
}

export const siteColumns: readonly Column<Site>[] = [
  { title: 'SITE', cell: ({ name }) => plain(name) },
  { title: 'ORIGIN', cell: ({ origin }) => origin },
  { title: 'PREFIXES', cell: ({ spec }) => shortPrefixes(spec.prefixes) },
  { title: 'KEYS', cell: ({ spec }) => spec.keys.map(({ keyId }) => keyId).join(', ') },
  { title: 'REGISTERED', align: 'right', cell: ({ registrations }) => String(registrations) },
  { title: 'ROUTERS', align: 'right', cell: ({ xtrs }) => String(xtrs) },
]

const prefixText = (prefix: SitePrefix): string =>
  `${eidText(prefix)}${prefix.acceptMoreSpecifics ? ' and longer ones' : ''}`

const answering = {
  asked: 'when its routers ask for that',
  always: 'always',
  never: 'never: its routers answer',
} as const satisfies Record<Site['spec']['proxyReply'], string>

export const siteDetails = (site: Site, palette: Palette): string => {
  const { spec, createdAt, createdBy = '', requestId = '' } = site
  return detailsOf(
    [
      ['site', palette.bold(plain(site.name))],
      ['origin', site.origin],
      ['prefixes', spec.prefixes.map(prefixText).join('\n')],
      [
        'keys',
        spec.keys.map(({ keyId, algorithms }) => `${keyId}: ${algorithms.join(', ')}`).join('\n') ||
          'none: nobody can register',
      ],
      ['answered here', answering[spec.proxyReply]],
      ['locators', spec.allowedLocators?.map(plain).join('\n')],
      ['nonces', spec.strictNonces ? 'strict' : spec.anyNonces ? 'any' : undefined],
      ['site ids', spec.siteIds.map(plain).join('\n') || undefined],
      ['unregistered', spec.unregistered],
      [
        'holds',
        `${counted(site.registrations, 'registration')} of ${spec.registrationsMax}, ${counted(site.xtrs, 'router')} of ${spec.xtrsMax}`,
      ],
      [
        'made',
        createdAt === undefined
          ? undefined
          : `${createdAt} by ${plain(createdBy)}, request ${plain(requestId)}`,
      ],
    ],
    palette,
  )
}
