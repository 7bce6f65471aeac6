/** What the cases beside this file are made of: records, locators, flags, requests, authentication data. */
import type { IpAddress } from '#lisp/address.js'
import { parseAddress } from '#lisp/address-text.js'
import type { MapRequest } from '#lisp/messages/map-request.js'
import type { Locator, MappingRecord } from '#lisp/records.js'

export const a = parseAddress
export const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
export const ip = (text: string): IpAddress => {
  const address = a(text)
  if (address.family !== 'ipv4' && address.family !== 'ipv6') throw new TypeError(text)
  return address
}

export const requestFlags: Required<MapRequest['flags']> = {
  authoritative: false,
  mapReply: false,
  probe: false,
  smr: false,
  pitr: false,
  smrInvoked: false,
  mobileNode: false,
  localXtr: false,
  dontReply: false,
}
export const registerFlags = {
  proxyReply: false,
  security: false,
  rtr: false,
  eidNotify: false,
  useTtl: false,
  merge: false,
  mobileNode: false,
  wantNotify: false,
}
export const replyFlags = { probe: false, echoNonce: false }
export const nonce = 0x0102_0304_0506_0708n
export const xtr = { xtrId: 0x9787_ad75_3caf_58a7_13fa_6920_e6d2_7a8fn, siteId: 0x1122_3344_5566_7788n }

export const locator = (rloc: string, flags: Partial<Locator['flags']> = {}): Locator => ({
  priority: 1,
  weight: 100,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { local: false, probed: false, reachable: false, ...flags },
  rloc: a(rloc),
})

export const mapping = (
  eid: string,
  maskLength: number,
  more: Partial<MappingRecord> = {},
): MappingRecord => ({
  ttl: 1440,
  maskLength,
  action: 'no-action',
  authoritative: false,
  mapVersion: 0,
  eid: a(eid),
  locators: [],
  ...more,
})

export const request = (more: Partial<MapRequest>): MapRequest => ({
  type: 'map-request',
  flags: requestFlags,
  nonce,
  sourceEid: a('none'),
  itrRlocs: [a('192.0.2.1')],
  records: [{ notify: false, maskLength: 32, eid: a('10.0.0.1') }],
  ...more,
})

export const sha1 = { keyId: 0, algorithmId: 1, data: bytes('4bbb9614a67a86040407799545371906836cd1d6') }
export const sha256 = {
  keyId: 7,
  algorithmId: 2,
  data: bytes('7030d4c610440d83be4dbffda98c576d68a5bf3211c97b58c4b99f061123b938'),
}
export const noAuth = { keyId: 0, algorithmId: 0, data: new Uint8Array() }
