/**
 * Messages as text for people: the message and its flags in the first line, then one line for each address, mapping and
 * locator. Addresses are printed as `address-text.ts` reads them.
 */
import type { Flags } from '#wire/flags.js'
import { printAddress, printPrefix } from './address-text.js'
import { authAlgorithmName } from './auth.js'
import { LispError } from './errors.js'
import type { Encapsulated } from './messages/encapsulated.js'
import type { Info } from './messages/info.js'
import type { MapNotify, MapNotifyAck } from './messages/map-notify.js'
import type { MapReferral, ReferralRecord } from './messages/map-referral.js'
import type { MapRegister } from './messages/map-register.js'
import type { MapReply } from './messages/map-reply.js'
import type { MapRequest } from './messages/map-request.js'
import type { Authentication, XtrIdentity } from './messages/parts.js'
import { decodeMessage, type Message } from './messages.js'
import type { Locator, MappingRecord } from './records.js'

type Lines = readonly string[]

const indent = (lines: Lines): Lines => lines.map((line) => `  ${line}`)

const hexOf = (value: bigint, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`
const bytesOf = (data: Uint8Array): string => Buffer.from(data).toString('hex')

const setFlags = (flags: Flags<string>): readonly string[] =>
  Object.entries(flags).flatMap(([name, isSet]) =>
    isSet === true ? [name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)] : [],
  )

const flagText = (flags: Flags<string>): string =>
  setFlags(flags)
    .map((name) => `, ${name}`)
    .join('')

const title = (name: string, nonce: bigint, flags: Flags<string>): string =>
  `${name} nonce ${hexOf(nonce, 16)}${flagText(flags)}`

const locatorLine = (locator: Locator, name = 'locator'): string => {
  const { priority, weight, multicastPriority, multicastWeight, flags, rloc } = locator
  const multicast = `multicast ${multicastPriority}/${multicastWeight}`
  return `${name} ${printAddress(rloc)} priority ${priority} weight ${weight} ${multicast}${flagText(flags)}`
}

const minutes = (ttl: number): string => `ttl ${ttl} ${ttl === 1 ? 'minute' : 'minutes'}`

const mappingLines = (record: MappingRecord, name = 'mapping'): Lines => {
  const { ttl, maskLength, action, authoritative, mapVersion, eid, locators } = record
  const facts = [
    minutes(ttl),
    ...(action === 'no-action' ? [] : [action]),
    ...(authoritative ? ['authoritative'] : []),
    ...(mapVersion === 0 ? [] : [`map-version ${mapVersion}`]),
  ]
  const first = `${name} ${printPrefix(eid, maskLength)} ${facts.join(', ')}`
  return [first, ...indent(locators.map((locator) => locatorLine(locator)))]
}

const xtrLines = (xtr: XtrIdentity | undefined): Lines =>
  xtr === undefined ? [] : [`xTR-ID ${hexOf(xtr.xtrId, 32)}, Site-ID ${hexOf(xtr.siteId, 16)}`]

const authenticationLine = ({ keyId, algorithmId, data }: Authentication): string =>
  `key ${keyId}, ${authAlgorithmName(algorithmId)}${data.length === 0 ? '' : `: ${bytesOf(data)}`}`

const requestLines = (message: MapRequest): Lines => [
  title('Map-Request', message.nonce, message.flags),
  ...indent([
    `source EID ${printAddress(message.sourceEid)}`,
    ...message.itrRlocs.map((rloc) => `ITR-RLOC ${printAddress(rloc)}`),
    ...message.records.map(
      ({ eid, maskLength, notify }) => `EID ${printPrefix(eid, maskLength)}${notify ? ', notify' : ''}`,
    ),
    ...(message.mapReply === undefined ? [] : mappingLines(message.mapReply, 'mapping of the source')),
    ...xtrLines(message.xtr),
  ]),
]

const replyLines = ({ nonce, flags, records, security }: MapReply): Lines => [
  title('Map-Reply', nonce, flags),
  ...indent([
    ...records.flatMap((record) => mappingLines(record)),
    ...(security === undefined ? [] : [`LISP-SEC ${bytesOf(security)}`]),
  ]),
]

const noticeNames = {
  'map-register': 'Map-Register',
  'map-notify': 'Map-Notify',
  'map-notify-ack': 'Map-Notify-Ack',
} as const

const noticeLines = (message: MapRegister | MapNotify | MapNotifyAck): Lines => [
  title(noticeNames[message.type], message.nonce, message.flags),
  ...indent([
    authenticationLine(message.authentication),
    ...message.records.flatMap((record) => mappingLines(record)),
    ...xtrLines(message.xtr),
    ...('rtrAuthentication' in message && message.rtrAuthentication !== undefined
      ? [`for the RTR: ${authenticationLine(message.rtrAuthentication)}`]
      : []),
  ]),
]

const referralRecordLines = (record: ReferralRecord): Lines => {
  const { ttl, maskLength, action, authoritative, incomplete, mapVersion, eid } = record
  const flags = flagText({ authoritative, incomplete })
  const version = mapVersion === 0 ? '' : `, map-version ${mapVersion}`
  return [
    `referral ${printPrefix(eid, maskLength)} ${minutes(ttl)}, ${action}${flags}${version}`,
    ...indent(record.referrals.map((locator) => locatorLine(locator, 'node'))),
    ...indent(
      record.signatures.map(
        ({ originalTtl, inception, expiration, keyTag, algorithm, signature }) =>
          `signature of key ${keyTag}, algorithm ${algorithm}, original ${minutes(originalTtl)}, ` +
          `valid ${inception} to ${expiration}: ${bytesOf(signature)}`,
      ),
    ),
  ]
}

const referralLines = ({ nonce, records }: MapReferral): Lines => [
  title('Map-Referral', nonce, {}),
  ...indent(records.flatMap(referralRecordLines)),
]

const infoLines = (message: Info): Lines => [
  title(message.type === 'info-request' ? 'Info-Request' : 'Info-Reply', message.nonce, {}),
  ...indent([
    authenticationLine(message.authentication),
    `EID ${printPrefix(message.eid, message.maskLength)} ${minutes(message.ttl)}`,
    ...(message.nat.family === 'none' ? [] : [printAddress(message.nat)]),
  ]),
]

const encapsulatedLines = ({ flags, security, inner }: Encapsulated, depth: number): Lines => {
  const from = `${printAddress(inner.source)} port ${inner.sourcePort}`
  const to = `${printAddress(inner.dest)} port ${inner.destPort}`
  const checksums = inner.checksums === undefined ? '' : `, checksums ${inner.checksums}`
  return [
    `Encapsulated Control Message${flagText(flags)}`,
    ...indent([
      ...(security === undefined
        ? []
        : [
            `LISP-SEC HMAC ${security.hmacId}, key ${security.keyId}, wrapping ${security.wrappingId}, ` +
              `KDF ${security.eid.kdfId}: ${bytesOf(security.oneTimeKey)}`,
          ]),
      `from ${from} to ${to}, ttl ${inner.ttl}${checksums}`,
      ...payloadLines(inner.payload, depth + 1),
    ]),
  ]
}

/** A message within a message within a message means nothing and is not looked at. */
const depthMax = 1

const payloadLines = (payload: Uint8Array, depth: number): Lines => {
  if (depth > depthMax) return [`${payload.length} bytes: ${bytesOf(payload)}`]
  try {
    return linesOf(decodeMessage(payload), depth)
  } catch (error) {
    if (!(error instanceof LispError)) throw error
    return [`no message (${error.message}): ${bytesOf(payload)}`]
  }
}

const linesOf = (message: Message, depth: number): Lines => {
  switch (message.type) {
    case 'map-request':
      return requestLines(message)
    case 'map-reply':
      return replyLines(message)
    case 'map-register':
    case 'map-notify':
    case 'map-notify-ack':
      return noticeLines(message)
    case 'map-referral':
      return referralLines(message)
    case 'info-request':
    case 'info-reply':
      return infoLines(message)
    case 'encapsulated':
      return encapsulatedLines(message, depth)
  }
}

/** Any bytes as lines of text: the message that they are, or why they are none. */
export const printBytes = (data: Uint8Array): string => payloadLines(data, 0).join('\n')

/** A message as lines of text, without a line break at the end. */
export const printMessage = (message: Message): string => linesOf(message, 0).join('\n')
