/** Bounded state of the Map-Server: limits of sources, askers, subscriptions, notices. */
import { describe, expect, test } from 'vitest'
import { seededRandom } from '#link/random.js'
import { parseEid } from '#lisp/address-text.js'
import { authAlgorithms, makeKey, seal } from '#lisp/auth.js'
import { makeEid } from '#lisp/eid.js'
import { negativeRecord } from '#lisp/map-server/answers.js'
import { Askers } from '#lisp/map-server/askers.js'
import type { Outbox } from '#lisp/map-server/effects.js'
import { SourceBuckets, TokenBucket } from '#lisp/map-server/limits.js'
import { Notices } from '#lisp/map-server/notices.js'
import { mapServerDefaults } from '#lisp/map-server/options.js'
import { Publication } from '#lisp/map-server/publication.js'
import { SealedLater } from '#lisp/map-server/sealed.js'
import { SubscriptionBook } from '#lisp/map-server/subscription-book.js'

const ipv4 = (value: number) => ({ family: 'ipv4', value }) as const
const rate = { perSecond: 10, burst: 5 }

describe('token buckets', () => {
  test('let a burst through, then the rate', () => {
    const bucket = new TokenBucket(rate)
    const passed = (now: number, asked: number): number =>
      Array.from({ length: asked }, () => bucket.take(now)).filter(Boolean).length
    expect(passed(0, 100)).toBe(5)
    expect(passed(1_000, 100)).toBe(5)
    expect(passed(1_200, 100)).toBe(2)
  })

  test('of sources are kept apart, whatever a flood of other sources does', () => {
    const buckets = new SourceBuckets(rate, seededRandom(3), 64)
    const flooder = ipv4(0x0a00_0001)
    for (let i = 0; i < 5; i++) expect(buckets.take(flooder, 0)).toBe(true)
    // A thousand others, once each: they take the places of those with most tokens, so the flooder stays known.
    for (let i = 0; i < 1_000; i++) expect(buckets.take(ipv4(0x0b00_0000 + i), 0)).toBe(true)
    expect(buckets.take(flooder, 0)).toBe(false)
    expect(buckets.take(flooder, 200)).toBe(true)
    expect(buckets.take({ family: 'ipv6', value: 1n << 100n }, 0)).toBe(true)
  })
})

describe('askers', () => {
  test('are told once, and only who asked lately', () => {
    const askers = new Askers(8, 1_000)
    askers.note(1, ipv4(1), 0)
    askers.note(1, ipv4(2), 500)
    askers.note(1, ipv4(2), 600)
    askers.note(2, ipv4(3), 600)
    expect(askers.take(1, 1_500)).toEqual([ipv4(2)])
    expect(askers.take(1, 1_500)).toEqual([])
    expect(askers.take(2, 1_500)).toEqual([ipv4(3)])
  })

  test('are a fixed number: the oldest goes', () => {
    const askers = new Askers(8, 1_000)
    for (let i = 0; i < 12; i++) askers.note(i, ipv4(i), 0)
    const left = Array.from({ length: 12 }, (_, i) => askers.take(i, 0).length)
    expect(left).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
  })

  test('of mappings with large numbers are found', () => {
    const askers = new Askers(8, 1_000)
    askers.note(3 * 2 ** 32 + 5, ipv4(1), 0)
    askers.note(5, ipv4(2), 0)
    expect(askers.take(3 * 2 ** 32 + 5, 0)).toEqual([ipv4(1)])
  })
})

describe('subscriptions', () => {
  const options = {
    ...mapServerDefaults.subscriptions,
    subscribersMax: 2,
    subscriptionsMax: 3,
    perSubscriberMax: 2,
  }
  const proof = { key: makeKey(1, 'x'), keyId: 1, algorithm: 'hmac-sha-256-128' } as const
  const add = (book: SubscriptionBook, xtrId: bigint, eid: string) =>
    book.add({ identity: { xtrId, siteId: 0n }, eid: parseEid(eid), rlocs: [ipv4(1)], proof, nonce: 0n })

  test('have limits for each subscriber, for subscribers, in all', () => {
    const book = new SubscriptionBook(options, 0)
    const first = add(book, 1n, '10.0.0.0/8')
    expect(add(book, 1n, '11.0.0.0/8')).toBeDefined()
    expect(add(book, 1n, '12.0.0.0/8')).toBeUndefined()
    expect(add(book, 2n, '10.0.0.0/8')).toBeDefined()
    expect(add(book, 2n, '11.0.0.0/8')).toBeUndefined()
    if (first !== undefined) book.remove(first)
    expect(add(book, 3n, '10.0.0.0/8')).toBeUndefined()
    expect(add(book, 2n, '11.0.0.0/8')).toBeDefined()
    expect([book.size, book.subscribers]).toEqual([3, 2])
  })

  test('keep the nonces of so many', () => {
    const book = new SubscriptionBook({ ...options, noncesMax: 2 }, 0)
    const who = { xtrId: 1n, siteId: 0n }
    const eids = ['10.0.0.0/8', '11.0.0.0/8', '12.0.0.0/8'].map(parseEid)
    for (const eid of eids) book.keepNonce(who, eid, 7n)
    expect(eids.map((eid) => book.lastNonce(who, eid))).toEqual([undefined, 7n, 7n])
  })
})

