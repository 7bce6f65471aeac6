/** Bytes that nobody meant, and messages that somebody bent: the clients go on, believe nothing and grow no state. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseEid } from '#lisp/address-text.js'
import { makeKey, type Proof, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { MappingClient } from '#lisp/mapping-client.js'
import { decodeMessage, encodeMessage, type Message } from '#lisp/messages.js'
import { locatorOf } from '../fake/lisp-script-words.js'

const rloc = { family: 'ipv4', value: 0xc0000201 } as const
const endpoint = { address: rloc, port: 4342 }
const proof: Proof = { key: makeKey(1, 'secret'), keyId: 1, algorithm: 'hmac-sha-256-128' }
const identity = { xtrId: 1n, siteId: 5n }
const eid = parseEid('[5]10.1.1.1/32')
const own = parseEid('[5]10.1.9.9/32')
const rate = { perSecond: 1e9, burst: 1e9 }

/** A client with a question, a subscription that is confirmed and a registration on their way; and what it has sent. */
const started = (sourceRate = rate) => {
  const client = new MappingClient({
    now: 0,
    wallTime: 1e12,
    random: seededRandom(7),
    rlocs: [rloc],
    identity,
    resolving: {
      resolvers: [endpoint],
      subscriberKeys: [proof.key],
      options: { encapsulated: false, sourceRate, logEveryMs: 1e9 },
    },
    registering: {
      servers: [{ name: 'ms', endpoint, proof, proxyReply: true, merge: false, wantNotify: true }],
      options: { logEveryMs: 1e9 },
    },
  })
  client.register({ eid: own, locators: [locatorOf('192.0.2.1')] })
  const effects = [...client.watch(eid, 0), ...client.tick(0)]
  const sent = effects.flatMap((effect) => (effect.do === 'send' ? [decodeMessage(effect.data)] : []))
  return { client, sent }
}

const record = (address: string, ttl = 10) => ({
  ...eidFields(parseEid(address)),
  ttl,
  action: 'no-action' as const,
  authoritative: true,
  mapVersion: 0,
  locators: [locatorOf('203.0.113.66')],
})

const nonceOf = (sent: readonly Message[], type: Message['type']): bigint => {
  const message = sent.find((one) => one.type === type)
  return message !== undefined && 'nonce' in message ? message.nonce : 0n
}

/** Messages that fit what the client has sent, each under a nonce that may be near the right one. */
const samples = (sent: readonly Message[], off: bigint): readonly Uint8Array[] => {
  const asked = nonceOf(sent, 'map-request') + off
  const registered = nonceOf(sent, 'map-register') + off
  const records = [record('[5]10.1.1.0/24'), record('[5]10.1.1.1/32', 0)]
  const forger: Proof = { ...proof, key: makeKey(1, 'guessed') }
  return [
    encodeMessage({ type: 'map-reply', flags: {}, nonce: asked, records }),
    seal({ type: 'map-notify', flags: {}, nonce: asked, records }, forger),
    seal({ type: 'map-notify', flags: {}, nonce: registered, records: [record('[5]10.1.9.9/32')] }, forger),
    encodeMessage({
      type: 'map-request',
      flags: { smr: true },
      nonce: 1n,
      sourceEid: { family: 'none' },
      itrRlocs: [rloc],
      records: [{ ...eidFields(eid), notify: false }],
    }),
  ]
}

const bent = fc.record({
  sample: fc.nat(3),
  off: fc.bigInt({ min: 1n, max: 1_000n }),
  changes: fc.array(fc.tuple(fc.nat(149), fc.nat(255)), { maxLength: 4 }),
  cut: fc.nat(200),
})

test('noise is survived, and believed in nothing', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 120 }), bent), { maxLength: 20 }),
      (datagrams) => {
        const { client, sent } = started()
        for (const [index, one] of datagrams.entries()) {
          const whole = one instanceof Uint8Array ? one : samples(sent, one.off)[one.sample]
          const data = Uint8Array.from(whole ?? [])
          if (!(one instanceof Uint8Array))
            for (const [at, value] of one.changes) if (at > 12 && at < data.length) data[at] = value
          const cut = one instanceof Uint8Array || one.cut > 100 ? data : data.subarray(0, one.cut)
          const effects = client.receive(cut, { address: { ...rloc, value: 0xcb007142 }, port: 5000 }, index)
          expect(effects.filter((effect) => effect.do !== 'log')).toEqual([])
        }
        expect(client.resolver.counts).toEqual({ entries: 0, queries: 1, subscriptions: 0, watches: 1 })
        expect([...client.states]).toEqual([['ms', 'unknown']])
      },
    ),
    { numRuns: 300 },
  )
})

test('the very messages under the right nonces and key are believed', () => {
  const { client, sent } = started()
  const notify = (type: Message['type'], address: string): Uint8Array =>
    seal({ type: 'map-notify', flags: {}, nonce: nonceOf(sent, type), records: [record(address)] }, proof)
  client.receive(notify('map-request', '[5]10.1.1.0/24'), endpoint, 1)
  client.receive(notify('map-register', '[5]10.1.9.9/32'), endpoint, 1)
  expect(client.resolver.counts).toEqual({ entries: 1, queries: 0, subscriptions: 1, watches: 1 })
  expect([...client.states]).toEqual([['ms', 'registered']])
})

test('a flood of one source is cut off, another is heard', () => {
  const { client, sent } = started({ perSecond: 100, burst: 100 })
  const options = { address: { ...rloc, value: 0xcb007142 }, port: 5000 }
  let logs = 0
  for (let index = 0; index < 30_000; index++)
    logs += client.receive(new Uint8Array([0xf0]), options, 0).length
  expect(logs).toBe(2)
  expect(client.resolver.refusals.counts.get('source-rate')).toBe(29_900)
  const data = encodeMessage({
    type: 'map-reply',
    flags: {},
    nonce: nonceOf(sent, 'map-request'),
    records: [record('[5]10.1.1.0/24')],
  })
  client.receive(data, endpoint, 1)
  expect(client.lookup(eid)).toMatchObject({ eid: parseEid('[5]10.1.1.0/24') })
})
