/** `/v1/nodes`: the switches, what is plugged into them and what is installed in them. */
import { z } from 'zod'
import { type FlowView, type NodeView, nodeSpec, type Port as PortView } from '#model/node.js'
import { objectName } from '#model/wire.js'
import { prefersText } from '../accept.js'
import type { ChangeOf } from '../change.js'
import type { Fabric } from '../fabric.js'
import { jsonMediaType, lineChunks, listChunks, pageOf, pageQuery, sendChunks } from '../page.js'
import type { RestApp } from '../rest-app.js'

z.globalRegistry.add(nodeSpec, { id: 'NodeSpec' })

export type { NodeSpec } from '#model/node.js'

const node = z
  .object({
    name: z.string(),
    state: z.enum(['offline', 'preparing', 'ready']),
    reason: z.string().optional().describe('Why it is not ready'),
    spec: nodeSpec.describe('What was said of it with PUT'),
    peer: z.string().optional().describe('Where its OVSDB connection comes from or goes to'),
    rloc: z.string().optional().describe('Address of its tunnel endpoint'),
    datapathId: z.string().optional().describe('16 hexadecimal digits'),
    datapathType: z.string().optional(),
    ovsVersion: z.string().optional(),
    underlayMtu: z.int(),
    tunnelOfport: z.int().optional(),
    ports: z.int(),
    flows: z.int(),
    links: z.int(),
    connectedAt: z.iso.datetime().optional(),
  } satisfies Record<Exclude<keyof NodeView, 'wires'> | 'links', z.ZodType>)
  .meta({ id: 'Node' })
export type Node = z.infer<typeof node>

const nodeList = z.object({ nodes: z.array(node), next: z.string().optional() }).meta({ id: 'NodeList' })
export type NodeList = z.infer<typeof nodeList>

const port = z
  .object({
    name: z.string(),
    ofport: z.int().optional().describe('Absent until the switch has assigned one'),
    error: z.string().optional().describe('What the switch says of a device that it could not open'),
    stale: z
      .boolean()
      .optional()
      .describe('The device was replaced: Heddle takes the port off the bridge and puts it back'),
    ours: z.boolean().describe('Whether Heddle added it to the bridge'),
    mac: z.string().optional(),
    mtu: z.int().optional(),
    mtuRequest: z.int().optional().describe('The MTU that was asked of the device'),
    internalMac: z
      .string()
      .optional()
      .describe('The MAC address that was asked of a device that the switch makes itself'),
    linkDown: z.boolean().optional().describe('The device has no carrier'),
    held: z.boolean().optional().describe('Turned down by Heddle: the far end of its link has no carrier'),
  } satisfies Record<keyof PortView, z.ZodType>)
  .meta({ id: 'Port' })
export type Port = z.infer<typeof port>

const portList = z.object({ ports: z.array(port) }).meta({ id: 'PortList' })
export type PortList = z.infer<typeof portList>

const flow = z
  .object({
    table: z.string(),
    priority: z.int(),
    cookie: z.string().describe('16 hexadecimal digits behind 0x'),
    match: z.string(),
    actions: z.string(),
    text: z.string().describe('As `ovs-ofctl dump-flows` prints it'),
    packets: z.string().describe('A decimal number of up to 64 bits'),
    bytes: z.string().describe('A decimal number of up to 64 bits'),
    durationSeconds: z.number(),
    origin: z
      .object({
        kind: z.enum(['link', 'node', 'network', 'endpoint', 'eid']),
        name: z.string(),
        requestId: z.string().optional(),
        by: z.string().optional(),
        at: z.string().optional(),
      })
      .optional()
      .describe('The object that the flow exists for; absent for flows of others'),
  } satisfies Record<keyof FlowView, z.ZodType>)
  .meta({ id: 'Flow' })
export type Flow = z.infer<typeof flow>

const flowList = z.object({ flows: z.array(flow) }).meta({ id: 'FlowList' })
export type FlowList = z.infer<typeof flowList>

const byName = z.strictObject({ name: objectName })
const nodeQuery = z.strictObject({ ...pageQuery, state: node.shape.state.optional() })
const tags = ['nodes']

/** A node in the words of REST. */
export const nodeOf = ({ wires, connectedAt, ...view }: NodeView): Node => ({
  ...view,
  links: wires,
  ...(connectedAt === undefined ? {} : { connectedAt: new Date(connectedAt).toISOString() }),
})

