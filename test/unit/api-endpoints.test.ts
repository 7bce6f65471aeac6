/** `/v1/endpoints`: what the CNI plugin asks for, again and again and all at once. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Endpoint, endpoint as endpointSchema } from '#api/routes/endpoints.js'
import { FabricError } from '#model/error.js'
import { type Rest, startRest } from '../fake/rest.js'
import { VirtualClock } from '../fake/virtual-clock.js'

let rest: Rest
let clock: VirtualClock
beforeEach(async () => {
  clock = new VirtualClock()
  rest = startRest({ clock })
  const body = {
    subnets: [{ cidr: '10.0.0.0/24' }, { cidr: '2001:db8::/64' }],
    routes: [{ destination: '0.0.0.0/0' }],
  }
  await rest.call('PUT', '/v1/networks/red', body)
})

/** The body as an endpoint that is exactly what the schema says. */
const asEndpoint = (body: unknown): Endpoint => {
  const endpoint = endpointSchema.parse(body)
  expect(endpoint).toEqual(body)
  return endpoint
}

const specOf = (id: string, more: object = {}) => ({
  network: 'red',
  node: 'n1',
  interface: `v-${id}`.slice(0, 15),
  ...more,
})
const put = (id: string, more: object = {}, query = '') =>
  rest.call('PUT', `/v1/endpoints/${id}${query}`, specOf(id, more))
const addressesOf = (body: unknown): readonly string[] =>
  asEndpoint(body).addresses.map(({ address }) => address)
const refusalOf = ({ status, body }: { status: number; body: unknown }) => {
  const { code, field, owner } = Object(body)
  return [status, code, field, owner]
}

