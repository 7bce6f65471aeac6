/** `heddle mappings`: what it asks of REST, what it prints, how it ends. */
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Mapping, MappingAnswer, MappingHistory } from '#api/client.js'
import { controllerWith, problem } from './cli-controller.js'
import { heddle } from './cli-support.js'

const locator = {
  rloc: '192.0.2.1',
  priority: 1,
  weight: 100,
  multicastPriority: 255,
  multicastWeight: 0,
  reachable: true,
}
const times = { since: '2026-01-31T11:00:00.000Z', refreshed: '2026-01-31T11:59:30.000Z' }

const registered: Mapping = {
  iid: 0,
  eid: '10.1.0.0/16',
  ttl: 1440,
  action: 'no-action',
  locators: [locator, { ...locator, rloc: '2001:db8::1', priority: 2, reachable: false }],
  origin: 'registered',
  owner: 'branch/192.0.2.1',
  site: 'branch',
  proxyReply: true,
  mapVersion: 0,
  ...times,
  expires: '2026-01-31T12:02:30.000Z',
}

const local: Mapping = {
  ...registered,
  iid: 4097,
  eid: '10.0.0.7/32',
  locators: [{ ...locator, rloc: '198.51.100.7' }],
  origin: 'local',
  owner: 'n1',
  node: 'n1',
  site: 'net-blue',
}

const nowhere: Mapping = {
  ...registered,
  eid: '10.1.9.0/24',
  locators: [],
  action: 'drop',
  origin: 'static',
  owner: 'static',
  ttl: 1,
}

describe('heddle mappings list', () => {
  const all = [registered, nowhere, local]
  const controller = () => controllerWith({ 'GET /v1/mappings': { body: { mappings: all } } })

  it('prints a table', async () => {
    const { out, err, code } = await heddle('mappings list', controller())
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatchInlineSnapshot(`
      " IID  EID          LOCATORS                                        ORIGIN      OWNER             SITE           TTL
         0  10.1.0.0/16  192.0.2.1 1/100, 2001:db8::1 2/100 unreachable  registered  branch/192.0.2.1  branch    1440 min
         0  10.1.9.0/24  drop                                            static      static            branch       1 min
      4097  10.0.0.7/32  198.51.100.7 1/100                              local       n1                net-blue  1440 min
      "
    `)
  })

  it('prints JSON and YAML for programs', async () => {
    expect(JSON.parse((await heddle('mappings list -o json', controller())).out)).toEqual(all)
    expect(parse((await heddle('mappings list -o yaml', controller())).out)).toEqual(all)
  })

  it('passes its filters on', async () => {
    const world = controller()
    await heddle('mappings list --iid 7 --within 10.0.0.0/8 --origin local --site s --node n1', world)
    expect(world.asked.map(({ path }) => path)).toEqual([
      '/v1/mappings?iid=7&within=10.0.0.0%2F8&origin=local&site=s&node=n1&limit=1000',
    ])
  })

  it('goes on after an empty page that is not the last', async () => {
    const world = controllerWith({
      'GET /v1/mappings': ({ path }) =>
        path.includes('after=x') ? { body: { mappings: [local] } } : { body: { mappings: [], next: 'x' } },
    })
    expect(JSON.parse((await heddle('mappings list -o json', world)).out)).toEqual([local])
    expect(world.asked).toHaveLength(2)
  })

  it('says so when there are none', async () => {
    const { fetch } = controllerWith({ 'GET /v1/mappings': { body: { mappings: [] } } })
    expect(await heddle('mappings list', { fetch })).toEqual({ code: 0, out: '', err: 'no mappings\n' })
  })
})

