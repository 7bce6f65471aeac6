/** The rim of the Map-Server on loopback sockets: datagrams in, datagrams out, nonces kept. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { parseEid } from '#lisp/address-text.js'
import { makeKey, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { type Effect, type KeptNonce, MapServer } from '#lisp/map-server.js'
import { decodeMessage, encodeMessage } from '#lisp/messages.js'
import { type LispSockets, serveLisp } from '#lisp/udp.js'

const loopback = { family: 'ipv4', value: 0x7f00_0001 } as const
const locator = {
  priority: 1,
  weight: 1,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { reachable: true },
  rloc: loopback,
}
const key = makeKey(1, 'secret')
const eid = parseEid('[5]10.1.1.1/32')

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Running {
  readonly service: LispSockets
  readonly server: MapServer
  readonly kept: KeptNonce[]
  readonly effects: Effect[]
}

const serve = async (
  address: string,
  rloc: typeof loopback | { family: 'ipv6'; value: bigint },
): Promise<Running> => {
  const server = new MapServer({ now: systemClock.now(), random: seededRandom(1), rloc, quiet: false })
  const prefixes = [{ eid: parseEid('[5]10.1.0.0/16'), acceptMoreSpecifics: true }]
  server.putSite(makeSite({ name: 'a', prefixes, keys: [key] }), systemClock.now())
  const kept: KeptNonce[] = []
  const effects: Effect[] = []
  const service = await serveLisp({
    server,
    clock: systemClock,
    listen: [{ address, port: 0 }],
    onEffect: (effect) => effects.push(effect),
    onFault: (error) => expect.fail(String(error)),
    keepNonces: (nonces) => kept.push(...nonces),
    keepNoncesMs: 20,
    tickMs: 5,
  })
  closing.push(() => service.close())
  return { service, server, kept, effects }
}

const client = async (type: 'udp4' | 'udp6', address: string): Promise<Socket> => {
  const socket = createSocket(type)
  closing.push(() => new Promise<void>((done) => socket.close(done)))
  socket.bind(0, address)
  await once(socket, 'listening')
  return socket
}

const ask = (rloc: typeof loopback | { family: 'ipv6'; value: bigint }): Uint8Array =>
  encodeMessage({
    type: 'map-request',
    flags: {},
    nonce: 9n,
    sourceEid: { family: 'none' },
    itrRlocs: [rloc],
    records: [{ ...eidFields(eid), notify: false }],
  })

test.each([
  { type: 'udp4', address: '127.0.0.1', rloc: loopback },
  { type: 'udp6', address: '::1', rloc: { family: 'ipv6', value: 1n } },
] as const)('a request over $type is answered', async ({ type, address, rloc }) => {
  const { service, server } = await serve(address, rloc)
  service.obey(
    server.put({ eid, locators: [locator], node: { kind: 'local', name: 'n1' } }, systemClock.now()),
  )
  const socket = await client(type, address)
  socket.send(ask(rloc), service.endpoints[0]?.port ?? 0, address)
  const [data] = (await once(socket, 'message')) as [Buffer]
  expect(decodeMessage(data)).toMatchObject({
    type: 'map-reply',
    nonce: 9n,
    records: [{ locators: [{ rloc: loopback }] }],
  })
})

test('nonces are handed over to be kept, changes to be told', async () => {
  const { service, kept, effects } = await serve('127.0.0.1', loopback)
  const socket = await client('udp4', '127.0.0.1')
  const record = {
    ...eidFields(eid),
    ttl: 10,
    action: 'no-action',
    authoritative: true,
    mapVersion: 0,
  } as const
  const data = seal(
    {
      type: 'map-register',
      flags: {},
      nonce: 4n,
      records: [{ ...record, locators: [locator] }],
      xtr: { xtrId: 1n, siteId: 2n },
    },
    { key, keyId: 1, algorithm: 'hmac-sha-256-128' },
  )
  socket.send(data, service.endpoints[0]?.port ?? 0, '127.0.0.1')
  await expect.poll(() => kept).toMatchObject([{ nonce: 4n }])
  expect(effects).toMatchObject([{ do: 'tell', change: { cause: 'registered' } }])
})

test('an address that is taken is the caller’s to hear of', async () => {
  const { service } = await serve('127.0.0.1', loopback)
  const server = new MapServer({ now: 0, random: seededRandom(1), rloc: loopback })
  const again = serveLisp({
    server,
    clock: systemClock,
    listen: [{ address: '127.0.0.1', port: service.endpoints[0]?.port ?? 0 }],
    onEffect: () => {},
    onFault: () => {},
  })
  await expect(again).rejects.toThrow('EADDRINUSE')
})

test('a mistake of ours is told, and the next datagram served', async () => {
  const server = new MapServer({ now: 0, random: seededRandom(1), rloc: loopback, quiet: false })
  const faults: unknown[] = []
  const take = server.receive.bind(server)
  let calls = 0
  server.receive = (...datagram) => {
    calls += 1
    if (calls === 1) throw new Error('ours')
    return take(...datagram)
  }
  const listen = [{ address: '127.0.0.1', port: 0 }]
  const onFault = (error: unknown) => faults.push(error)
  const sockets = await serveLisp({ server, clock: systemClock, listen, onEffect: () => {}, onFault })
  closing.push(() => sockets.close())
  const socket = await client('udp4', '127.0.0.1')
  const port = sockets.endpoints[0]?.port ?? 0
  socket.send(ask(loopback), port, '127.0.0.1')
  socket.send(ask(loopback), port, '127.0.0.1')
  const [data] = (await once(socket, 'message')) as [Buffer]
  expect(decodeMessage(data)).toMatchObject({ type: 'map-reply' })
  expect(faults).toMatchObject([{ message: 'ours' }])
})
