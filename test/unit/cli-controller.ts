/** A controller for tests of the command line: answers that the test wrote, and a record of what was asked. */
import type { Link } from '#api/client.js'

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  readonly authorization?: string
}

export interface Answer {
  readonly status?: number
  readonly body?: unknown
  /** A body that is no JSON. */
  readonly text?: string
  readonly type?: string
}

type Answers = Readonly<Record<string, Answer | ((asked: Asked) => Answer)>>

export interface FakeController {
  readonly fetch: typeof fetch
  readonly asked: Asked[]
}

/** Answers by `METHOD /path`, its query aside. What is not there fails the test. */
export const controllerWith = (answers: Answers): FakeController => {
  const asked: Asked[] = []
  const answer: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input))
    const headers = new Headers(init.headers)
    const request: Asked = {
      method: init.method ?? 'GET',
      path: url.pathname + url.search,
      ...(typeof init.body === 'string' ? { body: JSON.parse(init.body) } : {}),
      ...(headers.has('authorization') ? { authorization: headers.get('authorization') ?? '' } : {}),
    }
    asked.push(request)
    const found = answers[`${request.method} ${url.pathname}`]
    if (found === undefined) throw new Error(`no answer for ${request.method} ${url.pathname}`)
    const { status = 200, body, text, type } = typeof found === 'function' ? found(request) : found
    const content = status === 204 ? null : (text ?? JSON.stringify(body))
    return new Response(content, { status, headers: { 'content-type': type ?? 'application/json' } })
  }
  return { fetch: answer, asked }
}

/** A network in which nobody answers. */
export const nobody: typeof fetch = async () => {
  throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:8080') })
}

export const blue: Link = {
  name: 'blue',
  a: { node: 'n1', interface: 'eth0' },
  b: { node: 'n2', interface: 'eth0' },
  vni: 4096,
  effectiveMtu: 1450,
  status: { state: 'up' },
  receipt: { storedMs: 0.42, portsReadyMs: 4, flowsConfirmedMs: { n1: 5.25, n2: 6.04 }, totalMs: 6.04 },
  createdBy: 'alice',
  createdAt: '2026-01-31T11:59:00.000Z',
  requestId: 'req-1',
}

const { effectiveMtu: _effectiveMtu, receipt: _receipt, ...bare } = blue

export const red: Link = {
  ...bare,
  name: 'red-with-a-long-name',
  b: { node: 'n3', interface: 'gig0.100' },
  vni: 16_777_215,
  mtu: 9000,
  rateMbps: 100,
  topology: 'campus',
  status: {
    state: 'pending',
    reasons: [
      { code: 'node-offline', end: 'b', node: 'n3', message: 'node n3 is not connected' },
      { code: 'rloc-missing', end: 'b', node: 'n3', message: 'node n3 has no tunnel address' },
    ],
  },
}

export const green: Link = { ...blue, name: 'green', vni: 7, status: { state: 'down', lostCarrier: ['b'] } }

export const problem = (status: number, code: string, detail: string, more: object = {}): Answer => ({
  status,
  type: 'application/problem+json',
  body: { type: `urn:heddle:problem:${code}`, title: 'x', status, code, detail, requestId: 'req-9', ...more },
})
