/** `/v1/mappings`: how EIDs stand in paths, what lists are asked for, and answers in words. */
import { beforeEach, describe, expect, it } from 'vitest'
import { Client } from '#api/client.js'
import { whyOf } from '#api/mapping-why.js'
import type { MappingExplanation, MappingView } from '#model/mapping.js'
import { FakeMappings } from '../fake/mappings.js'
import { type Rest, startRest } from '../fake/rest.js'

let rest: Rest
let mappings: FakeMappings
beforeEach(() => {
  mappings = new FakeMappings()
  rest = startRest({ mappings })
})

const spec = { locators: [{ rloc: '192.0.2.1' }, { rloc: '2001:db8::1', priority: 2, weight: 50 }] }

describe('a static mapping', () => {
  it('is created with 201, replaced with 200, and gone with 204', async () => {
    const created = await rest.call('PUT', '/v1/mappings/7/10.1.0.0%2F16', spec)
    expect(created.status).toBe(201)
    expect(created.headers.location).toBe('/v1/mappings/7/10.1.0.0%2F16')
    expect(created.body).toEqual({
      iid: 7,
      eid: '10.1.0.0/16',
      ttl: 1440,
      action: 'no-action',
      locators: [
        {
          rloc: '192.0.2.1',
          priority: 1,
          weight: 100,
          multicastPriority: 255,
          multicastWeight: 0,
          reachable: true,
        },
        {
          rloc: '2001:db8::1',
          priority: 2,
          weight: 50,
          multicastPriority: 255,
          multicastWeight: 0,
          reachable: true,
        },
      ],
      origin: 'static',
      owner: 'static',
      proxyReply: true,
      mapVersion: 0,
      since: '2023-11-14T22:13:20.000Z',
      refreshed: '2023-11-14T22:13:20.000Z',
      createdBy: 'anonymous',
      createdAt: '2023-11-14T22:13:20.000Z',
      requestId: created.headers['x-request-id'],
    })
    const nowhere = await rest.call('PUT', '/v1/mappings/7/10.1.0.0%2F16', {
      locators: [],
      action: 'drop',
      ttl: 5,
    })
    expect(nowhere.status).toBe(200)
    expect(nowhere.body).toMatchObject({ ttl: 5, action: 'drop', locators: [] })
    expect(await rest.call('DELETE', '/v1/mappings/7/10.1.0.0%2F16')).toMatchObject({ status: 204, text: '' })
    expect((await rest.call('DELETE', '/v1/mappings/7/10.1.0.0%2F16')).status).toBe(404)
  })

  it.each(['10.0.0.1', '10.0.0.0/8', '::/0', '2001:db8::/32', '02:00:00:00:00:01', '"a name/with %2F"'])(
    'of %s has its EID percent-encoded in the path',
    async (eid) => {
      const url = `/v1/mappings/0/${encodeURIComponent(eid)}`
      expect((await rest.call('PUT', url, spec)).body).toMatchObject({ eid })
      expect((await rest.call('GET', url)).body).toMatchObject({ eid, answer: { kind: 'reply' } })
      expect((await rest.call('GET', `${url}/history`)).body).toMatchObject({
        changes: [{ at: '2023-11-14T22:13:20.000Z', cause: 'configured', after: { owner: 'static' } }],
      })
    },
  )

  it.each([
    [{}, 'locators'],
    [{ locators: [{ rloc: '' }] }, 'locators[0].rloc'],
    [{ locators: [{ rloc: '192.0.2.1', priority: 256 }] }, 'locators[0].priority'],
    [{ ...spec, action: 'drop' }, 'action'],
    [{ locators: [], action: 'unassigned-6' }, 'action'],
    [{ ...spec, ttl: 0 }, 'ttl'],
    [{ ...spec, eid: '10.0.0.1' }, 'eid'],
  ])('is not %j', async (body, field) => {
    const answer = await rest.call('PUT', '/v1/mappings/0/10.0.0.1', body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'invalid-request', field })
  })

  it.each([
    ['/v1/mappings/16777216/10.0.0.1', 'path.iid'],
    ['/v1/mappings/-1/10.0.0.1', 'path.iid'],
    ['/v1/mappings/x/10.0.0.1', 'path.iid'],
    ['/v1/mappings/0/10.0.0.1%0A', 'path.eid'],
  ])('is not at %s', async (url, field) => {
    const answer = await rest.call('GET', url)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'invalid-request', field })
  })

  it('is not found where the slash of a prefix is bare', async () => {
    expect((await rest.call('GET', '/v1/mappings/0/10.0.0.0/24')).status).toBe(404)
  })
})

