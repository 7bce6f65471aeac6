/** Who the controller is, who we are to it, and what happens when it is not there or is something else. */
import { describe, expect, it } from 'vitest'
import { blue, controllerWith, nobody, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const withLink = () => controllerWith({ 'GET /v1/links/blue': { body: blue } })

describe('the token', () => {
  const files = {
    '/token': '# mine\n\nalice:c2VjcmV0\nbob:other\n',
    '/bare': 'c2VjcmV0\n',
    '/empty': '# nothing\n',
  }

  it.each([
    ['the flag', 'links show blue --token-file /token', {}],
    ['the environment', 'links show blue', { HEDDLE_TOKEN_FILE: '/bare' }],
    [
      'the flag before the environment',
      'links show blue --token-file /token',
      { HEDDLE_TOKEN_FILE: '/none' },
    ],
  ])('comes from the file that %s names', async (_where, words, env) => {
    const world = withLink()
    const { code, err } = await heddle(words, { ...world, env, files })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(world.asked[0]?.authorization).toBe('Bearer c2VjcmV0')
  })

  it.each([
    ['/none', /^heddle: the token file cannot be read: ENOENT/],
    ['/empty', /^heddle: the token file \/empty has no token\n$/],
  ])('%s has to be readable', async (path, message) => {
    const { code, err } = await heddle(`links show blue --token-file ${path}`, { files })
    expect(code).toBe(2)
    expect(err).toMatch(message)
  })

  it('is asked for by name where the controller wants one', async () => {
    const { fetch } = controllerWith({
      'GET /v1/links/blue': problem(401, 'unauthorized', 'a bearer token is needed'),
    })
    const { code, err } = await heddle('links show blue', { fetch })
    expect(code).toBe(1)
    expect(err).toBe(
      'heddle: a bearer token is needed\n  name the file of your token with --token-file or HEDDLE_TOKEN_FILE\n',
    )
  })
})

describe('the server', () => {
  it.each([
    ['ftp://x', 2],
    ['localhost:8080', 2],
    ['http://', 2],
  ])('%s is a usage error', async (server, code) => {
    const ran = await heddle(['links', 'show', 'blue', '--server', server])
    expect(ran.code).toBe(code)
    expect(ran.err).toMatch(/^heddle: the server ".*" is no URL like http:\/\/127\.0\.0\.1:8080\n$/)
  })

  it.each([
    'nodes list',
    'nodes show x',
    'nodes add x',
    'nodes remove x',
    'nodes ports x',
    'links list',
    'links show x',
    'links add x --a n1:a --b n1:b',
    'links set x --vni 5',
    'links remove x',
    'topologies list',
    'topologies show x',
    'topologies remove x',
    'apply -f /t.yaml',
    'plan -f /t.yaml',
    'flows x',
    'events',
    'completion names nodes',
  ])('that is not there ends %s with 3', async (words) => {
    const { code, err, out } = await heddle(words, { fetch: nobody, files: { '/t.yaml': 'links: []' } })
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(err).toBe(
      'heddle: http://127.0.0.1:8080 does not answer: connect ECONNREFUSED 127.0.0.1:8080\n' +
        '  start one with: heddle controller\n' +
        '  or name another with --server URL or HEDDLE_SERVER\n',
    )
  })

  it('that is something else is told as that', async () => {
    const { fetch } = controllerWith({
      'GET /v1/links/blue': { status: 404, text: '<h1>Not here</h1>', type: 'text/html' },
    })
    const { code, err } = await heddle('links show blue --server http://[::1]:81', { fetch })
    expect(code).toBe(1)
    expect(err).toBe(
      'heddle: status 404: <h1>Not here</h1>\n  is this the REST address of a Heddle controller?\n',
    )
  })
})

describe('a refusal', () => {
  it('shows every field that is wrong', async () => {
    const errors = [
      { field: 'a.interface', detail: '1 to 15 visible characters' },
      { field: 'mtu', detail: 'too small' },
    ]
    const answer = problem(400, 'invalid-request', 'a.interface: 1 to 15', { field: 'a.interface', errors })
    const { err } = await heddle('links show blue', controllerWith({ 'GET /v1/links/blue': answer }))
    expect(err).toBe(
      'heddle: a.interface: 1 to 15\n  a.interface: 1 to 15 visible characters\n  mtu: too small\n',
    )
  })

  it("keeps the switch's own words, and the request to look for in the log", async () => {
    const answer = problem(502, 'node-refused', 'node n1 refused the flows', { peer: 'OFPBAC_BAD_OUT_PORT' })
    const { err } = await heddle('links show blue', controllerWith({ 'GET /v1/links/blue': answer }))
    expect(err).toBe('heddle: node n1 refused the flows\n  it said: OFPBAC_BAD_OUT_PORT\n  request: req-9\n')
  })
})

describe('Ctrl-C', () => {
  it('ends a request with 130', async () => {
    const interrupt = new AbortController()
    const fetch: typeof globalThis.fetch = async (_input, init) => {
      interrupt.abort()
      init?.signal?.throwIfAborted()
      throw new Error('the signal was not passed on')
    }
    expect((await heddle('links show blue', { fetch, signal: interrupt.signal })).code).toBe(130)
  })
})

describe('a defect of ours', () => {
  it('is told without a stack trace unless somebody asks for one', async () => {
    const world = { runController: () => Promise.reject(new TypeError('x is undefined')) }
    const quiet = await heddle('controller', world)
    expect(quiet.code).toBe(1)
    expect(quiet.err).toMatch(
      /^heddle: TypeError: x is undefined\n {2}this is a defect of heddle: .*HEDDLE_DEBUG=1.*\n$/,
    )
    const loud = await heddle('controller', { ...world, env: { HEDDLE_DEBUG: '1' } })
    expect(loud.err).toMatch(/at .*cli-connection\.test/)
  })
})
