/** `/v1/nodes`: nodes, their ports, their flows as JSON and as text. */
import { beforeEach, describe, expect, it } from 'vitest'
import { prefersText } from '#api/accept.js'
import { linkSpec, type Rest, startRest } from '../fake/rest.js'

let rest: Rest
beforeEach(() => {
  rest = startRest()
})

describe('nodes', () => {
  it('are created with 201 and changed with 200', async () => {
    const spec = { target: 'tcp:192.0.2.1:6640', rloc: '2001:db8::1', underlayMtu: 9000 }
    const created = await rest.call('PUT', '/v1/nodes/n3', spec)
    expect(created.status).toBe(201)
    expect(created.headers.location).toBe('/v1/nodes/n3')
    expect(created.body).toEqual({
      name: 'n3',
      state: 'offline',
      reason: 'not connected',
      spec,
      underlayMtu: 9000,
      ports: 1,
      flows: 0,
      links: 0,
    })
    const changed = await rest.call('PUT', '/v1/nodes/n3', {})
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({ spec: {}, underlayMtu: 1500 })
  })

  it('are listed by name, by state and in pages', async () => {
    rest.fabric.setNode('n0', 'offline')
    const names = async (query: string): Promise<unknown> => {
      const { status, body } = await rest.call('GET', `/v1/nodes${query}`)
      expect(status).toBe(200)
      return [Object(body).nodes.map(({ name }: { name: string }) => name), Object(body).next]
    }
    expect(await names('')).toEqual([['n0', 'n1', 'n2'], undefined])
    expect(await names('?state=ready')).toEqual([['n1', 'n2'], undefined])
    expect(await names('?limit=1')).toEqual([['n0'], 'n0'])
    expect(await names('?limit=5&after=n0')).toEqual([['n1', 'n2'], undefined])
  })

  it('say since when they are connected', async () => {
    const { status, body } = await rest.call('GET', '/v1/nodes/n1')
    expect(status).toBe(200)
    expect(body).toMatchObject({ name: 'n1', state: 'ready', connectedAt: '2023-11-14T22:13:20.000Z' })
    expect((await rest.call('GET', '/v1/nodes/none')).status).toBe(404)
  })

  it('are deleted unless links end there', async () => {
    await rest.call('POST', '/v1/links', linkSpec('blue'))
    const refused = await rest.call('DELETE', '/v1/nodes/n1')
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ code: 'node-in-use', owner: 'link blue' })
    await rest.call('DELETE', '/v1/links/blue')
    expect(await rest.call('DELETE', '/v1/nodes/n1')).toMatchObject({ status: 204, text: '' })
    expect((await rest.call('DELETE', '/v1/nodes/n1')).status).toBe(404)
  })

  it.each([
    [{ target: 'telnet:x' }, 'target', 'tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH'],
    [{ rloc: '1.2.3' }, 'rloc', 'Invalid IPv4 address; Invalid IPv6 address'],
    [{ underlayMtu: 100 }, 'underlayMtu', '576'],
    [{ colour: 'red' }, 'colour', 'is not known here'],
  ])('refuse %j', async (spec, field, words) => {
    const { status, body } = await rest.call('PUT', '/v1/nodes/n3', spec)
    expect(status).toBe(400)
    expect(body).toMatchObject({ code: 'invalid-request', field, detail: expect.stringContaining(words) })
  })
})

it('ports are those of the bridge', async () => {
  await rest.call('POST', '/v1/links', linkSpec('blue'))
  const { status, body } = await rest.call('GET', '/v1/nodes/n2/ports')
  expect(status).toBe(200)
  expect(body).toEqual({ ports: [{ name: 'blue-b', ofport: 2, ours: true, linkDown: false }] })
  expect((await rest.call('GET', '/v1/nodes/none/ports')).status).toBe(404)
})

describe('flows', () => {
  beforeEach(() => rest.call('POST', '/v1/links', linkSpec('blue'), { 'x-request-id': 'req-1' }))

  it('are JSON unless text is asked for', async () => {
    const { status, headers, body } = await rest.call('GET', '/v1/nodes/n1/flows')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(Object(body).flows).toHaveLength(2)
    expect(Object(body).flows[0]).toMatchObject({
      priority: 200,
      packets: '7',
      origin: { kind: 'link', name: 'blue', requestId: 'req-1', by: 'anonymous' },
    })
    expect(Object(body).flows[1]).not.toHaveProperty('origin')
  })

  it.each([
    ['?format=text', '*/*'],
    ['?format=text', 'application/json'],
    ['', 'text/plain'],
  ])('are text with %j and Accept %j', async (query, accept) => {
    const { status, headers, text } = await rest.call('GET', `/v1/nodes/n1/flows${query}`, undefined, {
      accept,
    })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(text.split('\n')).toEqual([
      ' cookie=0x0000000000000001, duration=1.5s, table=0, n_packets=7, n_bytes=686, priority=200,in_port=1 actions=output:1 # link blue, request req-1 by anonymous at 2023-11-14T22:13:20.000Z',
      ' cookie=0x0, duration=9s, table=0, n_packets=0, n_bytes=0, priority=0 actions=drop',
      '',
    ])
  })

  it('are JSON with ?format=json whatever Accept says', async () => {
    const { body } = await rest.call('GET', '/v1/nodes/n1/flows?format=json', undefined, {
      accept: 'text/plain',
    })
    expect(Object(body).flows).toHaveLength(2)
  })

  it('of a node that is away are 503', async () => {
    rest.fabric.setNode('n1', 'offline')
    const { status, body } = await rest.call('GET', '/v1/nodes/n1/flows')
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'node-offline', owner: 'node n1' })
  })
})

it.each([
  [undefined, false],
  ['*/*', false],
  ['text/plain', true],
  ['text/*', true],
  ['application/json, text/plain;q=0.5', false],
  ['application/json;q=0.5, text/plain', true],
  ['text/plain;q=0', false],
  ['nonsense', false],
])('Accept: %s prefers text: %s', (accept, expected) => {
  expect(prefersText(accept)).toBe(expected)
})
