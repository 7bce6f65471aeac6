/**
 * LISP messages of every type as values, for the golden file beside this one and for tshark to read
 * (`test/live/lisp-tshark.test.ts`).
 */

import type { Encapsulated } from '#lisp/messages/encapsulated.js'
import { encodeMessage, type Message } from '#lisp/messages.js'
import {
  a,
  bytes,
  ip,
  locator,
  mapping,
  noAuth,
  nonce,
  registerFlags,
  replyFlags,
  request,
  requestFlags,
  sha1,
  sha256,
  xtr,
} from './message-parts.js'

const encapsulated = (source: string, dest: string, more: Partial<Encapsulated> = {}): Encapsulated => ({
  type: 'encapsulated',
  flags: { ddt: false, toEtr: false, toMs: false },
  inner: {
    source: ip(source),
    dest: ip(dest),
    sourcePort: 4342,
    destPort: 4342,
    ttl: 64,
    payload: encodeMessage(request({ sourceEid: a('10.0.9.9') })),
    checksums: 'right',
  },
  ...more,
})

const everyEid = [
  '10.0.0.0',
  '2001:db8::',
  '02:00:00:00:00:01',
  '802:02:00:00:00:00:02',
  'eui64:02:00:00:ff:fe:00:00:03',
  '"cpe-router"',
  '[100]10.0.0.1',
  '[16777215]02:00:00:00:00:01',
]
const lengths = [8, 32, 48, 48, 64, 88, 32, 48]

