/** `/v1/sites`: what goes in, what comes out, and what never does. */
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeMappings } from '../fake/mappings.js'
import { type Rest, startRest } from '../fake/rest.js'

let rest: Rest
beforeEach(() => {
  rest = startRest({ mappings: new FakeMappings() })
})

const spec = {
  prefixes: [{ iid: 7, eid: '10.1.0.0/16', acceptMoreSpecifics: true }, { eid: '2001:db8::/32' }],
  keys: [
    { keyId: 1, secret: 'hunter2' },
    { keyId: 2, secret: 'hunter3', algorithms: ['hmac-sha-1-96'] },
  ],
  allowedLocators: ['192.0.2.0/24'],
  siteIds: ['00000000000000ff'],
}

describe('sites', () => {
  it('are created with 201 and replaced with 200', async () => {
    const created = await rest.call('PUT', '/v1/sites/branch', spec)
    expect(created.status).toBe(201)
    expect(created.headers.location).toBe('/v1/sites/branch')
    expect(created.body).toEqual({
      name: 'branch',
      origin: 'stored',
      spec: {
        prefixes: [
          { iid: 7, eid: '10.1.0.0/16', acceptMoreSpecifics: true },
          { iid: 0, eid: '2001:db8::/32', acceptMoreSpecifics: false },
        ],
        keys: [
          { keyId: 1, algorithms: ['hmac-sha-1-96', 'hmac-sha-256-128', 'hmac-sha-256-128+hkdf-sha256'] },
          { keyId: 2, algorithms: ['hmac-sha-1-96'] },
        ],
        proxyReply: 'asked',
        allowedLocators: ['192.0.2.0/24'],
        strictNonces: false,
        siteIds: ['00000000000000ff'],
        registrationsMax: 1_000_000,
        xtrsMax: 4096,
        unregistered: 'natively-forward',
      },
      registrations: 0,
      xtrs: 0,
      createdBy: 'anonymous',
      createdAt: '2023-11-14T22:13:20.000Z',
      requestId: created.headers['x-request-id'],
    })
    const replaced = await rest.call('PUT', '/v1/sites/branch', { prefixes: [{ eid: '10.1.0.0/16' }] })
    expect(replaced.status).toBe(200)
    expect(replaced.body).toMatchObject({ spec: { keys: [] } })
  })

  it('can be put again as they were read', async () => {
    const { body } = await rest.call('PUT', '/v1/sites/branch', spec)
    const again = await rest.call('PUT', '/v1/sites/branch', Object(body).spec)
    expect(again.status).toBe(200)
    expect(Object(again.body).spec).toEqual(Object(body).spec)
  })

  it('keep their secrets: no answer and no line of the log has one', async () => {
    const texts = [
      await rest.call('PUT', '/v1/sites/branch', spec),
      await rest.call('GET', '/v1/sites/branch'),
      await rest.call('GET', '/v1/sites'),
      await rest.call('PUT', '/v1/sites/branch', { ...spec, keys: [{ keyId: 'x', secret: 'hunter2' }] }),
      await rest.call('PUT', '/v1/sites/branch', { ...spec, colour: 'red' }),
      await rest.call('PUT', '/v1/sites/branch', '{"keys":[{"secret":"hunter2"'),
      await rest.call('PUT', '/v1/sites/branch', '{"secret":hunter2}'),
      await rest.call(
        'PUT',
        '/v1/sites/branch',
        `{"keys":[${' '.repeat(200)}{"secret":hunter2}]${' '.repeat(200)}`,
      ),
    ]
    for (const { text } of texts) expect(text).not.toMatch(/hunter|secret"/)
    expect(JSON.stringify(rest.log.lines)).not.toContain('hunter')
  })

  it('are listed by name and in pages', async () => {
    for (const name of ['b', 'a', 'c']) await rest.call('PUT', `/v1/sites/${name}`, spec)
    const names = async (query: string): Promise<unknown> => {
      const { body } = await rest.call('GET', `/v1/sites${query}`)
      return [Object(body).sites.map(({ name }: { name: string }) => name), Object(body).next]
    }
    expect(await names('')).toEqual([['a', 'b', 'c'], undefined])
    expect(await names('?limit=2')).toEqual([['a', 'b'], 'b'])
    expect(await names('?limit=2&after=b')).toEqual([['c'], undefined])
  })

  it('are deleted once', async () => {
    await rest.call('PUT', '/v1/sites/branch', spec)
    expect(await rest.call('DELETE', '/v1/sites/branch')).toMatchObject({ status: 204, text: '' })
    expect((await rest.call('DELETE', '/v1/sites/branch')).status).toBe(404)
    expect((await rest.call('GET', '/v1/sites/branch')).body).toMatchObject({ code: 'not-found' })
  })

  it('may have thousands of prefixes', async () => {
    const prefixes = Array.from({ length: 4096 }, (_, n) => ({ eid: `10.${n >> 8}.${n & 255}.0/24`, iid: 7 }))
    expect((await rest.call('PUT', '/v1/sites/branch', { prefixes })).status).toBe(201)
    const more = [...prefixes, { eid: '11.0.0.0/24' }]
    expect((await rest.call('PUT', '/v1/sites/branch', { prefixes: more })).body).toMatchObject({
      field: 'prefixes',
    })
  })

  it.each([
    [{ prefixes: [] }, 'prefixes'],
    [{ prefixes: [{ eid: '' }] }, 'prefixes[0].eid'],
    [{ prefixes: [{ eid: 'x\n' }] }, 'prefixes[0].eid'],
    [{ prefixes: [{ eid: '10.0.0.0/8', iid: 16_777_216 }] }, 'prefixes[0].iid'],
    [{ ...spec, keys: [{ keyId: 256, secret: 'x' }] }, 'keys[0].keyId'],
    [{ ...spec, keys: [{ keyId: 0, secret: '' }] }, 'keys[0].secret'],
    [{ ...spec, keys: [{ keyId: 0, secret: 'x', algorithms: ['md5'] }] }, 'keys[0].algorithms[0]'],
    [{ ...spec, siteIds: ['1'] }, 'siteIds[0]'],
    [{ ...spec, name: 'branch' }, 'name'],
    [{ ...spec, unregistered: 'unassigned-6' }, 'unregistered'],
  ])('refuse %j', async (body, field) => {
    const answer = await rest.call('PUT', '/v1/sites/branch', body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'invalid-request', field })
  })

  it('have names as all objects have', async () => {
    expect((await rest.call('PUT', '/v1/sites/_', spec)).body).toMatchObject({ field: 'path.name' })
  })
})

describe('a controller without a mapping system', () => {
  it.each([
    ['GET', '/v1/sites', undefined],
    ['GET', '/v1/sites/branch', undefined],
    ['PUT', '/v1/sites/branch', spec],
    ['DELETE', '/v1/sites/branch', undefined],
    ['GET', '/v1/mappings', undefined],
    ['GET', '/v1/mappings/0/10.0.0.1', undefined],
    ['PUT', '/v1/mappings/0/10.0.0.1', { locators: [] }],
    ['DELETE', '/v1/mappings/0/10.0.0.1', undefined],
    ['GET', '/v1/mappings/0/10.0.0.1/history', undefined],
  ] as const)('says so: %s %s', async (method, url, body) => {
    const answer = await startRest().call(method, url, body)
    expect(answer.status).toBe(501)
    expect(answer.body).toMatchObject({ code: 'no-mapping-system' })
  })
})
