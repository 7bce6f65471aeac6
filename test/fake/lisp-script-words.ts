/** The words in which scripts for LISP speak of addresses, locators, records and keys: read and written. */
import type { IpAddress } from '#lisp/address.js'
import { parseEid, parseIp, printAddress, printPrefix } from '#lisp/address-text.js'
import { type AuthAlgorithm, makeKey, type Proof } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { type Action, actions, type Locator, type MappingRecord } from '#lisp/records.js'

export type Words = Map<string, string>

export const ip = (text: string): IpAddress => {
  const address = parseIp(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

export const listOf = (text: string | undefined): readonly string[] =>
  text === undefined || text === '' ? [] : text.split(',')

/** `192.0.2.1`, `192.0.2.1/2/50` (priority, weight), `192.0.2.1!` (not reachable). */
export const locatorOf = (text: string): Locator => {
  const [address = '', priority = '1', weight = '100'] = text.replace('!', '').split('/')
  const flags = { reachable: !text.endsWith('!'), local: true }
  const numbers = {
    priority: Number(priority),
    weight: Number(weight),
    multicastPriority: 255,
    multicastWeight: 0,
  }
  return { ...numbers, flags, rloc: ip(address) }
}

const actionOf = (text: string): Action | undefined => actions.find((action) => action === text)

/** `10.0.0.0/8@10=192.0.2.1,192.0.2.2`: EID, TTL in minutes, locators; or in their place an action. */
export const recordOf = (text: string): MappingRecord => {
  const [, eid = '', ttl = '', where = ''] = /^(.*)@(\d+)=(.*)$/.exec(text) ?? []
  const action = actionOf(where)
  return {
    ...eidFields(parseEid(eid)),
    ttl: Number(ttl),
    action: action ?? 'no-action',
    authoritative: true,
    mapVersion: 0,
    locators: action === undefined ? listOf(where).map(locatorOf) : [],
  }
}

export const recordsOf = (text: string | undefined): readonly MappingRecord[] =>
  (text ?? '')
    .split(';')
    .filter((one) => one !== '')
    .map(recordOf)

/** `xtr/site` as two hexadecimal numbers. */
export const identityOf = (text: string) => {
  const [xtr = '0', site = '0'] = text.split('/')
  return { xtrId: BigInt(`0x${xtr}`), siteId: BigInt(`0x${site}`) }
}

/** `1:secret` or `1:secret:algorithm`. */
export const proofOf = (text: string): Proof => {
  const [keyId = '0', secret = '', algorithm = 'hmac-sha-256-128'] = text.split(':')
  return { key: makeKey(Number(keyId), secret), keyId: Number(keyId), algorithm: algorithm as AuthAlgorithm }
}

export const flagsOf = (text: string | undefined): Record<string, boolean> =>
  Object.fromEntries(listOf(text).map((name) => [name, true]))

export const locatorText = ({ rloc, priority, weight, flags }: Locator): string =>
  `${printAddress(rloc)}/${priority}/${weight}${flags.reachable ? '' : '!'}${flags.local ? ' local' : ''}`

export const recordText = ({
  eid,
  maskLength,
  ttl,
  action,
  authoritative,
  locators,
}: MappingRecord): string => {
  const where = locators.length === 0 ? action : `-> ${locators.map(locatorText).join(', ')}`
  return `${printPrefix(eid, maskLength)} ttl ${ttl}${authoritative ? ' authoritative' : ''} ${where}`
}

/** `name=value` words behind a verb. */
export const wordsOf = (words: readonly string[]): Words =>
  new Map(
    words.map((word) => {
      const [name = '', ...value] = word.split('=')
      return [name, value.join('=')]
    }),
  )
