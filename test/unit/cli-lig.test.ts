/** `heddle lig` against a resolver that is one function on a loopback socket; against a real Map-Server in test/live. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '#link/clock.js'
import { parseEid } from '#lisp/address-text.js'
import { eidFields } from '#lisp/eid.js'
import type { MapRequest } from '#lisp/messages/map-request.js'
import { decodeMessage, encodeMessage } from '#lisp/messages.js'
import type { MappingRecord } from '#lisp/records.js'
import { locatorOf } from '../fake/lisp-script-words.js'
import { heddle } from './cli-support.js'

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

/** Listens, and answers each request with the records that `answer` gives; returns where. */
const resolver = async (
  answer: (request: MapRequest, count: number) => readonly MappingRecord[] | undefined,
  address = '127.0.0.1',
): Promise<string> => {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  sockets.push(socket)
  let count = 0
  socket.on('message', (data) => {
    const message = decodeMessage(data)
    const { payload, sourcePort } =
      message.type === 'encapsulated' ? message.inner : expect.fail(message.type)
    const request = decodeMessage(payload)
    if (request.type !== 'map-request') return
    count += 1
    const records = answer(request, count)
    if (records === undefined) return
    const { nonce } = request
    socket.send(
      encodeMessage({ type: 'map-reply', flags: {}, nonce: nonce + 1n, records }),
      sourcePort,
      address,
    )
    socket.send(encodeMessage({ type: 'map-reply', flags: {}, nonce, records }), sourcePort, address)
  })
  socket.bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address()
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const record = (eid: string, ...locators: readonly string[]): MappingRecord => ({
  ...eidFields(parseEid(eid)),
  ttl: 10,
  action: locators.length > 0 ? 'no-action' : 'natively-forward',
  authoritative: false,
  mapVersion: 0,
  locators: locators.map(locatorOf),
})

const world = { clock: systemClock }
/** Times differ from run to run. */
const timeless = (text: string): string => text.replace(/ in [\d.]+ ms/, ' in 1 ms')

describe('heddle lig', () => {
  it('prints the mapping with its locators, and the more specific ones', async () => {
    const records = [
      record('[100]10.1.0.0/16', '192.0.2.1/1/50', '192.0.2.2/255/0!'),
      record('[100]10.1.9.0/24'),
    ]
    const place = await resolver(() => records)
    const { code, out, err } = await heddle(`lig 10.1.1.7 --iid 100 --resolver ${place}`, world)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(timeless(out)).toBe(`eid       [100]10.1.1.7/32
resolver  ${place}
answer    mapping
by        ${place} in 1 ms

EID-PREFIX           TTL  ACTION            LOCATOR    PRIORITY  WEIGHT  STATE
[100]10.1.0.0/16  10 min                    192.0.2.1         1      50  up, local
                                            192.0.2.2       255       0  down, not for packets, local
[100]10.1.9.0/24  10 min  natively-forward
`)
  })

  it('prints JSON for programs', async () => {
    const place = await resolver(() => [record('[7]02:00:00:00:00:01', '192.0.2.1')])
    const { out } = await heddle(`lig [7]02:00:00:00:00:01 -r ${place} -o json`, world)
    expect(JSON.parse(out)).toMatchObject({
      eid: '[7]02:00:00:00:00:01/48',
      answer: 'mapping',
      from: place,
      attempt: 1,
      records: [{ ttl: 10, locators: [{ rloc: '192.0.2.1', priority: 1, weight: 100, reachable: true }] }],
    })
  })

  it('asks for what it was told to, in the name of whom', async () => {
    const asked: MapRequest[] = []
    const place = await resolver((request) => {
      asked.push(request)
      return [record('[5]2001:db8::/32')]
    }, '::1')
    const { code, out } = await heddle(
      `lig 2001:db8::7 --iid 5 --source 2001:db8::9 --resolver ${place}`,
      world,
    )
    expect(code).toBe(0)
    expect(out).toMatch(/answer +negative/)
    expect(asked).toMatchObject([
      {
        ...{ sourceEid: parseEid('2001:db8::9').address, itrRlocs: [{ family: 'ipv6', value: 1n }] },
        records: [{ ...eidFields(parseEid('[5]2001:db8::7/128')), notify: false }],
      },
    ])
  })

  it('asks again, under another nonce', async () => {
    const nonces = new Set<bigint>()
    const place = await resolver(({ nonce }, count) => {
      nonces.add(nonce)
      return count < 3 ? undefined : [record('10.1.1.7', '192.0.2.1')]
    })
    const { code, out } = await heddle(`lig 10.1.1.7 -r ${place} -t 0.05 -c 5`, world)
    expect(code).toBe(0)
    expect(out).toMatch(/by .*, at attempt 3\n/)
    expect(nonces.size).toBe(3)
  })

  it('says what to check when nobody answers', async () => {
    const place = await resolver(() => undefined)
    const { code, out, err } = await heddle(`lig 10.1.1.7 -r ${place} -t 0.02 --count 2`, world)
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(err).toContain(`heddle: no answer from ${place} in 0.02 s, asked 2 times\n`)
    expect(err).toMatch(/is a Map-Resolver listening there\? on its machine: ss -lun 'sport = :\d+'/)
    expect(err).toMatch(/the answer goes to 127\.0\.0\.1:\d+/)
  })

  it.each([
    ['10.1.1.300', 'Expected an EID; 10.1.1.300 is no address'],
    ['10.1.1.1/33', 'prefix length 33 of 32 bits'],
    ['10.1.1.1 --resolver mr.example.net', 'Expected an IP address'],
    ['10.1.1.1 --resolver 192.0.2.1:70000', 'Expected an IP address'],
    ['10.1.1.1 --iid 16777216', 'Expected a whole number from 0 to 16777215.'],
    ['[7]10.1.1.1 --iid 8', 'the EID has instance id 7, --iid is 8'],
    ['10.1.1.1 --timeout 0', 'Expected seconds, more than 0.'],
  ])('%s is refused', async (words, message) => {
    const { code, out, err } = await heddle(`lig ${words}`)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })

  it('ends when it is interrupted', async () => {
    const place = await resolver(() => undefined)
    const controller = new AbortController()
    const ran = heddle(`lig 10.1.1.7 -r ${place} -t 60`, { ...world, signal: controller.signal })
    systemClock.schedule(30, () => controller.abort())
    expect((await ran).code).toBe(130)
  })
})
