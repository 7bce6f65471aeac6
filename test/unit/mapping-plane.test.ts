/** The mapping system of a controller: who is told what, who may change what, and what a change of leader means. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseIp } from '#lisp/address-text.js'
import type { Site } from '#lisp/map-server/sites.js'
import type { Report } from '#mapping/change-reports.js'
import { MappingPlane } from '#mapping/mapping-plane.js'
import { siteOf } from '#mapping/site-values.js'
import { parseRloc } from '#model/address.js'
import { parseCidr, parseIp as parseModelIp, printCidr } from '#model/cidr.js'
import { silentLogger } from '#model/logger.js'
import type { SiteSpec } from '#model/site.js'
import { LispRouter, proofOf } from '../fake/lisp-router.js'
import { MemoryStore } from '../fake/memory-store.js'
import { VirtualClock } from '../fake/virtual-clock.js'

const request = { provenance: { requestId: 'r1', by: 'me', at: 1_700_000_000_000 }, waitMs: 0 }
const loopback = { address: '127.0.0.1', port: 0 }
const proof = proofOf('secret')

const spec = (eid: string, more: Partial<SiteSpec> = {}): SiteSpec => ({
  prefixes: [{ iid: 7, eid, acceptMoreSpecifics: true }],
  keys: [{ keyId: 1, secret: 'secret' }],
  ...more,
})
const rlocs = (...texts: readonly string[]) => ({ locators: texts.map((rloc) => ({ rloc })) })

let directory: string
let clock: VirtualClock
let store: MemoryStore
let told: Report[]
let errors: string[]
const planes: MappingPlane[] = []
const routers: LispRouter[] = []

interface Setup {
  readonly listen?: readonly { readonly address: string; readonly port: number }[]
  readonly sites?: readonly Site[]
}

const start = async ({ listen = [], sites = [] }: Setup = {}): Promise<MappingPlane> => {
  const plane = new MappingPlane({
    store,
    clock,
    random: seededRandom(1),
    logger: { ...silentLogger, error: (_fields, message) => void errors.push(message) },
    tell: (report) => void told.push(report),
    listen,
    rloc: parseIp('127.0.0.1') ?? expect.fail(),
    server: {},
    sites,
    strictNonces: false,
    nonceFile: join(directory, 'lisp-nonces'),
    shared: false,
  })
  planes.push(plane)
  plane.start()
  await settled(plane)
  return plane
}

/** Until a plane has done what follows from the state of the store; files and sockets take their own time. */
const settled = (plane: MappingPlane): Promise<void> => plane.settled()

const router = async (plane: MappingPlane): Promise<LispRouter> => {
  const [endpoint] = plane.endpoints
  const made = await LispRouter.start({ address: '127.0.0.1', port: endpoint?.port ?? 0 })
  routers.push(made)
  return made
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-'))
  clock = new VirtualClock()
  store = new MemoryStore()
  told = []
  errors = []
})
afterEach(async () => {
  for (const one of routers.splice(0)) one.close()
  for (const plane of planes.splice(0)) await plane.stop()
  await rm(directory, { recursive: true, force: true })
})

