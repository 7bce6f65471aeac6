/** A mapping system below another one: EIDs are resolved and own ones registered elsewhere, through real datagrams. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseIp } from '#lisp/address-text.js'
import { MappingPlane, type MappingPlaneOptions } from '#mapping/mapping-plane.js'
import { siteOf } from '#mapping/site-values.js'
import { parseRloc } from '#model/address.js'
import { type Ip, parseIp as parseModelIp } from '#model/cidr.js'
import { silentLogger } from '#model/logger.js'
import type { Located } from '#model/whereabouts.js'
import { proofOf } from '../fake/lisp-router.js'
import { MemoryStore } from '../fake/memory-store.js'
import { VirtualClock } from '../fake/virtual-clock.js'

const request = { provenance: { requestId: 'r1', by: 'me', at: 1 }, waitMs: 0 }
const loopback = parseIp('127.0.0.1') ?? expect.fail()
const ip = (text: string): Ip => parseModelIp(text) ?? expect.fail(text)
const rloc = (text: string) => parseRloc(text) ?? expect.fail(text)
const proof = proofOf('upstream')

/** Free a moment ago. */
const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  await new Promise<void>((done) => socket.close(done))
  return port
}

let directory: string
let clock: VirtualClock
let upstream: MappingPlane
let fabric: MappingPlane
let store: MemoryStore
let told: string[]

const make = (name: string, options: Partial<MappingPlaneOptions>): MappingPlane =>
  new MappingPlane({
    store: new MemoryStore('00000000-0000-0000-0000-0000000000aa'),
    clock,
    random: seededRandom(name.length),
    logger: silentLogger,
    tell: () => {},
    listen: [],
    rloc: loopback,
    server: {},
    sites: [],
    strictNonces: false,
    nonceFile: join(directory, name),
    shared: false,
    ...options,
  })

/** Lets time and datagrams go on until something is so. */
const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 400) expect.fail('it did not happen')
    await clock.run(50)
    await delay(2)
  }
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heddle-'))
  clock = new VirtualClock()
  told = []
  const port = await freePort()
  const keys = [{ keyId: 1, secret: 'upstream' }]
  const prefixes = [{ iid: 7, eid: '10.5.0.0/16', acceptMoreSpecifics: true }]
  upstream = make('upstream', {
    listen: [{ address: '127.0.0.1', port: 0 }],
    server: { controlPort: port },
    sites: [siteOf('fabric', { prefixes, keys }, false)],
  })
  upstream.start()
  await upstream.settled()
  const endpoint = upstream.endpoints[0] ?? expect.fail()
  const how = { proxyReply: true, merge: false, wantNotify: true }
  store = new MemoryStore('00000000-0000-0000-0000-0000000000bb')
  fabric = make('fabric', {
    store,
    tell: ({ type, object }) => void told.push(`${type} ${object}`),
    listen: [{ address: '127.0.0.1', port }],
    serves: false,
    elsewhere: {
      resolvers: [endpoint],
      servers: [{ name: 'up', endpoint, proof, ...how }],
      rlocs: [loopback],
      port,
    },
  })
  fabric.start()
  await fabric.settled()
  await upstream.mappings.putMapping(7, '10.6.0.0/16', { locators: [{ rloc: '192.0.2.6' }] }, request)
})
afterEach(async () => {
  await fabric.stop()
  await upstream.stop()
  await rm(directory, { recursive: true, force: true })
})

describe('own EIDs', () => {
  it('are registered elsewhere, moved, and taken back', async () => {
    const eid = { vni: 7, ip: ip('10.5.1.1') }
    fabric.local.put(eid, 'n1', rloc('192.0.2.7'))
    await until(() => upstream.figures().mappings.registered === 1)
    expect(upstream.mappings.explain(7, '10.5.1.1').mapping).toMatchObject({
      locators: [{ rloc: '192.0.2.7' }],
    })
    await until(() => told.includes('map-server-registered map-server up'))
    expect(fabric.figures().mapServers).toEqual(new Map([['up', 'registered']]))
    fabric.local.put(eid, 'n2', rloc('192.0.2.8'))
    await until(() => upstream.mappings.explain(7, '10.5.1.1').mapping?.locators[0]?.rloc === '192.0.2.8')
    fabric.local.remove(eid)
    await until(() => upstream.figures().mappings.registered === 0)
  })

  it('stay registered when the controller stops, and are registered again by the next one', async () => {
    fabric.local.put({ vni: 7, ip: ip('10.5.1.1') }, 'n1', rloc('192.0.2.7'))
    await until(() => upstream.figures().mappings.registered === 1)
    const taken = upstream.figures().registers
    store.setState({ state: 'standby', reason: 'another one leads' })
    await fabric.settled()
    expect(upstream.figures().mappings.registered).toBe(1)
    store.setState({ state: 'leader' })
    await fabric.settled()
    await until(() => upstream.figures().registers > taken)
    expect(upstream.figures().refusals.size).toBe(0)
  })
})

