/** `/v1/topologies`: whole sets of links, stated at once. */
import { z } from 'zod'
import { type TopologyPlan, type TopologyView, topologySpec } from '#model/topology.js'
import { objectName } from '#model/wire.js'
import type { ChangeOf } from '../change.js'
import { wait } from '../duration.js'
import type { Fabric } from '../fabric.js'
import { jsonMediaType, listChunks, pageOf, pageQuery, sendChunks } from '../page.js'
import type { RestApp } from '../rest-app.js'
import { entryOf, linkEntry } from './links.js'

const counts = {
  up: z.int(),
  down: z.int(),
  pending: z.int(),
}

const topology = z.object({ name: z.string(), ...counts, links: z.array(linkEntry) }).meta({ id: 'Topology' })
export type Topology = z.infer<typeof topology>

const topologySummary = z
  .object({ name: z.string(), links: z.int().describe('How many'), ...counts })
  .meta({ id: 'TopologySummary' })
export type TopologySummary = z.infer<typeof topologySummary>

const topologyList = z
  .object({ topologies: z.array(topologySummary), next: z.string().optional() })
  .meta({ id: 'TopologyList' })
export type TopologyList = z.infer<typeof topologyList>

const plan = z
  .object({
    add: z.array(z.string()),
    change: z.array(z.object({ name: z.string(), fields: z.array(z.string()) })),
    remove: z.array(z.string()),
    keep: z.int().describe('How many links stay as they are'),
  })
  .meta({ id: 'TopologyPlan' })
export type Plan = z.infer<typeof plan>

const topologyResult = z
  .object({
    name: z.string(),
    dryRun: z.boolean().describe('true: nothing was done'),
    plan,
    counts: z
      .object({ links: z.int(), ...counts })
      .optional()
      .describe('How the links of the topology are now; absent where it was not applied'),
  })
  .meta({ id: 'TopologyResult' })
export type TopologyResult = z.infer<typeof topologyResult>

z.globalRegistry.add(topologySpec, { id: 'TopologySpec' })

export type { TopologySpec } from '#model/topology.js'

const byName = z.strictObject({ name: objectName })
const applying = z.strictObject({
  wait,
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('true: answers with the plan and does nothing'),
})
const tags = ['topologies']

const planOf = ({ add, change, remove, keep }: TopologyPlan): Plan => ({
  add: [...add],
  change: change.map(({ name, fields }) => ({ name, fields: [...fields] })),
  remove: [...remove],
  keep,
})

const summaryOf = ({ name, wires, up, down, pending }: TopologyView): TopologySummary => ({
  name,
  links: wires.length,
  up,
  down,
  pending,
})

/** Adds the routes of topologies; their bodies may have `bodyLimit` bytes. */
export const addTopologies = (app: RestApp, fabric: Fabric, changeOf: ChangeOf, bodyLimit: number): void => {
  addReading(app, fabric)
  addApplying(app, fabric, changeOf, bodyLimit)
  addDeleting(app, fabric, changeOf)
}

const addReading = (app: RestApp, fabric: Fabric): void => {
  app.get(
    '/v1/topologies',
    {
      schema: {
        tags,
        operationId: 'listTopologies',
        summary: 'Topologies by name',
        querystring: z.strictObject(pageQuery),
        response: { 200: topologyList },
      },
    },
    async (request) => {
      const { items, next } = pageOf(fabric.topologies(), ({ name }) => name, request.query)
      return { topologies: items.map(summaryOf), next }
    },
  )
  app.get(
    '/v1/topologies/:name',
    {
      schema: {
        tags,
        operationId: 'getTopology',
        summary: 'One topology with its links',
        params: byName,
        response: { 200: { content: { 'application/json': { schema: topology } } } },
      },
    },
    (request, reply) => {
      const { name, wires, up, down, pending } = fabric.topology(request.params.name)
      sendChunks(reply, jsonMediaType, listChunks('links', wires, entryOf, { name, up, down, pending }))
    },
  )
}

const addApplying = (app: RestApp, fabric: Fabric, changeOf: ChangeOf, bodyLimit: number): void => {
  app.put(
    '/v1/topologies/:name',
    {
      bodyLimit,
      schema: {
        tags,
        operationId: 'applyTopology',
        summary: 'Makes the links of a topology these, or says what that would do',
        description:
          'New links are added, changed ones changed, those left out removed. Answers 201 for a new topology, 200 for a known one, 202 while links are pending.',
        params: byName,
        querystring: applying,
        body: topologySpec,
        response: { 200: topologyResult, 201: topologyResult, 202: topologyResult },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      if (request.query.dryRun) {
        return { name, dryRun: true, plan: planOf(fabric.planTopology(name, request.body)) }
      }
      const change = changeOf(request, reply, request.query.wait)
      const applied = await fabric.applyTopology(name, request.body, change)
      const { name: _, ...now } = summaryOf(applied.topology)
      return reply
        .code(now.pending > 0 ? 202 : applied.created ? 201 : 200)
        .header('location', `/v1/topologies/${encodeURIComponent(name)}`)
        .send({ name, dryRun: false, plan: planOf(applied.plan), counts: now })
    },
  )
}

const addDeleting = (app: RestApp, fabric: Fabric, changeOf: ChangeOf): void => {
  app.delete(
    '/v1/topologies/:name',
    {
      schema: {
        tags,
        operationId: 'deleteTopology',
        summary: 'Deletes a topology and its links',
        description: 'Answers with what was removed; 404 for a topology that is not there.',
        params: byName,
        querystring: z.strictObject({ wait }),
        response: { 200: topologyResult },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const done = await fabric.deleteTopology(name, changeOf(request, reply, request.query.wait))
      return { name, dryRun: false, plan: planOf(done) }
    },
  )
}
