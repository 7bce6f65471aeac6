/** `/v1/networks`: EID spaces, each with its VNI, its subnets and how its endpoints are found. */
import { z } from 'zod'
import { printCidr, printIp } from '#model/cidr.js'
import {
  networkSpec,
  type Reservation,
  type Route,
  reservationSpec,
  routeSpec,
  type Subnet,
  subnetSpec,
} from '#model/network.js'
import { objectName } from '#model/wire.js'
import type { ChangeOf } from '../change.js'
import type { Networks, NetworkView } from '../networks.js'
import { jsonMediaType, listChunks, pageOf, pageQuery, sendChunks } from '../page.js'
import type { RestApp } from '../rest-app.js'

z.globalRegistry.add(networkSpec, { id: 'NetworkSpec' })
z.globalRegistry.add(subnetSpec, { id: 'SubnetSpec' })
z.globalRegistry.add(routeSpec, { id: 'RouteSpec' })
z.globalRegistry.add(reservationSpec, { id: 'Reservation' })

export type { NetworkSpec, RouteSpec, SubnetSpec } from '#model/network.js'

const subnet = z
  .object({
    cidr: z.string(),
    gateway: z.string().describe('The address that every node answers for'),
    exclude: z.array(z.string()).describe('Prefixes that are never given out'),
  })
  .meta({ id: 'Subnet' })

export const network = z
  .object({
    name: z.string(),
    vni: z.int().describe('Also the LISP instance id'),
    subnets: z.array(subnet),
    mtu: z.int().optional().describe('As it was asked for; what the underlay carries otherwise'),
    resolution: z.enum(['on-demand', 'proactive']),
    idleTimeoutSeconds: z.int(),
    routes: z.array(routeSpec),
    reservations: z.array(reservationSpec),
    isolation: z.boolean(),
    broadcast: z.boolean(),
    endpoints: z.int().describe('How many it has'),
    nodes: z.int().describe('How many nodes have endpoints of it'),
    createdBy: z.string().describe('The name of the bearer token'),
    createdAt: z.iso.datetime(),
    requestId: z.string().describe('The request that made it what it is'),
    dryRun: z.literal(true).optional().describe('Nothing was stored'),
  })
  .meta({ id: 'Network' })
export type Network = z.infer<typeof network>

const networkList = z
  .object({ networks: z.array(network), next: z.string().optional().describe('`after` of the next page') })
  .meta({ id: 'NetworkList' })
export type NetworkList = z.infer<typeof networkList>

const networkQuery = z.strictObject(pageQuery)
export type NetworkQuery = z.infer<typeof networkQuery>

/** What PUT takes: the path has the name. */
const networkBody = networkSpec.omit({ name: true }).meta({ id: 'NetworkBody' })
export type NetworkBody = z.infer<typeof networkBody>

const byName = z.strictObject({ name: objectName })
const putting = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('true: answers with what would be and stores nothing'),
})
const tags = ['networks']

/** Bytes of a network's body: it may exclude and reserve thousands of addresses. */
const bodyLimit = 1024 * 1024

const subnetOf = ({ cidr, gateway, exclude }: Subnet): z.infer<typeof subnet> => ({
  cidr: printCidr(cidr),
  gateway: printIp({ family: cidr.family, value: gateway }),
  exclude: exclude.map(printCidr),
})

/** A route in the words of REST. */
export const routeOf = ({ destination, gateway }: Route): z.infer<typeof routeSpec> => ({
  destination: printCidr(destination),
  ...(gateway === undefined ? {} : { gateway: printIp({ family: destination.family, value: gateway }) }),
})

const reservationOf = ({ address, endpoint }: Reservation): z.infer<typeof reservationSpec> => ({
  address: printIp(address),
  endpoint,
})

/** A network in the words of REST. */
export const networkOf = ({ network: one, endpoints, nodes }: NetworkView): Network => ({
  name: one.name,
  vni: one.vni,
  subnets: one.subnets.map(subnetOf),
  ...(one.mtu === undefined ? {} : { mtu: one.mtu }),
  resolution: one.resolution,
  idleTimeoutSeconds: one.idleTimeoutSeconds,
  routes: one.routes.map(routeOf),
  reservations: (one.reservations ?? []).map(reservationOf),
  isolation: one.isolation,
  broadcast: one.broadcast,
  endpoints,
  nodes,
  createdBy: one.provenance.by,
  createdAt: new Date(one.provenance.at).toISOString(),
  requestId: one.provenance.requestId,
})

const pathOf = (name: string): string => `/v1/networks/${encodeURIComponent(name)}`

/** Adds the routes of networks. */
export const addNetworks = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  addReading(app, networks)
  addPutting(app, networks, changeOf)
  addDeleting(app, networks, changeOf)
}

const addReading = (app: RestApp, networks: Networks): void => {
  app.get(
    '/v1/networks',
    {
      schema: {
        tags,
        operationId: 'listNetworks',
        summary: 'Networks by name',
        querystring: networkQuery,
        response: { 200: { content: { 'application/json': { schema: networkList } } } },
      },
    },
    (request, reply) => {
      const { items, next } = pageOf(networks.networks(), (view) => view.network.name, request.query)
      sendChunks(reply, jsonMediaType, listChunks('networks', items, networkOf, { next }))
    },
  )
  app.get(
    '/v1/networks/:name',
    {
      schema: {
        tags,
        operationId: 'getNetwork',
        summary: 'One network',
        params: byName,
        response: { 200: network },
      },
    },
    async (request) => networkOf(networks.network(request.params.name)),
  )
}

const addPutting = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  app.put(
    '/v1/networks/:name',
    {
      bodyLimit,
      schema: {
        tags,
        operationId: 'putNetwork',
        summary: 'Makes a network, or makes a known one this',
        description:
          'What is not stated has its default; a VNI and gateways that are not stated stay as they are. Endpoints keep their addresses: a change that would take one away is refused.',
        params: byName,
        querystring: putting,
        body: networkBody,
        response: { 200: network, 201: network },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const { dryRun } = request.query
      const done = await networks.putNetwork(
        name,
        { ...request.body, name },
        changeOf(request, reply, 0),
        dryRun,
      )
      if (dryRun) return { ...networkOf(done.network), dryRun: true as const }
      return reply
        .code(done.created ? 201 : 200)
        .header('location', pathOf(name))
        .send(networkOf(done.network))
    },
  )
}

const addDeleting = (app: RestApp, networks: Networks, changeOf: ChangeOf): void => {
  app.delete(
    '/v1/networks/:name',
    {
      schema: {
        tags,
        operationId: 'deleteNetwork',
        summary: 'Deletes a network that has no endpoints',
        description: 'Answers 404 for a network that is not there, a second deletion included.',
        params: byName,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await networks.deleteNetwork(request.params.name, changeOf(request, reply, 0))
      return reply.code(204).send(null)
    },
  )
}
