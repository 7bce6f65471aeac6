/**
 * The text forms of actions: the few shapes that the syntax of ovs-actions(7) consists of. `action-text.ts` applies them.
 */
import type { Action } from '../actions.js'
import { OpenFlowError } from '../errors.js'
import type { Outer } from './spec.js'

/** What a text means depends on the match of the flow it stands in, for the spellings of OpenFlow 1.0. */
export interface FlowContext {
  /** The flow matches packets with a VLAN tag only. */
  readonly hasVlan?: boolean
  /** The IP protocol that the flow matches: 6, 17 or 132 choose the port field of mod_tp_src and mod_tp_dst. */
  readonly ipProtocol?: number
}

/** An action of any type. The table's lines say this much of each other: the type `Action` is made of them. */
export interface AnyAction {
  readonly type: string
}

export interface TextContext {
  readonly flow: FlowContext
  /** Parses a nested list of actions. */
  list(text: string, outer: Outer): readonly Action[]
}

/** How an action is written as text. */
export interface TextForm<B> {
  /** The names that text may begin with; the first is the one printed. Empty: another action's line parses it. */
  readonly names: readonly string[]
  /** As the manual shows it. */
  readonly syntax: readonly string[]
  print(body: B, list: (actions: readonly AnyAction[]) => string): string
  /** `argument` is what stands behind the name: after `:` or `=`, or within the parentheses. */
  parse(argument: string, context: TextContext): B | readonly AnyAction[]
}

/** Throws the error of a text that means nothing. */
export const badText = (reason: string): never => {
  throw new OpenFlowError('bad-text', reason)
}

/** A whole number as C writes it: decimal, hexadecimal behind `0x`, octal behind `0`. */
const wholeNumber = (text: string): bigint | undefined => {
  if (text.length > 90) return undefined
  if (/^(0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)$/.test(text)) return BigInt(text)
  return /^0[0-7]+$/.test(text) ? BigInt(`0o${text.slice(1)}`) : undefined
}

/** A number from `min` to `max`. */
export const parseNumber = (text: string, max: number, what: string, min = 0): number => {
  const value = Number(wholeNumber(text) ?? Number.NaN)
  if (!(value >= min && value <= max))
    badText(`${what} ${text || '(empty)'} is not a number in ${min}..${max}`)
  return value
}

/** As `parseNumber`, for numbers of up to `bits` bits. */
export const parseBig = (text: string, bits: number, what: string): bigint => {
  const value = wholeNumber(text) ?? badText(`${what} ${text || '(empty)'} is not a number`)
  return value >> BigInt(bits) === 0n ? value : badText(`${what} ${text} does not fit in ${bits} bits`)
}

/** Hexadecimal as C prints it with `#`: a prefix for all but zero. */
export const printHex = (value: number | bigint): string =>
  value === 0 || value === 0n ? '0' : `0x${value.toString(16)}`

/** A name and nothing else: `exit`. */
export const keyword = (...names: readonly [string, ...string[]]): TextForm<object> => ({
  names,
  syntax: names,
  print: () => names[0],
  parse: () => ({}),
})

interface NumberStyle {
  readonly max: number
  readonly print?: (value: number) => string
  /** Printed as `name(value)` instead of `name:value`. */
  readonly parentheses?: true
  readonly alsoNamed?: readonly string[]
}

/** A name and a number: `group:5`. */
export const numbered = <const K extends string>(
  name: string,
  member: K,
  style: NumberStyle,
): TextForm<{ readonly [P in K]: number }> => {
  const number = style.print ?? String
  const names = [name, ...(style.alsoNamed ?? [])]
  return {
    names,
    syntax: names.map((n) => (style.parentheses ? `${n}(${member})` : `${n}:${member}`)),
    print: (body) =>
      style.parentheses ? `${name}(${number(body[member])})` : `${name}:${number(body[member])}`,
    parse: (argument) =>
      ({ [member]: parseNumber(argument, style.max, member) }) as { readonly [P in K]: number },
  }
}

/** One `key`, `key:value`, `key=value` or `key(value)` of a list. */
export interface KeyValue {
  readonly key: string
  readonly value: string
}

const isSeparator = (char: string | undefined): boolean =>
  char === ',' || char === ' ' || char === '\t' || char === '\r' || char === '\n'

/** Where the value that begins at `from` ends: at a separator, or at the parenthesis that closes it. */
const endOfValue = (text: string, from: number, parenthesis: boolean): number => {
  let level = 0
  for (let i = from; i < text.length; i++) {
    const char = text[i]
    if (char === '(') level++
    else if (char === ')') {
      if (level === 0 && parenthesis) return i
      level = Math.max(0, level - 1)
    } else if (level === 0 && !parenthesis && isSeparator(char)) return i
  }
  return text.length
}

/** Cuts `a,b:1,c=2,d(e,f)` into its parts. `g(1)->h` has the value `1)->h`, as Open vSwitch reads it. */
export const keyValues = (text: string): readonly KeyValue[] => {
  const parts: KeyValue[] = []
  let at = 0
  for (;;) {
    while (at < text.length && isSeparator(text[at])) at++
    if (at >= text.length) return parts
    const begin = at
    while (at < text.length && !isSeparator(text[at]) && !':=('.includes(text[at] as string)) at++
    const key = text.slice(begin, at)
    const delimiter = text[at]
    if (delimiter === undefined || isSeparator(delimiter)) {
      parts.push({ key, value: '' })
      continue
    }
    let end = endOfValue(text, at + 1, delimiter === '(')
    if (delimiter === '(' && end === text.length) badText(`${key}: a parenthesis is not closed`)
    if (delimiter === '(' && text.startsWith(')->', end)) end = endOfValue(text, end + 1, false)
    parts.push({ key, value: text.slice(at + 1, end) })
    at = end + (delimiter === '(' && text[end] === ')' ? 1 : 0)
  }
}

/** Bytes as `01.02.ff`. */
export const printBytes = (data: Uint8Array): string =>
  Buffer.from(data)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1.')

/** Hexadecimal digits in pairs, points and white space between them ignored. */
export const parseBytes = (text: string, what: string): Uint8Array => {
  const digits = text.replace(/[.\s]/g, '')
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) badText(`${what} ${text} is not hexadecimal digits in pairs`)
  return new Uint8Array(Buffer.from(digits, 'hex'))
}
