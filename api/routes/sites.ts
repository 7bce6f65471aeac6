/** `/v1/sites`: who may register which EIDs with the mapping system. Secrets come in here and never go out. */
import { z } from 'zod'
import {
  authAlgorithms,
  eidText,
  instanceId,
  mappingActions,
  type SiteView,
  siteKeySpec,
  siteOrigins,
  sitePrefixSpec,
  siteSpec,
} from '#model/site.js'
import { objectName } from '#model/wire.js'
import type { ChangeOf } from '../change.js'
import type { Mappings } from '../mappings.js'
import { pageOf, pageQuery } from '../page.js'
import type { RestApp } from '../rest-app.js'

z.globalRegistry.add(siteSpec, { id: 'SiteSpec' })
z.globalRegistry.add(sitePrefixSpec, { id: 'SitePrefix' })
z.globalRegistry.add(siteKeySpec, {
  id: 'SiteKey',
  description:
    'A key that the routers of the site share with Heddle. The secret is never told again; without one the key of this number keeps the one that it has.',
})

export type { SiteSpec } from '#model/site.js'

const siteInForce = z
  .object({
    prefixes: z.array(z.object({ iid: instanceId, eid: eidText, acceptMoreSpecifics: z.boolean() })),
    keys: z.array(z.object({ keyId: z.int(), algorithms: z.array(z.enum(authAlgorithms)) })),
    proxyReply: z.enum(['asked', 'always', 'never']),
    allowedLocators: z.array(eidText).optional().describe('Absent: all'),
    strictNonces: z.boolean(),
    anyNonces: z
      .literal(true)
      .optional()
      .describe('Absent: nonces of routers that name themselves must grow'),
    siteIds: z.array(z.string()),
    registrationsMax: z.int(),
    xtrsMax: z.int(),
    unregistered: z.enum(mappingActions),
  } satisfies Record<keyof z.infer<typeof siteSpec>, z.ZodType>)
  .meta({
    id: 'SiteInForce',
    description: 'As SiteSpec, with what was left out and without secrets: it can be put again as it is',
  })

const site = z
  .object({
    name: z.string(),
    origin: z.enum(siteOrigins).describe('`stored` are those that can be changed here'),
    spec: siteInForce,
    registrations: z.int().describe('EIDs that its routers have registered now'),
    xtrs: z.int().describe('Routers that have registered since the controller started'),
    createdBy: z.string().optional().describe('The name of the bearer token'),
    createdAt: z.iso.datetime().optional(),
    requestId: z.string().optional().describe('The request that made it what it is'),
  })
  .meta({ id: 'Site' })
export type Site = z.infer<typeof site>

const siteList = z
  .object({ sites: z.array(site), next: z.string().optional().describe('`after` of the next page') })
  .meta({ id: 'SiteList' })
export type SiteList = z.infer<typeof siteList>

const byName = z.strictObject({ name: objectName })
const tags = ['mappings']

/** Bytes of a site's body: its prefixes are many. */
const bodyLimit = 1024 * 1024

/** A site in the words of REST. Field by field: what is not named here does not go out. */
export const siteOf = (view: SiteView): Site => ({
  name: view.name,
  origin: view.origin,
  spec: {
    prefixes: view.prefixes.map(({ iid, eid, acceptMoreSpecifics }) => ({ iid, eid, acceptMoreSpecifics })),
    keys: view.keys.map(({ keyId, algorithms }) => ({ keyId, algorithms: [...algorithms] })),
    proxyReply: view.proxyReply,
    ...(view.allowedLocators === undefined ? {} : { allowedLocators: [...view.allowedLocators] }),
    strictNonces: view.strictNonces,
    ...(view.anyNonces === true ? { anyNonces: true } : {}),
    siteIds: [...view.siteIds],
    registrationsMax: view.registrationsMax,
    xtrsMax: view.xtrsMax,
    unregistered: view.unregistered,
  },
  registrations: view.registrations,
  xtrs: view.xtrs,
  ...madeBy(view.provenance),
})

/** Who made an object what it is, when and by which request. */
export const madeBy = (provenance: SiteView['provenance']) =>
  provenance === undefined
    ? {}
    : {
        createdBy: provenance.by,
        createdAt: new Date(provenance.at).toISOString(),
        requestId: provenance.requestId,
      }

/** Adds the routes of sites. */
export const addSites = (app: RestApp, mappings: Mappings, changeOf: ChangeOf): void => {
  addReading(app, mappings)
  addChanging(app, mappings, changeOf)
}

const addReading = (app: RestApp, mappings: Mappings): void => {
  app.get(
    '/v1/sites',
    {
      schema: {
        tags,
        operationId: 'listSites',
        summary: 'Sites by name',
        querystring: z.strictObject(pageQuery),
        response: { 200: siteList },
      },
    },
    async (request) => {
      const { items, next } = pageOf(mappings.sites(), ({ name }) => name, request.query)
      return { sites: items.map(siteOf), next }
    },
  )
  app.get(
    '/v1/sites/:name',
    {
      schema: { tags, operationId: 'getSite', summary: 'One site', params: byName, response: { 200: site } },
    },
    async (request) => siteOf(mappings.site(request.params.name)),
  )
}

const addChanging = (app: RestApp, mappings: Mappings, changeOf: ChangeOf): void => {
  app.put(
    '/v1/sites/:name',
    {
      bodyLimit,
      schema: {
        tags,
        operationId: 'putSite',
        summary: 'Says which EID-prefixes a site has, and with which keys its routers register them',
        description:
          'Replaces what was said before. A key without `secret` keeps the one that the site has under this number, so that a site can be read, edited and put again. What routers have registered and may not any more is withdrawn.',
        params: byName,
        body: siteSpec,
        response: { 200: site, 201: site },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const done = await mappings.putSite(name, request.body, changeOf(request, reply, 0))
      return reply
        .code(done.created ? 201 : 200)
        .header('location', `/v1/sites/${encodeURIComponent(name)}`)
        .send(siteOf(done.site))
    },
  )
  app.delete(
    '/v1/sites/:name',
    {
      schema: {
        tags,
        operationId: 'deleteSite',
        summary: 'Forgets a site, with what its routers have registered',
        params: byName,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await mappings.deleteSite(request.params.name, changeOf(request, reply, 0))
      return reply.code(204).send(null)
    },
  )
}
