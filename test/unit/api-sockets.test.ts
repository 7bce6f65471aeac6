/** REST at the level of connections: what is no HTTP, what never arrives, what is too much, and closing in order. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ServerOptions } from '#api/server.js'
import { systemClock } from '#link/clock.js'
import { linkSpec, type Rest, startRest } from '../fake/rest.js'

let rest: Rest
let port: number
afterEach(() => rest.app.close())

const start = async (options: Partial<ServerOptions> = {}): Promise<void> => {
  rest = startRest({ clock: systemClock, ...options })
  port = Number(new URL(await rest.app.listen({ port: 0, host: '127.0.0.1' })).port)
}

const dial = async (): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Sends text and answers with all that comes until the server closes. */
const exchange = async (text: string): Promise<string> => {
  const socket = await dial()
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk
  })
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('what is no request', () => {
  it.each([
    ['garbage', '\x16\x03\x01 hello\r\n\r\n', 400, 'this is not an HTTP request'],
    [
      'a bad header',
      'GET /v1/links HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n',
      400,
      'this is not an HTTP request',
    ],
    [
      'two lengths',
      'POST /v1/links HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'not',
    ],
    [
      'a header too large',
      `GET /v1/links HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
      431,
      'the header is too large',
    ],
  ])('%s is answered with a problem document', async (_, text, status, detail) => {
    await start()
    const answer = await exchange(text)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain('content-type: application/problem+json\r\n')
    const document: unknown = JSON.parse(answer.slice(answer.indexOf('{')))
    expect(document).toMatchObject({
      status,
      code: 'invalid-request',
      detail: expect.stringContaining(detail),
    })
    const { requestId } = Object(document)
    expect(answer).toContain(`x-request-id: ${requestId}\r\n`)
    expect(rest.log.lines).toContainEqual(expect.objectContaining({ level: 'debug', requestId }))
  })

  it('a request that never ends is answered with 408', async () => {
    await start({ requestTimeoutMs: 200 })
    const answer = await exchange('POST /v1/links HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(answer).toContain('the request did not arrive in time')
  })

  it('a body over the limit is refused before it has arrived', async () => {
    await start()
    const head = 'POST /v1/links HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
    const answer = await exchange(`${head}content-length: 999999999\r\n\r\n{`)
    expect(answer).toMatch(/^HTTP\/1.1 413 /)
    expect(answer).toContain('"code":"body-too-large"')
  })
})

it('connections over the limit are closed, and the others go on', async () => {
  await start({ connectionsMax: 3 })
  const kept = [await dial(), await dial(), await dial()]
  const refused = await dial()
  await once(refused, 'close')
  const [first] = kept
  first?.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
  const [data] = await once(first ?? refused, 'data')
  expect(String(data)).toContain('{"ok":true}')
  for (const socket of kept) socket.destroy()
})

describe('closing', () => {
  it('answers those who wait with what there is', async () => {
    await start()
    const body = JSON.stringify({ ...linkSpec('far'), b: { node: 'n9', interface: 'x' } })
    const answering = fetch(`http://127.0.0.1:${port}/v1/links?wait=30s`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await vi.waitFor(() => expect(rest.fabric.request).toBeDefined())
    await rest.app.close()
    const answer = await answering
    expect(answer.status).toBe(202)
    expect(await answer.json()).toMatchObject({ status: { state: 'pending' } })
  })

  it('does not wait for connections that nobody uses', async () => {
    await start()
    const unused = await dial()
    const used = await dial()
    used.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(used, 'data')
    const began = systemClock.now()
    await rest.app.close()
    expect(systemClock.now() - began).toBeLessThan(2000)
    for (const socket of [unused, used]) if (!socket.closed) await once(socket, 'close')
  })
})