describe('heddle mappings show', () => {
  const answers: Readonly<Record<string, MappingAnswer>> = {
    reply: {
      iid: 0,
      eid: '10.1.2.3/32',
      answer: { kind: 'reply', records: [registered, nowhere] },
      why: '10.1.0.0/16 is the longest match, registered by branch/192.0.2.1',
      mapping: registered,
      covering: [registered],
      site: { name: 'branch', eid: '10.0.0.0/8' },
    },
    negative: {
      iid: 4097,
      eid: '10.9.0.1/32',
      answer: {
        kind: 'negative',
        record: { iid: 4097, eid: '10.8.0.0/13', ttl: 15, action: 'natively-forward', locators: [] },
      },
      why: 'it belongs to no site and nobody has registered it',
      covering: [],
    },
    forward: {
      iid: 0,
      eid: '10.1.2.3/32',
      answer: { kind: 'forward', to: '192.0.2.1' },
      why: '10.1.0.0/16 is the longest match, registered by branch/192.0.2.1; its site answers itself, at 192.0.2.1',
      mapping: registered,
      covering: [registered],
    },
    quiet: {
      iid: 0,
      eid: '10.1.2.3/32',
      answer: { kind: 'quiet', until: '2026-01-31T12:01:00.000Z' },
      why: 'nobody has registered it since the start, and it is too early to say that nobody will',
      covering: [],
    },
    'no-etr': {
      iid: 0,
      eid: '10.1.2.3/32',
      answer: { kind: 'no-etr' },
      why: '10.1.0.0/16 is the longest match, registered by branch/192.0.2.1; its site answers itself, and no locator of it can be asked',
      mapping: registered,
      covering: [registered],
    },
  }

  it.each(Object.entries(answers))('tells the answer and why: %s', async (_kind, body) => {
    const { fetch, asked } = controllerWith({ 'GET /v1/mappings/5/10.1.2.3': { body } })
    const { out, code } = await heddle('mappings show 10.1.2.3 --iid 5', { fetch })
    expect(code).toBe(0)
    expect(out).toMatchSnapshot()
    expect(asked).toHaveLength(1)
  })

  it('escapes a prefix and a name', async () => {
    const body = answers.negative
    const { fetch, asked } = controllerWith({
      'GET /v1/mappings/0/10.0.0.0%2F24': { body },
      'GET /v1/mappings/0/%22a%20name%22': { body },
    })
    await heddle('mappings show 10.0.0.0/24', { fetch })
    await heddle(['mappings', 'show', '"a name"'], { fetch })
    expect(asked).toHaveLength(2)
  })

  it('ends with 1 for what is no EID', async () => {
    const { fetch } = controllerWith({
      'GET /v1/mappings/0/10.1': problem(400, 'invalid-request', '10.1 is no address', { field: 'path.eid' }),
    })
    const { code, err } = await heddle('mappings show 10.1', { fetch })
    expect({ code, err }).toEqual({ code: 1, err: 'heddle: 10.1 is no address\n  field: path.eid\n' })
  })
})