describe('PUT /v1/endpoints/{id}', () => {
  it('answers 201 with all that a container has to be given', async () => {
    const more = {
      container: { id: 'c1', interface: 'eth0', namespace: 'default', pod: 'web-0' },
      labels: { app: 'web' },
    }
    const path = '/v1/endpoints/e1?wait=2s'
    const { status, headers, body } = await rest.call('PUT', path, specOf('e1', more), {
      'x-request-id': 'req-1',
    })
    expect(status).toBe(201)
    expect(headers.location).toBe('/v1/endpoints/e1')
    expect(rest.overlay.switches.waited).toBe(2000)
    expect(asEndpoint(body)).toEqual({
      id: 'e1',
      network: 'red',
      vni: 100,
      node: 'n1',
      interface: 'v-e1',
      mac: '0a:58:0a:00:00:02',
      addresses: [
        { address: '10.0.0.2', prefixLength: 24, gateway: '10.0.0.1' },
        { address: '2001:db8::2', prefixLength: 64, gateway: '2001:db8::1' },
      ],
      routes: [{ destination: '0.0.0.0/0' }],
      mtu: 1450,
      datapathType: 'netdev',
      ...more,
      status: { state: 'up' },
      receipt: { storedMs: 0, flowsConfirmedMs: {}, totalMs: 0 },
      createdBy: 'anonymous',
      createdAt: '2023-11-14T22:13:20.000Z',
      requestId: 'req-1',
    })
  })

  it('answers the same when the same is asked again, and stores nothing', async () => {
    const first = asEndpoint((await put('e1')).body)
    const again = await put('e1')
    expect(again.status).toBe(200)
    expect(asEndpoint(again.body)).toEqual(first)
    expect(rest.overlay.events.map(({ type }) => type)).toEqual(['network-created', 'endpoint-created'])
  })

  it('answers 202 while its node is not there', async () => {
    const { status, body } = await put('e1', { node: 'n9' }, '?wait=0')
    expect(status).toBe(202)
    expect(asEndpoint(body).status).toMatchObject({
      state: 'pending',
      reasons: [{ code: 'node-unknown', node: 'n9' }],
    })
  })

  it('moves to another node with its addresses', async () => {
    const before = addressesOf((await put('e1')).body)
    const { status, body } = await put('e1', { node: 'n2', interface: 'other' })
    expect([status, addressesOf(body)]).toEqual([200, before])
    expect(rest.overlay.events.at(-1)).toMatchObject({
      type: 'endpoint-moved',
      message: 'e1 moved from n1 to n2',
    })
    expect((await put('e2', { interface: 'v-e1' })).status).toBe(201)
  })

  it('takes static addresses and MAC addresses, in every way of writing them', async () => {
    const more = { addresses: ['2001:DB8:0::0A', '10.0.0.99'], mac: '02:00:00:00:00:0A' }
    const { body } = await put('e1', more)
    expect(asEndpoint(body)).toMatchObject({ mac: '02:00:00:00:00:0a' })
    expect(addressesOf(body)).toEqual(['10.0.0.99', '2001:db8::a'])
    expect((await put('e1', more)).status).toBe(200)
    expect(addressesOf((await put('e1', { addresses: ['10.0.0.98'] })).body)).toEqual(['10.0.0.98'])
  })

  it('passes to another network', async () => {
    await rest.call('PUT', '/v1/networks/blue', { subnets: [{ cidr: '10.7.0.0/24' }] })
    await put('e1')
    const { status, body } = await put('e1', { network: 'blue' })
    expect([status, addressesOf(body)]).toEqual([200, ['10.7.0.2']])
    expect(await rest.call('GET', '/v1/fsck')).toMatchObject({ body: { ok: true, findings: [] } })
  })

  describe('refuses', () => {
    beforeEach(async () => {
      await put('owner', { addresses: ['10.0.0.20'], mac: '02:00:00:00:00:01' })
      await rest.overlay.store.commit({
        addWires: [
          {
            name: 'blue',
            vni: 150,
            a: { node: 'n1', interface: 'p0' },
            b: { node: 'n2', interface: 'p0' },
            provenance: { requestId: 'r', by: 'test', at: 0 },
          },
        ],
      })
    })

    it.each([
      ['an unknown network', { network: 'none' }, [422, 'network-unknown', 'network', undefined]],
      [
        'an address that is taken',
        { addresses: ['10.0.0.20'] },
        [409, 'address-taken', 'addresses[0]', 'endpoint owner'],
      ],
      [
        'an address elsewhere',
        { addresses: ['10.0.0.21', '10.9.0.1'] },
        [422, 'address-outside', 'addresses[1]', undefined],
      ],
      ['the gateway', { addresses: ['10.0.0.1'] }, [422, 'address-unusable', 'addresses[0]', undefined]],
      [
        'a MAC address that is taken',
        { mac: '02:00:00:00:00:01' },
        [409, 'mac-taken', 'mac', 'endpoint owner'],
      ],
      ['a MAC address of a group', { mac: '03:00:00:00:00:01' }, [400, 'invalid-request', 'mac', undefined]],
      [
        'an interface of another endpoint',
        { interface: 'v-owner' },
        [409, 'interface-taken', 'interface', 'endpoint owner'],
      ],
      ['an interface of a link', { interface: 'p0' }, [409, 'interface-taken', 'interface', 'link blue']],
      [
        'an interface name that is too long',
        { interface: 'a-name-of-16-let' },
        [400, 'invalid-request', 'interface', undefined],
      ],
      [
        'what is no address',
        { addresses: ['10.0.0.300'] },
        [400, 'invalid-request', 'addresses[0]', undefined],
      ],
    ])('%s', async (_, more, expected) => {
      expect(refusalOf(await put('new', more))).toEqual(expected)
      expect((await rest.call('GET', '/v1/endpoints/new')).status).toBe(404)
      expect(await rest.call('GET', '/v1/fsck')).toMatchObject({ body: { ok: true } })
    })

    it.each(['a%2Fb', 'x'.repeat(65), '..'])('the id %s', async (id) => {
      const { status } = await rest.call('PUT', `/v1/endpoints/${id}`, specOf('x'))
      expect([400, 404]).toContain(status)
    })

    it('one more when the subnet is exhausted, and says when it is not any more', async () => {
      await rest.call('PUT', '/v1/networks/small', { subnets: [{ cidr: '10.8.0.0/29' }] })
      const ids = ['a', 'b', 'c', 'd', 'e']
      for (const id of ids) expect((await put(id, { network: 'small' })).status).toBe(201)
      expect(refusalOf(await put('f', { network: 'small' }))).toEqual([
        503,
        'subnet-exhausted',
        undefined,
        'network small',
      ])
      await rest.call('DELETE', '/v1/endpoints/c')
      expect((await put('f', { network: 'small' })).status).toBe(503)
      await clock.run(60_000)
      expect(addressesOf((await put('f', { network: 'small' })).body)).toEqual(['10.8.0.4'])
    })
  })

  it('leaves nothing behind when the database does not take it', async () => {
    rest.overlay.store.failure = new FabricError('store-unavailable', 'the disk is full')
    expect((await put('e1')).status).toBe(503)
    expect(addressesOf((await put('e2')).body)[0]).toBe('10.0.0.2')
    expect(await rest.call('GET', '/v1/fsck')).toMatchObject({ body: { ok: true } })
  })

  it('takes 50 at once: no address twice, none lost', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `e${index}`)
    const answers = await Promise.all(ids.map((id) => put(id)))
    const given = answers.flatMap(({ body }) => addressesOf(body))
    expect(new Set(given).size).toBe(100)
    expect(answers.every(({ status }) => status === 201)).toBe(true)
    expect(await rest.call('GET', '/v1/fsck')).toMatchObject({ body: { ok: true, findings: [] } })
    expect([...rest.overlay.store.blocks()].every(({ node }) => node === 'n1')).toBe(true)
  })

  it('asked for the same at once: one is made, all are answered with it', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => put('e1')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201])
    expect(new Set(answers.map(({ body }) => addressesOf(body).join())).size).toBe(1)
    expect([...rest.overlay.store.leases()]).toHaveLength(2)
  })
})

