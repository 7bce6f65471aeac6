/** REST before the real mapping system: what is put is in force, what routers register is seen, and each answer has its reason. */
import { beforeEach, describe, expect, it } from 'vitest'
import { parseEid } from '#lisp/address-text.js'
import { type MappingRest, startMappingRest } from '../fake/mapping-rest.js'

let rest: MappingRest
beforeEach(() => {
  rest = startMappingRest()
})

const branch = {
  prefixes: [{ eid: '10.1.0.0/16', acceptMoreSpecifics: true }],
  keys: [{ keyId: 1, secret: 'hunter2' }],
}
const router = { secret: 'hunter2', keyId: 1, eid: '10.1.2.0/24', rloc: '192.0.2.1' }
const url = (eid: string, iid = 0): string => `/v1/mappings/${iid}/${encodeURIComponent(eid)}`
const get = async (path: string): Promise<unknown> => (await rest.call('GET', path)).body
const put = async (path: string, body: unknown): Promise<unknown> => (await rest.call('PUT', path, body)).body

describe('a site', () => {
  it('lets its routers register, and counts them', async () => {
    await put('/v1/sites/branch', branch)
    rest.register(router)
    expect(await get('/v1/sites/branch')).toMatchObject({ registrations: 1, xtrs: 1 })
    expect(await get('/v1/mappings?site=branch')).toMatchObject({
      mappings: [
        {
          ...{ iid: 0, eid: '10.1.2.0/24', origin: 'registered', owner: 'branch/192.0.2.1', site: 'branch' },
          ...{ since: '2023-11-14T22:13:20.000Z', expires: '2023-11-14T22:16:20.000Z' },
          locators: [{ rloc: '192.0.2.1', priority: 1, weight: 100, reachable: true }],
        },
      ],
    })
    expect(await get('/v1/mappings?site=other')).toEqual({ mappings: [] })
  })

  it('keeps the secret of a key that is put again without one', async () => {
    const { body } = await rest.call('PUT', '/v1/sites/branch', branch)
    const again = await rest.call('PUT', '/v1/sites/branch', Object(body).spec)
    expect(again.status).toBe(200)
    rest.register(router)
    expect(await get('/v1/sites/branch')).toMatchObject({ registrations: 1 })
    const more = { ...branch, keys: [{ keyId: 1 }, { keyId: 2 }] }
    expect(await put('/v1/sites/branch', more)).toMatchObject({
      code: 'invalid-request',
      field: 'keys[1].secret',
    })
  })

  it('changes its secret while routers go on', async () => {
    await put('/v1/sites/branch', branch)
    await put('/v1/sites/branch', { ...branch, keys: [{ keyId: 1 }, { keyId: 2, secret: 'new' }] })
    rest.register(router)
    rest.register({ ...router, eid: '10.1.3.0/24', keyId: 2, secret: 'new' })
    expect(await get('/v1/sites/branch')).toMatchObject({ registrations: 2 })
    await put('/v1/sites/branch', { ...branch, keys: [{ keyId: 2 }] })
    rest.register({ ...router, eid: '10.1.4.0/24' })
    expect(await get(url('10.1.4.1'))).toMatchObject({ answer: { kind: 'negative' } })
  })

  it('tells its secrets to nobody', async () => {
    await put('/v1/sites/branch', branch)
    rest.register({ ...router, secret: 'wrong' })
    const texts = [
      await get('/v1/sites'),
      await get('/v1/sites/branch'),
      await put('/v1/sites/branch', branch),
    ]
    expect(JSON.stringify([texts, rest.log.lines])).not.toContain('hunter2')
    expect(rest.log.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining([expect.stringContaining('authentication data that is not right')]),
    )
  })

  it('takes what its routers have registered along', async () => {
    await put('/v1/sites/branch', branch)
    rest.register(router)
    await put('/v1/sites/branch', { ...branch, prefixes: [{ eid: '10.1.0.0/16' }] })
    expect(await get('/v1/mappings')).toEqual({ mappings: [] })
    expect((await rest.call('DELETE', '/v1/sites/branch')).status).toBe(204)
    expect(await get('/v1/sites')).toEqual({ sites: [] })
  })

  it.each([
    [{ prefixes: [{ eid: '10.0.0.0/33' }] }, 'prefixes[0].eid'],
    [{ prefixes: [{ eid: '10.0.0.0/8' }, { eid: 'somewhere' }] }, 'prefixes[1].eid'],
    [{ prefixes: [{ eid: '[7]10.0.0.0/8' }] }, 'prefixes[0].eid'],
    [{ prefixes: [{ eid: '10.0.0.0/8' }, { eid: '10.9.9.9/8' }] }, 'prefixes[1].eid'],
    [{ ...branch, allowedLocators: ['192.0.2.0/24', '02:00:00:00:00:01'] }, 'allowedLocators[1]'],
    [{ ...branch, keys: [branch.keys[0], branch.keys[0]] }, 'keys[1].keyId'],
  ])('is not %j', async (spec, field) => {
    expect(await put('/v1/sites/branch', spec)).toMatchObject({ code: 'invalid-request', field })
    expect(await get('/v1/sites')).toEqual({ sites: [] })
  })

  it('has its prefixes alone', async () => {
    await put('/v1/sites/branch', branch)
    expect(
      await put('/v1/sites/lab', { prefixes: [{ eid: '10.9.0.0/16' }, { eid: '10.1.0.0/16' }] }),
    ).toMatchObject({
      ...{ code: 'eid-taken', status: 409, field: 'prefixes[1].eid', owner: 'site branch' },
      detail: '10.1.0.0/16 of instance 0 belongs to site branch',
    })
    const elsewhere = { prefixes: [{ iid: 7, eid: '10.1.0.0/16' }] }
    expect((await rest.call('PUT', '/v1/sites/lab', elsewhere)).status).toBe(201)
  })

  it('of the configuration or of a network is changed there', async () => {
    rest = startMappingRest({ configured: { core: branch } })
    rest.state.putNetwork({ name: 'blue', vni: 7, subnets: [{ family: 4, value: 0x0a00_0000n, length: 24 }] })
    expect(await get('/v1/sites')).toMatchObject({
      sites: [
        { name: 'core', origin: 'configured' },
        { name: 'network.blue', origin: 'network', spec: { prefixes: [{ iid: 7, eid: '10.0.0.0/24' }] } },
      ],
    })
    const answers = [
      await rest.call('PUT', '/v1/sites/core', branch),
      await rest.call('DELETE', '/v1/sites/core'),
      await rest.call('DELETE', '/v1/sites/network.blue'),
    ]
    expect(answers.map(({ body }) => body)).toMatchObject([
      { code: 'managed-elsewhere', owner: 'configuration' },
      { code: 'managed-elsewhere', owner: 'configuration' },
      { code: 'managed-elsewhere', owner: 'network blue' },
    ])
  })
})