export const cases: Readonly<Record<string, Message>> = {
  'map-request: of an IPv4 address': request({}),
  'map-request: every flag, several ITR-RLOCs, a source': request({
    flags: Object.fromEntries(Object.keys(requestFlags).map((name) => [name, name !== 'mapReply'])),
    sourceEid: a('[100]10.0.9.9'),
    itrRlocs: [a('192.0.2.1'), a('2001:db8::1'), a('[100]192.0.2.2')],
    records: [
      { notify: false, maskLength: 128, eid: a('2001:db8:1::1') },
      { notify: true, maskLength: 48, eid: a('[100]02:00:00:00:00:01') },
    ],
  }),
  'map-request: a subscription': request({
    records: [{ notify: true, maskLength: 24, eid: a('[100]10.0.0.0') }],
    xtr,
  }),
  'map-request: the end of a subscription': request({
    itrRlocs: [a('none')],
    records: [{ notify: true, maskLength: 24, eid: a('[100]10.0.0.0') }],
    xtr,
  }),
  'map-request: an SMR with the mapping of its source': request({
    flags: { ...requestFlags, smr: true, mapReply: true, dontReply: true },
    sourceEid: a('10.0.9.9'),
    mapReply: mapping('10.0.9.0', 24, {
      authoritative: true,
      locators: [locator('192.0.2.9', { local: true })],
    }),
  }),
  'map-request: of everything that can be an EID': request({
    records: everyEid.map((eid, index) => ({ notify: false, maskLength: lengths[index] ?? 0, eid: a(eid) })),
  }),
  'map-reply: two locators': {
    type: 'map-reply',
    flags: replyFlags,
    nonce,
    records: [
      mapping('[100]10.0.0.0', 24, {
        authoritative: true,
        mapVersion: 273,
        locators: [
          { ...locator('192.0.2.1', { local: true, reachable: true }), priority: 2, weight: 60 },
          {
            ...locator('2001:db8::1', { probed: true, reachable: true }),
            multicastPriority: 3,
            multicastWeight: 4,
          },
        ],
      }),
    ],
  },
  'map-reply: to a probe, echoes nonces': {
    type: 'map-reply',
    flags: { probe: true, echoNonce: true },
    nonce,
    records: [
      mapping('2001:db8:1::', 48, { locators: [locator('192.0.2.1', { probed: true, reachable: true })] }),
    ],
  },
  'map-reply: negative, each action': {
    type: 'map-reply',
    flags: replyFlags,
    nonce,
    records: [
      mapping('10.0.0.0', 8, { ttl: 15, action: 'natively-forward' }),
      mapping('11.0.0.0', 8, { ttl: 1, action: 'send-map-request' }),
      mapping('12.0.0.0', 8, { action: 'drop' }),
      mapping('13.0.0.0', 8, { action: 'drop-policy-denied' }),
      mapping('14.0.0.0', 8, { action: 'drop-auth-failure' }),
    ],
  },
  'map-reply: with authentication data of LISP-SEC': {
    type: 'map-reply',
    flags: replyFlags,
    nonce,
    records: [mapping('10.0.0.0', 8, { locators: [locator('192.0.2.1')] })],
    security: bytes('01000000000400010014000100000000000000000000000000000000'),
  },
  'map-register: as Open Overlay Router sends it': {
    type: 'map-register',
    flags: { ...registerFlags, proxyReply: true, wantNotify: true },
    nonce,
    authentication: sha1,
    records: [
      mapping('10.30.1.100', 32, {
        authoritative: true,
        locators: [locator('20.20.8.253', { local: true })],
      }),
    ],
  },
  'map-register: every flag, a key id, an identity': {
    type: 'map-register',
    flags: Object.fromEntries(Object.keys(registerFlags).map((name) => [name, true])),
    nonce,
    authentication: sha256,
    records: [
      mapping('[100]2001:db8:1::', 48, { ttl: 3, authoritative: true, locators: [locator('2001:db8::1')] }),
      mapping('[100]02:00:00:00:00:01', 48, { ttl: 0 }),
    ],
    xtr,
  },
  'map-register: nothing and no authentication': {
    type: 'map-register',
    flags: registerFlags,
    nonce: 0n,
    authentication: noAuth,
    records: [],
  },
  'map-notify: acknowledges a registration': {
    type: 'map-notify',
    flags: { rtr: false },
    nonce,
    authentication: sha256,
    records: [mapping('10.30.1.0', 24, { authoritative: true, locators: [locator('20.20.8.253')] })],
    xtr,
  },
  'map-notify: through an RTR, without locators': {
    type: 'map-notify',
    flags: { rtr: true },
    nonce,
    authentication: sha1,
    records: [mapping('[100]10.30.1.0', 24, { action: 'drop', ttl: 1 })],
    xtr,
    rtrAuthentication: sha1,
  },
  'map-notify-ack': {
    type: 'map-notify-ack',
    flags: { rtr: false },
    nonce,
    authentication: sha256,
    records: [mapping('10.30.1.0', 24, { locators: [locator('20.20.8.253')] })],
  },
  'map-referral: to two nodes, signed': {
    type: 'map-referral',
    nonce,
    records: [
      {
        ttl: 1440,
        maskLength: 8,
        action: 'ms-referral',
        authoritative: true,
        incomplete: true,
        mapVersion: 0,
        eid: a('10.0.0.0'),
        referrals: [locator('192.0.2.1', { reachable: true }), locator('2001:db8::1')],
        signatures: [
          {
            originalTtl: 1440,
            expiration: 1_700_086_400,
            inception: 1_700_000_000,
            keyTag: 9,
            algorithm: 2,
            signature: bytes('00112233445566778899aabbccddeeff'),
          },
        ],
      },
      {
        ttl: 15,
        maskLength: 16,
        action: 'delegation-hole',
        authoritative: false,
        incomplete: false,
        mapVersion: 0,
        eid: a('11.1.0.0'),
        referrals: [],
        signatures: [],
      },
    ],
  },
  'info-request': {
    type: 'info-request',
    nonce,
    authentication: sha1,
    ttl: 1440,
    maskLength: 32,
    eid: a('10.0.0.1'),
    nat: a('none'),
  },
  'info-reply': {
    type: 'info-reply',
    nonce,
    authentication: sha1,
    ttl: 1440,
    maskLength: 32,
    eid: a('10.0.0.1'),
    nat: a(
      'nat-traversal(msPort=4342,etrPort=61001,globalEtr=198.51.100.7,ms=192.0.2.1,privateEtr=10.9.9.9,rtrs=(203.0.113.1,203.0.113.2))',
    ),
  },
  'encapsulated: in IPv4': encapsulated('10.0.9.9', '10.0.0.1'),
  'encapsulated: in IPv6, by a node of the tree': encapsulated('2001:db8::9', '2001:db8:1::1', {
    flags: { ddt: true, toEtr: false, toMs: false },
  }),
  'encapsulated: to an ETR, with a one-time key': encapsulated('10.0.9.9', '10.0.0.1', {
    flags: { ddt: false, toEtr: true, toMs: true },
    security: {
      adType: 1,
      hmacId: 2,
      keyId: 7,
      wrappingId: 1,
      oneTimeKey: bytes('0000000000000000000102030405060708090a0b0c0d0e0f'),
      eid: { kdfId: 1, data: bytes('') },
    },
  }),
}
