/** Simulated xTRs, whose encoders are their own, with the Map-Server over loopback UDP; and their bytes as `lisp/` reads them. */
import { afterEach, describe, expect, it } from 'vitest'
import { mapNotifyAck, mapRegister, mapRequest } from '#lab/xtr/messages.js'
import { Xtr } from '#lab/xtr/xtr.js'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { parseEid, parseIp } from '#lisp/address-text.js'
import { checkAuthentication, makeKey } from '#lisp/auth.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { MapServer } from '#lisp/map-server.js'
import { decodeMessage } from '#lisp/messages.js'
import { printMessage } from '#lisp/print.js'
import { type LispSockets, serveLisp } from '#lisp/udp.js'

const serverAddress = '127.77.0.1'
const key = { id: 7, secret: 'a secret of the test' }
const siteId = 5n
const eid = '10.1.0.1'
const opened: (Xtr | LispSockets)[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

const serve = async () => {
  const rloc = parseIp(serverAddress)
  if (rloc === undefined) throw new Error(serverAddress)
  const now = systemClock.now()
  const server = new MapServer({ now, random: seededRandom(1), rloc, quiet: false })
  const prefixes = [{ eid: parseEid('[100]10.1.0.0/16'), acceptMoreSpecifics: true }]
  server.putSite(
    makeSite({ name: 'a', prefixes, keys: [makeKey(key.id, key.secret)], siteIds: [siteId] }),
    now,
  )
  const fault = (error: unknown): never => {
    throw error
  }
  const listen = [{ address: serverAddress, port: 0 }]
  const sockets = await serveLisp({ server, clock: systemClock, listen, onEffect: () => {}, onFault: fault })
  opened.push(sockets)
  return { server, mapServer: { address: serverAddress, port: sockets.endpoints[0]?.port ?? 0 } }
}

const open = async (
  number: number,
  mapServer: { address: string; port: number },
  secret = key.secret,
  onSolicited?: (eid: string) => void,
) => {
  const xtr = await Xtr.open({
    address: `127.77.0.${number}`,
    mapServer,
    key: { ...key, secret },
    xtrId: BigInt(number),
    siteId,
    clock: systemClock,
    random: seededRandom(number),
    patienceMs: 200,
    ...(onSolicited !== undefined && { onSolicited }),
  })
  opened.push(xtr)
  return xtr
}

describe('a simulated xTR', () => {
  it('registers; another resolves; the EID moves; the subscriber and the old owner hear of it', async () => {
    const { server, mapServer } = await serve()
    const [west, north, east] = [
      await open(11, mapServer),
      await open(12, mapServer),
      await open(13, mapServer),
    ]
    expect(await west.register(100, eid)).toMatchObject({ prefix: `${eid}/32`, rlocs: [west.address] })
    expect(await east.resolve(100, eid)).toMatchObject({ prefix: `${eid}/32`, rlocs: [west.address] })
    expect(await east.subscribe(100, eid)).toMatchObject({ rlocs: [west.address] })
    const heard = [east.notified(100, eid), west.notified(100, eid)]
    await north.register(100, eid)
    for (const told of await Promise.all(heard)) expect(told).toMatchObject({ rlocs: [north.address] })
    await expect.poll(() => server.notices.size).toBe(0)
    expect(server.counters.acks).toBe(3)
    expect(server.refusals.counts).toEqual(new Map())
    expect([west, north, east].map(({ refused }) => refused)).toEqual([0, 0, 0])
  })

  it('hears that it is to ask again', async () => {
    const { mapServer } = await serve()
    const again: string[] = []
    const [west, north] = [await open(11, mapServer), await open(12, mapServer)]
    // Map-Servers send it to port 4342, whatever the port of the question.
    const east = await open(13, mapServer, key.secret, (one) => void again.push(one))
    await west.register(100, '10.1.2.0/24')
    expect(await east.resolve(100, '10.1.2.3')).toMatchObject({
      prefix: '10.1.2.0/24',
      rlocs: [west.address],
    })
    await north.register(100, '10.1.2.0/24')
    await expect.poll(() => again).toEqual(['10.1.2.0'])
    expect(await east.resolve(100, '10.1.2.3')).toMatchObject({ rlocs: [north.address] })
    expect(east.refused).toBe(0)
  })

  it('hears that nobody has an EID', async () => {
    const { mapServer } = await serve()
    const east = await open(14, mapServer)
    expect(await east.resolve(100, '10.1.200.1')).toMatchObject({ prefix: '10.1.0.0/16', rlocs: [] })
  })

  it('believes no notify of a server that does not know its key', async () => {
    const { server, mapServer } = await serve()
    const stranger = await open(15, mapServer, 'another secret')
    await expect(stranger.register(100, eid)).rejects.toThrow('no answer from 127.77.0.1')
    expect(server.refusals.counts.get('mismatch')).toBe(3)
  })
})

const one = {
  ttl: 10,
  maskLength: 32,
  action: 0x1000,
  mapVersion: 0,
  eid: { iid: 100, address: { value: 0x0a01_0001 } },
  locators: [
    {
      priority: 1,
      weight: 100,
      multicastPriority: 255,
      multicastWeight: 0,
      flags: 5,
      rloc: { value: 0xc000_0201 },
    },
  ],
}
const six = { ...one, maskLength: 64, eid: { iid: 100, address: { value: 0xfd77n << 112n } } }
const who = { xtrId: 0xa1n, siteId: 0xb2n }

describe('its messages', () => {
  it.each([
    ['Map-Register', mapRegister(3n, one, who, key)],
    ['Map-Notify-Ack', mapNotifyAck(3n, [one], key)],
  ])('%s is authentic', (_, data) => {
    expect(checkAuthentication(data, [makeKey(key.id, key.secret)])).toMatchObject({ keyId: key.id })
    expect(checkAuthentication(data, [makeKey(key.id, 'guess')])).toBe('mismatch')
  })

  it.each([
    ['Map-Register', mapRegister(3n, one, who, key)],
    ['Map-Register of IPv6', mapRegister(3n, six, who, key)],
    ['Map-Notify-Ack', mapNotifyAck(3n, [one], key)],
    ['Map-Request', mapRequest({ nonce: 4n, iid: 100, address: 0x0a01_0001, itrRloc: 0xc000_0202 })],
    [
      'subscription',
      mapRequest({ nonce: 5n, iid: 100, address: 0x0a01_0001, itrRloc: 0xc000_0202, subscriber: who }),
    ],
  ])('%s is what it should be', (_, data) => {
    expect(printMessage(decodeMessage(data)).replace(/: [0-9a-f]{64}$/m, ': …')).toMatchSnapshot()
  })
})