describe('EIDs of others', () => {
  it('are known once they were asked for', async () => {
    expect(fabric.whereabouts.lookup(7, ip('10.6.1.1'))).toBeUndefined()
    const answers: (Located | undefined)[] = []
    for (const text of ['10.6.1.1', '10.6.1.1', '10.7.1.1'])
      fabric.whereabouts.resolve(7, ip(text), (answer) => void answers.push(answer))
    await until(() => answers.length === 3)
    const found = {
      vni: 7,
      eid: { family: 4, value: ip('10.6.0.0').value, length: 16 },
      rlocs: [{ family: 4, text: '192.0.2.6' }],
    }
    expect(answers).toEqual([
      expect.objectContaining({ ...found, rlocs: [expect.objectContaining(found.rlocs[0])] }),
      expect.objectContaining({ eid: found.eid }),
      expect.objectContaining({ rlocs: [], action: 'natively-forward' }),
    ])
    expect(fabric.whereabouts.lookup(7, ip('10.6.200.1'))).toMatchObject(found)
  })

  it('are followed where they are watched, until somebody here has them', async () => {
    const seen: string[] = []
    const watched = ip('10.6.1.1')
    // Whom Map-Servers publish to has registered with them.
    fabric.local.put({ vni: 7, ip: ip('10.5.1.1') }, 'n1', rloc('192.0.2.7'))
    await until(() => upstream.figures().mappings.registered === 1)
    const stop = fabric.whereabouts.watch(7, watched, (now) => void seen.push(now?.rlocs[0]?.text ?? '-'))
    await until(() => seen.includes('192.0.2.6'))
    await until(() => upstream.figures().subscriptions === 1)
    await upstream.mappings.putMapping(7, '10.6.0.0/16', { locators: [{ rloc: '192.0.2.66' }] }, request)
    await until(() => seen.at(-1) === '192.0.2.66')
    fabric.local.put({ vni: 7, ip: watched }, 'n1', rloc('192.0.2.7'))
    expect(fabric.whereabouts.lookup(7, watched)).toMatchObject({ node: 'n1' })
    expect(seen.at(-1)).toBe('192.0.2.7')
    fabric.local.remove({ vni: 7, ip: watched })
    expect(seen.at(-1)).toBe('192.0.2.66')
    stop()
    const count = seen.length
    await until(() => upstream.figures().subscriptions === 0)
    await upstream.mappings.putMapping(7, '10.6.0.0/16', { locators: [] }, request)
    await clock.run(500)
    expect(seen).toHaveLength(count)
  })

  it('that nobody answers for are nowhere that is known', async () => {
    await upstream.stop()
    const answers: unknown[] = []
    fabric.whereabouts.resolve(7, ip('10.6.1.1'), (answer) => void answers.push(answer))
    for (let tries = 0; tries < 100 && answers.length === 0; tries++) await clock.run(500)
    expect(answers).toEqual([undefined])
  })

  it('are told to be nowhere to who still waits when the term ends', async () => {
    const answers: unknown[] = []
    fabric.whereabouts.resolve(7, ip('10.6.1.1'), (answer) => void answers.push(answer))
    await fabric.stop()
    expect(answers).toEqual([undefined])
  })
})

it('a controller without resolvers knows by itself that nobody has an EID', () => {
  expect(upstream.whereabouts.lookup(7, ip('10.9.1.1'))).toMatchObject({ rlocs: [], ttl: 15 })
  expect(upstream.whereabouts.lookup(7, ip('10.5.1.1'))).toMatchObject({ rlocs: [], ttl: 1 })
  expect(upstream.whereabouts.lookup(7, ip('10.6.1.1'))).toMatchObject({ rlocs: [{ text: '192.0.2.6' }] })
})
