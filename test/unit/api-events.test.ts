/** `/v1/events` over real sockets: order, resumption, reset, heartbeats, slow readers, too many readers, the end. */

import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ServerOptions } from '#api/server.js'
import { type Rest, startRest } from '../fake/rest.js'
import { VirtualClock } from '../fake/virtual-clock.js'

let rest: Rest
let clock: VirtualClock
afterEach(() => rest.app.close())

const start = async (options: Partial<ServerOptions> & { eventsKept?: number } = {}): Promise<string> => {
  clock = new VirtualClock()
  rest = startRest({ clock, ...options })
  return rest.app.listen({ port: 0, host: '127.0.0.1' })
}

interface Reader {
  readonly response: IncomingMessage
  /** All that came so far. */
  text(): string
  /** Events that came so far. */
  count(): number
}

const read = async (url: string, headers: Record<string, string> = {}): Promise<Reader> => {
  const request = get(`${url}/v1/events`, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  let count = 0
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    count += chunk.split('\n\n').length - 1
  })
  response.on('error', () => {})
  // Before the events come the retry time and the position.
  return { response, text: () => text, count: () => count - 2 }
}

const ids = (text: string): readonly string[] => [...text.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id)

it('sends what happens from now on', async () => {
  const url = await start()
  const { response, text } = await read(url, { 'x-request-id': 'req-1' })
  expect(response.statusCode).toBe(200)
  expect(response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': 'req-1',
  })
  rest.fabric.tell('link-up', 'link blue', { ms: 4 })
  rest.fabric.tell('node-offline', 'node n1')
  await vi.waitFor(() => expect(ids(text())).toHaveLength(3))
  expect(text()).toBe(
    [
      'retry: 1000',
      '',
      'id: boot-2',
      'event: position',
      'data: {}',
      '',
      'id: boot-3',
      'event: link-up',
      'data: {"id":"boot-3","at":"2023-11-14T22:13:20.000Z","type":"link-up","object":"link blue","message":"link blue: link-up","data":{"ms":4}}',
      '',
      'id: boot-4',
      'event: node-offline',
      'data: {"id":"boot-4","at":"2023-11-14T22:13:20.000Z","type":"node-offline","object":"node n1","message":"node n1: node-offline"}',
      '',
      '',
    ].join('\n'),
  )
})

describe('resuming', () => {
  it.each([
    ['the header', { 'last-event-id': 'boot-3' }, ''],
    ['the query', {}, '?lastEventId=boot-3'],
  ])('by %s goes on behind the event', async (_, headers: Record<string, string>, query) => {
    const url = await start()
    for (let count = 0; count < 3; count++) rest.fabric.tell('link-up', `link ${count}`)
    const request = get(`${url}/v1/events${query}`, { headers, agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let text = ''
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    response.on('error', () => {})
    rest.fabric.tell('link-up', 'link new')
    await vi.waitFor(() => expect(ids(text)).toEqual(['boot-4', 'boot-5', 'boot-6']))
    expect(text).not.toContain('event: reset')
  })

  it('with nothing missed brings nothing twice', async () => {
    const url = await start()
    const { text } = await read(url, { 'last-event-id': 'boot-2' })
    rest.fabric.tell('link-up', 'link new')
    await vi.waitFor(() => expect(ids(text())).toEqual(['boot-3']))
    expect(text()).not.toContain('event: reset')
  })

  it.each(['boot-1', 'another-boot-7'])('behind %s, which is gone, begins with reset', async (last) => {
    const url = await start({ eventsKept: 2 })
    for (let count = 0; count < 3; count++) rest.fabric.tell('link-up', `link ${count}`)
    const { text } = await read(url, { 'last-event-id': last })
    await vi.waitFor(() => expect(ids(text())).toEqual(['boot-4', 'boot-5']))
    expect(text()).toMatch(/^retry: 1000\n\nevent: reset\ndata: \{"message":".+"\}\n\nid: boot-4\n/)
  })
})

it('sends a comment when nothing happens', async () => {
  const url = await start({ eventHeartbeatMs: 1000 })
  const { text } = await read(url)
  await vi.waitFor(() => expect(clock.pending).toBe(1))
  await clock.run(2500)
  await vi.waitFor(() =>
    expect(text()).toBe('retry: 1000\n\nid: boot-2\nevent: position\ndata: {}\n\n:\n\n:\n\n'),
  )
})

describe('a reader that does not read', () => {
  const big = { text: 'x'.repeat(100_000) }

  it('is cut when too much waits for it, and others go on', async () => {
    const url = await start({ eventQueueMax: 20 })
    const slow = await read(url)
    const quick = await read(url)
    slow.response.pause()
    let sent = 0
    while (rest.fabric.events.readers === 2 && sent < 2000) {
      for (let count = 0; count < 15; count++) rest.fabric.tell('link-up', 'link blue', big)
      sent += 15
      await vi.waitFor(() => expect(quick.count()).toBe(sent))
    }
    expect(rest.fabric.events.readers).toBe(1)
    slow.response.resume()
    await vi.waitFor(() => expect(slow.response.closed).toBe(true))
    expect(ids(slow.text()).length).toBeLessThan(sent)
    expect(rest.log.lines).toContainEqual(expect.objectContaining({ reason: 'too-slow', level: 'info' }))
  })

  it('is cut when it takes nothing for a whole heartbeat', async () => {
    const url = await start({ eventHeartbeatMs: 1000, eventQueueMax: 1_000_000 })
    const slow = await read(url)
    slow.response.pause()
    for (let count = 0; count < 300; count++) rest.fabric.tell('link-up', 'link blue', big)
    await clock.run(1000)
    expect(rest.fabric.events.readers).toBe(1)
    await vi.waitFor(async () => {
      await clock.run(1000)
      expect(rest.fabric.events.readers).toBe(0)
    })
    expect(clock.pending).toBe(0)
  })
})

it('a reader that leaves is forgotten', async () => {
  const url = await start()
  const { response } = await read(url)
  await vi.waitFor(() => expect(rest.fabric.events.readers).toBe(1))
  response.destroy()
  await vi.waitFor(() => expect(rest.fabric.events.readers).toBe(0))
  expect(clock.pending).toBe(0)
  expect(rest.log.lines).toContainEqual(
    expect.objectContaining({ reason: 'left', message: 'event stream ended' }),
  )
})

it('one reader too many is told so, and may come when another leaves', async () => {
  const url = await start({ eventReadersMax: 1 })
  const first = await read(url)
  const second = await read(url)
  expect(second.response.statusCode).toBe(503)
  await vi.waitFor(() => expect(second.text()).toContain('"code":"overloaded"'))
  first.response.destroy()
  await vi.waitFor(async () => {
    const third = await read(url)
    expect(third.response.statusCode).toBe(200)
  })
})

it('closing the server ends the streams', async () => {
  const url = await start()
  const { response } = await read(url)
  await vi.waitFor(() => expect(rest.fabric.events.readers).toBe(1))
  await rest.app.close()
  await vi.waitFor(() => expect(response.complete).toBe(true))
  expect(rest.fabric.events.readers).toBe(0)
})
