/**
 * Values of fields as ovs-ofctl(8) reads and writes them, by the format that the field table gives: in matches behind
 * `field=`, in actions behind `set_field:`. How a match prints its fields differs in details: see `match-text.ts`.
 */
import { parsePort, printPort } from './actions/ports.js'
import { badText, printHex } from './actions/text.js'
import {
  parseIpv4,
  parseIpv6,
  parseMac,
  prefixLength,
  prefixMask,
  printIpv4,
  printIpv6,
  printMac,
} from './address-text.js'
import type { Field } from './fields.js'
import { ctStateNames, parseFlags, printFlags, tcpFlagNames, tunnelFlagNames } from './flag-text.js'

export { parseIpv4, parseIpv6, parseMac, printIpv4, printIpv6, printMac } from './address-text.js'

/** A value, or with `mask` some bits of one. */
export interface ParsedValue {
  readonly value: number | bigint
  readonly mask?: number | bigint
}

const firstReservedPort = 0xffff_ff00

/** No text of a value is longer: 124 bytes of value and mask in hexadecimal. */
const longestText = 520

/** Decimal, hexadecimal behind `0x`, octal behind `0`, as strtoull(3) reads them. */
const parseInteger = (text: string, what: string): bigint => {
  if (/^(0[xX][0-9a-fA-F]+|[1-9]\d*|0)$/.test(text)) return BigInt(text)
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`)
  if (/^-[1-9]\d*$/.test(text)) return BigInt.asUintN(64, BigInt(text))
  return badText(`${text || '(empty)'} is no number for ${what}`)
}

const parseNumeric = (field: Field, text: string): bigint => {
  const value = parseInteger(text, field.name)
  return value >> BigInt(8 * field.bytes) === 0n ? value : badText(`${text} is too large for ${field.name}`)
}

/** The two sides of a slash. */
const halves = (text: string): readonly [value: string, mask: string | undefined] => {
  const slash = text.indexOf('/')
  return slash < 0 ? [text, undefined] : [text.slice(0, slash), text.slice(slash + 1)]
}

const withMask = <V extends number | bigint>(value: V, mask: V | undefined): ParsedValue =>
  mask === undefined ? { value } : { value, mask }

/** A mask of an address: another address, or the length of a prefix. */
const addressMask = <V>(
  text: string | undefined,
  width: number,
  parse: (text: string) => V,
): V | bigint | undefined => {
  if (text === undefined) return undefined
  if (!/^\d{1,3}$/.test(text)) return parse(text)
  return Number(text) <= width
    ? prefixMask(Number(text), width)
    : badText(`/${text} is longer than ${width} bits`)
}

const fragments: readonly (readonly [name: string, value: number, mask: number])[] = [
  ['no', 0, 3],
  ['first', 1, 3],
  ['later', 3, 3],
  ['yes', 1, 1],
  ['not_later', 0, 2],
]
/** Masks that say as much as another line of `fragments`: printed like it, as Open vSwitch does, and parsed as that line. */
const otherFragments: typeof fragments = [
  ['no', 0, 1],
  ['later', 2, 2],
]

const parseFragment = (text: string): ParsedValue => {
  const [, bits, some] = /^([0-3])\/([0-3])$/.exec(text) ?? []
  if (bits !== undefined) return { value: Number(bits), mask: Number(some) }
  const [, value, mask] = fragments.find(([name]) => name === text.toLowerCase()) ?? []
  if (value === undefined || mask === undefined)
    return badText(`${text} is none of ${fragments.map(([name]) => name).join(', ')}`)
  return mask === 3 ? { value } : { value, mask }
}

/** Prints the word, or the numbers for what no packet can be. */
const printFragment = (value: number, mask = 3): string =>
  [...fragments, ...otherFragments].find(([, v, m]) => v === value && m === mask)?.[0] ?? `${value}/${mask}`

const parsePacketType = (text: string): ParsedValue => {
  const [, namespace, type] = /^\(?([^,()]+),([^,()]+)\)?$/.exec(text.replaceAll(' ', '')) ?? []
  if (namespace === undefined || type === undefined) return badText(`${text} is no packet type`)
  const [upper, lower] = [parseInteger(namespace, 'packet_type'), parseInteger(type, 'packet_type')]
  if (upper > 0xffffn || lower > 0xffffn) badText(`${text} is no packet type`)
  return { value: Number((upper << 16n) | lower) }
}

/** Reserved port numbers without a name are numbers in text too. */
const parsePortNumber = (text: string): number => {
  const number = /^\d{10}$/.test(text) ? Number(text) : 0
  return number >= firstReservedPort && number <= 0xffff_ffff ? number : parsePort(text)
}

const flagNames = {
  'tcp flags': tcpFlagNames,
  'ct state': ctStateNames,
  'tunnel flags': tunnelFlagNames,
} as const

const parseByFormat = (field: Field, text: string): ParsedValue => {
  const [left, right] = halves(text)
  switch (field.format) {
    case 'decimal':
    case 'hexadecimal': {
      const mask = right === undefined ? undefined : parseNumeric(field, right)
      return withMask(parseNumeric(field, left), mask)
    }
    case 'ethernet':
      return withMask(parseMac(left), right === undefined ? undefined : parseMac(right))
    case 'ipv4':
      return withMask<number | bigint>(parseIpv4(left), addressMask(right, 32, parseIpv4))
    case 'ipv6':
      return withMask(parseIpv6(left), addressMask(right, 128, parseIpv6))
    case 'port':
      return { value: parsePortNumber(text) }
    case 'frag':
      return parseFragment(text)
    case 'packet type':
      return parsePacketType(text)
    default:
      return parseFlags(text, flagNames[field.format])
  }
}

/**
 * Parses a value, with a mask behind a slash where the field allows one. `*` is an empty mask, a mask of all ones none.
 * Value bits outside the mask are cleared. Throws `OpenFlowError` with the code `bad-text`.
 */
export const parseFieldValue = (field: Field, text: string): ParsedValue => {
  const own = (number: number | bigint): number | bigint => (field.wide ? BigInt(number) : Number(number))
  if (text === '*') return { value: own(0), mask: own(0) }
  if (text.length > longestText) badText(`the value of ${field.name} is too long`)
  const { value, mask } = parseByFormat(field, text)
  if (mask === undefined) return { value: own(value) }
  const bits = BigInt(mask)
  const everyBit = (1n << BigInt(8 * field.bytes)) - 1n
  if (bits === everyBit || (!field.variable && (bits & field.ones) === field.ones))
    return { value: own(value) }
  if (!field.maskable && bits !== 0n) badText(`${field.name} cannot be masked`)
  return { value: own(BigInt(value) & bits), mask: own(bits) }
}

const printAddress = (
  print: (address: bigint) => string,
  width: number,
  value: bigint,
  mask?: bigint,
): string => {
  if (mask === undefined) return print(value)
  return `${print(value)}/${prefixLength(mask, width) ?? print(mask)}`
}

const printNumber = (field: Field, value: number | bigint): string =>
  field.format === 'hexadecimal' ? printHex(value) : `${value}`

/** Prints a value as actions show it: numbers by the field's format, masks in hexadecimal. */
export const printFieldValue = (field: Field, value: number | bigint, mask?: number | bigint): string => {
  const bits = mask === undefined ? undefined : BigInt(mask)
  switch (field.format) {
    case 'decimal':
    case 'hexadecimal':
      return printNumber(field, value) + (bits === undefined ? '' : `/0x${bits.toString(16)}`)
    case 'ethernet':
      return printMac(BigInt(value)) + (bits === undefined ? '' : `/${printMac(bits)}`)
    case 'ipv4':
      return printAddress((address) => printIpv4(Number(address)), 32, BigInt(value), bits)
    case 'ipv6':
      return printAddress(printIpv6, 128, BigInt(value), bits)
    case 'port':
      return printPort(Number(value))
    case 'frag':
      return printFragment(Number(value), bits === undefined ? undefined : Number(bits))
    case 'packet type':
      return `(${printHalf(Number(value) >>> 16)},${printHalf(Number(value) & 0xffff)})`
    default:
      return printFlags(Number(value), bits === undefined ? undefined : Number(bits), flagNames[field.format])
  }
}

/** Half of a packet type: Open vSwitch writes up to 9 in decimal, more in hexadecimal. */
const printHalf = (type: number): string => (type > 9 ? `0x${type.toString(16)}` : `${type}`)
