/**
 * `/v1/links`. The user's `link` and the code's `wire` meet here: what REST says of a link, and how a wire is told as one.
 */
import { z } from 'zod'
import type { WireStatus, WireView } from '#model/status.js'
import { objectName, type Wire, wireEnd, wireSpec } from '#model/wire.js'
import type { ChangeOf } from '../change.js'
import { wait } from '../duration.js'
import type { Fabric } from '../fabric.js'
import { jsonMediaType, listChunks, pageOf, pageQuery, sendChunks } from '../page.js'
import type { RestApp } from '../rest-app.js'
import { endName, pendingReason, receipt, receiptOf, statusCode } from './progress.js'

const linkStatus = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('up') }),
    z.object({
      state: z.literal('down'),
      lostCarrier: z.array(endName).describe('The ends whose interface has no carrier'),
    }),
    z.object({
      state: z.literal('pending'),
      reasons: z.array(pendingReason),
    }),
  ])
  .meta({ id: 'LinkStatus' })

/** What a link was asked to be. */
const linkSettings = {
  name: objectName,
  a: wireEnd,
  b: wireEnd,
  vni: z.int(),
  mtu: z.int().optional(),
  rateMbps: z.int().optional(),
}

/** A link as a topology lists it. */
export const linkEntry = z.object(linkSettings).meta({ id: 'LinkEntry' })
export type LinkEntry = z.infer<typeof linkEntry>

export const link = z
  .object({
    ...linkSettings,
    topology: z.string().optional().describe('The topology that owns the link'),
    status: linkStatus,
    receipt: receipt.optional(),
    effectiveMtu: z.int().optional().describe('The MTU in force, in bytes'),
    createdBy: z.string().describe('The name of the bearer token'),
    createdAt: z.iso.datetime(),
    requestId: z.string().describe('The request that made it what it is'),
  })
  .meta({ id: 'Link' })
export type Link = z.infer<typeof link>
export type LinkState = Link['status']['state']

const linkList = z
  .object({ links: z.array(link), next: z.string().optional().describe('`after` of the next page') })
  .meta({ id: 'LinkList' })
export type LinkList = z.infer<typeof linkList>

z.globalRegistry.add(wireEnd, { id: 'LinkEnd' })
z.globalRegistry.add(wireSpec, { id: 'LinkSpec' })

export type { WireSpec as LinkSpec } from '#model/wire.js'

