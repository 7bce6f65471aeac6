/**
 * Addresses as text and as the numbers that fields hold: MAC addresses and IPv6 addresses as bigints, IPv4 addresses as
 * numbers. Printed as the C library prints them, so that they are the same characters that Open vSwitch prints.
 */
import { badText } from './actions/text.js'

/** `02:00:00:00:00:01`; each part may have one digit. */
export const parseMac = (text: string): bigint => {
  if (!/^[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2}){5}$/.test(text)) badText(`${text} is no MAC address`)
  return BigInt(`0x${text.replace(/[^:]+/g, (part) => part.padStart(2, '0')).replaceAll(':', '')}`)
}

export const printMac = (address: bigint): string =>
  address
    .toString(16)
    .padStart(12, '0')
    .replace(/(..)(?=.)/g, '$1:')

/** `10.0.0.1`. */
export const parseIpv4 = (text: string): number => {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number) ?? []
  if (parts.length !== 4 || parts.some((part) => part > 255)) badText(`${text} is no IPv4 address`)
  return parts.reduce((address, part) => address * 256 + part, 0)
}

export const printIpv4 = (address: number): string =>
  [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.')

/** Groups of 16 bits of `a:b:c`, the last one perhaps `1.2.3.4`; `undefined` where it is something else. */
const groupsOf = (text: string): number[] | undefined => {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else if (index === parts.length - 1 && part.includes('.')) {
      const address = parseIpv4(part)
      groups.push(address >>> 16, address & 0xffff)
    } else return undefined
  }
  return groups
}

/** RFC 4291, section 2.2: `2001:db8::1`, `::ffff:10.0.0.1`. */
export const parseIpv6 = (text: string): bigint => {
  const wrong = (): never => badText(`${text} is no IPv6 address`)
  if (text.length > 45) return wrong()
  const [head = '', tail, ...more] = text.split('::')
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  if (before === undefined || after === undefined || more.length > 0) return wrong()
  const missing = 8 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 1) return wrong()
  const groups = [...before, ...new Array<number>(missing).fill(0), ...after]
  return groups.reduce((address, group) => (address << 16n) | BigInt(group), 0n)
}

/** The longest run of zero groups, the first of equals; of one group alone there is none. */
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

/** As inet_ntop(3) prints it: RFC 5952, and an IPv4 address within in its own form. */
export const printIpv6 = (address: bigint): string => {
  const groups = Array.from({ length: 8 }, (_, i) => Number((address >> BigInt(112 - 16 * i)) & 0xffffn))
  const { start, length } = longestZeros(groups)
  const holdsIpv4 = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff))
  const shown = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  if (holdsIpv4) {
    const prefix = length === 5 ? '::ffff:' : '::'
    return `${prefix}${printIpv4(Number(address & 0xffff_ffffn))}`
  }
  return start < 0 ? shown(0, 8) : `${shown(0, start)}::${shown(start + length, 8)}`
}

/** The length of the prefix that `mask` selects, of `width` bits; `undefined` where the ones are not all in front. */
export const prefixLength = (mask: bigint, width: number): number | undefined => {
  const zeros = mask ^ ((1n << BigInt(width)) - 1n)
  if ((zeros & (zeros + 1n)) !== 0n) return undefined
  return width - (zeros === 0n ? 0 : zeros.toString(2).length)
}

/** The mask of a prefix: `length` ones in front of `width` bits. */
export const prefixMask = (length: number, width: number): bigint =>
  ((1n << BigInt(length)) - 1n) << BigInt(width - length)