describe('the list', () => {
  it('passes filters and the place in the list on', async () => {
    await rest.call(
      'GET',
      '/v1/mappings?iid=7&within=10.0.0.0/8&origin=local&site=s&node=n1&after=x%20y&limit=5',
    )
    expect(mappings.asked).toEqual({
      filter: { iid: 7, within: '10.0.0.0/8', origin: 'local', site: 's', node: 'n1' },
      page: { limit: 5, after: 'x y' },
    })
    await rest.call('GET', '/v1/mappings')
    expect(mappings.asked).toEqual({ filter: {}, page: { limit: 1000 } })
  })

  it('comes in pages', async () => {
    for (const last of [1, 2, 3]) await rest.call('PUT', `/v1/mappings/0/10.0.0.${last}`, spec)
    const { body } = await rest.call('GET', '/v1/mappings?limit=2')
    expect(body).toMatchObject({ mappings: [{ eid: '10.0.0.1' }, { eid: '10.0.0.2' }], next: '2' })
    const rest2 = await rest.call('GET', '/v1/mappings?limit=2&after=2')
    expect(rest2.body).toMatchObject({ mappings: [{ eid: '10.0.0.3' }] })
    expect(rest2.body).not.toHaveProperty('next')
  })

  it.each([
    ['limit=0', 'query.limit'],
    ['limit=10001', 'query.limit'],
    ['iid=16777216', 'query.iid'],
    ['origin=somewhere', 'query.origin'],
    ['site=_', 'query.site'],
    ['colour=red', 'query.colour'],
  ])('refuses ?%s', async (query, field) => {
    expect((await rest.call('GET', `/v1/mappings?${query}`)).body).toMatchObject({ field })
  })
})

describe('an answer', () => {
  it('says until when nothing is said', async () => {
    mappings.answer = { kind: 'quiet', until: 1_700_000_060_000 }
    expect((await rest.call('GET', '/v1/mappings/0/10.0.0.1')).body).toMatchObject({
      answer: { kind: 'quiet', until: '2023-11-14T22:14:20.000Z' },
      why: 'nobody has registered it since the start, and it is too early to say that nobody will',
    })
  })

  const mapping: MappingView = {
    ...{ iid: 0, eid: '10.0.0.0/8', ttl: 1440, action: 'drop', locators: [] },
    ...{
      origin: 'registered',
      owner: 'branch/192.0.2.1',
      proxyReply: true,
      mapVersion: 0,
      since: 0,
      refreshed: 0,
    },
  }
  const located = {
    ...mapping,
    locators: [
      {
        rloc: '192.0.2.1',
        priority: 1,
        weight: 1,
        multicastPriority: 255,
        multicastWeight: 0,
        reachable: true,
      },
    ],
  }
  const asked = { iid: 0, eid: '10.1.2.3/32', covering: [mapping] }
  const record = { iid: 0, eid: '10.1.0.0/16', ttl: 15, action: 'natively-forward', locators: [] } as const
  const explanations: readonly MappingExplanation[] = [
    { ...asked, mapping, answer: { kind: 'reply', records: [mapping] } },
    { ...asked, mapping: located, answer: { kind: 'reply', records: [located] } },
    { ...asked, mapping: { ...located, origin: 'static' }, answer: { kind: 'reply', records: [] } },
    {
      ...asked,
      mapping: { ...located, origin: 'local', owner: 'n1' },
      answer: { kind: 'reply', records: [] },
    },
    { ...asked, mapping: located, answer: { kind: 'forward', to: '192.0.2.1' } },
    { ...asked, mapping: located, answer: { kind: 'no-etr' } },
    { ...asked, covering: [], answer: { kind: 'negative', record } },
    { ...asked, covering: [], site: { name: 's', eid: '10.1.0.0/16' }, answer: { kind: 'negative', record } },
    { ...asked, site: { name: 's', eid: '10.1.0.0/16' }, answer: { kind: 'negative', record } },
  ]

  it('has a reason', () => {
    expect(`${explanations.map(whyOf).join('\n')}\n`).toMatchInlineSnapshot(`
      "10.0.0.0/8 is the longest match, registered by branch/192.0.2.1, without locators: drop
      10.0.0.0/8 is the longest match, registered by branch/192.0.2.1
      10.0.0.0/8 is the longest match, put by an operator
      10.0.0.0/8 is the longest match, on node n1
      10.0.0.0/8 is the longest match, registered by branch/192.0.2.1; its site answers itself, at 192.0.2.1
      10.0.0.0/8 is the longest match, registered by branch/192.0.2.1; its site answers itself, and no locator of it can be asked
      it belongs to no site and nobody has registered it
      it belongs to site s by 10.1.0.0/16, which has not registered it
      it belongs to site s by 10.1.0.0/16, which has not registered it; what covers it is not of that site
      "
    `)
  })
})

it('the client asks for all of it', async () => {
  const url = await rest.app.listen({ port: 0, host: '127.0.0.1' })
  const { mappings: calls } = new Client({ baseUrl: url })
  expect(await calls.putSite('s', { prefixes: [{ eid: '10.0.0.0/8' }] })).toMatchObject({ name: 's' })
  expect((await calls.sites()).sites).toEqual([await calls.site('s')])
  expect(await calls.put(7, '10.0.0.0/8', spec)).toMatchObject({ iid: 7, eid: '10.0.0.0/8' })
  expect(await calls.list({ iid: 7, within: '10.0.0.0/8' })).toMatchObject({
    mappings: [{ eid: '10.0.0.0/8' }],
  })
  expect(await calls.explain(7, '10.0.0.0/8')).toMatchObject({ answer: { kind: 'reply' } })
  expect((await calls.history(7, '10.0.0.0/8')).changes).toHaveLength(1)
  await calls.delete(7, '10.0.0.0/8')
  await calls.deleteSite('s')
  await expect(calls.site('s')).rejects.toMatchObject({ code: 'not-found' })
  await rest.app.close()
})