describe('DELETE /v1/endpoints/{id}', () => {
  it('succeeds any number of times, and says whether there was one', async () => {
    await put('e1')
    const gone = async () => (await rest.call('DELETE', '/v1/endpoints/e1?wait=1s')).body
    expect(await Promise.all([gone(), gone()])).toEqual([{ deleted: true }, { deleted: false }])
    expect(await gone()).toEqual({ deleted: false })
    expect(rest.overlay.switches.waited).toBe(1000)
    expect([...rest.overlay.store.blocks()]).toEqual([])
    expect(rest.overlay.events.at(-1)).toMatchObject({ type: 'endpoint-deleted', object: 'endpoint e1' })
  })

  it('tells of the request that deleted, not of the one that made', async () => {
    await put('e1')
    await rest.call('DELETE', '/v1/endpoints/e1', undefined, { 'x-request-id': 'the-end' })
    expect(rest.overlay.events.at(-1)?.data).toMatchObject({ requestId: 'the-end' })
  })

  it('is 503 where another controller leads', async () => {
    rest.overlay.store.setState({ state: 'standby', reason: 'another controller leads' })
    expect((await rest.call('DELETE', '/v1/endpoints/e1')).status).toBe(503)
    expect((await put('e1')).status).toBe(503)
  })
})

describe('GET /v1/endpoints', () => {
  beforeEach(async () => {
    await put('b')
    await put('a', { container: { id: 'c1', interface: 'eth0' } })
    await put('c', { node: 'n2' })
    await put('d', { node: 'n9' }, '?wait=0')
  })

  it.each([
    ['', ['a', 'b', 'c', 'd'], undefined],
    ['?limit=2', ['a', 'b'], 'b'],
    ['?limit=2&after=b', ['c', 'd'], undefined],
    ['?node=n1', ['a', 'b'], undefined],
    ['?node=n1&network=none', [], undefined],
    ['?network=red&state=pending', ['d'], undefined],
    ['?state=up&container=c1', ['a'], undefined],
  ])('%s lists %j', async (query, ids, next) => {
    const { status, body } = await rest.call('GET', `/v1/endpoints${query}`)
    expect(status).toBe(200)
    expect(Object(body).endpoints.map((one: unknown) => asEndpoint(one).id)).toEqual(ids)
    expect(Object(body).next).toBe(next)
  })

  it('answers for one at once, or waits until it is up', async () => {
    await rest.call('GET', '/v1/endpoints/a')
    expect(rest.overlay.switches.waited).toBe(0)
    await rest.call('GET', '/v1/endpoints/a?wait=3s')
    expect(rest.overlay.switches.waited).toBe(3000)
    expect((await rest.call('GET', '/v1/endpoints/none?wait=3s')).status).toBe(404)
  })
})
