/** `heddle events`: the stream as lines, JSON and YAML, and its end. */
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { FabricEvent } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const event = (sequence: number, type: string, object: string, message: string): FabricEvent => ({
  id: `b-${sequence}`,
  at: `2026-01-31T12:00:0${sequence}.000Z`,
  type,
  object,
  message,
})
const events = [
  event(1, 'node-ready', 'node n1', 'node n1 is ready'),
  event(2, 'link-pending', 'link blue', 'interface eth0 is missing on node n2'),
]
const message = (one: FabricEvent): string =>
  `id: ${one.id}\nevent: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`
const reset = 'event: reset\ndata: {}\n\n'

/** A stream that ends, and Ctrl-C once it has been asked for again. */
const stream = (...chunks: readonly string[]) => {
  const interrupt = new AbortController()
  const seen: (string | null)[] = []
  const health = controllerWith({ 'GET /healthz': { body: { ok: true } } })
  const fetch: typeof globalThis.fetch = async (input, init) => {
    if (!String(input).endsWith('/v1/events')) return health.fetch(input, init)
    seen.push(new Headers(init?.headers).get('last-event-id'))
    if (seen.length > 1) interrupt.abort()
    init?.signal?.throwIfAborted()
    return new Response(chunks.join(''), { headers: { 'content-type': 'text/event-stream' } })
  }
  return { fetch, signal: interrupt.signal, seen }
}

describe('heddle events', () => {
  it('prints a line for each, comes back behind the last, and ends in order with Ctrl-C', async () => {
    const world = stream(reset, ...events.map(message))
    const { code, out, err } = await heddle('events', world)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatchInlineSnapshot(`
      "-- events are missing here: read the state again --
      12:00:01.000Z  node-ready          node n1: node n1 is ready
      12:00:02.000Z  link-pending        link blue: interface eth0 is missing on node n2
      "
    `)
    expect(world.seen).toEqual([null, 'b-2'])
  })

  it('prints JSON, an event a line, and YAML, an event a document', async () => {
    const json = await heddle('events -o json', stream(...events.map(message)))
    expect(
      json.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(events)
    const yaml = await heddle('events -o yaml', stream(...events.map(message)))
    expect(parseAllDocuments(yaml.out).map((document) => document.toJS())).toEqual(events)
  })

  it('begins behind an event', async () => {
    const world = stream('')
    await heddle('events --since b-1', world)
    expect(world.seen).toEqual(['b-1', 'b-1'])
  })

  it('says why it is refused', async () => {
    const { fetch } = controllerWith({
      'GET /healthz': { body: { ok: true } },
      'GET /v1/events': problem(401, 'unauthorized', 'a bearer token is needed'),
    })
    const { code, err } = await heddle('events', { fetch })
    expect(code).toBe(1)
    expect(err).toMatch(/^heddle: a bearer token is needed\n/)
  })
})
