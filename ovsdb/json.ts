/**
 * JSON as OVSDB has it: integers are 64-bit and exact, strings are Unicode without NUL, nesting ends at 1,000. Integers that a
 * JavaScript number cannot hold exactly are `bigint`; every other number is `number`. A text that `JSON.parse` and the exact parser
 * would read alike goes to `JSON.parse`, which is many times quicker: `framing.ts` decides while it looks for the message's end.
 */
import { OvsdbError } from './errors.js'
import { parseExactly } from './json-exact.js'

export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** The depth at which Open vSwitch stops: JSON_MAX_HEIGHT of its `json.h`. */
export const jsonDepthMax = 1000

export const isJsonObject = (json: Json | undefined): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

export const isJsonArray = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)

/** A member of an object that is its own, whatever the name: `__proto__` and `constructor` are names like any other. */
export const member = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

/** Parses one JSON text, an object or array. Throws `malformed-json` with the place where it stops being one. */
export const parseJson = (text: string): Json => parseExactly(text)

/** Prints JSON on one line. Throws `bad-value` for what OVSDB cannot carry: NaN, infinities, NUL, lone surrogates. */
export const printJson = (json: Json): string => {
  const quick = printQuickly(json)
  // `JSON.stringify` prints what is not finite as null, and escapes by number what OVSDB refuses: look again, more slowly.
  return quick === undefined || quick.includes('\\u') || quick.includes('null') ? print(json) : quick
}

/** Undefined where `JSON.stringify` gives up: at a bigint. */
const printQuickly = (json: Json): string | undefined => {
  try {
    return JSON.stringify(json)
  } catch {
    return undefined
  }
}

const print = (json: Json): string => {
  if (typeof json === 'bigint') return json.toString()
  if (typeof json === 'string') return printString(json)
  if (typeof json === 'number') return printNumber(json)
  if (isJsonArray(json)) return `[${json.map(print).join(',')}]`
  if (isJsonObject(json)) return `{${Object.entries(json).map(printMember).join(',')}}`
  return String(json)
}

const printMember = ([name, value]: readonly [string, Json]): string => `${printString(name)}:${print(value)}`

const printNumber = (value: number): string => {
  if (!Number.isFinite(value))
    throw new OvsdbError('bad-value', `${value} cannot be sent: numbers are finite`)
  return JSON.stringify(value)
}

/** Under the u flag, surrogates are seen only where they are not a pair. */
const halfPair = /\p{Surrogate}/u

const printString = (text: string): string => {
  if (text.includes('\0')) throw new OvsdbError('bad-value', 'a string with a NUL cannot be sent')
  if (halfPair.test(text))
    throw new OvsdbError('bad-value', 'a string with half a surrogate pair cannot be sent')
  return JSON.stringify(text)
}
