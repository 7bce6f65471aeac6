/** A Map-Server and a client at one port: requests are the server's, answers and calls to ask again the client's. */
import { expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseEid } from '#lisp/address-text.js'
import { eidFields } from '#lisp/eid.js'
import { MapServer } from '#lisp/map-server.js'
import { MappingClient } from '#lisp/mapping-client.js'
import { decodeMessage, encodeMessage } from '#lisp/messages.js'
import { sharedPort } from '#lisp/shared-port.js'
import { ip, locatorOf } from '../fake/lisp-script-words.js'

const elsewhere = { address: ip('192.0.2.1'), port: 4342 }
const random = seededRandom(1)
const eid = parseEid('10.1.1.7/32')
const fields = eidFields(eid)

test('each gets its own', () => {
  const server = new MapServer({ now: 0, random, rloc: ip('192.0.2.10'), quiet: false })
  server.put({ eid, locators: [locatorOf('192.0.2.66')] }, 0)
  const client = new MappingClient({
    now: 0,
    wallTime: 0,
    random,
    rlocs: [ip('192.0.2.10')],
    resolving: { resolvers: [elsewhere], options: { encapsulated: false } },
  })
  const machine = sharedPort(server, client)
  const asked = client.resolve(eid, 0).flatMap((effect) => (effect.do === 'send' ? [effect.data] : []))
  const request = decodeMessage(asked[0] ?? new Uint8Array())
  if (request.type !== 'map-request') expect.fail(request.type)

  // A stranger's request: answered from the server's database.
  const served = machine.receive(encodeMessage({ ...request, nonce: 5n }), elsewhere, 1)
  expect(served).toMatchObject([{ do: 'send', to: { address: ip('192.0.2.10') } }])

  const record = { ...fields, ttl: 10, action: 'no-action', authoritative: true, mapVersion: 0 } as const
  const records = [{ ...record, locators: [locatorOf('203.0.113.1')] }]
  const { nonce } = request
  const reply = encodeMessage({ type: 'map-reply', flags: {}, nonce, records })
  expect(machine.receive(reply, elsewhere, 2)).toMatchObject([
    { do: 'changed' },
    { do: 'answered', rttMs: 2 },
  ])

  const smr = encodeMessage({ ...request, flags: { smr: true } })
  const again = machine.receive(smr, elsewhere, 2_000)
  expect(again).toMatchObject([{ do: 'send', to: elsewhere }])
  expect(machine.tick(700_000)).toMatchObject([{ do: 'changed', cause: 'expired' }, { do: 'send' }])
})
