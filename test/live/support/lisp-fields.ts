/** Our messages as the fields that tshark should find in them. */
import { type Address, afiOf } from '#lisp/address.js'
import { printAddress } from '#lisp/address-text.js'
import { decodeMessage, type Message } from '#lisp/messages.js'
import { actions, type Locator, type MappingRecord } from '#lisp/records.js'
import { bit, type Fields, hex, leaves, numbers, octets } from './tshark.js'

/** `{ 'prefix.ipv4': […], 'prefix.ipv6': […], … }` of addresses that stand under `prefix`. */
const addressFields = (prefix: string, addresses: readonly Address[]): Fields => {
  const of = (...families: string[]): readonly string[] =>
    addresses
      .filter(({ family }) => families.includes(family))
      .map((address) => printAddress(address).replace(/^802:/, ''))
  return {
    [`${prefix}.afi`]: addresses.map(({ family }) => String(afiOf(family))),
    [`${prefix}.ipv4`]: of('ipv4'),
    [`${prefix}.ipv6`]: of('ipv6'),
    [`${prefix}.mac`]: of('mac', 'mac-802'),
  }
}

const locatorFields = (locators: readonly Locator[]): Fields => ({
  'lisp.loc.priority': numbers(locators.map(({ priority }) => priority)),
  'lisp.loc.weight': numbers(locators.map(({ weight }) => weight)),
  'lisp.loc.multicast_priority': numbers(locators.map(({ multicastPriority }) => multicastPriority)),
  'lisp.loc.multicast_weight': numbers(locators.map(({ multicastWeight }) => multicastWeight)),
  'lisp.loc.flags.local': locators.map(({ flags }) => bit(flags.local)),
  'lisp.loc.flags.probe': locators.map(({ flags }) => bit(flags.probed)),
  'lisp.loc.flags.reach': locators.map(({ flags }) => bit(flags.reachable)),
  'lisp.loc.afi': locators.map(({ rloc }) => String(afiOf(rloc.family))),
  'lisp.loc.locator': locators.map(({ rloc }) => printAddress(rloc)),
})

const recordFields = (records: readonly MappingRecord[]): Fields => ({
  'lisp.mapping.ttl': numbers(records.map(({ ttl }) => ttl)),
  'lisp.mapping.loccnt': numbers(records.map(({ locators }) => locators.length)),
  'lisp.mapping.eid.masklen': numbers(records.map(({ maskLength }) => maskLength)),
  'lisp.mapping.act': numbers(records.map(({ action }) => actions.indexOf(action))),
  'lisp.mapping.auth': records.map(({ authoritative }) => bit(authoritative)),
  'lisp.mapping.ver': numbers(records.map(({ mapVersion }) => mapVersion)),
  ...addressFields(
    'lisp.mapping.eid',
    records.map(({ eid }) => eid),
  ),
  ...locatorFields(records.flatMap(({ locators }) => locators)),
})

const headFields = (type: number, nonce: bigint, records: readonly unknown[]): Fields => ({
  'lisp.type': [String(type)],
  'lisp.nonce': [hex(nonce, 16)],
  'lisp.records': [String(records.length)],
})

const noticeFields = (message: Extract<Message, { type: 'map-register' | 'map-notify' }>): Fields => {
  const { keyId, algorithmId, data } = message.authentication
  const rtr = message.type === 'map-notify' ? message.rtrAuthentication : undefined
  return {
    'lisp.keyid': [hex(keyId * 256 + algorithmId, 4)],
    'lisp.authlen': [String(data.length)],
    'lisp.auth': [octets(data)],
    'lisp.xtrid': message.xtr === undefined ? [] : [octets(bytesOf(message.xtr.xtrId, 32))],
    'lisp.siteid': message.xtr === undefined ? [] : [octets(bytesOf(message.xtr.siteId, 16))],
    'lisp.msrtr.auth': rtr === undefined ? [] : [octets(rtr.data)],
    ...recordFields(message.records),
  }
}

const bytesOf = (value: bigint, digits: number): Uint8Array =>
  Buffer.from(value.toString(16).padStart(digits, '0'), 'hex')

