/** `/v1/leases`, `/v1/fsck` and a node's map-cache: what the addresses of networks are doing. */
import { z } from 'zod'
import { parseIp, printIp } from '#model/cidr.js'
import type { Lease as LeaseView } from '#model/endpoint.js'
import { objectName } from '#model/wire.js'
import type { CacheEntryView, Networks } from '../networks.js'
import { jsonMediaType, listChunks, pageOf, pageQuery, sendChunks } from '../page.js'
import type { RestApp } from '../rest-app.js'

const lease = z
  .object({
    network: z.string(),
    address: z.string(),
    owner: z.string().optional().describe('Id of the endpoint that has it; absent while the address rests'),
    node: z.string().optional().describe('Where its owner is'),
    restsUntil: z.iso.datetime().optional().describe('It was given back, and is given out again after this'),
  })
  .meta({ id: 'Lease' })
export type Lease = z.infer<typeof lease>

const leaseList = z
  .object({ leases: z.array(lease), next: z.string().optional().describe('`after` of the next page') })
  .meta({ id: 'LeaseList' })
export type LeaseList = z.infer<typeof leaseList>

const leaseQuery = z.strictObject({
  limit: pageQuery.limit,
  after: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}\/[0-9a-fA-F:.]{2,45}$/, 'NETWORK/ADDRESS')
    .optional()
    .describe('Only leases behind this one, `NETWORK/ADDRESS`: the `next` of the page before'),
  network: objectName.optional().describe('Only leases of this network'),
})
export type LeaseQuery = z.infer<typeof leaseQuery>

const findings = z
  .object({
    ok: z.boolean().describe('Nothing is wrong'),
    findings: z.array(
      z.object({ object: z.string(), message: z.string().describe('What is wrong and what to do') }),
    ),
  })
  .meta({ id: 'Fsck' })
export type Fsck = z.infer<typeof findings>

const cacheEntry = z
  .object({
    network: z.string(),
    eid: z.string(),
    node: z.string().optional().describe('The node that has the EID'),
    rloc: z.string().optional().describe('Where packets for it are sent'),
    why: z
      .enum(['local', 'resolved', 'proactive', 'moved', 'negative'])
      .describe('`resolved`: traffic asked for it; `negative`: nobody has it') satisfies z.ZodType<
      CacheEntryView['why']
    >,
    packets: z.string().describe('A decimal number of up to 64 bits'),
    idleSeconds: z.number().optional().describe('Absent where the switch does not tell'),
  } satisfies Record<keyof CacheEntryView, z.ZodType>)
  .meta({ id: 'MapCacheEntry' })
export type MapCacheEntry = z.infer<typeof cacheEntry>

const mapCache = z.object({ entries: z.array(cacheEntry) }).meta({ id: 'MapCache' })
export type MapCache = z.infer<typeof mapCache>

const tags = ['endpoints']

const leaseOf = ({ network, address, owner, node, until }: LeaseView): Lease => ({
  network,
  address,
  ...(owner === undefined ? {} : { owner }),
  ...(node === undefined ? {} : { node }),
  ...(until === undefined ? {} : { restsUntil: new Date(until).toISOString() }),
})

const entryOf = ({ eid, packets, ...entry }: CacheEntryView): MapCacheEntry => ({
  ...entry,
  eid: printIp(eid),
  packets: packets.toString(),
})

/** Orders leases by network, then family, then number: as a person would. */
const orderOf = (network: string, address: string): string => {
  const ip = parseIp(address)
  return `${network}/${ip?.family ?? ''}${(ip?.value ?? 0n).toString(16).padStart(32, '0')}`
}

/** Adds the routes of leases and of what can be looked into. */
export const addLeases = (app: RestApp, networks: Networks): void => {
  addListing(app, networks)
  app.get(
    '/v1/fsck',
    {
      schema: {
        tags,
        operationId: 'checkLeases',
        summary: 'Whether every lease has its owner and every owner its lease',
        response: { 200: findings },
      },
    },
    async () => {
      const found = networks.fsck()
      return { ok: found.length === 0, findings: [...found] }
    },
  )
  app.get(
    '/v1/nodes/:name/map-cache',
    {
      schema: {
        tags: ['nodes'],
        operationId: 'getMapCache',
        summary: 'The EIDs that the node knows, and why',
        params: z.strictObject({ name: objectName }),
        response: { 200: { content: { 'application/json': { schema: mapCache } } } },
      },
    },
    async (request, reply) => {
      const entries = await networks.mapCache(request.params.name)
      sendChunks(reply, jsonMediaType, listChunks('entries', entries, entryOf))
      return reply
    },
  )
}

const addListing = (app: RestApp, networks: Networks): void => {
  app.get(
    '/v1/leases',
    {
      schema: {
        tags,
        operationId: 'listLeases',
        summary: 'Addresses that are given out or rest, by network and address',
        querystring: leaseQuery,
        response: { 200: { content: { 'application/json': { schema: leaseList } } } },
      },
    },
    (request, reply) => {
      const { network, limit, after } = request.query
      const [named = '', address = ''] = after?.split('/') ?? []
      const { items, next } = pageOf(
        networks.leases(network),
        (one) => orderOf(one.network, one.address),
        after === undefined ? { limit } : { limit, after: orderOf(named, address) },
      )
      const last = next === undefined ? undefined : items.at(-1)
      const rest = { next: last && `${last.network}/${last.address}` }
      sendChunks(reply, jsonMediaType, listChunks('leases', items, leaseOf, rest))
    },
  )
}
