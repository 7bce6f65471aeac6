/** Tokens, request ids, the log's lines, probes and metrics. */
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { bearerOf, parseTokens } from '#api/tokens.js'
import { linkSpec, type Rest, startRest } from '../fake/rest.js'

const file = `# operators
alice:wonder-land_42~x
  bob:builder/+==

plain.token
`
const tokens = parseTokens(file)
const alice = { authorization: 'Bearer wonder-land_42~x' }

describe('a token file', () => {
  it.each([
    ['Bearer wonder-land_42~x', 'alice'],
    ['bearer   builder/+==', 'bob'],
    ['Bearer plain.token', 'line-5'],
    ['Bearer plain.toke', undefined],
    ['Bearer plain.tokenn', undefined],
    ['Bearer alice:wonder-land_42~x', undefined],
    ['Bearer ', undefined],
    ['Bearer', undefined],
    ['Basic wonder-land_42~x', undefined],
    ['wonder-land_42~x', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('knows %j as %s', (header, name) => {
    expect(bearerOf(tokens, header)).toBe(name)
  })

  it.each([
    ['alice:one\nbob: two words', 'line 2: neither name:token nor token'],
    ['alice:a:b', 'line 1'],
    ['al ice:token', 'line 1'],
    ['alice:', 'line 1'],
    ['# nobody\n\n', 'has no token'],
    ['', 'has no token'],
  ])('%j is refused', (text, words) => {
    expect(() => parseTokens(text)).toThrow(words)
  })

  it('keeps no token', () => {
    expect(JSON.stringify(tokens)).not.toMatch(/wonder|builder|plain/)
    expect(() => parseTokens('bob: secret word')).toThrow(/^(?!.*secret)/)
  })
})

describe('with tokens', () => {
  let rest: Rest
  beforeEach(() => {
    rest = startRest({ tokens })
  })

  it.each([
    '/v1/links',
    '/v1/nodes/n1',
    '/v1/events',
    '/metrics',
    '/openapi.json',
    '/docs',
    '/docs/json',
    '/nothing',
  ])('%s is guarded', async (url) => {
    const { status, headers, body } = await rest.call('GET', url)
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer realm="heddle"')
    expect(body).toMatchObject({
      code: 'unauthorized',
      detail: 'send the header Authorization: Bearer TOKEN',
    })
    const wrong = await rest.call('GET', url, undefined, { authorization: 'Bearer nonsense' })
    expect(wrong.status).toBe(401)
  })

  it.each(['/healthz', '/readyz'])('%s is open', async (url) => {
    expect((await rest.call('GET', url)).status).toBe(200)
    expect((await rest.call('HEAD', url)).status).toBe(200)
  })

  it('a body is not even read without one', async () => {
    expect((await rest.call('POST', '/v1/links', '{')).status).toBe(401)
  })

  it('the bearer is who made it, and the token is in no log', async () => {
    const { status, body } = await rest.call('POST', '/v1/links', linkSpec('blue'), alice)
    expect(status).toBe(201)
    expect(body).toMatchObject({ createdBy: 'alice' })
    expect(rest.fabric.request?.provenance.by).toBe('alice')
    await rest.call('GET', '/v1/links', undefined, { authorization: 'Bearer nonsense' })
    expect(JSON.stringify(rest.log.lines)).not.toMatch(/wonder|nonsense/)
  })
})

describe('a request id', () => {
  const rest = startRest()
  const idFor = async (header?: string): Promise<unknown> =>
    (await rest.call('GET', '/v1/links', undefined, header === undefined ? {} : { 'x-request-id': header }))
      .headers['x-request-id']

  it.each(['req-1', '7f3c:a/b=c+d~e_f.g', 'x'.repeat(64)])('%j is kept', async (id) => {
    expect(await idFor(id)).toBe(id)
  })

  it.each([undefined, '', 'two words', '-dash', 'x'.repeat(65), '{"a":1}', 'é'])(
    '%j gets a new one',
    async (id) => {
      expect(await idFor(id)).toMatch(/^[0-9a-z]{12}$/)
    },
  )

  it('is new each time, and that of the seed', async () => {
    const ids = [await idFor(), await idFor(), await idFor()]
    expect(new Set(ids).size).toBe(3)
  })

  it('is in the provenance', async () => {
    await rest.call('PUT', '/v1/nodes/n1', {}, { 'x-request-id': 'req-2' })
    expect(rest.fabric.request?.provenance).toEqual({
      requestId: 'req-2',
      by: 'anonymous',
      at: 1_700_000_000_000,
    })
  })
})

it('a change is one line of the log, reading is for debugging', async () => {
  const rest = startRest()
  await rest.call('POST', '/v1/links', linkSpec('blue'), { 'x-request-id': 'req-1' })
  await rest.call('POST', '/v1/links', linkSpec('blue'), { 'x-request-id': 'req-2' })
  await rest.call('GET', '/v1/links')
  const line = { method: 'POST', url: '/v1/links', by: 'anonymous', ms: expect.any(Number) }
  expect(rest.log.lines).toEqual([
    expect.objectContaining({ level: 'info', requestId: 'req-1', status: 201, ...line }),
    expect.objectContaining({ level: 'info', requestId: 'req-2', status: 409, code: 'name-taken', ...line }),
    expect.objectContaining({ level: 'debug', method: 'GET', status: 200 }),
  ])
})

it('pino fits as it is', async () => {
  const lines: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) })
  const { app, call } = startRest({ logger })
  await app.listen({ port: 0, host: '127.0.0.1' })
  await call('POST', '/v1/links', linkSpec('blue'))
  await app.close()
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    expect.stringContaining('Server listening at http://127.0.0.1'),
    'request',
  ])
})

describe('operations', () => {
  const rest = startRest()

  it('healthz and readyz say why not', async () => {
    expect(await rest.call('GET', '/healthz')).toMatchObject({ status: 200, body: { ok: true } })
    expect(await rest.call('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true } })
    rest.fabric.healthState = { ok: false, reason: 'stuck' }
    rest.fabric.readyState = { ready: false, reason: 'another controller holds the lock' }
    expect(await rest.call('GET', '/healthz')).toMatchObject({
      status: 503,
      body: { ok: false, reason: 'stuck' },
    })
    expect(await rest.call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { ready: false, reason: 'another controller holds the lock' },
    })
  })

  it('metrics are in the Prometheus text format', async () => {
    const { status, headers, text } = await rest.call('GET', '/metrics')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toBe('heddle_links 0\n')
  })
})