const requestFields = (message: Extract<Message, { type: 'map-request' }>): Fields => {
  const { flags, nonce, sourceEid, itrRlocs, records, mapReply } = message
  return {
    ...headFields(1, nonce, records),
    'lisp.mreq.flags.auth': [bit(flags.authoritative)],
    'lisp.mreq.flags.mrp': [bit(mapReply !== undefined)],
    'lisp.mreq.flags.probe': [bit(flags.probe)],
    'lisp.mreq.flags.smr': [bit(flags.smr)],
    'lisp.mreq.flags.pitr': [bit(flags.pitr)],
    'lisp.mreq.flags.smri': [bit(flags.smrInvoked)],
    'lisp.irc': [String(itrRlocs.length - 1)],
    'lisp.mreq.srceid.afi': [String(afiOf(sourceEid.family))],
    'lisp.mreq.srceid.ipv4': sourceEid.family === 'ipv4' ? [printAddress(sourceEid)] : [],
    'lisp.mreq.itr_rloc_ipv4': itrRlocs.filter(({ family }) => family === 'ipv4').map(printAddress),
    'lisp.mreq.itr_rloc_ipv6': itrRlocs.filter(({ family }) => family === 'ipv6').map(printAddress),
    'lisp.mreq.record.res': records.map(({ notify }) => (notify ? '0x80' : '0x00')),
    'lisp.mreq.record.prefix.length': numbers(records.map(({ maskLength }) => maskLength)),
    ...addressFields(
      'lisp.mreq.record.prefix',
      records.map(({ eid }) => eid),
    ),
    ...recordFields(mapReply === undefined ? [] : [mapReply]),
  }
}

const registerFlags = (message: Extract<Message, { type: 'map-register' }>): Fields => {
  const { flags } = message
  // tshark takes bits 8 to 23 as reserved: the newer flags are there.
  const newer =
    (flags.eidNotify === true ? 8 : 0) +
    (flags.useTtl === true ? 4 : 0) +
    (flags.merge === true ? 2 : 0) +
    (flags.mobileNode === true ? 1 : 0)
  return {
    'lisp.mreg.flags.pmr': [bit(flags.proxyReply)],
    'lisp.mreg.flags.sec': [bit(flags.security)],
    'lisp.mreg.flags.xtrid': [bit(message.xtr !== undefined)],
    'lisp.mreg.flags.rtr': [bit(flags.rtr)],
    'lisp.mreg.flags.wmn': [bit(flags.wantNotify)],
    'lisp.mreg.res': [hex(newer, 6)],
  }
}

/** What tshark should see of a message. */
export const expectedFields = (message: Message): Fields => {
  switch (message.type) {
    case 'map-request':
      return requestFields(message)
    case 'map-reply':
      return {
        ...headFields(2, message.nonce, message.records),
        'lisp.mrep.flags.probe': [bit(message.flags.probe)],
        'lisp.mrep.flags.enlr': [bit(message.flags.echoNonce)],
        'lisp.mrep.flags.sec': [bit(message.security !== undefined)],
        'data.data': message.security === undefined ? [] : [octets(message.security)],
        ...recordFields(message.records),
      }
    case 'map-register': {
      const head = headFields(3, message.nonce, message.records)
      return { ...head, ...registerFlags(message), ...noticeFields(message) }
    }
    case 'map-notify':
      return {
        ...headFields(4, message.nonce, message.records),
        'lisp.mnot.flags.xtrid': [bit(message.xtr !== undefined)],
        'lisp.mnot.flags.rtr': [bit(message.flags.rtr)],
        'lisp.mnot.res': ['0x000000'],
        ...noticeFields(message),
      }
    case 'info-request':
    case 'info-reply':
      return {
        'lisp.info.r': [bit(message.type === 'info-reply')],
        'lisp.nonce': [hex(message.nonce, 16)],
        'lisp.info.ttl': [String(message.ttl)],
        'lisp.info.prefix.masklen': [String(message.maskLength)],
        'lisp.info.prefix.ipv4': [printAddress(message.eid)],
        'lisp.info.afi': [String(afiOf(message.nat.family))],
        'lisp.lcaf.natt.rloc.ipv4': leaves(message.nat).map(printAddress),
      }
    case 'encapsulated': {
      const { flags, security, inner } = message
      const outer = {
        'lisp.ecm.flags.sec': [bit(security !== undefined)],
        'lisp.ecm.flags.ddt': [bit(flags.ddt)],
        'lisp.ecm.res': [hex((flags.toEtr ? 1 << 25 : 0) + (flags.toMs ? 1 << 24 : 0), 8)],
      }
      if (security !== undefined) return outer
      const inside = expectedFields(decodeMessage(inner.payload))
      return { ...inside, ...outer, 'lisp.type': ['8', ...(inside['lisp.type'] ?? [])] }
    }
    default:
      return { 'lisp.type': [message.type === 'map-referral' ? '6' : '5'] }
  }
}
