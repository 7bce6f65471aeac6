/** `/v1/endpoints`: interfaces on nodes that are members of a network. What the CNI plugin asks for. */
import { z } from 'zod'
import { printIp } from '#model/cidr.js'
import { containerRef, type EndpointStatus, endpointSpec } from '#model/endpoint.js'
import { printMac } from '#model/mac.js'
import { routeSpec } from '#model/network.js'
import { objectName } from '#model/wire.js'
import type { ChangeOf } from '../change.js'
import { wait } from '../duration.js'
import type { EndpointView, Networks } from '../networks.js'
import { jsonMediaType, listChunks, pageOf, pageQuery, sendChunks } from '../page.js'
import type { RestApp } from '../rest-app.js'
import { routeOf } from './networks.js'
import { pendingReason, receipt, receiptOf, statusCode } from './progress.js'

z.globalRegistry.add(endpointSpec, { id: 'EndpointSpec' })
z.globalRegistry.add(containerRef, { id: 'ContainerRef' })

export type { ContainerRef, EndpointSpec } from '#model/endpoint.js'

const endpointStatus = z
  .discriminatedUnion('state', [
    z.object({ state: z.literal('up') }),
    z.object({ state: z.literal('pending'), reasons: z.array(pendingReason) }),
  ])
  .meta({ id: 'EndpointStatus' })

const endpointAddress = z
  .object({
    address: z.string(),
    prefixLength: z.int().describe("Of the address's subnet"),
    gateway: z.string().describe('Of the same subnet'),
  })
  .meta({ id: 'EndpointAddress' })

export const endpoint = z
  .object({
    id: z.string(),
    network: z.string(),
    vni: z.int(),
    node: z.string(),
    interface: z.string(),
    mac: z.string(),
    addresses: z.array(endpointAddress),
    routes: z.array(routeSpec).describe('What its container is told to send through a gateway'),
    mtu: z.int().optional().describe("Of the container's interface; absent while the underlay is not known"),
    datapathType: z
      .string()
      .optional()
      .describe('`system` or `netdev`: of its node; absent while that is not connected'),
    container: containerRef.optional(),
    labels: z.record(z.string(), z.string()),
    status: endpointStatus,
    receipt: receipt.optional(),
    createdBy: z.string().describe('The name of the bearer token'),
    createdAt: z.iso.datetime(),
    requestId: z.string().describe('The request that made it what it is'),
  })
  .meta({ id: 'Endpoint' })
export type Endpoint = z.infer<typeof endpoint>
export type EndpointAddress = Endpoint['addresses'][number]
export type EndpointState = Endpoint['status']['state']

const endpointList = z
  .object({ endpoints: z.array(endpoint), next: z.string().optional().describe('`after` of the next page') })
  .meta({ id: 'EndpointList' })
export type EndpointList = z.infer<typeof endpointList>

const deletion = z.object({ deleted: z.boolean().describe('false: there was none') }).meta({ id: 'Deletion' })
export type Deletion = z.infer<typeof deletion>

const endpointQuery = z.strictObject({
  ...pageQuery,
  network: objectName.optional().describe('Only endpoints of this network'),
  node: objectName.optional().describe('Only endpoints on this node'),
  container: z.string().max(256).optional().describe('Only endpoints of the container with this id'),
  state: z.enum(['up', 'pending']).optional(),
})
export type EndpointQuery = z.infer<typeof endpointQuery>

/** What PUT takes: the path has the id. */
const endpointBody = endpointSpec.omit({ id: true }).meta({ id: 'EndpointBody' })
export type EndpointBody = z.infer<typeof endpointBody>

const byId = z.strictObject({ id: objectName })
const waiting = z.strictObject({ wait })
const reading = z.strictObject({
  wait: wait.prefault('0').describe('How long to wait until it is up: `5s`, `500ms` or seconds; at most 60s'),
})
const tags = ['endpoints']

const statusOf = (status: EndpointStatus): Endpoint['status'] =>
  status.state === 'up' ? status : { state: 'pending', reasons: [...status.reasons] }

