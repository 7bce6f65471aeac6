/** `/v1/links`: every status, what a link looks like, waiting, lists. */
import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { pageOf } from '#api/page.js'
import { type Link, link as linkSchema } from '#api/routes/links.js'
import { linkSpec, type Rest, startRest } from '../fake/rest.js'
import { VirtualClock } from '../fake/virtual-clock.js'

let rest: Rest
let clock: VirtualClock
beforeEach(async () => {
  clock = new VirtualClock()
  rest = startRest({ clock })
  await rest.app.ready()
})

/** The body as a link that is exactly what the schema says. */
const asLink = (body: unknown): Link => {
  const link = linkSchema.parse(body)
  expect(link).toEqual(body)
  return link
}

const names = (body: unknown): unknown => Object(body).links.map((link: Link) => link.name)

describe('POST /v1/links', () => {
  it('answers 201 with the link, its receipt and its place', async () => {
    const { status, headers, body } = await rest.call(
      'POST',
      '/v1/links',
      linkSpec('blue', { mtu: 1400, rateMbps: 10 }),
      { 'x-request-id': 'req-1' },
    )
    expect(status).toBe(201)
    expect(headers.location).toBe('/v1/links/blue')
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(asLink(body)).toEqual({
      name: 'blue',
      a: { node: 'n1', interface: 'blue-a' },
      b: { node: 'n2', interface: 'blue-b' },
      vni: 4096,
      mtu: 1400,
      rateMbps: 10,
      status: { state: 'up' },
      effectiveMtu: 1400,
      receipt: { storedMs: 0.5, portsReadyMs: 2, flowsConfirmedMs: { n1: 3.5, n2: 4 }, totalMs: 4 },
      createdBy: 'anonymous',
      createdAt: '2023-11-14T22:13:20.000Z',
      requestId: 'req-1',
    })
  })

  it('answers 202 with the reasons when the wait is over', async () => {
    const call = rest.call('POST', '/v1/links?wait=500ms', {
      ...linkSpec('far'),
      b: { node: 'n9', interface: 'x' },
    })
    await vi.waitFor(() => expect(rest.fabric.request).toBeDefined())
    await clock.run(499)
    expect(rest.fabric.request?.waitMs).toBe(500)
    await clock.run(1)
    const { status, headers, body } = await call
    expect(status).toBe(202)
    expect(headers.location).toBe('/v1/links/far')
    const link = asLink(body)
    expect(link.status).toEqual({
      state: 'pending',
      reasons: [{ code: 'node-unknown', end: 'b', node: 'n9', message: 'node n9 is not known' }],
    })
    expect(link.receipt).not.toHaveProperty('totalMs')
  })

  it('answers 201 when the node comes while it waits', async () => {
    const call = rest.call('POST', '/v1/links', { ...linkSpec('far'), b: { node: 'n9', interface: 'x' } })
    await vi.waitFor(() => expect(rest.fabric.request).toBeDefined())
    await clock.run(1000)
    rest.fabric.setNode('n9', 'ready')
    expect((await call).status).toBe(201)
  })

  it.each([
    ['', 5000],
    ['?wait=0', 0],
    ['?wait=2', 2000],
    ['?wait=1.5', 1500],
    ['?wait=250ms', 250],
    ['?wait=1m', 60_000],
  ])('reads %j as a wait of %i ms', async (query, waitMs) => {
    await rest.call('POST', `/v1/links${query}`, linkSpec('blue'))
    expect(rest.fabric.request?.waitMs).toBe(waitMs)
  })
})

describe('GET /v1/links/{name}', () => {
  it('tells which end lost its carrier', async () => {
    await rest.call('POST', '/v1/links', linkSpec('blue'))
    rest.fabric.setCarrier('blue', ['a'])
    const { status, body } = await rest.call('GET', '/v1/links/blue')
    expect(status).toBe(200)
    expect(asLink(body).status).toEqual({ state: 'down', lostCarrier: ['a'] })
  })

  it('is 404 for an unknown name', async () => {
    expect((await rest.call('GET', '/v1/links/none')).status).toBe(404)
  })
})