describe('heddle mappings add', () => {
  const path = '/v1/mappings/7/10.1.0.0%2F16'
  const controller = () => controllerWith({ [`PUT ${path}`]: { status: 201, body: registered } })
  const bodyOf = async (words: string, files = {}): Promise<unknown> => {
    const world = { ...controller(), files }
    const { code, out } = await heddle(`mappings add 10.1.0.0/16 --iid 7 ${words}`, world)
    expect(code).toBe(0)
    expect(out).toMatch(/^mapping 10\.1\.0\.0\/16 is registered: 192\.0\.2\.1 1\/100, .*, TTL 1440 min\n$/)
    expect(world.asked.map((asked) => asked.path)).toEqual([path])
    return world.asked[0]?.body
  }

  it('sends what is named', async () => {
    expect(await bodyOf('--rloc 192.0.2.1 --rloc 2001:db8::1,weight=5,priority=2 --ttl 60')).toEqual({
      locators: [{ rloc: '192.0.2.1' }, { rloc: '2001:db8::1', weight: 5, priority: 2 }],
      ttl: 60,
    })
    expect(await bodyOf('--action drop')).toEqual({ locators: [], action: 'drop' })
  })

  it('reads a file', async () => {
    const spec = { locators: [{ rloc: '192.0.2.1', multicastPriority: 1 }] }
    expect(await bodyOf('-f m.json', { 'm.json': JSON.stringify(spec) })).toEqual(spec)
  })

  it.each([
    ['', /where is it\? Name --rloc, --action or --file/],
    ['--rloc 192.0.2.1 --action drop', /--action is for mappings without --rloc/],
    ['--rloc 192.0.2.1,priority=256', /Expected RLOC\[,priority=0\.\.255\]\[,weight=0\.\.255\]/],
    ['--rloc 192.0.2.1,colour=1', /Expected RLOC/],
    ['--rloc 192.0.2.1 --ttl 0', /Expected a whole number from 1 to/],
    ['-f m.json --ttl 5', /cannot be used with option '--ttl/],
  ])('%s is a usage error', async (words, message) => {
    const { code, err, out } = await heddle(`mappings add 10.1.0.0/16 ${words}`, {})
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(message)
  })

  it('names the node that has the EID', async () => {
    const answer = problem(409, 'managed-elsewhere', '10.1.0.0/16 is on node n1', { owner: 'node n1' })
    const { fetch } = controllerWith({ 'PUT /v1/mappings/0/10.1.0.0%2F16': answer })
    const { code, err } = await heddle('mappings add 10.1.0.0/16 --rloc 192.0.2.1', { fetch })
    expect(code).toBe(1)
    expect(err).toMatchInlineSnapshot(`
      "heddle: 10.1.0.0/16 is on node n1
        owner: node n1
        look at it: heddle nodes show n1
      "
    `)
  })
})

it('heddle mappings remove takes several of one instance', async () => {
  const gone = { status: 204 }
  const world = controllerWith({
    'DELETE /v1/mappings/7/10.0.0.1': gone,
    'DELETE /v1/mappings/7/10.1.0.0%2F16': gone,
  })
  const { code, out } = await heddle('mappings remove 10.0.0.1 10.1.0.0/16 --iid 7', world)
  expect(code).toBe(0)
  expect(out).toBe('mapping [7]10.0.0.1 is removed\nmapping [7]10.1.0.0/16 is removed\n')
})

describe('heddle mappings history', () => {
  const at = '2026-01-31T12:00:00.000Z'
  const state = { owner: 'branch/192.0.2.1', locators: [locator], ttl: 1440 }
  const changes: MappingHistory['changes'] = [
    { at, cause: 'expired', before: { ...state, owner: 'n1', locators: [] } },
    { at, cause: 'moved', before: state, after: { ...state, owner: 'n1' } },
    { at, cause: 'registered', after: state },
  ]

  it('prints a table, the latest first', async () => {
    const { fetch } = controllerWith({ 'GET /v1/mappings/0/10.0.0.1/history': { body: { changes } } })
    expect((await heddle('mappings history 10.0.0.1', { fetch })).out).toMatchInlineSnapshot(`
      "AT                        CAUSE       BEFORE                             AFTER
      2026-01-31T12:00:00.000Z  expired     n1: nowhere                        -
      2026-01-31T12:00:00.000Z  moved       branch/192.0.2.1: 192.0.2.1 1/100  n1: 192.0.2.1 1/100
      2026-01-31T12:00:00.000Z  registered  -                                  branch/192.0.2.1: 192.0.2.1 1/100
      "
    `)
    expect(JSON.parse((await heddle('mappings history 10.0.0.1 -o json', { fetch })).out)).toEqual(changes)
  })

  it('says so when nothing is remembered', async () => {
    const { fetch } = controllerWith({ 'GET /v1/mappings/0/10.0.0.1/history': { body: { changes: [] } } })
    expect(await heddle('mappings history 10.0.0.1', { fetch })).toEqual({
      code: 0,
      out: '',
      err: 'no changes that are remembered\n',
    })
  })
})