/** An endpoint in the words of REST. */
export const endpointOf = (view: EndpointView): Endpoint => {
  const { endpoint: one, status } = view
  return {
    id: one.id,
    network: one.network,
    vni: view.vni,
    node: one.node,
    interface: one.interface,
    mac: printMac(one.mac),
    addresses: view.addresses.map(({ address, length, gateway }) => ({
      address: printIp(address),
      prefixLength: length,
      gateway: printIp({ family: address.family, value: gateway }),
    })),
    routes: view.routes.map(routeOf),
    ...(view.mtu === undefined ? {} : { mtu: view.mtu }),
    ...(view.datapathType === undefined ? {} : { datapathType: view.datapathType }),
    ...(one.container === undefined ? {} : { container: one.container }),
    labels: one.labels,
    status: statusOf(status),
    ...(view.receipt === undefined ? {} : { receipt: receiptOf(view.receipt, status.state === 'pending') }),
    createdBy: one.provenance.by,
    createdAt: new Date(one.provenance.at).toISOString(),
    requestId: one.provenance.requestId,
  }
}

const pathOf = (id: string): string => `/v1/endpoints/${encodeURIComponent(id)}`

/** Adds the routes of endpoints. */
export const addEndpoints = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  addListing(app, networks)
  addReading(app, networks, changeOf)
  addPutting(app, networks, changeOf)
  addDeleting(app, networks, changeOf)
}

const addListing = (app: RestApp, networks: Networks): void => {
  app.get(
    '/v1/endpoints',
    {
      schema: {
        tags,
        operationId: 'listEndpoints',
        summary: 'Endpoints by id, filtered and in pages',
        querystring: endpointQuery,
        response: { 200: { content: { 'application/json': { schema: endpointList } } } },
      },
    },
    (request, reply) => {
      const { items, next } = pageOf(
        matching(networks, request.query),
        (view) => view.endpoint.id,
        request.query,
      )
      sendChunks(reply, jsonMediaType, listChunks('endpoints', items, endpointOf, { next }))
    },
  )
}

function* matching(networks: Networks, query: EndpointQuery): Generator<EndpointView> {
  const { network, node, container, state } = query
  const filter = { ...(network !== undefined && { network }), ...(node !== undefined && { node }) }
  for (const view of networks.endpoints(filter)) {
    if (container !== undefined && view.endpoint.container?.id !== container) continue
    if (state === undefined || view.status.state === state) yield view
  }
}

const addReading = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  app.get(
    '/v1/endpoints/:id',
    {
      schema: {
        tags,
        operationId: 'getEndpoint',
        summary: 'One endpoint, at once or when it is up',
        params: byId,
        querystring: reading,
        response: { 200: endpoint },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { wait: waitMs } = request.query
      const view =
        waitMs === 0 ? networks.endpoint(id) : await networks.whenUp(id, changeOf(request, reply, waitMs))
      return endpointOf(view)
    },
  )
}

const addPutting = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  app.put(
    '/v1/endpoints/:id',
    {
      schema: {
        tags,
        operationId: 'putEndpoint',
        summary: 'Makes an endpoint, or makes a known one this',
        description:
          'The same again answers the same: addresses that are not stated stay as they are. Another node or interface moves the endpoint. Answers 201 for a new endpoint and 200 for a known one once its own switch has confirmed it, 202 when `wait` ends before that.',
        params: byId,
        querystring: waiting,
        body: endpointBody,
        response: { 200: endpoint, 201: endpoint, 202: endpoint },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const change = changeOf(request, reply, request.query.wait)
      const done = await networks.putEndpoint(id, { ...request.body, id }, change)
      return reply
        .code(statusCode(done.endpoint, done.created ? 201 : 200))
        .header('location', pathOf(id))
        .send(endpointOf(done.endpoint))
    },
  )
}

const addDeleting = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  app.delete(
    '/v1/endpoints/:id',
    {
      schema: {
        tags,
        operationId: 'deleteEndpoint',
        summary: 'Deletes an endpoint and gives its addresses back',
        description:
          'Answers 200 also where there is none, since a container runtime deletes more than once. Its addresses rest for a while before they are given out again.',
        params: byId,
        querystring: waiting,
        response: { 200: deletion },
      },
    },
    async (request, reply) =>
      networks.deleteEndpoint(request.params.id, changeOf(request, reply, request.query.wait)),
  )
}
