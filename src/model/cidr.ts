/** IP addresses and prefixes as numbers: what is allocated, compared and compiled. ip-num does the reading. */
import { IPv4, IPv6 } from 'ip-num'

export type Family = 4 | 6

/** An address: 32 or 128 bits as one bigint. */
export interface Ip {
  readonly family: Family
  readonly value: bigint
}

/** A prefix; bits behind `length` are 0. */
export interface Cidr extends Ip {
  readonly length: number
}

export const widthOf = (family: Family): 32 | 128 => (family === 4 ? 32 : 128)

/** An address as a prefix of its own. Made field by field: objects that are spread have a shape of their own each, in memory as large as themselves. */
export const hostPrefix = ({ family, value }: Ip): Cidr => ({ family, value, length: widthOf(family) })

/** Undefined when `text` is no address. */
export const parseIp = (text: string): Ip | undefined => {
  try {
    return text.includes(':')
      ? { family: 6, value: IPv6.fromString(text).getValue() }
      : { family: 4, value: IPv4.fromString(text).getValue() }
  } catch {
    return undefined
  }
}

/** The text of RFC 5952, IPv4 in dots. */
export const printIp = ({ family, value }: Ip): string =>
  family === 4 ? dotted(Number(value)) : shortest(value)

/** By hand: it is asked for hundreds of thousands of addresses at once. */
const dotted = (value: number): string =>
  `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`

/** The bits that a prefix of `length` leaves open. */
export const hostMask = (family: Family, length: number): bigint =>
  (1n << BigInt(widthOf(family) - length)) - 1n

/** Undefined when `text` is no prefix. Bits behind the length are cleared. */
export const parseCidr = (text: string): Cidr | undefined => {
  const [address = '', digits = ''] = text.split('/')
  const ip = parseIp(address)
  const length = /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (ip === undefined || !(length <= widthOf(ip.family))) return undefined
  return { family: ip.family, value: ip.value & ~hostMask(ip.family, length), length }
}

export const printCidr = (cidr: Cidr): string => `${printIp(cidr)}/${cidr.length}`

export const cidrHas = (cidr: Cidr, ip: Ip): boolean =>
  cidr.family === ip.family && (ip.value & ~hostMask(cidr.family, cidr.length)) === cidr.value

export const cidrsOverlap = (a: Cidr, b: Cidr): boolean =>
  a.length <= b.length ? cidrHas(a, b) : cidrHas(b, a)

/** IPv4 first, then by number: the one order in which the addresses of an endpoint are kept and told. */
export const inOrder = (addresses: readonly Ip[]): readonly Ip[] =>
  addresses.toSorted((a, b) => a.family - b.family || (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`, the first of equals. */
const shortest = (value: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, index) =>
    Number((value >> BigInt(112 - 16 * index)) & 0xffffn),
  )
  let best = { at: -1, length: 1 }
  for (let at = 0; at < 8; at++) {
    let length = 0
    while (at + length < 8 && groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  const text = (some: readonly number[]): string => some.map((group) => group.toString(16)).join(':')
  return best.at < 0
    ? text(groups)
    : `${text(groups.slice(0, best.at))}::${text(groups.slice(best.at + best.length))}`
}
