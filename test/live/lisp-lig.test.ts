/** `heddle lig` asks a running Map-Server over loopback; a client registers its EID there, another watches it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { parseEid, parseIp } from '#lisp/address-text.js'
import { makeKey, type Proof } from '#lisp/auth.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { MapServer } from '#lisp/map-server.js'
import { type ClientEffect, MappingClient } from '#lisp/mapping-client.js'
import { type LispSockets, serveLisp } from '#lisp/udp.js'
import { locatorOf } from '../fake/lisp-script-words.js'
import { heddle } from '../unit/cli-support.js'

const address = (text: string) => parseIp(text) ?? expect.fail(text)
const proof: Proof = { key: makeKey(1, 'secret'), keyId: 1, algorithm: 'hmac-sha-256-128+hkdf-sha256' }
const eid = parseEid('[100]10.1.1.7')

const lig = (...words: readonly string[]) => heddle(['lig', ...words], { clock: systemClock })

const clientAt = (rloc: string, port: number): MappingClient => {
  const endpoint = { address: address('127.0.54.1'), port }
  return new MappingClient({
    now: systemClock.now(),
    wallTime: systemClock.wallTime(),
    random: seededRandom(address(rloc).value as number),
    rlocs: [address(rloc)],
    identity: { xtrId: BigInt(address(rloc).value), siteId: 5n },
    resolving: { resolvers: [endpoint], subscriberKeys: [proof.key] },
    registering: {
      servers: [{ name: 'ms', endpoint, proof, proxyReply: true, merge: false, wantNotify: true }],
    },
  })
}

describe('a mapping system elsewhere', () => {
  const closing: (() => Promise<void>)[] = []
  const told: ClientEffect[] = []
  const server = new MapServer({
    now: systemClock.now(),
    random: seededRandom(1),
    rloc: address('127.0.54.1'),
    quiet: false,
  })
  let registrar: MappingClient
  let watcher: MappingClient
  let watching: LispSockets<ClientEffect>

  const listen = async <Other>(
    machine: Parameters<typeof serveLisp<Other>>[0]['server'],
    at: string,
    onEffect: (effect: Other) => void = () => {},
  ): Promise<LispSockets<Other>> => {
    const options = { clock: systemClock, listen: [{ address: at, port: 4342 }], tickMs: 20 }
    const onFault = (error: unknown): void => expect.fail(String(error))
    const sockets = await serveLisp<Other>({ server: machine, ...options, onEffect, onFault })
    closing.push(() => sockets.close())
    return sockets
  }

  beforeAll(async () => {
    const prefixes = [{ eid: parseEid('[100]10.1.0.0/16'), acceptMoreSpecifics: true }]
    server.putSite(makeSite({ name: 'a', prefixes, keys: [proof.key], siteIds: [5n] }), systemClock.now())
    await listen(server, '127.0.54.1')
    registrar = clientAt('127.0.54.2', 4342)
    await listen<ClientEffect>(registrar, '127.0.54.2')
    watcher = clientAt('127.0.54.3', 4342)
    watching = await listen<ClientEffect>(watcher, '127.0.54.3', (effect) => told.push(effect))
  })

  afterAll(async () => {
    for (const close of closing) await close()
  })

  it('registers, is asked by lig, is watched, moves', async () => {
    registrar.register({ eid, locators: [locatorOf('192.0.2.1')], ttl: 10 })
    await expect.poll(() => registrar.states.get('ms')).toBe('registered')

    const { out } = await lig('10.1.1.7', '--iid', '100', '--resolver', '127.0.54.1', '-o', 'json')
    expect(JSON.parse(out)).toMatchObject({
      answer: 'mapping',
      from: '127.0.54.1:4342',
      records: [{ eid: '[100]10.1.1.7/32', ttl: 10, locators: [{ rloc: '192.0.2.1', reachable: true }] }],
    })
    expect((await lig('10.1.2.0', '--iid', '100', '-r', '127.0.54.1')).out).toMatch(/answer +negative/)

    watching.obey(watcher.watch(eid, systemClock.now()))
    await expect.poll(() => told.filter((effect) => effect.do === 'answered')).toHaveLength(1)
    told.splice(0)
    registrar.register({ eid, locators: [locatorOf('192.0.2.2')], ttl: 10 })
    await expect.poll(() => told).toMatchObject([{ do: 'changed', cause: 'published' }])
    expect(watcher.lookup(eid)?.locators).toMatchObject([{ rloc: address('192.0.2.2') }])
    await expect.poll(() => server.notices.size).toBe(0)
  })

  it('is left in order', async () => {
    registrar.end(systemClock.now())
    await expect.poll(() => registrar.settled).toBe(true)
    await expect.poll(() => watcher.lookup(eid)?.locators.length ?? 0).toBe(0)
    expect(server.system.size).toBe(0)
  })

  it('a resolver that is not there is named', async () => {
    const { code, err } = await lig('10.1.1.7', '-r', '127.0.54.9', '-t', '0.1', '-c', '1')
    expect(code).toBe(3)
    expect(err).toContain('no answer from 127.0.54.9:4342')
  })
})