/** A flow as `ovs-ofctl` prints it, with what it exists for as a comment, which `ovs-ofctl add-flows` skips. */
export const flowLine = ({ text, origin }: FlowView): string => {
  if (origin === undefined) return `${text}\n`
  const { kind, name, requestId, by, at } = origin
  const said = [
    requestId === undefined ? undefined : `request ${requestId}`,
    by === undefined ? undefined : `by ${by}`,
    at === undefined ? undefined : `at ${at}`,
  ].filter((part) => part !== undefined)
  return `${text} # ${kind} ${name}${said.length === 0 ? '' : `, ${said.join(' ')}`}\n`
}

/** Adds the routes of nodes. */
export const addNodes = (app: RestApp, fabric: Fabric, changeOf: ChangeOf): void => {
  addReading(app, fabric)
  addInsides(app, fabric)
  addChanging(app, fabric, changeOf)
}

const addReading = (app: RestApp, fabric: Fabric): void => {
  app.get(
    '/v1/nodes',
    {
      schema: {
        tags,
        operationId: 'listNodes',
        summary: 'Nodes by name',
        querystring: nodeQuery,
        response: { 200: nodeList },
      },
    },
    async (request) => {
      const { state } = request.query
      const views = fabric.nodes().filter((view) => state === undefined || view.state === state)
      const { items, next } = pageOf(views, ({ name }) => name, request.query)
      return { nodes: items.map(nodeOf), next }
    },
  )
  app.get(
    '/v1/nodes/:name',
    {
      schema: { tags, operationId: 'getNode', summary: 'One node', params: byName, response: { 200: node } },
    },
    async (request) => nodeOf(fabric.node(request.params.name)),
  )
}

const flowAnswer = {
  content: { 'application/json': { schema: flowList }, 'text/plain': { schema: z.string() } },
}

const addInsides = (app: RestApp, fabric: Fabric): void => {
  app.get(
    '/v1/nodes/:name/ports',
    {
      schema: {
        tags,
        operationId: 'listPorts',
        summary: 'The ports of its integration bridge',
        params: byName,
        response: { 200: portList },
      },
    },
    async (request) => ({ ports: [...fabric.ports(request.params.name)] }),
  )
  app.get(
    '/v1/nodes/:name/flows',
    {
      schema: {
        tags,
        operationId: 'listFlows',
        summary: 'The flows that are installed, with counters, and what each exists for',
        params: byName,
        querystring: z.strictObject({
          format: z.enum(['json', 'text']).optional().describe('Wins over the header Accept'),
        }),
        response: { 200: flowAnswer },
      },
    },
    async (request, reply) => {
      const { format = prefersText(request.headers.accept) ? 'text' : 'json' } = request.query
      const flows = await fabric.flows(request.params.name)
      if (format === 'json')
        sendChunks(
          reply,
          jsonMediaType,
          listChunks('flows', flows, (one): Flow => one),
        )
      else sendChunks(reply, 'text/plain; charset=utf-8', lineChunks(flows, flowLine))
      return reply
    },
  )
}

const addChanging = (app: RestApp, fabric: Fabric, changeOf: ChangeOf): void => {
  app.put(
    '/v1/nodes/:name',
    {
      schema: {
        tags,
        operationId: 'putNode',
        summary: 'Says what is to be known of a node: a passive target to dial, its tunnel address, its MTU',
        params: byName,
        body: nodeSpec,
        response: { 200: node, 201: node },
      },
    },
    async (request, reply) => {
      const { name } = request.params
      const done = await fabric.putNode(name, request.body, changeOf(request, reply, 0))
      return reply
        .code(done.created ? 201 : 200)
        .header('location', `/v1/nodes/${encodeURIComponent(name)}`)
        .send(nodeOf(done.node))
    },
  )
  app.delete(
    '/v1/nodes/:name',
    {
      schema: {
        tags,
        operationId: 'deleteNode',
        summary: 'Forgets a node at which no link ends and no endpoint is',
        description:
          'What Heddle made on its switch is taken away first, where it is connected. A switch that still dials in is left alone until it connects anew or its node is put again. Answers 404 for a node that is not there, a second deletion included.',
        params: byName,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await fabric.deleteNode(request.params.name, changeOf(request, reply, 0))
      return reply.code(204).send(null)
    },
  )
}
