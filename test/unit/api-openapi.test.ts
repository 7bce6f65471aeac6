/** The OpenAPI document: it lists every route, every reference leads somewhere, real answers fit it, and its page needs no network. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { RouteOptions } from 'fastify'
import { beforeAll, describe, expect, it } from 'vitest'
import { FakeMappings } from '../fake/mappings.js'
import { linkSpec, startRest } from '../fake/rest.js'

type Tree = { [name: string]: Tree }

const rest = startRest({ mappings: new FakeMappings() })
const routes: RouteOptions[] = []
rest.app.addHook('onRoute', (route) => {
  routes.push(route)
})
let document: Tree

beforeAll(async () => {
  const { status, headers, body } = await rest.call('GET', '/openapi.json')
  expect(status).toBe(200)
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  document = Object(body)
})

const operations = (): readonly { path: string; method: string; operation: Tree }[] =>
  Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )

describe('the document', () => {
  it('is OpenAPI 3.1 with a title and a version', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Heddle', version: '1' } })
  })

  it('lists every route', () => {
    const listed = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`)
    const served = routes
      .filter(({ method, url }) => method !== 'HEAD' && !/^\/(docs|openapi)/.test(url))
      .map(({ method, url }) => `${String(method)} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(listed.sort()).toEqual(served.sort())
    expect(listed).toHaveLength(39)
  })

  it('gives every operation a name of its own, words, answers and the failure', () => {
    const names = operations().map(({ operation }) => operation.operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const { operation } of operations()) {
      expect(operation.summary).toEqual(expect.any(String))
      expect(operation.tags).toHaveLength(1)
      expect(operation.responses?.default).toMatchObject({
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      })
      for (const response of Object.values(operation.responses ?? {})) {
        expect(response.description).toEqual(expect.stringMatching(/^(?!Default)./))
      }
    }
  })

  it('declares every parameter of a path, once', () => {
    for (const { path, operation } of operations()) {
      const parameters = Object.values(operation.parameters ?? {}).map(Object)
      const inPath = parameters.filter((parameter) => parameter.in === 'path')
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
      expect(inPath.every(({ required }) => required)).toBe(true)
    }
  })

  it('has the schemas that it refers to, and no others', () => {
    const referred = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref)
    const schemas = Object.keys(document.components?.schemas ?? {})
    expect([...new Set(referred)].sort()).toEqual(
      schemas.map((name) => `#/components/schemas/${name}`).sort(),
    )
    expect(schemas).toContain('LinkSpec')
    expect(schemas.filter((name) => name.endsWith('Input'))).toEqual([])
  })
})

describe('real answers fit the document', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const siteKey = { keyId: 1, secret: 'x' }
  const far = { ...linkSpec('far'), b: { node: 'n9', interface: 'x' } }

  it.each([
    ['POST', '/v1/links', '/v1/links', linkSpec('blue', { mtu: 1400 }), 201],
    ['POST', '/v1/links?wait=0', '/v1/links', far, 202],
    ['POST', '/v1/links', '/v1/links', {}, 400],
    ['GET', '/v1/links', '/v1/links', undefined, 200],
    ['GET', '/v1/links/blue', '/v1/links/{name}', undefined, 200],
    ['GET', '/v1/links/none', '/v1/links/{name}', undefined, 404],
    ['PATCH', '/v1/links/blue', '/v1/links/{name}', { mtu: null }, 200],
    ['PUT', '/v1/topologies/t', '/v1/topologies/{name}', { links: [linkSpec('red')] }, 201],
    ['GET', '/v1/topologies', '/v1/topologies', undefined, 200],
    ['GET', '/v1/topologies/t', '/v1/topologies/{name}', undefined, 200],
    ['DELETE', '/v1/topologies/t', '/v1/topologies/{name}', undefined, 200],
    ['PUT', '/v1/nodes/n3', '/v1/nodes/{name}', { underlayMtu: 9000 }, 201],
    ['GET', '/v1/nodes', '/v1/nodes', undefined, 200],
    ['GET', '/v1/nodes/n1/ports', '/v1/nodes/{name}/ports', undefined, 200],
    ['GET', '/v1/nodes/n1/flows', '/v1/nodes/{name}/flows', undefined, 200],
    ['PUT', '/v1/sites/s', '/v1/sites/{name}', { prefixes: [{ eid: '10.0.0.0/8' }], keys: [siteKey] }, 201],
    ['GET', '/v1/sites', '/v1/sites', undefined, 200],
    [
      'PUT',
      '/v1/mappings/7/10.0.0.1',
      '/v1/mappings/{iid}/{eid}',
      { locators: [{ rloc: '192.0.2.1' }] },
      201,
    ],
    ['GET', '/v1/mappings', '/v1/mappings', undefined, 200],
    ['GET', '/v1/mappings/7/10.0.0.1', '/v1/mappings/{iid}/{eid}', undefined, 200],
    ['GET', '/v1/mappings/7/10.0.0.2', '/v1/mappings/{iid}/{eid}', undefined, 200],
    ['GET', '/v1/mappings/7/10.0.0.1/history', '/v1/mappings/{iid}/{eid}/history', undefined, 200],
    ['PUT', '/v1/networks/net', '/v1/networks/{name}', { subnets: [{ cidr: '10.0.0.0/24' }] }, 201],
    ['PUT', '/v1/networks/net?dryRun=true', '/v1/networks/{name}', { subnets: [{ cidr: '::/64' }] }, 200],
    ['GET', '/v1/networks', '/v1/networks', undefined, 200],
    ['GET', '/v1/networks/net', '/v1/networks/{name}', undefined, 200],
    [
      'PUT',
      '/v1/endpoints/e1',
      '/v1/endpoints/{id}',
      { network: 'net', node: 'n1', interface: 'v1', labels: { app: 'web' } },
      201,
    ],
    [
      'PUT',
      '/v1/endpoints/e2',
      '/v1/endpoints/{id}',
      { network: 'net', node: 'n9', interface: 'v2', container: { id: 'c', interface: 'eth0' } },
      202,
    ],
    ['GET', '/v1/endpoints', '/v1/endpoints', undefined, 200],
    ['GET', '/v1/endpoints/e2', '/v1/endpoints/{id}', undefined, 200],
    ['DELETE', '/v1/endpoints/e2', '/v1/endpoints/{id}', undefined, 200],
    ['GET', '/v1/leases', '/v1/leases', undefined, 200],
    ['GET', '/v1/fsck', '/v1/fsck', undefined, 200],
    ['GET', '/v1/nodes/n1/map-cache', '/v1/nodes/{name}/map-cache', undefined, 200],
    ['GET', '/healthz', '/healthz', undefined, 200],
    ['GET', '/readyz', '/readyz', undefined, 200],
  ] as const)('%s %s', async (method, url, path, body, expected) => {
    const answer = await rest.call(method, url, body)
    expect(answer.status).toBe(expected)
    const { responses } = document.paths?.[path]?.[method.toLowerCase()] ?? {}
    const response = responses?.[expected] ?? responses?.default
    const mediaType = String(answer.headers['content-type']).replace(/;.*/, '')
    const schema = response?.content?.[mediaType]?.schema
    expect(schema).toBeDefined()
    const fits = ajv.compile({ ...schema, components: document.components })
    expect(fits(answer.body) || fits.errors).toBe(true)
  })
})

describe('the page', () => {
  it('is at /docs and brings all that it needs', async () => {
    const { status, headers, text } = await rest.call('GET', '/docs')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    const wanted = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url)
    expect(wanted.length).toBeGreaterThan(3)
    for (const url of wanted) {
      const path = new URL(url, 'http://localhost/docs').pathname
      expect(new URL(url, 'http://localhost/docs').host).toBe('localhost')
      expect([path, (await rest.call('GET', path)).status]).toEqual([path, 200])
    }
  })
})