/** What may change of a link. */
const linkPatch = wireSpec
  .omit({ name: true })
  .partial()
  .extend({
    mtu: wireSpec.shape.mtu.nullable().describe('null: what the underlay carries'),
    rateMbps: wireSpec.shape.rateMbps.nullable().describe('null: no limit'),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'nothing to change')
  .meta({ id: 'LinkPatch' })
export type LinkPatch = z.infer<typeof linkPatch>

const linkQuery = z.strictObject({
  ...pageQuery,
  node: objectName.optional().describe('Only links that end there'),
  state: z.enum(['up', 'down', 'pending']).optional(),
  topology: objectName.optional().describe('Only links of this topology'),
})
export type LinkQuery = z.infer<typeof linkQuery>

const byName = z.strictObject({ name: objectName })
const waiting = z.strictObject({ wait })
const tags = ['links']

/** A wire's settings in the words of REST. */
export const entryOf = ({ name, a, b, vni, mtu, rateMbps }: Wire): LinkEntry => ({
  name,
  a,
  b,
  vni,
  ...(mtu === undefined ? {} : { mtu }),
  ...(rateMbps === undefined ? {} : { rateMbps }),
})

/** A wire in the words of REST. */
export const linkOf = ({ wire, status, receipt: parts, effectiveMtu }: WireView): Link => ({
  ...entryOf(wire),
  ...(wire.topology === undefined ? {} : { topology: wire.topology }),
  status: statusOf(status),
  ...(effectiveMtu === undefined ? {} : { effectiveMtu }),
  ...(parts === undefined ? {} : { receipt: receiptOf(parts, status.state === 'pending') }),
  createdBy: wire.provenance.by,
  createdAt: new Date(wire.provenance.at).toISOString(),
  requestId: wire.provenance.requestId,
})

const statusOf = (status: WireStatus): Link['status'] => {
  if (status.state === 'down') return { state: 'down', lostCarrier: [...status.lostCarrier] }
  return status.state === 'pending' ? { state: 'pending', reasons: [...status.reasons] } : status
}

const pathOf = (name: string): string => `/v1/links/${encodeURIComponent(name)}`

/** Adds the routes of links. */
export const addLinks = (app: RestApp, fabric: Fabric, changeOf: ChangeOf): void => {
  addReading(app, fabric)
  addCreating(app, fabric, changeOf)
  addChanging(app, fabric, changeOf)
}

const addReading = (app: RestApp, fabric: Fabric): void => {
  app.get(
    '/v1/links',
    {
      schema: {
        tags,
        operationId: 'listLinks',
        summary: 'Links by name, filtered and in pages',
        querystring: linkQuery,
        response: { 200: { content: { 'application/json': { schema: linkList } } } },
      },
    },
    (request, reply) => {
      const { items, next } = pageOf(
        matching(fabric.wires(), request.query),
        (view) => view.wire.name,
        request.query,
      )
      sendChunks(reply, jsonMediaType, listChunks('links', items, linkOf, { next }))
    },
  )
  app.get(
    '/v1/links/:name',
    {
      schema: { tags, operationId: 'getLink', summary: 'One link', params: byName, response: { 200: link } },
    },
    async (request) => linkOf(fabric.wire(request.params.name)),
  )
}

function* matching(views: Iterable<WireView>, { node, state, topology }: LinkQuery): Generator<WireView> {
  for (const view of views) {
    const { wire, status } = view
    if (node !== undefined && wire.a.node !== node && wire.b.node !== node) continue
    if (state !== undefined && status.state !== state) continue
    if (topology !== undefined && wire.topology !== topology) continue
    yield view
  }
}

const addCreating = (app: RestApp, fabric: Fabric, changeOf: ChangeOf): void => {
  app.post(
    '/v1/links',
    {
      schema: {
        tags,
        operationId: 'createLink',
        summary: 'Creates a link',
        description:
          'Answers 201 when both switches have confirmed the flows, 202 when `wait` ends before that: the link comes up by itself.',
        querystring: waiting,
        body: wireSpec,
        response: { 201: link, 202: link },
      },
    },
    async (request, reply) => {
      const view = await fabric.createWire(request.body, changeOf(request, reply, request.query.wait))
      return reply.code(statusCode(view, 201)).header('location', pathOf(view.wire.name)).send(linkOf(view))
    },
  )
}

const addChanging = (app: RestApp, fabric: Fabric, changeOf: ChangeOf): void => {
  app.patch(
    '/v1/links/:name',
    {
      schema: {
        tags,
        operationId: 'changeLink',
        summary: 'Changes a link',
        description:
          'null takes a setting away. Answers 200 when the switches have confirmed, 202 when not yet.',
        params: byName,
        querystring: waiting,
        body: linkPatch,
        response: { 200: link, 202: link },
      },
    },
    async (request, reply) => {
      const change = changeOf(request, reply, request.query.wait)
      const view = await fabric.changeWire(request.params.name, request.body, change)
      return reply.code(statusCode(view, 200)).header('location', pathOf(view.wire.name)).send(linkOf(view))
    },
  )
  app.delete(
    '/v1/links/:name',
    {
      schema: {
        tags,
        operationId: 'deleteLink',
        summary: 'Deletes a link',
        description:
          'Answers 204 once the deletion is stored and the flows are gone or `wait` is over; 404 for a link that is not there, a second deletion included.',
        params: byName,
        querystring: waiting,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await fabric.deleteWire(request.params.name, changeOf(request, reply, request.query.wait))
      return reply.code(204).send(null)
    },
  )
}
