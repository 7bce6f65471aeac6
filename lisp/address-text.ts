/**
 * Addresses and EID-prefixes as people write them: `10.0.0.1`, `2001:db8::1`, `02:00:00:00:00:01`, `"a name"`, `[100]10.0.0.0/8`,
 * LCAFs as `lcaf-text.ts` has them. Everything that is printed is read back as the same value.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { IPv4, IPv6 } from 'ip-num'
import type { Address, IpAddress, PlainAddress } from './address.js'
import { widthOf } from './address.js'
import { type Eid, fullLength, makeEid } from './eid.js'
import { LispError } from './errors.js'
import { lcafText } from './lcaf-text.js'
import { quoted, TextCursor, type TextKind } from './text-kinds.js'

const octets = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')

/** The longest run of zero groups, the first of equals; of one group alone there is none. RFC 5952, section 4.2. */
const longestZeros = (groups: readonly number[]): { readonly start: number; readonly length: number } => {
  let best = { start: -1, length: 1 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
    start += length
  }
  return best
}

/** RFC 5952, without IPv4 notation. */
const printIpv6 = (value: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn))
  const { start, length } = longestZeros(groups)
  const shown = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return start < 0 ? shown(0, 8) : `${shown(0, start)}::${shown(start + length, 8)}`
}

const pairs = (digits: string): string => digits.replace(/(..)(?=.)/g, '$1:')

const printPlain = (address: PlainAddress): string => {
  switch (address.family) {
    case 'none':
      return 'none'
    case 'ipv4':
      return octets(address.value)
    case 'ipv6':
      return printIpv6(address.value)
    case 'mac':
      return pairs(address.value.toString(16).padStart(12, '0'))
    case 'mac-802':
      return `802:${pairs(address.value.toString(16).padStart(12, '0'))}`
    case 'eui64':
      return `eui64:${pairs(address.value.toString(16).padStart(16, '0'))}`
    case 'name':
      return quoted.print(address.value)
  }
}

/** An IP address from text; undefined where it is none. */
export const parseIp = (text: string): IpAddress | undefined => {
  if (isIPv4(text)) return { family: 'ipv4', value: Number(IPv4.fromString(text).getValue()) }
  if (!isIPv6(text) || text.includes('%')) return undefined
  const [, head = '', tail] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? []
  if (tail === undefined) return { family: 'ipv6', value: IPv6.fromString(text).getValue() }
  const low = IPv4.fromString(tail).getValue()
  return { family: 'ipv6', value: IPv6.fromString(`${head}0:0`).getValue() | low }
}

const digitsOf = (text: string): string => text.replaceAll(':', '')
const mac = /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/
const eui64 = /^eui64:[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){7}$/

const parsePlain = (cursor: TextCursor): PlainAddress => {
  if (cursor.text[cursor.pos] === '"') return { family: 'name', value: quoted.parse(cursor) }
  const word = cursor.match(/[0-9a-zA-Z:.]+/y) ?? cursor.fail('an address is expected')
  if (word === 'none') return { family: 'none' }
  if (mac.test(word)) return { family: 'mac', value: Number.parseInt(digitsOf(word), 16) }
  if (word.startsWith('802:') && mac.test(word.slice(4)))
    return { family: 'mac-802', value: Number.parseInt(digitsOf(word.slice(4)), 16) }
  if (eui64.test(word)) return { family: 'eui64', value: BigInt(`0x${digitsOf(word.slice(6))}`) }
  return parseIp(word) ?? cursor.fail(`${word} is no address`)
}

const addressKind: TextKind<Address> = {
  print: (address) => printAddress(address),
  parse: (cursor) => cursor.nested(() => lcafs.parse(cursor) ?? parsePlain(cursor)),
}

const lcafs = lcafText(addressKind)

export const printAddress = (address: Address): string => {
  switch (address.family) {
    case 'none':
    case 'ipv4':
    case 'ipv6':
    case 'mac':
    case 'mac-802':
    case 'eui64':
    case 'name':
      return printPlain(address)
    default:
      return lcafs.print(address)
  }
}

/** Throws `LispError` `bad-text`. */
export const parseAddress = (text: string): Address => {
  const cursor = new TextCursor(text)
  const address = addressKind.parse(cursor)
  if (!cursor.atEnd) cursor.fail('more than an address')
  return address
}

/** The address of a record with its prefix length, which is left out where the address has no bits to count. */
export const printPrefix = (address: Address, length: number): string => {
  const inner = address.family === 'instance-id' ? address.address : address
  const shown = widthOf(inner.family) !== undefined || length !== fullLength(inner)
  return `${printAddress(address)}${shown ? `/${length}` : ''}`
}

/** `[100]10.0.0.0/8`; without `[…]` where the instance id is 0. */
export const printEid = ({ iid, address, length }: Eid): string =>
  `${iid === 0 ? '' : `[${iid}]`}${printPrefix(address, length)}`

/**
 * An EID-prefix from text; without a length it is one address. Bits beyond the prefix are cleared. Throws `LispError`
 * `bad-text`.
 */
export const parseEid = (text: string): Eid => {
  const cursor = new TextCursor(text)
  const whole = addressKind.parse(cursor)
  const iid = whole.family === 'instance-id' ? whole.iid : 0
  const address = whole.family === 'instance-id' ? whole.address : whole
  if (address.family === 'instance-id') throw new LispError('bad-text', 'an instance id within another')
  const width = widthOf(address.family) ?? 255
  const digits = cursor.skip('/')
    ? (cursor.match(/\d{1,3}/y) ?? cursor.fail('a prefix length is expected'))
    : undefined
  if (!cursor.atEnd) cursor.fail('more than an EID')
  if (digits !== undefined && Number(digits) > width) cursor.fail(`prefix length ${digits} of ${width} bits`)
  return digits === undefined ? makeEid(iid, address) : makeEid(iid, address, Number(digits))
}
