/** `/v1/networks` and `/v1/leases`: every status, what a network looks like, what is refused and in whose name. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Network, network as networkSchema } from '#api/routes/networks.js'
import { type Rest, startRest } from '../fake/rest.js'
import { VirtualClock } from '../fake/virtual-clock.js'

let rest: Rest
let clock: VirtualClock
beforeEach(async () => {
  clock = new VirtualClock()
  rest = startRest({ clock })
  await rest.app.ready()
})

/** The body as a network that is exactly what the schema says. */
const asNetwork = (body: unknown): Network => {
  const network = networkSchema.parse(body)
  expect(network).toEqual(body)
  return network
}

const plain = { subnets: [{ cidr: '10.0.0.0/24' }] }
const put = (name: string, body: unknown, query = '') =>
  rest.call('PUT', `/v1/networks/${name}${query}`, body)
const attach = (id: string, more: object = {}) =>
  rest.call('PUT', `/v1/endpoints/${id}`, { network: 'red', node: 'n1', interface: `v-${id}`, ...more })
const refusalOf = ({ status, body }: { status: number; body: unknown }) => {
  const { code, field, owner } = Object(body)
  return [status, code, field, owner]
}

describe('PUT /v1/networks/{name}', () => {
  it('answers 201 with the network: what was left out has its default', async () => {
    const { status, headers, body } = await rest.call('PUT', '/v1/networks/red', plain, {
      'x-request-id': 'req-1',
    })
    expect(status).toBe(201)
    expect(headers.location).toBe('/v1/networks/red')
    expect(asNetwork(body)).toEqual({
      name: 'red',
      vni: 100,
      subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1', exclude: [] }],
      resolution: 'on-demand',
      idleTimeoutSeconds: 300,
      routes: [],
      reservations: [],
      isolation: false,
      broadcast: false,
      endpoints: 0,
      nodes: 0,
      createdBy: 'anonymous',
      createdAt: '2023-11-14T22:13:20.000Z',
      requestId: 'req-1',
    })
  })

  it('answers 200 for a known one: VNI and gateways stay, what is the same is not stored again', async () => {
    await put('red', { ...plain, vni: 150, subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.254' }] })
    const whole = {
      subnets: [{ cidr: '10.0.0.0/24', exclude: ['10.0.0.64/28', '10.0.0.9'] }, { cidr: '2001:db8::/64' }],
      mtu: 1400,
      resolution: 'proactive',
      idleTimeoutSeconds: 60,
      routes: [{ destination: '0.0.0.0/0' }, { destination: '192.0.2.0/24', gateway: '10.0.0.7' }],
      reservations: [{ address: '10.0.0.10', endpoint: 'db' }],
      isolation: true,
      broadcast: true,
    }
    const { status, body } = await put('red', whole)
    expect(status).toBe(200)
    expect(asNetwork(body)).toMatchObject({
      ...whole,
      vni: 150,
      subnets: [
        { cidr: '10.0.0.0/24', gateway: '10.0.0.254', exclude: ['10.0.0.64/28', '10.0.0.9/32'] },
        { cidr: '2001:db8::/64', gateway: '2001:db8::1', exclude: [] },
      ],
    })
    const { requestId } = asNetwork(body)
    expect(asNetwork((await put('red', whole)).body).requestId).toBe(requestId)
    expect(rest.overlay.events.map(({ type }) => type)).toEqual(['network-created', 'network-changed'])
  })

  it('with dryRun says what would be and stores nothing', async () => {
    const { status, body } = await put('red', plain, '?dryRun=true')
    expect(status).toBe(200)
    expect(asNetwork(body)).toMatchObject({ name: 'red', dryRun: true })
    expect((await rest.call('GET', '/v1/networks/red')).status).toBe(404)
  })

  it.each([
    ['no subnet', { subnets: [] }, [400, 'invalid-request', 'subnets']],
    [
      'a prefix that is none',
      { subnets: [{ cidr: '10.0.0.0' }] },
      [400, 'invalid-request', 'subnets[0].cidr'],
    ],
    ['an unknown field', { ...plain, gateway: '10.0.0.1' }, [400, 'invalid-request', 'gateway']],
    [
      'overlapping subnets',
      { subnets: [{ cidr: '10.0.0.0/16' }, { cidr: '10.0.3.0/24' }] },
      [422, 'subnets-overlap', 'subnets[1].cidr'],
    ],
    [
      'a gateway elsewhere',
      { subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.1.1' }] },
      [422, 'address-outside', 'subnets[0].gateway'],
    ],
    [
      'a gateway of the other family',
      { subnets: [{ cidr: '10.0.0.0/24', gateway: '2001:db8::1' }] },
      [422, 'address-outside', 'subnets[0].gateway'],
    ],
    [
      'the broadcast address as gateway',
      { subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.255' }] },
      [422, 'address-unusable', 'subnets[0].gateway'],
    ],
    [
      'an exclusion elsewhere',
      { subnets: [{ cidr: '10.0.0.0/24', exclude: ['10.0.0.1', '10.0.0.0/16'] }] },
      [422, 'address-outside', 'subnets[0].exclude[1]'],
    ],
    [
      'an MTU too small for IPv6',
      { subnets: [{ cidr: '2001:db8::/64' }], mtu: 1279 },
      [422, 'mtu-too-small', 'mtu'],
    ],
    ['an MTU above the underlay', { ...plain, mtu: 1451 }, [422, 'mtu-too-large', 'mtu']],
    ['a VNI out of range', { ...plain, vni: 99 }, [422, 'vni-out-of-range', 'vni']],
    [
      'a route that no subnet leads to',
      { ...plain, routes: [{ destination: '::/0' }] },
      [422, 'address-outside', 'routes[0].destination'],
    ],
    [
      'a route by a router elsewhere',
      { ...plain, routes: [{ destination: '0.0.0.0/0', gateway: '10.1.0.1' }] },
      [422, 'address-outside', 'routes[0].gateway'],
    ],
    [
      'two routes to one place',
      { ...plain, routes: [{ destination: '0.0.0.0/0' }, { destination: '0.0.0.0/0' }] },
      [400, 'invalid-request', 'routes[1].destination'],
    ],
    [
      'a reservation of the gateway',
      { ...plain, reservations: [{ address: '10.0.0.1', endpoint: 'x' }] },
      [422, 'address-unusable', 'reservations[0].address'],
    ],
    [
      'two reservations of one address',
      {
        ...plain,
        reservations: [
          { address: '10.0.0.5', endpoint: 'x' },
          { address: '10.0.0.5', endpoint: 'y' },
        ],
      },
      [409, 'address-taken', 'reservations[1].address'],
    ],
  ])('refuses %s', async (_, body, expected) => {
    expect(refusalOf(await put('red', body)).slice(0, 3)).toEqual(expected)
    expect((await rest.call('GET', '/v1/networks/red')).status).toBe(404)
  })

  it('refuses IPv6 where the underlay carries too little', async () => {
    rest.overlay.switches.mtu = 1200
    const { status, body } = await put('red', { subnets: [{ cidr: '2001:db8::/64' }] })
    expect([status, Object(body).code]).toEqual([422, 'mtu-too-small'])
  })

  it('names who has the VNI', async () => {
    await put('red', { ...plain, vni: 120 })
    const ends = { a: { node: 'n1', interface: 'x' }, b: { node: 'n2', interface: 'x' } }
    const provenance = { requestId: 'r', by: 'test', at: 0 }
    await rest.overlay.store.commit({ addWires: [{ name: 'blue', vni: 121, ...ends, provenance }] })
    expect(refusalOf(await put('green', { ...plain, vni: 120 }))).toEqual([
      409,
      'vni-taken',
      'vni',
      'network red',
    ])
    expect(refusalOf(await put('green', { ...plain, vni: 121 }))).toEqual([
      409,
      'vni-taken',
      'vni',
      'link blue',
    ])
  })

  it('keeps the addresses that endpoints have', async () => {
    await put('red', plain)
    await attach('a', { addresses: ['10.0.0.20'] })
    const owner = 'endpoint a'
    expect(refusalOf(await put('red', { subnets: [{ cidr: '10.0.1.0/24' }] }))).toEqual([
      409,
      'network-in-use',
      'subnets',
      owner,
    ])
    expect(refusalOf(await put('red', { subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.20' }] }))).toEqual(
      [409, 'address-taken', 'subnets', owner],
    )
    const reservations = [{ address: '10.0.0.20', endpoint: 'b' }]
    expect(refusalOf(await put('red', { ...plain, reservations }))).toEqual([
      409,
      'address-taken',
      'reservations',
      owner,
    ])
    expect((await put('red', { subnets: [{ cidr: '10.0.0.0/25' }, { cidr: '10.9.0.0/24' }] })).status).toBe(
      200,
    )
  })

  it('takes blocks anew where a subnet is cut otherwise', async () => {
    await put('red', plain)
    await attach('a')
    await put('red', { subnets: [{ cidr: '10.0.0.0/20' }] })
    expect([...rest.overlay.store.blocks()]).toEqual([])
    await attach('b')
    expect([...rest.overlay.store.blocks()]).toMatchObject([{ cidr: { length: 26 } }])
    expect(await rest.call('GET', '/v1/fsck')).toMatchObject({ body: { ok: true } })
  })

  it('a network that is the same as one that was deleted may not have its VNI at once', async () => {
    await put('red', { ...plain, vni: 130 })
    expect((await rest.call('DELETE', '/v1/networks/red')).status).toBe(204)
    expect(refusalOf(await put('red', { ...plain, vni: 130 })).slice(0, 3)).toEqual([
      409,
      'vni-quarantined',
      'vni',
    ])
    await clock.run(300_000)
    expect((await put('red', { ...plain, vni: 130 })).status).toBe(201)
  })
})

describe('DELETE /v1/networks/{name}', () => {
  it('answers 409 with an owner while endpoints are in it, then 204, then 404', async () => {
    await put('red', plain)
    await attach('a')
    const gone = () => rest.call('DELETE', '/v1/networks/red')
    expect(refusalOf(await gone())).toEqual([409, 'network-in-use', undefined, 'endpoint a'])
    await rest.call('DELETE', '/v1/endpoints/a')
    expect((await gone()).status).toBe(204)
    expect((await gone()).status).toBe(404)
    expect([...rest.overlay.store.leases(), ...rest.overlay.store.blocks()]).toEqual([])
    const last = rest.overlay.events.at(-1)
    expect(last).toMatchObject({ type: 'network-deleted', object: 'network red' })
  })
})

describe('GET /v1/networks', () => {
  it('lists by name, in pages, with how many endpoints and nodes each has', async () => {
    for (const name of ['red', 'blue', 'green']) await put(name, plain)
    await attach('a')
    await attach('b')
    await attach('c', { node: 'n2' })
    const { body } = await rest.call('GET', '/v1/networks?limit=2')
    const { networks, next } = Object(body)
    expect(networks.map(asNetwork).map(({ name }: Network) => name)).toEqual(['blue', 'green'])
    expect(next).toBe('green')
    const rest2 = await rest.call('GET', '/v1/networks?limit=2&after=green')
    expect(Object(rest2.body)).toMatchObject({ networks: [{ name: 'red', endpoints: 3, nodes: 2 }] })
    expect(rest2.body).not.toHaveProperty('next')
  })
})

describe('GET /v1/leases', () => {
  it('lists addresses in their order, with owners, and those that rest', async () => {
    await put('red', { subnets: [{ cidr: '10.0.0.0/24' }] })
    await put('blue', { subnets: [{ cidr: '10.0.0.0/24' }] })
    for (const address of ['10.0.0.10', '10.0.0.9', '10.0.0.100'])
      await attach(`e${address}`, { addresses: [address] })
    await attach('b', { network: 'blue' })
    await rest.call('DELETE', '/v1/endpoints/e10.0.0.9')
    const { body } = await rest.call('GET', '/v1/leases')
    expect(Object(body).leases).toEqual([
      { network: 'blue', address: '10.0.0.2', owner: 'b', node: 'n1' },
      { network: 'red', address: '10.0.0.9', restsUntil: '2023-11-14T22:14:20.000Z' },
      { network: 'red', address: '10.0.0.10', owner: 'e10.0.0.10', node: 'n1' },
      { network: 'red', address: '10.0.0.100', owner: 'e10.0.0.100', node: 'n1' },
    ])
    const page = Object((await rest.call('GET', '/v1/leases?limit=2')).body)
    expect(page).toMatchObject({
      leases: [{ network: 'blue' }, { address: '10.0.0.9' }],
      next: 'red/10.0.0.9',
    })
    const next = Object((await rest.call('GET', `/v1/leases?limit=2&after=${page.next}`)).body)
    expect(next.leases.map(({ address }: { address: string }) => address)).toEqual([
      '10.0.0.10',
      '10.0.0.100',
    ])
    expect(Object((await rest.call('GET', '/v1/leases?network=blue')).body).leases).toHaveLength(1)
    expect((await rest.call('GET', '/v1/leases?after=x')).status).toBe(400)
  })
})
