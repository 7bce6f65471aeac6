/**
 * Numbers of OVSDB's JSON. A number whose value is a 64-bit integer is that integer, exactly, however it is written (`1.50e1` is 15);
 * every other one is a double. Zero has no sign, and a number beyond the doubles is an error: what Open vSwitch's json.c does.
 */

/** The grammar of RFC 8259, section 6, looser on leading zeros, so that those get a message of their own. */
const number = /-?(\d*)(\.\d*)?([eE][+-]?\d*)?/y

const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n
/** No 64-bit integer has more digits, so that what is longer is a double and needs no exact arithmetic. */
const digitsMax = 19
/** Any whole number of so many characters is exact in a double. */
const quickDigitsMax = 15
const exponentMax = 2 ** 31 - 1

export interface NumberToken {
  readonly value: number | bigint
  readonly end: number
}

/** The number that starts at `start` of `text`, or in words why there is none. */
export const scanNumber = (text: string, start: number): NumberToken | string => {
  number.lastIndex = start
  const match = number.exec(text)
  if (match === null) return 'a number is expected'
  const [token, whole = '', fraction, exponent] = match
  if (whole === '') return 'a minus sign is not followed by a digit'
  if (whole.length > 1 && whole.startsWith('0')) return 'a number starts with a superfluous zero'
  if (fraction === '.') return 'a decimal point is not followed by a digit'
  if (exponent !== undefined && !/\d$/.test(exponent)) return 'an exponent has no digit'
  if (fraction === undefined && exponent === undefined && token.length <= quickDigitsMax) {
    return { value: Number(token) || 0, end: start + token.length }
  }
  const value = evaluate(token, whole, fraction?.slice(1) ?? '', Number(exponent?.slice(1) ?? 0))
  return typeof value === 'string' ? value : { value, end: start + token.length }
}

const evaluate = (
  token: string,
  whole: string,
  fraction: string,
  exponent: number,
): number | bigint | string => {
  const digits = (whole + fraction).replace(/^0+/, '')
  const significant = withoutEndingZeros(digits)
  if (Math.abs(exponent) > exponentMax) return 'an exponent is out of range'
  if (significant === '') return 0
  const scale = exponent - fraction.length + (digits.length - significant.length)
  if (
    Math.abs(scale) > exponentMax ||
    Math.abs(exponent + Math.max(0, digits.length - digitsMax)) > exponentMax
  ) {
    return 'an exponent is out of range'
  }
  if (scale >= 0 && significant.length + scale <= digitsMax) {
    const integer = BigInt(significant) * 10n ** BigInt(scale) * (token.startsWith('-') ? -1n : 1n)
    if (integer >= int64Min && integer <= int64Max) return narrow(integer)
  }
  const real = Number(token)
  if (!Number.isFinite(real)) return 'a number is out of range'
  return real === 0 ? 0 : real
}

/** By a loop: a regular expression would look at every zero of a long run again for each zero before it. */
const withoutEndingZeros = (digits: string): string => {
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return digits.slice(0, end)
}

/** A 64-bit integer as the library holds it: a number where that is exact, a bigint beyond. */
export const narrow = (integer: bigint): number | bigint => {
  const small = Number(integer)
  return Number.isSafeInteger(small) ? small : integer
}
