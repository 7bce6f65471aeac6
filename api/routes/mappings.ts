/**
 * `/v1/mappings`: where EIDs are. An EID-prefix stands in a path percent-encoded, as everything does: `10.0.0.0/24` is
 * `/v1/mappings/0/10.0.0.0%2F24`.
 */
import { z } from 'zod'
import { mappingOrigins, mappingSpec } from '#model/mapping.js'
import { eidText } from '#model/site.js'
import { objectName } from '#model/wire.js'
import type { ChangeOf } from '../change.js'
import {
  explanation,
  explanationOf,
  historyOf,
  mapping,
  mappingHistory,
  mappingList,
  mappingOf,
} from '../mapping-words.js'
import type { Mappings } from '../mappings.js'
import type { RestApp } from '../rest-app.js'

export type { MappingSpec } from '#model/mapping.js'
export type { Mapping, MappingAnswer, MappingHistory, MappingList } from '../mapping-words.js'

z.globalRegistry.add(mappingSpec, { id: 'MappingSpec' })

const iid = z.coerce.number().int().min(0).max(0xff_ffff)

const byEid = z.strictObject({
  iid: iid.describe('Instance id; 0 where there are none'),
  eid: eidText.describe('An address or a prefix, percent-encoded: `10.0.0.0%2F24`, `%22a%20name%22`'),
})

const mappingQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1000)
    .describe('At most so many; a page may have fewer, also none, and still a `next`'),
  after: z.string().max(512).optional().describe('The `next` of the page before'),
  iid: iid.optional().describe('Only mappings of this instance'),
  within: eidText.optional().describe('Only mappings in this prefix, of instance `iid` or 0'),
  origin: z.enum(mappingOrigins).optional(),
  site: objectName.optional().describe('Only mappings whose EID belongs to this site'),
  node: objectName.optional().describe('Only what is on this node'),
})
export type MappingQuery = Partial<z.infer<typeof mappingQuery>>

const tags = ['mappings']

const pathOf = (eid: string, of: number): string => `/v1/mappings/${of}/${encodeURIComponent(eid)}`

/** Adds the routes of mappings. */
export const addMappings = (app: RestApp, mappings: Mappings, changeOf: ChangeOf): void => {
  addListing(app, mappings)
  addExplaining(app, mappings)
  addChanging(app, mappings, changeOf)
}

const addListing = (app: RestApp, mappings: Mappings): void => {
  app.get(
    '/v1/mappings',
    {
      schema: {
        tags,
        operationId: 'listMappings',
        summary: 'Mappings in the order of their EIDs, filtered and in pages',
        description:
          'A page is what there is at the time it is asked for. A mapping that is there from the first page to the last is listed once, whatever else changes.',
        querystring: mappingQuery,
        response: { 200: mappingList },
      },
    },
    async (request) => {
      const { limit, after, ...filter } = request.query
      const page = mappings.mappings(filter, { limit, after })
      return { mappings: page.mappings.map(mappingOf), next: page.next }
    },
  )
}

const addExplaining = (app: RestApp, mappings: Mappings): void => {
  app.get(
    '/v1/mappings/:iid/:eid',
    {
      schema: {
        tags,
        operationId: 'explainMapping',
        summary: 'What a Map-Request for an EID is answered now, and why',
        description: 'Answers 200 for an EID that nobody has, too: `answer` says so.',
        params: byEid,
        response: { 200: explanation },
      },
    },
    async (request) => explanationOf(mappings.explain(request.params.iid, request.params.eid)),
  )
  app.get(
    '/v1/mappings/:iid/:eid/history',
    {
      schema: {
        tags,
        operationId: 'getMappingHistory',
        summary: 'What has become of an EID-prefix, the latest change first',
        description:
          'Of exactly this prefix, as far as the controller remembers: since its start, and no more than the last changes of each.',
        params: byEid,
        response: { 200: mappingHistory },
      },
    },
    async (request) => historyOf(mappings.history(request.params.iid, request.params.eid)),
  )
}

const addChanging = (app: RestApp, mappings: Mappings, changeOf: ChangeOf): void => {
  app.put(
    '/v1/mappings/:iid/:eid',
    {
      schema: {
        tags,
        operationId: 'putMapping',
        summary: 'Says where an EID-prefix is',
        description:
          'A static mapping does not expire, and takes the place of what routers have registered for the prefix.',
        params: byEid,
        body: mappingSpec,
        response: { 200: mapping, 201: mapping },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      const done = await mappings.putMapping(params.iid, params.eid, body, changeOf(request, reply, 0))
      return reply
        .code(done.created ? 201 : 200)
        .header('location', pathOf(done.mapping.eid, done.mapping.iid))
        .send(mappingOf(done.mapping))
    },
  )
  app.delete(
    '/v1/mappings/:iid/:eid',
    {
      schema: {
        tags,
        operationId: 'deleteMapping',
        summary: 'Takes the mapping of exactly this prefix out',
        description:
          'A static one is gone then. A registered one comes back when its router says so again, within a minute.',
        params: byEid,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { params } = request
      await mappings.deleteMapping(params.iid, params.eid, changeOf(request, reply, 0))
      return reply.code(204).send(null)
    },
  )
}
