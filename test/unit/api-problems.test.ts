/** Every failure is a problem document: malformed, unknown, too large, poisoned, refused by the fabric, a defect of ours. */
import { beforeEach, describe, expect, it } from 'vitest'
import { type Problem, problem as problemSchema } from '#api/problem.js'
import { errorCodes, FabricError } from '#model/error.js'
import { type Answer, linkSpec, type Rest, startRest } from '../fake/rest.js'

let rest: Rest
beforeEach(() => {
  rest = startRest()
})

/** The document, which is exactly what the schema says and agrees with the answer around it. */
const asProblem = ({ status, headers, body }: Answer): Problem => {
  const problem = problemSchema.parse(body)
  expect(problem).toEqual(body)
  expect(headers['content-type']).toBe('application/problem+json')
  expect(problem.status).toBe(status)
  expect(problem.type).toBe(`urn:heddle:problem:${problem.code}`)
  expect(problem.title).toBe(errorCodes[problem.code][1])
  expect(problem.requestId).toBe(headers['x-request-id'])
  return problem
}

const valid = linkSpec('blue')

describe('a body', () => {
  it.each([
    ['{"name": "blue",', undefined, 'the body is not JSON'],
    ['', undefined, 'the body: is missing'],
    ['null', undefined, 'the body: is missing'],
    ['[]', undefined, 'the body: expected object'],
    ['"blue"', undefined, 'the body: expected object'],
    [{ ...valid, colour: 'red' }, 'colour', 'colour: is not known here'],
    [{ ...valid, a: { ...valid.a, port: 1 } }, 'a.port', 'is not known here'],
    [{ name: 'blue', a: valid.a }, 'b', 'b: is missing'],
    [{ ...valid, name: 'two words' }, 'name', '1 to 64 letters'],
    [{ ...valid, name: 'constructor' }, 'name', 'reserved'],
    [{ ...valid, a: { node: 'n1', interface: 'sixteen-characte' } }, 'a.interface', '1 to 15 visible'],
    [{ ...valid, a: { node: 'n1', interface: '..' } }, 'a.interface', '1 to 15 visible'],
    [{ ...valid, vni: 0 }, 'vni', '>=1'],
    [{ ...valid, vni: 2 ** 24 }, 'vni', '<=16777215'],
    [{ ...valid, vni: '7' }, 'vni', 'expected number'],
    [{ ...valid, mtu: 1.5 }, 'mtu', 'expected int'],
    ['{"__proto__": {"admin": true}}', '__proto__', 'is not known here'],
    [JSON.stringify({ ...valid, a: 1 }).replace('1', '{"__proto__": 1}'), 'a.__proto__', 'is not known here'],
    ['{"\\u005f_proto__": 1}', '__proto__', 'is not known here'],
    [{ ...valid, constructor: { prototype: { admin: true } } }, 'constructor', 'is not known here'],
  ])('%j is refused naming %s', async (body, field, words) => {
    const problem = asProblem(await rest.call('POST', '/v1/links', body))
    expect(problem).toMatchObject({
      status: 400,
      code: 'invalid-request',
      detail: expect.stringContaining(words),
    })
    expect(problem.field).toBe(field)
    expect(Object.prototype).not.toHaveProperty('admin')
  })

  it('lists everything that is wrong, unknown names first', async () => {
    const body = { ...valid, colour: 1, vni: -1, a: { interface: 'x' } }
    const problem = asProblem(await rest.call('POST', '/v1/links', body))
    expect(problem.errors).toEqual([
      { field: 'colour', detail: 'is not known here' },
      { field: 'a.node', detail: 'is missing' },
      { field: 'vni', detail: 'Too small: expected number to be >=1' },
    ])
  })

  it('with a thousand faults gets twenty of them', async () => {
    const links = Array.from({ length: 1000 }, () => ({}))
    expect(asProblem(await rest.call('PUT', '/v1/topologies/t', { links })).errors).toHaveLength(20)
  })

  it('nested without end is refused', async () => {
    const body = `{"name":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    expect(asProblem(await rest.call('POST', '/v1/links', body)).status).toBe(400)
  })

  it('over the limit is 413', async () => {
    const problem = asProblem(await rest.call('POST', '/v1/links', { ...valid, note: 'x'.repeat(65_536) }))
    expect(problem).toMatchObject({ status: 413, code: 'body-too-large' })
  })

  it.each(['text/plain', 'application/xml', 'multipart/form-data', 'nonsense', ''])(
    'of type %j is 415',
    async (type) => {
      const problem = asProblem(await rest.call('POST', '/v1/links', valid, { 'content-type': type }))
      expect(problem).toMatchObject({ status: 415, code: 'unsupported-media-type' })
    },
  )
})

describe('a query or a path', () => {
  it.each([
    ['GET', '/v1/links?colour=red', 'query.colour'],
    ['GET', '/v1/links?limit=0', 'query.limit'],
    ['GET', '/v1/links?limit=many', 'query.limit'],
    ['GET', '/v1/links?limit=1&limit=2', 'query.limit'],
    ['GET', '/v1/links?state=sideways', 'query.state'],
    ['GET', '/v1/links?node=', 'query.node'],
    ['GET', '/v1/links?__proto__=1', 'query.__proto__'],
    ['GET', '/v1/links/two%20words', 'path.name'],
    ['GET', `/v1/links/${'x'.repeat(200)}`, 'path.name'],
    ['DELETE', '/v1/links/blue?wait=soon', 'query.wait'],
    ['DELETE', '/v1/links/blue?wait=61s', 'query.wait'],
    ['DELETE', '/v1/links/blue?wait=-1', 'query.wait'],
    ['DELETE', '/v1/topologies/t?dryRun=yes', 'query.dryRun'],
    ['GET', '/v1/nodes/n1/flows?format=xml', 'query.format'],
    ['GET', `/v1/events?lastEventId=${'9'.repeat(200)}`, 'query.lastEventId'],
  ] as const)('%s %s is refused naming %s', async (method, url, field) => {
    const problem = asProblem(await rest.call(method, url))
    expect(problem).toMatchObject({ status: 400, code: 'invalid-request', field })
  })

  it.each(['/v1/links/%zz', `/v1/links/${'x'.repeat(300)}`])('%s is refused', async (url) => {
    expect(asProblem(await rest.call('GET', url))).toMatchObject({ status: 400, code: 'invalid-request' })
  })

  it.each(['/', '/v1', '/v2/links', '/v1/links/blue/more', '/docs/nothing', '/docs/static/nothing'])(
    'GET %s is 404',
    async (url) => {
      expect(asProblem(await rest.call('GET', url))).toMatchObject({ status: 404, code: 'not-found' })
    },
  )

  it.each([
    ['PUT', '/v1/links', 'GET, HEAD, POST'],
    ['POST', '/v1/links/blue', 'DELETE, GET, HEAD, PATCH'],
    ['PATCH', '/v1/nodes/n1?x=1', 'DELETE, GET, HEAD, PUT'],
    ['OPTIONS', '/v1/topologies/t', 'DELETE, GET, HEAD, PUT'],
    ['DELETE', '/healthz', 'GET, HEAD'],
    ['HEAD', '/v1/events', 'GET'],
  ] as const)('%s %s is 405', async (method, url, allow) => {
    const answer = await rest.call(method, url)
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe(allow)
    if (method !== 'HEAD') expect(asProblem(answer).code).toBe('method-not-allowed')
  })
})

describe('a refusal of the fabric', () => {
  it.each(Object.entries(errorCodes))('%s has its status', async (code, [status]) => {
    const details = { field: 'a', owner: 'link red', peer: 'no', cause: new Error('secret') }
    rest.fabric.refuseNext = new FabricError(code as keyof typeof errorCodes, 'words', details)
    const answer = await rest.call('POST', '/v1/links', valid)
    const problem = asProblem(answer)
    expect(problem).toMatchObject({ status, code })
    expect(answer.text).not.toContain('secret')
    if (code === 'internal') expect(problem).not.toHaveProperty('owner')
    else expect(problem).toMatchObject({ detail: 'words', field: 'a', owner: 'link red', peer: 'no' })
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined)
    expect(answer.headers['www-authenticate'] !== undefined).toBe(status === 401)
  })

  it('names the owner of what is taken', async () => {
    await rest.call('POST', '/v1/links', linkSpec('blue', { vni: 7 }))
    const red = linkSpec('red')
    expect(asProblem(await rest.call('POST', '/v1/links', valid))).toMatchObject({
      status: 409,
      code: 'name-taken',
      owner: 'link blue',
    })
    expect(asProblem(await rest.call('POST', '/v1/links', { ...red, a: valid.a }))).toMatchObject({
      code: 'interface-taken',
      field: 'a.interface',
      owner: 'link blue',
    })
    expect(asProblem(await rest.call('POST', '/v1/links', { ...red, vni: 7 }))).toMatchObject({
      code: 'vni-taken',
    })
  })
})

it('a defect says nothing of itself, and the log says it all', async () => {
  rest.fabric.refuseNext = new TypeError('cannot read the password of undefined')
  const answer = await rest.call('POST', '/v1/links', valid, { 'x-request-id': 'req-9' })
  expect(asProblem(answer)).toMatchObject({
    status: 500,
    code: 'internal',
    detail: 'The log says more about request req-9.',
  })
  expect(answer.text).not.toContain('password')
  expect(rest.log.lines.filter(({ level }) => level === 'error')).toEqual([
    expect.objectContaining({ requestId: 'req-9', code: 'internal', err: expect.any(TypeError) }),
  ])
})
