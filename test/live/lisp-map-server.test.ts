/**
 * The Map-Server over real sockets, at the port and with the addresses of a real network: an xTR registers, another asks and
 * subscribes, the EID moves. Every datagram that the server sends is read by tshark as well, which has to see what we see.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { parseEid, parseIp } from '#lisp/address-text.js'
import { makeKey, type Proof, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { MapServer } from '#lisp/map-server.js'
import { decodeMessage, encodeMessage, type Message } from '#lisp/messages.js'
import { type LispSockets, serveLisp } from '#lisp/udp.js'
import { expectedFields } from './support/lisp-fields.js'
import { readWithTshark } from './support/tshark.js'

const address = (text: string) => parseIp(text) ?? expect.fail(text)
const port = 4342
const server = '127.0.53.1'
const proof: Proof = { key: makeKey(1, 'secret'), keyId: 1, algorithm: 'hmac-sha-256-128' }
const derived: Proof = { ...proof, algorithm: 'hmac-sha-256-128+hkdf-sha256' }
const eid = eidFields(parseEid('[100]10.1.1.1/32'))
const locator = (rloc: string) => ({
  priority: 1,
  weight: 100,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { local: true, reachable: true },
  rloc: address(rloc),
})

/** All that the server has sent, to whomever. */
const sent: Buffer[] = []

class Xtr {
  readonly #received: Buffer[] = []

  private constructor(
    readonly rloc: string,
    readonly id: bigint,
    readonly socket: Socket,
  ) {
    socket.on('message', (data) => {
      this.#received.push(data)
      sent.push(data)
    })
  }

  static async at(rloc: string, id: bigint): Promise<Xtr> {
    const socket = createSocket('udp4')
    socket.bind(port, rloc)
    await once(socket, 'listening')
    return new Xtr(rloc, id, socket)
  }

  send(data: Uint8Array): void {
    this.socket.send(data, port, server)
  }

  async next<T extends Message['type']>(type: T): Promise<Extract<Message, { type: T }>> {
    await expect.poll(() => this.#received.length, { timeout: 5_000 }).toBeGreaterThan(0)
    const message = decodeMessage(this.#received.shift() ?? Buffer.alloc(0))
    expect(message.type).toBe(type)
    return message as Extract<Message, { type: T }>
  }

  register(nonce: bigint, rloc: string, as: Proof): void {
    const record = { ...eid, ttl: 10, action: 'no-action', authoritative: true, mapVersion: 0 } as const
    const flags = { wantNotify: true, proxyReply: true }
    const xtr = { xtrId: this.id, siteId: 5n }
    this.send(
      seal(
        { type: 'map-register', flags, nonce, records: [{ ...record, locators: [locator(rloc)] }], xtr },
        as,
      ),
    )
  }

  ask(nonce: bigint, notify: boolean): void {
    const records = [{ ...eid, notify }]
    const request = { type: 'map-request', flags: {}, nonce, sourceEid: { family: 'none' }, records } as const
    const itrRlocs = [address(this.rloc)]
    const whole = notify
      ? { ...request, itrRlocs, xtr: { xtrId: this.id, siteId: 5n } }
      : { ...request, itrRlocs }
    const inner = {
      source: address(this.rloc),
      dest: address('10.1.1.1'),
      sourcePort: port,
      destPort: port,
      ttl: 64,
    }
    this.send(
      encodeMessage({ type: 'encapsulated', flags: {}, inner: { ...inner, payload: encodeMessage(whole) } }),
    )
  }
}

describe('a Map-Server on the wire', () => {
  let service: LispSockets
  let first: Xtr
  let second: Xtr
  let itr: Xtr
  const running = new MapServer({
    now: systemClock.now(),
    random: seededRandom(1),
    rloc: address(server),
    quiet: false,
  })

  beforeAll(async () => {
    const prefixes = [{ eid: parseEid('[100]10.1.0.0/16'), acceptMoreSpecifics: true }]
    running.putSite(makeSite({ name: 'a', prefixes, keys: [proof.key], siteIds: [5n] }), systemClock.now())
    const listen = [{ address: server, port }]
    service = await serveLisp({
      server: running,
      clock: systemClock,
      listen,
      onEffect: () => {},
      onFault: (error) => expect.fail(String(error)),
    })
    first = await Xtr.at('127.0.53.2', 2n)
    second = await Xtr.at('127.0.53.3', 3n)
    itr = await Xtr.at('127.0.53.4', 4n)
  })

  afterAll(async () => {
    await service.close()
    for (const one of [first, second, itr]) one.socket.close()
  })

  it('registers, answers, publishes, tells the old owner', async () => {
    itr.ask(1n, false)
    expect((await itr.next('map-reply')).records).toMatchObject([{ ttl: 1, locators: [] }])

    first.register(1n, '192.0.2.1', proof)
    expect(await first.next('map-notify')).toMatchObject({ nonce: 1n })
    itr.ask(2n, false)
    expect((await itr.next('map-reply')).records).toMatchObject([
      { locators: [{ rloc: address('192.0.2.1') }] },
    ])

    itr.ask(1_000n, true)
    const confirmed = await itr.next('map-notify')
    expect(confirmed.nonce).toBe(1_000n)
    itr.send(seal({ ...confirmed, type: 'map-notify-ack' }, proof))

    second.ask(3n, false)
    await second.next('map-reply')
    second.register(1n, '2001:db8::2', derived)
    // Who asked without subscribing is told to ask again.
    expect((await second.next('map-request')).flags).toMatchObject({ smr: true })
    await second.next('map-notify')
    const told = await itr.next('map-notify')
    expect(told).toMatchObject({ nonce: 1_001n, records: [{ locators: [{ rloc: address('2001:db8::2') }] }] })
    itr.send(seal({ ...told, type: 'map-notify-ack' }, proof))
    const moved = await first.next('map-notify')
    first.send(seal({ ...moved, type: 'map-notify-ack' }, proof))
    await expect.poll(() => running.notices.size).toBe(0)
  })

  it('sends what tshark reads as we do', () => {
    const seen = readWithTshark(sent)
    expect(sent.length).toBeGreaterThanOrEqual(7)
    for (const [index, data] of sent.entries()) {
      const expected = Object.entries(expectedFields(decodeMessage(data))).filter(
        ([, values]) => values.length > 0,
      )
      expect(seen[index]).toMatchObject(Object.fromEntries(expected))
      expect(seen[index]?.['_ws.expert.message']).toBeUndefined()
    }
  })
})
