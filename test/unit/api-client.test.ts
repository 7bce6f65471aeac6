/** The client against the server over a real socket: every call, errors, events, following through a restart. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, Client, type StreamedEvent } from '#api/client.js'
import { followEvents } from '#api/follow-events.js'
import { parseTokens } from '#api/tokens.js'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { linkSpec, type Rest, startRest } from '../fake/rest.js'

let rest: Rest
let client: Client
let url: string
const token = 'secret'
const tokens = parseTokens(`tester:${token}`)

beforeEach(async () => {
  rest = startRest({ clock: systemClock, tokens })
  url = await rest.app.listen({ port: 0, host: '127.0.0.1' })
  client = new Client({ baseUrl: url, token })
})
afterEach(() => rest.app.close())

it('makes, reads, changes and deletes links', async () => {
  const link = await client.createLink(linkSpec('blue'), { wait: '1s', requestId: 'req-1' })
  expect(link).toMatchObject({
    name: 'blue',
    status: { state: 'up' },
    createdBy: 'tester',
    requestId: 'req-1',
  })
  expect(rest.fabric.request?.waitMs).toBe(1000)
  expect(await client.link('blue')).toEqual(link)
  expect((await client.changeLink('blue', { mtu: 1400 })).mtu).toBe(1400)
  const far = await client.createLink({ ...linkSpec('far'), b: { node: 'n9', interface: 'x' } }, { wait: 0 })
  expect(far.status.state).toBe('pending')
  expect(await client.links({ state: 'pending' })).toEqual({ links: [far] })
  expect(await client.links({ limit: 1 })).toMatchObject({ links: [{ name: 'blue' }], next: 'blue' })
  expect(await client.deleteLink('far')).toBeUndefined()
  expect((await client.links()).links).toHaveLength(1)
})

it('plans, applies, reads and deletes topologies', async () => {
  const spec = { links: [linkSpec('a'), linkSpec('b')] }
  expect(await client.planTopology('t', spec)).toMatchObject({ dryRun: true, plan: { add: ['a', 'b'] } })
  expect(await client.applyTopology('t', spec, { wait: 2 })).toMatchObject({ counts: { links: 2, up: 2 } })
  expect((await client.topologies()).topologies).toMatchObject([{ name: 't', links: 2 }])
  expect((await client.topology('t')).links).toHaveLength(2)
  expect(await client.deleteTopology('t')).toMatchObject({ plan: { remove: ['a', 'b'] } })
})

it('reads and changes nodes, reads ports and flows', async () => {
  await client.createLink(linkSpec('blue'))
  expect(await client.putNode('n3', { target: 'tcp:192.0.2.1:6640' })).toMatchObject({ state: 'offline' })
  expect((await client.nodes()).nodes.map(({ name }) => name)).toEqual(['n1', 'n2', 'n3'])
  expect(await client.node('n1')).toMatchObject({ links: 1 })
  expect(await client.ports('n1')).toMatchObject([{ name: 'blue-a' }])
  expect(await client.flows('n1')).toHaveLength(2)
  expect(await client.flowsText('n1')).toContain('actions=output:1 # link blue, request ')
  await client.deleteNode('n3')
})

it('reads probes, bad ones too, and metrics', async () => {
  expect(await client.health()).toEqual({ ok: true })
  rest.fabric.readyState = { ready: false, reason: 'no lock' }
  expect(await client.readiness()).toEqual({ ready: false, reason: 'no lock' })
  expect(await client.metrics()).toBe('heddle_links 0\n')
})

describe('an error', () => {
  const errorOf = async (call: Promise<unknown>): Promise<ApiError> => {
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ApiError)
    return error as ApiError
  }

  it('carries the problem document', async () => {
    await client.createLink(linkSpec('blue'))
    const error = await errorOf(
      client.createLink({ ...linkSpec('red'), a: linkSpec('blue').a }, { requestId: 'req-2' }),
    )
    expect(error).toMatchObject({
      code: 'interface-taken',
      status: 409,
      message: 'blue-a belongs to link blue',
      field: 'a.interface',
      owner: 'link blue',
      requestId: 'req-2',
    })
  })

  it('says that the token is wrong', async () => {
    const error = await errorOf(new Client({ baseUrl: url, token: 'other' }).links())
    expect(error).toMatchObject({ code: 'unauthorized', status: 401 })
  })

  it('says that nobody answers', async () => {
    await rest.app.close()
    const error = await errorOf(client.links())
    expect(error).toMatchObject({ code: 'unreachable', status: 0 })
    expect(error.message).toMatch(/^http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/)
  })

  it('quotes an answer that is no problem document', async () => {
    const proxy: typeof fetch = async () => new Response('<h1>Bad gateway</h1>', { status: 502 })
    const error = await errorOf(new Client({ baseUrl: url, fetch: proxy }).links())
    expect(error).toMatchObject({
      code: 'unexpected-answer',
      status: 502,
      message: 'status 502: <h1>Bad gateway</h1>',
    })
  })

  it('is the reason of the signal when the caller gave up', async () => {
    const giveUp = new AbortController()
    const far = { ...linkSpec('far'), b: { node: 'n9', interface: 'x' } }
    const call = client.createLink(far, { wait: '30s', signal: giveUp.signal })
    await vi.waitFor(() => expect(rest.fabric.request).toBeDefined())
    giveUp.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await vi.waitFor(() => expect(rest.fabric.request?.signal?.aborted).toBe(true))
  })
})

describe('events', () => {
  const take = async (
    stream: AsyncGenerator<StreamedEvent>,
    count: number,
  ): Promise<readonly StreamedEvent[]> => {
    const taken: StreamedEvent[] = []
    for await (const event of stream) {
      taken.push(event)
      if (taken.length === count) break
    }
    return taken
  }
  const readers = (): number => rest.fabric.events.readers

  it('come as they happen, and breaking off leaves', async () => {
    const taking = take(client.events(), 3)
    await vi.waitFor(() => expect(readers()).toBe(1))
    rest.fabric.tell('link-up', 'link blue')
    rest.fabric.tell('link-down', 'link blue', { text: 'x'.repeat(200_000) })
    expect(await taking).toMatchObject([
      { kind: 'position' },
      { kind: 'event', event: { type: 'link-up', object: 'link blue' } },
      { kind: 'event', event: { type: 'link-down' } },
    ])
    await vi.waitFor(() => expect(readers()).toBe(0))
  })

  it('begin with reset when some are gone', async () => {
    const events = await take(client.events({ lastEventId: 'other-9' }), 3)
    expect(events.map(({ kind }) => kind)).toEqual(['reset', 'event', 'event'])
  })

  it('end with the signal', async () => {
    const giveUp = new AbortController()
    const taking = take(client.events({ signal: giveUp.signal }), 2)
    await vi.waitFor(() => expect(readers()).toBe(1))
    giveUp.abort(new Error('enough'))
    await expect(taking).rejects.toThrow('enough')
  })

  it('that were missed before the first one came are not lost', async () => {
    const following = take(followEvents(client, { clock: systemClock, random: seededRandom(1) }), 1)
    await vi.waitFor(() => expect(readers()).toBe(1))
    const { fabric } = rest
    const port = Number(new URL(url).port)
    await rest.app.close()
    fabric.tell('link-up', 'link 1')
    rest = startRest({ clock: systemClock, tokens, fabric })
    await rest.app.listen({ port, host: '127.0.0.1' })
    expect(await following).toMatchObject([{ kind: 'event', event: { object: 'link 1' } }])
  })

  it('are followed through a restart, none twice and none lost', async () => {
    const following = take(followEvents(client, { clock: systemClock, random: seededRandom(1) }), 3)
    await vi.waitFor(() => expect(readers()).toBe(1))
    rest.fabric.tell('link-up', 'link 1')
    await rest.app.close()
    const { fabric } = rest
    const port = Number(new URL(url).port)
    fabric.tell('link-up', 'link 2')
    rest = startRest({ clock: systemClock, tokens, fabric })
    await rest.app.listen({ port, host: '127.0.0.1' })
    await vi.waitFor(() => expect(fabric.events.readers).toBe(1), 5000)
    fabric.tell('link-up', 'link 3')
    expect(await following).toMatchObject(
      [1, 2, 3].map((number) => ({ kind: 'event', event: { object: `link ${number}` } })),
    )
  })
})