describe('what is answered for an EID', () => {
  beforeEach(async () => {
    await put('/v1/sites/branch', branch)
  })

  it('is the longest match, with all that covers it', async () => {
    await put(url('10.0.0.0/8'), { locators: [{ rloc: '198.51.100.1' }] })
    rest.register(router)
    expect(await get(url('10.1.2.3'))).toMatchObject({
      ...{ iid: 0, eid: '10.1.2.3/32' },
      answer: { kind: 'reply', records: [{ eid: '10.1.2.0/24', locators: [{ rloc: '192.0.2.1' }] }] },
      why: '10.1.2.0/24 is the longest match, registered by branch/192.0.2.1',
      mapping: { eid: '10.1.2.0/24' },
      covering: [
        { eid: '10.0.0.0/8', origin: 'static' },
        { eid: '10.1.2.0/24', origin: 'registered' },
      ],
      site: { name: 'branch', eid: '10.1.0.0/16' },
    })
  })

  it('comes from the router itself where it wants that', async () => {
    rest.register({ ...router, answersItself: true })
    expect(await get(url('10.1.2.3'))).toMatchObject({
      answer: { kind: 'forward', to: '192.0.2.1' },
      why: '10.1.2.0/24 is the longest match, registered by branch/192.0.2.1; its site answers itself, at 192.0.2.1',
    })
  })

  it('is no, for a minute, where it is a site’s and nobody has registered it', async () => {
    rest.register(router)
    expect(await get(url('10.1.3.3'))).toMatchObject({
      answer: { kind: 'negative', record: { eid: '10.1.3.0/24', ttl: 1, action: 'natively-forward' } },
      why: 'it belongs to site branch by 10.1.0.0/16, which has not registered it',
      covering: [],
    })
  })

  it('is no, for a quarter of an hour, where it is nobody’s', async () => {
    expect(await get(url('10.2.0.1'))).toMatchObject({
      answer: { kind: 'negative', record: { eid: '10.2.0.0/15', ttl: 15 } },
      why: 'it belongs to no site and nobody has registered it',
    })
  })

  it('is nothing so soon after a restart', async () => {
    rest = startMappingRest({ quiet: true })
    rest.clock.advance(1_000)
    expect(await get(url('10.2.0.1'))).toMatchObject({
      answer: { kind: 'quiet', until: '2023-11-14T22:14:20.000Z' },
    })
    rest.clock.advance(60_000)
    expect(await get(url('10.2.0.1'))).toMatchObject({ answer: { kind: 'negative' } })
  })

  it.each([
    ['10.0.0', 'path.eid'],
    ['10.0.0.0/40', 'path.eid'],
    ['[7]10.0.0.1', 'path.eid'],
    ['none', 'path.eid'],
    ['elp()', 'path.eid'],
    ['"unfinished', 'path.eid'],
  ])('is an error for %s', async (eid, field) => {
    expect(await get(url(eid))).toMatchObject({ status: 400, code: 'invalid-request', field })
    expect(await get(`${url(eid)}/history`)).toMatchObject({ code: 'invalid-request', field })
    expect(await put(url(eid), { locators: [] })).toMatchObject({ code: 'invalid-request', field })
  })
})