describe('sites over REST', () => {
  it('and mappings say what networks ask about besides their subnets', async () => {
    const plane = await start({ sites: [siteOf('c', spec('10.3.0.0/16'), false)] })
    const { mappings, whereabouts, local } = plane
    const seen: number[] = []
    whereabouts.watchPrefixes((vni) => void seen.push(vni))
    local.putNetwork({ name: 'blue', vni: 7, subnets: [{ family: 4, value: 0x0a09_0000n, length: 16 }] })
    const said = () => whereabouts.prefixes(7).map(printCidr)
    expect(said()).toEqual(['10.3.0.0/16'])
    await mappings.putSite('a', spec('10.1.0.0/16'), request)
    await mappings.putMapping(7, '10.4.0.0/16', rlocs('192.0.2.1'), request)
    expect(said()).toEqual(['10.1.0.0/16', '10.3.0.0/16', '10.4.0.0/16'])
    await mappings.putSite('a', spec('10.2.0.0/16'), request)
    await mappings.deleteMapping(7, '10.4.0.0/16', request)
    expect(said()).toEqual(['10.2.0.0/16', '10.3.0.0/16'])
    await mappings.deleteSite('a', request)
    expect(said()).toEqual(['10.3.0.0/16'])
    expect(seen).toHaveLength(5)
  })

  it('are stored, shown without secrets, changed, deleted', async () => {
    const { mappings } = await start()
    const { site, created } = await mappings.putSite('a', spec('10.1.2.3/16'), request)
    expect(created).toBe(true)
    expect(site).toEqual({
      name: 'a',
      origin: 'stored',
      prefixes: [{ iid: 7, eid: '10.1.0.0/16', acceptMoreSpecifics: true }],
      keys: [{ keyId: 1, algorithms: ['hmac-sha-1-96', 'hmac-sha-256-128', 'hmac-sha-256-128+hkdf-sha256'] }],
      proxyReply: 'asked',
      strictNonces: false,
      siteIds: [],
      registrationsMax: 1_000_000,
      xtrsMax: 4_096,
      unregistered: 'natively-forward',
      registrations: 0,
      xtrs: 0,
      provenance: request.provenance,
    })
    // A key without a secret keeps the one that it has.
    const changed = spec('10.2.0.0/16', { keys: [{ keyId: 1 }, { keyId: 2, secret: 'new' }] })
    expect(await mappings.putSite('a', changed, request)).toMatchObject({ created: false })
    expect([...store.sites()][0]?.spec.keys).toEqual([
      { keyId: 1, secret: 'secret' },
      { keyId: 2, secret: 'new' },
    ])
    await mappings.deleteSite('a', request)
    expect(mappings.sites()).toEqual([])
    expect(told.map(({ type, object }) => `${type} ${object}`)).toEqual([
      'site-created site a',
      'site-changed site a',
      'site-deleted site a',
    ])
  })

  it.each([
    ['a prefix that is none', spec('10.1.0.0/33'), 'prefixes[0].eid'],
    ['an instance id in the text', spec('[5]10.0.0.0/8'), 'prefixes[0].eid'],
    ['an address without a longest match', spec('eui64:00:00:00:00:00:00:00:01'), 'prefixes[0].eid'],
    ['a new key without a secret', spec('10.0.0.0/8', { keys: [{ keyId: 9 }] }), 'keys[0].secret'],
    [
      'a locator prefix that is a name',
      spec('10.0.0.0/8', { allowedLocators: ['"x"'] }),
      'allowedLocators[0]',
    ],
    ['no allowed locator', spec('10.0.0.0/8', { allowedLocators: [] }), 'allowedLocators'],
    ['one prefix twice', { prefixes: [{ eid: '10.0.0.0/8' }, { eid: '10.9.9.9/8' }] }, 'prefixes[1].eid'],
    [
      'one key twice',
      spec('10.0.0.0/8', { keys: [1, 1].map((keyId) => ({ keyId, secret: 'x' })) }),
      'keys[1].keyId',
    ],
  ])('are refused with %s', async (_what, wrong, field) => {
    const { mappings } = await start()
    await expect(mappings.putSite('a', wrong, request)).rejects.toMatchObject({
      code: 'invalid-request',
      details: { field },
    })
    expect([...store.sites()]).toEqual([])
  })

  it('take no prefix of another site, and change none that is configured or a network', async () => {
    const { mappings, local } = await start({ sites: [siteOf('fixed', spec('10.1.0.0/16'), false)] })
    local.putNetwork({ name: 'blue', vni: 7, subnets: [parseCidr('10.3.0.0/16') ?? expect.fail()] })
    expect(mappings.sites().map(({ name, origin }) => `${name} ${origin}`)).toEqual([
      'fixed configured',
      'network.blue network',
    ])
    for (const [eid, owner] of [
      ['10.1.0.0/16', 'site fixed'],
      ['10.3.0.0/16', 'site network.blue'],
    ] as const) {
      await expect(mappings.putSite('a', spec(eid), request)).rejects.toMatchObject({
        code: 'eid-taken',
        details: { field: 'prefixes[0].eid', owner },
      })
    }
    for (const [name, owner] of [
      ['fixed', 'configuration'],
      ['network.blue', 'network blue'],
    ] as const) {
      const refused = { code: 'managed-elsewhere', details: { owner } }
      await expect(mappings.putSite(name, spec('10.4.0.0/16'), request)).rejects.toMatchObject(refused)
      await expect(mappings.deleteSite(name, request)).rejects.toMatchObject(refused)
    }
    await expect(mappings.deleteSite('none', request)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('that another wrote into the database wrongly are told and not in force, until they can be', async () => {
    await store.commit({ putSite: { name: 'bad', spec: spec('nonsense'), provenance: request.provenance } })
    await store.commit({
      putSite: { name: 'late', spec: spec('10.1.0.0/16'), provenance: request.provenance },
    })
    const { mappings, local } = await start({ sites: [] })
    expect(errors).toEqual([expect.stringMatching(/^the site bad is not in force: nonsense/)])
    local.putNetwork({ name: 'blue', vni: 7, subnets: [parseCidr('10.1.0.0/16') ?? expect.fail()] })
    expect(errors.at(-1)).toBe('the site network.blue is not in force: [7]10.1.0.0/16 is of site late')
    expect(mappings.sites().map(({ name }) => name)).toEqual(['late'])
    await mappings.deleteSite('late', request)
    expect(mappings.sites().map(({ name }) => name)).toEqual(['network.blue'])
    await store.commit({
      putSite: { name: 'bad', spec: spec('10.2.0.0/16'), provenance: request.provenance },
    })
    expect(mappings.sites().map(({ name }) => name)).toEqual(['bad', 'network.blue'])
    await store.commit({
      putSite: { name: 'bad', spec: spec('10.1.0.0/16'), provenance: request.provenance },
    })
    expect(mappings.sites().map(({ name }) => name)).toEqual(['network.blue'])
    expect(errors).toHaveLength(3)
  })
})

describe('static mappings', () => {
  it('are stored, answered with, deleted', async () => {
    const { mappings } = await start()
    const put = await mappings.putMapping(7, '10.1.1.1', rlocs('192.0.2.1', '2001:db8::1'), request)
    expect(put).toMatchObject({
      created: true,
      mapping: {
        iid: 7,
        eid: '10.1.1.1/32',
        origin: 'static',
        owner: 'static',
        ttl: 1_440,
        since: clock.wallTime(),
        provenance: request.provenance,
        locators: [
          { rloc: '192.0.2.1', priority: 1, weight: 100, multicastPriority: 255, reachable: true },
          { rloc: '2001:db8::1' },
        ],
      },
    })
    expect(mappings.explain(7, '10.1.1.1')).toMatchObject({
      answer: { kind: 'reply', records: [{ eid: '10.1.1.1/32' }] },
      mapping: { eid: '10.1.1.1/32' },
      covering: [{ eid: '10.1.1.1/32' }],
    })
    await mappings.deleteMapping(7, '10.1.1.1/32', request)
    await expect(mappings.deleteMapping(7, '10.1.1.1/32', request)).rejects.toMatchObject({
      code: 'not-found',
    })
    expect(mappings.history(7, '10.1.1.1').map(({ cause, after }) => [cause, after?.owner])).toEqual([
      ['configured', undefined],
      ['configured', 'static'],
    ])
    expect(told.map(({ type, message }) => `${type}: ${message}`)).toEqual([
      'mapping-created: [7]10.1.1.1/32 was put: to 192.0.2.1, 2001:db8::1 (static)',
      'mapping-deleted: [7]10.1.1.1/32 was taken out: from 192.0.2.1, 2001:db8::1 (static)',
    ])
  })

  it('are refused with the field that is wrong', async () => {
    const { mappings } = await start()
    const wrong = (eid: string, rloc: string) => mappings.putMapping(0, eid, rlocs(rloc), request)
    await expect(wrong('10.0.0.0/99', '192.0.2.1')).rejects.toMatchObject({ details: { field: 'path.eid' } })
    await expect(wrong('10.0.0.0/8', 'there')).rejects.toMatchObject({
      details: { field: 'locators[0].rloc' },
    })
    await expect(wrong('10.0.0.0/8', 'none')).rejects.toMatchObject({
      details: { field: 'locators[0].rloc' },
    })
    expect([...store.mappings()]).toEqual([])
  })

  it('are listed page by page, by what they have in common', async () => {
    const { mappings, local } = await start()
    for (const eid of ['10.0.0.0/8', '10.1.0.0/16', '10.1.1.1', '10.2.0.0/16', '2001:db8::/32', '"paris"'])
      await mappings.putMapping(7, eid, rlocs('192.0.2.1'), request)
    const ip = parseModelIp('10.1.1.2') ?? expect.fail()
    local.put({ vni: 7, ip }, 'n1', parseRloc('192.0.2.7') ?? expect.fail())
    const list = (filter: Parameters<typeof mappings.mappings>[0], limit = 100): string[] =>
      mappings.mappings(filter, { limit }).mappings.map(({ eid }) => eid)
    expect(list({})).toEqual([
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.1.1/32',
      '10.1.1.2/32',
      '10.2.0.0/16',
      '2001:db8::/32',
      '"paris"',
    ])
    expect(list({ iid: 8 })).toEqual([])
    expect(list({ iid: 7, within: '10.1.0.0/16' })).toEqual(['10.1.0.0/16', '10.1.1.1/32', '10.1.1.2/32'])
    expect(list({ iid: 7, within: '10.1.1.0/24' })).toEqual(['10.1.1.1/32', '10.1.1.2/32'])
    expect(list({ origin: 'local' })).toEqual(['10.1.1.2/32'])
    expect(list({ node: 'n1' })).toEqual(['10.1.1.2/32'])
    const pages: string[][] = []
    let after: string | undefined
    do {
      const page = mappings.mappings({ iid: 7, within: '10.0.0.0/8' }, { limit: 2, after })
      pages.push(page.mappings.map(({ eid }) => eid))
      after = page.next
    } while (after !== undefined)
    expect(pages).toEqual([['10.0.0.0/8', '10.1.0.0/16'], ['10.1.1.1/32', '10.1.1.2/32'], ['10.2.0.0/16']])
    expect(() => mappings.mappings({}, { limit: 2, after: 'x' })).toThrow(/no page ends there/)
  })
})

describe('the fabric’s own endpoints', () => {
  it('are mappings to their nodes, in the place of an operator’s word, which comes back', async () => {
    const plane = await start()
    const { mappings, local } = plane
    const eid = { vni: 7, ip: parseModelIp('10.1.1.1') ?? expect.fail() }
    await mappings.putMapping(7, '10.1.1.1', rlocs('192.0.2.1'), request)
    local.put(eid, 'n1', parseRloc('192.0.2.7') ?? expect.fail())
    local.put({ vni: 7, mac: 0x02_00_00_00_00_01 }, 'n1', parseRloc('2001:db8::7') ?? expect.fail())
    expect(mappings.explain(7, '10.1.1.1').mapping).toMatchObject({
      origin: 'local',
      owner: 'n1',
      node: 'n1',
      locators: [{ rloc: '192.0.2.7' }],
    })
    expect(mappings.explain(7, '02:00:00:00:00:01').mapping?.locators).toMatchObject([
      { rloc: '2001:db8::7' },
    ])
    expect(plane.figures().mappings).toEqual({ registered: 0, static: 0, local: 2 })
    const refused = { code: 'managed-elsewhere', details: { owner: 'node n1' } }
    await expect(mappings.putMapping(7, '10.1.1.1', rlocs('192.0.2.1'), request)).rejects.toMatchObject(
      refused,
    )
    await expect(mappings.deleteMapping(7, '10.1.1.1', request)).rejects.toMatchObject(refused)
    local.remove(eid)
    expect(mappings.explain(7, '10.1.1.1').mapping).toMatchObject({ origin: 'static' })
    local.remove(eid)
    expect(mappings.explain(7, '10.1.1.1').mapping).toMatchObject({ origin: 'static' })
    // What the fabric says of itself is told by its own events.
    expect(told.map(({ type }) => type)).toEqual(['mapping-created', 'mapping-moved', 'mapping-moved'])
  })

  it('make what is nowhere in their network “not registered” and not “nobody’s”', async () => {
    const { mappings, local } = await start()
    const ttl = (): number | undefined => {
      const { answer } = mappings.explain(7, '10.1.1.1')
      return answer.kind === 'negative' ? answer.record.ttl : undefined
    }
    expect(ttl()).toBe(15)
    const subnets = [parseCidr('10.1.0.0/16') ?? expect.fail()]
    local.putNetwork({ name: 'blue', vni: 7, subnets })
    expect(ttl()).toBe(1)
    local.removeNetwork('blue')
    expect(ttl()).toBe(15)
  })
})

describe('routers', () => {
  const sites = [siteOf('paris', spec('10.1.0.0/16'), false)]

  it('register, are answered, are told of and withdrawn', async () => {
    const plane = await start({ listen: [loopback], sites })
    const one = await router(plane)
    one.register({ nonce: 1n, eid: '[7]10.1.1.1/32', rloc: '192.0.2.1', proof })
    one.ask(2n, '[7]10.1.1.1/32')
    expect(await one.next('map-reply')).toMatchObject({ nonce: 2n, records: [{ ttl: 10 }] })
    expect(plane.mappings.site('paris')).toMatchObject({ registrations: 1, xtrs: 1, origin: 'configured' })
    expect(plane.figures()).toMatchObject({
      mappings: { registered: 1 },
      requests: 1,
      registers: 1,
      replies: 1,
      sites: 1,
    })
    await plane.mappings.deleteMapping(7, '10.1.1.1', request)
    expect(told.map(({ message }) => message)).toEqual([
      '[7]10.1.1.1/32 was registered: to 192.0.2.1 (paris/127.0.0.1)',
      '[7]10.1.1.1/32 was taken out: from 192.0.2.1 (paris/127.0.0.1)',
    ])
    one.register({ nonce: 3n, eid: '[7]10.1.1.1/32', rloc: '192.0.2.1', proof: proofOf('wrong') })
    one.ask(4n, '[7]10.1.1.1/32')
    expect((await one.next('map-reply')).records).toMatchObject([{ ttl: 1, locators: [] }])
    expect(plane.figures().refusals.get('mismatch')).toBe(1)
  })

  it('that register many EIDs at once are told of with a number', async () => {
    const plane = await start({ listen: [loopback], sites })
    const one = await router(plane)
    for (let i = 1; i <= 50; i++)
      one.register({ nonce: BigInt(i), eid: `[7]10.1.1.${i}/32`, rloc: '192.0.2.1', proof })
    await expect.poll(() => plane.figures().mappings.registered).toBe(50)
    await clock.run(1_000)
    expect(told.filter(({ type }) => type === 'mapping-registered')).toHaveLength(20)
    expect(told.at(-1)).toMatchObject({ type: 'mappings-changed', data: { count: 30 } })
    expect(plane.mappings.history(7, '10.1.1.50')).toHaveLength(1)
  })

  it('cannot replay what they sent before a restart, and a restart is quiet', async () => {
    const first = await start({ listen: [loopback], sites })
    const one = await router(first)
    const before = one.registration({ nonce: 9n, eid: '[7]10.1.1.1/32', rloc: '192.0.2.1', proof, xtrId: 1n })
    one.send(before)
    await expect.poll(() => first.figures().mappings.registered).toBe(1)
    await first.stop()

    const second = await start({ listen: [loopback], sites })
    expect(second.figures().mappings.registered).toBe(0)
    expect(second.mappings.explain(7, '10.1.1.1').answer).toEqual({
      kind: 'quiet',
      until: clock.wallTime() + 60_000,
    })
    // Entries of map-caches from before stay: their router may be about to register.
    const ip = parseModelIp('10.1.1.1') ?? expect.fail()
    expect(second.whereabouts.lookup(7, ip)).toBeUndefined()
    const again = await router(second)
    again.send(before)
    await expect.poll(() => second.figures().refusals.get('replayed-nonce')).toBe(1)
    expect(second.figures().mappings.registered).toBe(0)
    again.register({ nonce: 10n, eid: '[7]10.1.1.1/32', rloc: '192.0.2.1', proof, xtrId: 1n })
    await expect.poll(() => second.figures().mappings.registered).toBe(1)
    await clock.run(60_000)
    expect(second.mappings.explain(7, '10.1.9.9').answer).toMatchObject({ kind: 'negative' })
    const other = parseModelIp('10.1.9.9') ?? expect.fail()
    expect(second.whereabouts.lookup(7, other)).toMatchObject({ rlocs: [] })
  })
})

describe('a controller that does not lead', () => {
  it('listens nowhere, and takes over with all that is stored or its own', async () => {
    store.setState({ state: 'standby', reason: 'another one leads' })
    const sites = [siteOf('paris', spec('10.1.0.0/16'), false)]
    const plane = await start({ listen: [loopback], sites })
    const { mappings, local } = plane
    const ip = parseModelIp('10.5.1.1') ?? expect.fail()
    local.put({ vni: 7, ip }, 'n1', parseRloc('192.0.2.7') ?? expect.fail())
    expect(plane.endpoints).toEqual([])
    expect(mappings.sites().map(({ name }) => name)).toEqual(['paris'])
    for (const read of [() => mappings.mappings({}, { limit: 1 }), () => mappings.explain(7, '10.1.1.1')])
      expect(read).toThrow(/another one leads/)
    await expect(mappings.putSite('a', spec('10.0.0.0/8'), request)).rejects.toMatchObject({
      code: 'not-leader',
    })

    store.setState({ state: 'leader' })
    await settled(plane)
    expect(plane.endpoints).toHaveLength(1)
    expect(mappings.explain(7, '10.5.1.1').mapping).toMatchObject({ node: 'n1' })
    expect(mappings.explain(7, '10.1.1.1').answer).toMatchObject({ kind: 'quiet' })
    const one = await router(plane)
    one.register({ nonce: 1n, eid: '[7]10.1.1.1/32', rloc: '192.0.2.1', proof })
    await expect.poll(() => plane.figures().mappings.registered).toBe(1)
    const news = told.length

    store.setState({ state: 'standby', reason: 'lost' })
    await expect.poll(() => plane.endpoints).toEqual([])
    await expect.poll(() => plane.figures().mappings).toEqual({ registered: 0, static: 0, local: 1 })
    expect(told).toHaveLength(news)
  })

  it('goes on while the database is away', async () => {
    const plane = await start({ listen: [loopback] })
    store.setState({ state: 'connecting', reason: 'away' })
    await settled(plane)
    expect(plane.endpoints).toHaveLength(1)
    expect(plane.mappings.mappings({}, { limit: 1 })).toEqual({ mappings: [] })
    await expect(plane.mappings.deleteSite('a', request)).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})

it('says which setting to change when its address is taken, and listens once it is free', async () => {
  const first = await start({ listen: [loopback] })
  const [endpoint] = first.endpoints
  const taken = { address: '127.0.0.1', port: endpoint?.port ?? 0 }
  const second = new MappingPlane({
    store,
    clock,
    random: seededRandom(2),
    logger: { ...silentLogger, error: (_fields, message) => void errors.push(message) },
    tell: () => {},
    listen: [taken],
    rloc: parseIp('127.0.0.1') ?? expect.fail(),
    server: {},
    sites: [],
    strictNonces: false,
    nonceFile: join(directory, 'other-nonces'),
    shared: false,
  })
  planes.push(second)
  second.start()
  await expect
    .poll(() => second.trouble)
    .toMatch(
      /^cannot listen for LISP on 127\.0\.0\.1 port \d+: .*EADDRINUSE.*; change lisp\.listen, or set it to none$/,
    )
  await clock.run(3_000)
  expect(errors).toHaveLength(1)
  await first.stop()
  await clock.run(1_000)
  await expect.poll(() => second.endpoints.length).toBe(1)
  expect(second.trouble).toBeUndefined()
})
