/** `/v1/topologies`: plans, applying, counts. */
import { beforeEach, describe, expect, it } from 'vitest'
import { linkSpec, type Rest, startRest } from '../fake/rest.js'

let rest: Rest
beforeEach(() => {
  rest = startRest()
})

const links = [linkSpec('a'), linkSpec('b', { vni: 77 }), linkSpec('c')]
const plan = { add: ['a', 'b', 'c'], change: [], remove: [], keep: 0 }
const counts = { links: 3, up: 3, down: 0, pending: 0 }

it('a dry run answers with the plan and does nothing', async () => {
  const { status, body } = await rest.call('PUT', '/v1/topologies/t?dryRun=true', { links })
  expect(status).toBe(200)
  expect(body).toEqual({ name: 't', dryRun: true, plan })
  expect((await rest.call('GET', '/v1/topologies/t')).status).toBe(404)
})

describe('applying', () => {
  beforeEach(async () => {
    const { status, headers, body } = await rest.call('PUT', '/v1/topologies/t?wait=3s', { links })
    expect(status).toBe(201)
    expect(headers.location).toBe('/v1/topologies/t')
    expect(body).toEqual({ name: 't', dryRun: false, plan, counts })
    expect(rest.fabric.request?.waitMs).toBe(3000)
  })

  it('the same again keeps everything', async () => {
    const { status, body } = await rest.call('PUT', '/v1/topologies/t', { links })
    expect(status).toBe(200)
    expect(body).toMatchObject({ plan: { add: [], change: [], remove: [], keep: 3 } })
  })

  it('adds, changes and removes', async () => {
    const now = [linkSpec('a', { rateMbps: 5 }), linkSpec('b'), linkSpec('d')]
    const { body } = await rest.call('PUT', '/v1/topologies/t?dryRun=false', { links: now })
    expect(body).toMatchObject({
      plan: { add: ['d'], change: [{ name: 'a', fields: ['rateMbps'] }], remove: ['c'], keep: 1 },
      counts,
    })
  })

  it('answers 202 while links are pending', async () => {
    const far = { ...linkSpec('far'), b: { node: 'n9', interface: 'x' } }
    const { status, body } = await rest.call('PUT', '/v1/topologies/t?wait=0', { links: [...links, far] })
    expect(status).toBe(202)
    expect(Object(body).counts).toEqual({ links: 4, up: 3, down: 0, pending: 1 })
  })

  it('is read back with its links', async () => {
    const { status, body } = await rest.call('GET', '/v1/topologies/t')
    expect(status).toBe(200)
    expect(body).toEqual({
      name: 't',
      up: 3,
      down: 0,
      pending: 0,
      links: [linkSpec('a', { vni: 4096 }), linkSpec('b', { vni: 77 }), linkSpec('c', { vni: 4097 })],
    })
    expect((await rest.call('GET', '/v1/links/a')).body).toMatchObject({ topology: 't' })
  })

  it('is listed', async () => {
    await rest.call('PUT', '/v1/topologies/s', { links: [] })
    const { body } = await rest.call('GET', '/v1/topologies')
    expect(body).toEqual({
      topologies: [
        { name: 's', links: 0, up: 0, down: 0, pending: 0 },
        { name: 't', ...counts },
      ],
    })
    expect((await rest.call('GET', '/v1/topologies?limit=1')).body).toMatchObject({ next: 's' })
  })

  it('owns its links', async () => {
    const { status, body } = await rest.call('DELETE', '/v1/links/a')
    expect(status).toBe(409)
    expect(body).toMatchObject({ code: 'topology-owns-link', owner: 'topology t' })
  })

  it('is deleted with its links, once', async () => {
    const { status, body } = await rest.call('DELETE', '/v1/topologies/t')
    expect(status).toBe(200)
    expect(body).toEqual({
      name: 't',
      dryRun: false,
      plan: { add: [], change: [], remove: ['a', 'b', 'c'], keep: 0 },
    })
    expect((await rest.call('GET', '/v1/links')).body).toEqual({ links: [] })
    expect((await rest.call('DELETE', '/v1/topologies/t')).status).toBe(404)
  })
})

it.each([
  [{ links: [linkSpec('a'), { ...linkSpec('b'), vni: 0 }] }, 'links[1].vni'],
  [{ links: [linkSpec('a'), { ...linkSpec('b'), a: { node: 'n1' } }] }, 'links[1].a.interface'],
  [{ links: [{ ...linkSpec('a'), speed: 1 }] }, 'links[0].speed'],
  [{ links: {} }, 'links'],
  [{}, 'links'],
])('%j is refused with the path', async (body, field) => {
  const answer = await rest.call('PUT', '/v1/topologies/t', body)
  expect(answer.status).toBe(400)
  expect(answer.body).toMatchObject({ code: 'invalid-request', field })
})

it('a body may be large, up to the limit', async () => {
  const many = Array.from({ length: 800 }, (_, index) => linkSpec(`l${index}`))
  const body = JSON.stringify({ links: many })
  expect(body.length).toBeGreaterThan(64 * 1024)
  expect((await rest.call('PUT', '/v1/topologies/t', body)).status).toBe(201)
  const small = startRest({ bodyLimit: body.length - 1 })
  const refused = await small.call('PUT', '/v1/topologies/t', body)
  expect(refused.status).toBe(413)
  expect(refused.body).toMatchObject({ code: 'body-too-large' })
})
