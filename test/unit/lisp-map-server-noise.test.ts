/** Bytes that nobody meant, and messages that somebody bent: the server goes on, grows no state and changes no mapping. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseEid } from '#lisp/address-text.js'
import { makeKey, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { makeSite } from '#lisp/map-server/sites.js'
import { MapServer } from '#lisp/map-server.js'
import { encodeMessage } from '#lisp/messages.js'

const rloc = { family: 'ipv4', value: 0xc0000201 } as const
const key = makeKey(1, 'secret')
const rate = { perSecond: 1e9, burst: 1e9 }

const locator = {
  priority: 1,
  weight: 1,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { reachable: true },
  rloc,
}
const record = {
  ...eidFields(parseEid('[5]10.1.1.0/24')),
  ttl: 10,
  action: 'no-action',
  authoritative: true,
  mapVersion: 0,
  locators: [locator],
} as const

const server = (): MapServer => {
  const made = new MapServer({
    now: 0,
    random: seededRandom(7),
    rloc,
    quiet: false,
    options: { sourceRate: rate, requestRate: rate, registerRate: rate, logEveryMs: 1e9 },
  })
  const prefixes = [{ eid: parseEid('[5]10.1.0.0/16'), acceptMoreSpecifics: true }]
  made.putSite(makeSite({ name: 'a', prefixes, keys: [key], siteIds: [5n] }), 0)
  made.put({ eid: parseEid('[5]10.1.9.9/32'), locators: [locator], node: { kind: 'local', name: 'n1' } }, 0)
  return made
}

const identity = { xtrId: 1n, siteId: 5n }
const request = encodeMessage({
  type: 'map-request',
  flags: {},
  nonce: 1n,
  sourceEid: { family: 'none' },
  itrRlocs: [rloc],
  records: [{ ...eidFields(parseEid('[5]10.1.9.9/32')), notify: true }],
  xtr: identity,
})
const inner = { source: rloc, dest: rloc, sourcePort: 5000, destPort: 4342, ttl: 64 }
const samples = [
  request,
  encodeMessage({ type: 'encapsulated', flags: {}, inner: { ...inner, payload: request } }),
  seal(
    {
      type: 'map-register',
      flags: { wantNotify: true, merge: true },
      nonce: 5n,
      records: [record],
      xtr: identity,
    },
    { key, keyId: 1, algorithm: 'hmac-sha-256-128' },
  ),
]

const noise = fc.oneof(
  fc.uint8Array({ maxLength: 120 }),
  fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(199), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(200),
    )
    .map(([sample, changes, cut]) => {
      const data = Uint8Array.from(sample.subarray(0, cut < 100 ? cut : sample.length))
      for (const [at, value] of changes) if (at < data.length) data[at] = value
      return data
    }),
)

test('noise is survived, and registers nothing', () => {
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 20 }), (datagrams) => {
      const made = server()
      const own = made.system.lookup(parseEid('[5]10.1.9.9/32'))
      for (const [index, data] of datagrams.entries()) {
        const effects = made.receive(data, { address: rloc, port: 5000 }, index)
        // One datagram causes few: a reply or a few notices.
        expect(effects.length).toBeLessThanOrEqual(4)
      }
      // An authentic message may have come through unbent: then there is what it registers, and nothing else.
      const names = [...made.system.mappings()].map(({ owner }) => owner.kind)
      expect(names.filter((kind) => kind !== 'local').length).toBeLessThanOrEqual(1)
      expect(made.system.lookup(parseEid('[5]10.1.9.9/32'))).toEqual(own)
      expect(made.subscriptions.book.size).toBeLessThanOrEqual(datagrams.length)
    }),
    { numRuns: 300 },
  )
})
