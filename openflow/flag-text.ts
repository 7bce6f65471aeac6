/** Fields whose bits have names: `tcp_flags=+syn-ack`, `ct_state=est|trk`. ovs-fields(7), each field's own section. */
import { badText, printHex } from './actions/text.js'

/** Names by bit, the least significant first. */
export const tcpFlagNames = [
  'fin',
  'syn',
  'rst',
  'psh',
  'ack',
  'urg',
  'ece',
  'cwr',
  'ns',
  '[200]',
  '[400]',
  '[800]',
] as const
export const ctStateNames = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'] as const
export const tunnelFlagNames = ['oam'] as const

const bitOf = (names: readonly string[], name: string): number => {
  const index = names.indexOf(name)
  return index < 0 ? badText(`${name} is none of ${names.join(', ')}`) : 1 << index
}

const numberOf = (text: string, all: number): number => {
  const value = Number(text)
  return value <= all ? value : badText(`${text} has bits beyond 0x${all.toString(16)}`)
}

const isNumeric = (text: string): boolean => /^(0[xX][0-9a-fA-F]+|\d+)$/.test(text)

/** `+a-b`: a is set, b is not, others do not matter. */
const parseSigned = (text: string, names: readonly string[]): { value: number; mask: number } => {
  let value = 0
  let mask = 0
  for (const [, sign, name = ''] of text.matchAll(/([+-])([^+-]*)/g)) {
    const bit = bitOf(names, name)
    if ((mask & bit) !== 0) badText(`${text} says ${name} twice`)
    mask |= bit
    if (sign === '+') value |= bit
  }
  return { value, mask }
}

/** Parses `+a-b`, `a|b`, a number, or a number with a mask. */
export const parseFlags = (
  text: string,
  names: readonly string[],
): { readonly value: number; readonly mask?: number } => {
  const all = 2 ** names.length - 1
  const masked = /^(\w+)\/(\w+)$/.exec(text)
  if (masked !== null && isNumeric(masked[1] ?? '') && isNumeric(masked[2] ?? ''))
    return { value: numberOf(masked[1] ?? '', all), mask: numberOf(masked[2] ?? '', all) }
  if (text.startsWith('+') || text.startsWith('-')) return parseSigned(text, names)
  const value = text
    .split('|')
    .reduce((bits, part) => bits | (isNumeric(part) ? numberOf(part, all) : bitOf(names, part)), 0)
  return { value }
}

const setNames = (value: number, names: readonly string[]): string[] =>
  names.filter((_, index) => (value & (1 << index)) !== 0)

/** Prints an exact value as `a|b`, a masked one as `+a-b`. */
export const printFlags = (value: number, mask: number | undefined, names: readonly string[]): string => {
  if (mask === undefined) return value === 0 ? '0' : setNames(value, names).join('|')
  if (mask === 0) return '0/0'
  const signs = names.flatMap((name, index) => {
    const bit = 1 << index
    return (mask & bit) === 0 ? [] : [`${(value & bit) === 0 ? '-' : '+'}${name}`]
  })
  return signs.length > 0 ? signs.join('') : `${printHex(value)}/${printHex(mask)}`
}