describe('PATCH /v1/links/{name}', () => {
  beforeEach(() => rest.call('POST', '/v1/links', linkSpec('blue', { mtu: 1400, rateMbps: 10 })))

  it.each(['application/json', 'application/merge-patch+json'])(
    'changes, and null takes away: %s',
    async (type) => {
      const patch = { rateMbps: 20, mtu: null, b: { node: 'n1', interface: 'other' } }
      const { status, body } = await rest.call('PATCH', '/v1/links/blue', patch, { 'content-type': type })
      expect(status).toBe(200)
      const link = asLink(body)
      expect(link).toMatchObject({ rateMbps: 20, b: patch.b, a: { interface: 'blue-a' }, vni: 4096 })
      expect(link).not.toHaveProperty('mtu')
    },
  )

  it('answers 202 while the new end is pending', async () => {
    const patch = { b: { node: 'n9', interface: 'x' } }
    expect((await rest.call('PATCH', '/v1/links/blue?wait=0', patch)).status).toBe(202)
  })

  it.each([
    [{}, undefined],
    [{ name: 'green' }, 'name'],
    [{ a: null }, 'a'],
    [{ vni: null }, 'vni'],
  ])('refuses %j', async (patch, field) => {
    const { status, body } = await rest.call('PATCH', '/v1/links/blue', patch)
    expect(status).toBe(400)
    expect(Object(body).field).toBe(field)
  })
})

it('DELETE answers 204 once and 404 from then on', async () => {
  await rest.call('POST', '/v1/links', linkSpec('blue'))
  const first = await rest.call('DELETE', '/v1/links/blue?wait=1s')
  expect([first.status, first.text]).toEqual([204, ''])
  expect(rest.fabric.request?.waitMs).toBe(1000)
  expect((await rest.call('DELETE', '/v1/links/blue')).status).toBe(404)
})

describe('GET /v1/links', () => {
  beforeEach(async () => {
    for (const name of ['d', 'b', 'a', 'c']) await rest.call('POST', '/v1/links', linkSpec(name))
    await rest.call('POST', '/v1/links?wait=0', { ...linkSpec('e'), a: { node: 'n9', interface: 'x' } })
    await rest.call('PUT', '/v1/topologies/t', { links: [linkSpec('f'), linkSpec('g')] })
    rest.fabric.setCarrier('c', ['b'])
  })

  it.each([
    ['', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], undefined],
    ['?limit=2', ['a', 'b'], 'b'],
    ['?limit=2&after=b', ['c', 'd'], 'd'],
    ['?limit=2&after=f', ['g'], undefined],
    ['?after=zz', [], undefined],
    ['?state=up', ['a', 'b', 'd', 'f', 'g'], undefined],
    ['?state=down', ['c'], undefined],
    ['?state=pending', ['e'], undefined],
    ['?node=n9', ['e'], undefined],
    ['?node=n2&state=up&limit=1&after=a', ['b'], 'b'],
    ['?topology=t', ['f', 'g'], undefined],
    ['?topology=none', [], undefined],
  ])('%s lists %j', async (query, expected, next) => {
    const { status, headers, body } = await rest.call('GET', `/v1/links${query}`)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(names(body)).toEqual(expected)
    expect(Object(body).next).toBe(next)
    for (const link of Object(body).links) asLink(link)
  })

  it('sends a long list in pieces that are one document', async () => {
    const links = Array.from({ length: 2000 }, (_, index) => linkSpec(`l${index}`))
    await rest.call('PUT', '/v1/topologies/long', { links }, {})
    const { headers, body } = await rest.call('GET', '/v1/links?topology=long')
    expect(headers).not.toHaveProperty('content-length')
    expect(names(body)).toEqual(links.map(({ name }) => name).sort())
  })

  it('answers HEAD', async () => {
    expect(await rest.call('HEAD', '/v1/links')).toMatchObject({ status: 200, text: '' })
  })
})

it('pages are what sorting and cutting would give', () => {
  const name = fc.string({ minLength: 1, maxLength: 3, unit: fc.constantFrom('a', 'b', 'c', '-') })
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 40 }),
      fc.integer({ min: 1, max: 12 }),
      fc.option(name, { nil: undefined }),
      (all, limit, after) => {
        const behind = all.filter((one) => one > (after ?? '')).sort()
        const page = pageOf(all, (one) => one, { limit, after })
        expect(page.items).toEqual(behind.slice(0, limit))
        expect(page.next).toBe(behind.length > limit ? behind[limit - 1] : undefined)
      },
    ),
  )
})