describe('a static mapping', () => {
  const nowhere = { locators: [], action: 'drop' }

  it.each([
    ['10.9.9.9/8', '10.0.0.0/8'],
    ['2001:DB8:0::1', '2001:db8::1/128'],
    ['::/0', '::/0'],
    ['02:00:00:00:00:0A', '02:00:00:00:00:0a/48'],
    ['"a name"', '"a name"'],
  ])('of %s is one of %s', async (text, eid) => {
    const created = await rest.call('PUT', url(text, 7), nowhere)
    expect(created.status).toBe(201)
    expect(created.headers.location).toBe(url(eid, 7))
    expect(created.body).toMatchObject({
      iid: 7,
      eid,
      origin: 'static',
      action: 'drop',
      createdBy: 'anonymous',
    })
    expect((await rest.call('PUT', url(eid, 7), nowhere)).status).toBe(200)
    expect(await get(url(text, 7))).toMatchObject({ answer: { kind: 'reply' }, mapping: { eid } })
    expect((await rest.call('DELETE', url(text, 7))).status).toBe(204)
    expect((await rest.call('DELETE', url(eid, 7))).status).toBe(404)
    expect(await get(`${url(eid, 7)}/history`)).toMatchObject({ changes: [{ cause: 'configured' }, {}] })
  })

  it('takes the place of what a router registers, which comes back', async () => {
    await put('/v1/sites/branch', branch)
    rest.register(router)
    rest.clock.advance(1_000)
    expect(await put(url('10.1.2.0/24'), nowhere)).toMatchObject({ origin: 'static' })
    rest.register(router)
    expect(await get(url('10.1.2.3'))).toMatchObject({ mapping: { origin: 'static' } })
    await rest.call('DELETE', url('10.1.2.0/24'))
    rest.register(router)
    expect(await get(url('10.1.2.3'))).toMatchObject({ mapping: { origin: 'registered' } })
    expect((await rest.call('DELETE', url('10.1.2.0/24'))).status).toBe(204)
    expect(await get(`${url('10.1.2.0/24')}/history`)).toMatchObject({
      changes: [
        { cause: 'configured', before: { owner: 'branch/192.0.2.1' } },
        { cause: 'registered', after: { owner: 'branch/192.0.2.1' } },
        { cause: 'configured', before: { owner: 'static' } },
        { at: '2023-11-14T22:13:21.000Z', cause: 'moved', after: { owner: 'static', locators: [] } },
        { at: '2023-11-14T22:13:20.000Z', cause: 'registered', after: { owner: 'branch/192.0.2.1' } },
      ],
    })
  })

  it('does not move what a node has', async () => {
    const node = { kind: 'local', name: 'n1' } as const
    rest.state.putLocal({ eid: parseEid('[7]10.0.0.1'), locators: [], node })
    expect(await get('/v1/mappings?node=n1')).toMatchObject({ mappings: [{ node: 'n1', origin: 'local' }] })
    const answers = [
      await rest.call('PUT', url('10.0.0.1', 7), nowhere),
      await rest.call('DELETE', url('10.0.0.1', 7)),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(409)
      expect(body).toMatchObject({ code: 'managed-elsewhere', owner: 'node n1' })
    }
  })

  it('has addresses for RLOCs', async () => {
    expect(await put(url('10.0.0.1'), { locators: [{ rloc: '192.0.2.1' }, { rloc: 'x' }] })).toMatchObject({
      ...{ code: 'invalid-request', field: 'locators[1].rloc' },
    })
  })

  it('is not stored by a controller that does not lead', async () => {
    rest.store.setState({ state: 'standby', reason: 'another controller leads' })
    expect(await put(url('10.0.0.1'), nowhere)).toMatchObject({ code: 'not-leader', status: 503 })
    expect(await put('/v1/sites/branch', branch)).toMatchObject({ code: 'not-leader' })
    expect(await get('/v1/mappings')).toMatchObject({ code: 'not-leader' })
  })
})
