/** What REST refuses and why, at a real controller with a real database: owners are named, fields have paths, races have one winner. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client, type LinkSpec } from '#api/client.js'
import {
  type Controller,
  makeDataDirectory,
  removeDataDirectory,
  type Settings,
  startHere,
} from './support/controller.js'
import { said, soon } from './support/fabric.js'

let directory: string
let settings: Settings
let controller: Controller
let client: Client

beforeAll(async () => {
  directory = await makeDataDirectory()
  settings = {
    'listen.rest': '127.0.0.1:0',
    'listen.ovsdb': 'ptcp:0:127.0.0.1',
    'listen.openflow': 'ptcp:0:127.0.0.1',
    'vni.min': '100',
    'vni.max': '179',
    'vni.quarantineSeconds': '2',
    'limits.bodyBytes': '100000',
    dataDirectory: directory,
  }
  controller = await startHere(settings)
  ;({ client } = controller)
  await client.putNode('n1', { rloc: '192.0.2.1', underlayMtu: 1500 })
  await client.putNode('n2', { rloc: '192.0.2.2', underlayMtu: 9000 })
  await client.createLink({ ...link('blue', 'e0'), vni: 150 }, { wait: 0 })
})
afterAll(async () => {
  await controller?.stop()
  if (directory !== undefined) await removeDataDirectory(directory)
})

const link = (name: string, port: string): LinkSpec => ({
  name,
  a: { node: 'n1', interface: port },
  b: { node: 'n2', interface: port },
})

const send = async (method: string, path: string, body?: string, type = 'application/json') => {
  const response = await fetch(`${controller.url}${path}`, {
    method,
    ...(body !== undefined && { body, headers: { 'content-type': type } }),
  })
  const text = await response.text()
  const { status, headers } = response
  return { status, type: headers.get('content-type'), headers, problem: text === '' ? {} : JSON.parse(text) }
}

const post = (body: unknown) => send('POST', '/v1/links?wait=0', JSON.stringify(body))

const free = link('free', 'e9')

describe('pending', () => {
  it('for a node that nobody has seen, and for one that is away', async () => {
    const made = await client.createLink({ ...free, b: { node: 'n7', interface: 'e9' } }, { wait: 0 })
    expect(said(made)).toBe('pending node-offline,node-unknown')
    const { status } = await client.link('free')
    expect(status).toMatchObject({
      reasons: [{ message: 'node n1 is not connected' }, { message: expect.stringContaining('set-manager') }],
    })
    await client.deleteLink('free')
  })
})

describe('409 with the owner', () => {
  it.each([
    ['a name', { ...free, name: 'blue' }, 'name-taken', 'name'],
    ['an interface', { ...free, b: { node: 'n1', interface: 'e0' } }, 'interface-taken', 'b.interface'],
    ['a VNI', { ...free, vni: 150 }, 'vni-taken', 'vni'],
  ])('%s', async (_, body, code, field) => {
    const { status, type, problem } = await post(body)
    expect({ status, type }).toEqual({ status: 409, type: 'application/problem+json' })
    expect(problem).toMatchObject({ status: 409, code, field, owner: 'link blue' })
    expect(problem.detail).toContain('belongs to link blue')
  })

  it('a node at which a link ends', async () => {
    const { status, problem } = await send('DELETE', '/v1/nodes/n1')
    expect(status).toBe(409)
    expect(problem).toMatchObject({ code: 'node-in-use', owner: 'link blue' })
  })

  it('in a topology, with the place in it', async () => {
    const body = JSON.stringify({ links: [link('t0', 't0'), { ...link('t1', 't1'), vni: 150 }] })
    const { status, problem } = await send('PUT', '/v1/topologies/t?wait=0', body)
    expect(status).toBe(409)
    expect(problem).toMatchObject({ code: 'vni-taken', field: 'links[1].vni', owner: 'link blue' })
    expect((await client.links()).links.map(({ name }) => name)).toEqual(['blue'])
  })
})

describe('4xx with the path of the field', () => {
  it.each([
    ['VNI below the range', { ...free, vni: 99 }, 422, 'vni-out-of-range', 'vni'],
    ['VNI above the range', { ...free, vni: 180 }, 422, 'vni-out-of-range', 'vni'],
    ['VNI of 25 bits', { ...free, vni: 1 << 24 }, 400, 'invalid-request', 'vni'],
    ['VNI as text', { ...free, vni: '7' }, 400, 'invalid-request', 'vni'],
    ["MTU above the underlay's", { ...free, mtu: 1451 }, 422, 'mtu-too-large', 'mtu'],
    ['MTU in fractions', { ...free, mtu: 1.5 }, 400, 'invalid-request', 'mtu'],
    ['both ends the same', { ...free, b: free.a }, 422, 'same-interface', 'b.interface'],
    ['a name with a slash', { ...free, name: 'a/b' }, 400, 'invalid-request', 'name'],
    [
      'an interface of 16 bytes',
      { ...free, a: { node: 'n1', interface: 'x'.repeat(16) } },
      400,
      'invalid-request',
      'a.interface',
    ],
    ['no end', { name: 'x', a: free.a }, 400, 'invalid-request', 'b'],
    ['an unknown field', { ...free, colour: 'red' }, 400, 'invalid-request', 'colour'],
    ['an unknown field below', { ...free, a: { ...free.a, slot: 1 } }, 400, 'invalid-request', 'a.slot'],
    ['a rate of nothing', { ...free, rateMbps: 0 }, 400, 'invalid-request', 'rateMbps'],
  ])('%s', async (_, body, status, code, field) => {
    const answer = await post(body)
    expect(answer.problem).toMatchObject({ status, code, field })
    expect(answer.status).toBe(status)
  })

  it.each([
    ['malformed JSON', '{"name":', 400, 'invalid-request'],
    ['no JSON', 'name=x', 400, 'invalid-request'],
    ['a list', '[]', 400, 'invalid-request'],
    ['nothing', '', 400, 'invalid-request'],
    ['__proto__', '{"__proto__":{"vni":7},"name":"x"}', 400, 'invalid-request'],
    ['constructor.prototype', '{"constructor":{"prototype":{}},"name":"x"}', 400, 'invalid-request'],
    ['lists in lists', '['.repeat(50_000), 400, 'invalid-request'],
    ['a body above the limit', `{"name":"${'x'.repeat(70_000)}"}`, 413, 'body-too-large'],
  ])('%s', async (_, body, status, code) => {
    const answer = await send('POST', '/v1/links', body)
    expect(answer.problem).toMatchObject({ status, code })
    expect(answer.status).toBe(status)
  })

  it('a topology above the limit of bodies', async () => {
    const answer = await send('PUT', '/v1/topologies/t', `{"links":[${' '.repeat(100_000)}]}`)
    expect(answer).toMatchObject({ status: 413, problem: { code: 'body-too-large' } })
  })

  it('what is not there, what cannot be done there, what is not JSON, what cannot be waited for', async () => {
    expect((await send('GET', '/v1/links/none')).problem).toMatchObject({ status: 404, code: 'not-found' })
    expect((await send('DELETE', '/v1/links/none')).status).toBe(404)
    expect((await send('PATCH', '/v1/links/none', '{"mtu":null}')).status).toBe(404)
    const put = await send('PUT', '/v1/links/blue', '{}')
    expect(put).toMatchObject({ status: 405, problem: { code: 'method-not-allowed' } })
    expect(put.headers.get('allow')).toMatch(/GET.*PATCH|PATCH.*GET/)
    expect((await send('POST', '/v1/links', 'x', 'text/plain')).status).toBe(415)
    const wait = await send('POST', '/v1/links?wait=soon', JSON.stringify(free))
    expect(wait.problem).toMatchObject({ status: 400, field: 'query.wait' })
    expect((await send('PATCH', '/v1/links/blue', '{}')).status).toBe(400)
    expect(await client.health()).toEqual({ ok: true })
  })
})

describe('VNIs', () => {
  it('are unique however many ask at once, and end when the range does', async () => {
    const asked = Array.from({ length: 90 }, (_, index) => post(link(`v${index}`, `v${index}`)))
    const answers = await Promise.all(asked)
    const refused = answers.filter(({ status }) => status !== 202)
    expect(refused.length).toBeGreaterThanOrEqual(11)
    for (const { status, problem } of refused) expect([status, problem.code]).toEqual([503, 'vni-exhausted'])
    const { links } = await client.links({ limit: 1000 })
    const vnis = links.map(({ vni }) => vni)
    expect(vnis.length).toBe(90 - refused.length + 1)
    expect(new Set(vnis).size).toBe(vnis.length)
  })

  it('are not used again at once', async () => {
    const { vni } = await client.link('v0')
    await client.deleteLink('v0')
    expect((await post({ ...free, vni })).problem).toMatchObject({
      status: 409,
      code: 'vni-quarantined',
      field: 'vni',
      detail: expect.stringMatching(/free in \d s/),
    })
    expect((await post(free)).problem.code).toBe('vni-exhausted')
    await soon(async () => (await post({ ...free, vni })).status === 202)
    await client.deleteLink('free')
  })
})

it('one of many who want the same name or interface at once gets it', async () => {
  for (const index of Array.from({ length: 30 }, (_, one) => one + 1)) {
    await client.deleteLink(`v${index}`, { wait: 0 }).catch(() => {})
  }
  // Their VNIs are in quarantine for two seconds.
  await delay(2_100)
  const names = await Promise.all([1, 2, 3, 4].map((index) => post(link('same', `s${index}`))))
  expect(names.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409])
  const ports = await Promise.all([1, 2, 3, 4].map((index) => post(link(`p${index}`, 'same'))))
  expect(ports.map(({ status }) => status).toSorted()).toEqual([202, 409, 409, 409])
  const codes = ports.flatMap(({ problem }) => problem.code ?? [])
  expect(codes).toEqual(['interface-taken', 'interface-taken', 'interface-taken'])
})

it('tells what happened to whoever comes back, from where they were', async () => {
  const read = async (lastEventId: string | undefined, count: number) => {
    const found: { id: string; object: string }[] = []
    for await (const message of client.events({ ...(lastEventId !== undefined && { lastEventId }) })) {
      if (message.kind === 'event') found.push(message.event)
      if (found.length === count) break
    }
    return found
  }
  const reading = read(undefined, 1)
  await client.changeLink('blue', { mtu: 1300 }, { wait: 0 })
  const [first] = await reading
  await client.changeLink('blue', { mtu: null }, { wait: 0 })
  const [second] = await read(first?.id, 1)
  expect(second).toMatchObject({ type: 'link-changed', object: 'link blue' })
  expect(second?.id).not.toBe(first?.id)
})

it('asks for a token where there is a file of them', async () => {
  await controller.stop()
  const file = join(directory, 'tokens')
  await writeFile(file, 'ann:s3cret\n', { mode: 0o600 })
  controller = await startHere({ ...settings, 'auth.tokenFile': file })
  expect((await send('GET', '/v1/links')).problem).toMatchObject({ status: 401, code: 'unauthorized' })
  expect((await send('GET', '/healthz')).status).toBe(200)
  client = new Client({ baseUrl: controller.url, token: 's3cret' })
  const { createdBy } = await client.changeLink('blue', { rateMbps: 5 }, { wait: 0 })
  expect(createdBy).toBe('ann')
})
