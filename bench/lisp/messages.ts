/** The EIDs of the LISP bench and the messages about them. */
import type { IpAddress } from '#lisp/address.js'
import { makeKey, type Proof, seal } from '#lisp/auth.js'
import { type Eid, eidFields } from '#lisp/eid.js'
import { encodeMessage } from '#lisp/messages.js'
import type { Locator, MappingRecord } from '#lisp/records.js'

export const loopback: IpAddress = { family: 'ipv4', value: 0x7f00_0001 }

/** EIDs that are asked for, those that are registered, and those that move: an instance each. */
export const askedIid = 100
export const registeredIid = 200
export const movingIid = 300

const firstEid = 0x0a00_0000
export const wholeNetwork = (iid: number): Eid => ({
  iid,
  address: { family: 'ipv4', value: firstEid },
  length: 8,
})
export const eidAt = (iid: number, index: number): Eid => ({
  iid,
  address: { family: 'ipv4', value: firstEid + index },
  length: 32,
})

export const siteKey = makeKey(1, 'a secret of the bench')
export const subscriberSite = 5n
const proof: Proof = { key: siteKey, keyId: 1, algorithm: 'hmac-sha-256-128' }

/** A node of a fabric; there are as many as a large one has. */
const nodes = 1_000
export const locatorOf = (index: number): Locator => ({
  priority: 1,
  weight: 100,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { reachable: true },
  rloc: { family: 'ipv4', value: 0xc0a8_0000 + (index % nodes) },
})

const requestFor = (eid: Eid, nonce: bigint) => ({
  type: 'map-request' as const,
  flags: {},
  nonce,
  sourceEid: { family: 'none' } as const,
  itrRlocs: [loopback],
  records: [{ notify: false, ...eidFields(eid) }],
})

/** A Map-Request whose last four bytes are the EID's address. */
export const request = (index: number): Uint8Array =>
  encodeMessage(requestFor(eidAt(askedIid, index), BigInt(index)))

/** Subscriptions of different subscribers have nonces of which no two are near: as random ones have. */
export const subscription = (subscriber: number, eid: Eid): Uint8Array =>
  encodeMessage({
    ...requestFor(eid, subscriptionNonce(subscriber)),
    records: [{ notify: true, ...eidFields(eid) }],
    xtr: { xtrId: BigInt(subscriber + 1), siteId: subscriberSite },
  })
const subscriptionNonce = (subscriber: number): bigint => BigInt(subscriber) << 16n

const recordFor = (eid: Eid, locator: Locator): MappingRecord => ({
  ...eidFields(eid),
  ttl: 10,
  action: 'no-action',
  authoritative: true,
  mapVersion: 0,
  locators: [locator],
})

/** A Map-Register of so many EIDs from the `index`-th on, all at one node. */
export const register = (
  iid: number,
  index: number,
  count: number,
  node: number,
  wantNotify: boolean,
): Uint8Array =>
  seal(
    {
      type: 'map-register',
      flags: { wantNotify, proxyReply: true },
      nonce: BigInt(index),
      records: Array.from({ length: count }, (_, i) => recordFor(eidAt(iid, index + i), locatorOf(node))),
    },
    proof,
  )

/** The answer to a Map-Notify: its nonce and records, authenticated. */
export const acknowledgement = (nonce: bigint, records: readonly MappingRecord[]): Uint8Array =>
  seal({ type: 'map-notify-ack', flags: {}, nonce, records }, proof)