test('a notice without room is sent once and not kept', () => {
  const notices = new Notices(4342, 1, 0)
  const out: Outbox = []
  const proof = { key: makeKey(1, 'x'), keyId: 1, algorithm: 'hmac-sha-256-128' } as const
  const notice = {
    sealed: { bytes: new Uint8Array(1) },
    addresses: [ipv4(1), ipv4(2)],
    proof,
    topic: undefined,
  }
  let lost = 0
  notices.send({ ...notice, nonce: 1n, party: { unconfirmed: new Map() } }, 0, out)
  notices.send({ ...notice, nonce: 2n, party: { unconfirmed: new Map() } }, 0, out)
  expect([out.length, notices.size]).toEqual([2, 1])
  for (let now = 0; now < 200_000; now += 250) notices.tick(now, 100, out, () => lost++)
  expect([notices.size, lost]).toEqual([0, 1])
  // The first one six times more: thrice to its first address, thrice to the other one.
  const to = out.slice(2).map((effect) => (effect.do === 'send' ? effect.to.address.value : 0))
  expect(to).toEqual([1, 1, 1, 2, 2, 2])
})

test('a newer notice about the same takes the place of the older', () => {
  const notices = new Notices(4342, 10, 0)
  const out: Outbox = []
  const party = { unconfirmed: new Map() }
  const proof = { key: makeKey(1, 'x'), keyId: 1, algorithm: 'hmac-sha-256-128' } as const
  const notice = {
    sealed: { bytes: new Uint8Array(1) },
    addresses: [ipv4(1)],
    proof,
    party,
    topic: undefined,
  }
  notices.send({ ...notice, nonce: 1n, topic: 'a' }, 0, out)
  notices.send({ ...notice, nonce: 2n, topic: 'a' }, 0, out)
  notices.send({ ...notice, nonce: 3n, topic: 'b' }, 0, out)
  notices.send({ ...notice, nonce: 4n }, 0, out)
  expect(notices.size).toBe(3)
  notices.end(party)
  expect(notices.size).toBe(0)
})

test.each(authAlgorithms)('a notice to many is, for each, what it would be alone: %s', (algorithm) => {
  const records = [negativeRecord(makeEid(7, ipv4(1)), 'drop', 5)]
  const publication = new Publication(records)
  const one = { key: makeKey(1, 'x', authAlgorithms), keyId: 1, algorithm }
  const other = { key: makeKey(2, 'y', authAlgorithms), keyId: 0, algorithm }
  for (const [nonce, proof] of [
    [5n, one],
    [6n, one],
    [2n ** 64n - 1n, other],
    [0n, other],
    [7n, one],
  ] as const) {
    expect(publication.sealed(nonce, proof).bytes).toEqual(
      seal({ type: 'map-notify', flags: {}, nonce, records }, proof),
    )
  }
})

test('a notice is sealed when it is sent, once', () => {
  const notices = new Notices(4342, 10, 0)
  const out: Outbox = []
  const proof = { key: makeKey(1, 'x'), keyId: 1, algorithm: 'hmac-sha-256-128' } as const
  const sealedAt: bigint[] = []
  const seal = (nonce: bigint): Uint8Array => {
    sealedAt.push(nonce)
    return Uint8Array.of(Number(nonce))
  }
  const party = { unconfirmed: new Map() }
  const sealed = new SealedLater(seal, 5n)
  notices.send({ nonce: 5n, sealed, addresses: [ipv4(1)], proof, party, topic: 'a' }, 0, out)
  notices.tick(4_000, 10, out, () => {})
  expect(sealedAt).toEqual([])
  const sent = out.map((effect) => (effect.do === 'send' ? effect.data : undefined))
  expect(sent).toEqual([Uint8Array.of(5), Uint8Array.of(5)])
  expect(sealedAt).toEqual([5n])
})
