/** Reading JSON of unknown make into types: readers that check one value each, and tables of them that read objects. */
import { familyOf } from './ip-text.js'

/** Checks a value. @throws TypeError that says what it should be */
export type Reader<T> = (value: unknown) => T

export type Fields = Readonly<Record<string, Reader<unknown>>>
/** What a table of fields reads: each of them may be absent. */
export type Read<F extends Fields> = { readonly [K in keyof F]?: ReturnType<F[K]> }

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 200)
const wrong = (value: unknown, what: string): TypeError => new TypeError(`${shown(value)} is not ${what}`)

export const text: Reader<string> = (value) => {
  if (typeof value !== 'string' || value === '') throw wrong(value, 'a text')
  return value
}

export const flag: Reader<boolean> = (value) => {
  if (typeof value !== 'boolean') throw wrong(value, 'true or false')
  return value
}

export const anything: Reader<unknown> = (value) => value

export const integer =
  (min: number, max: number): Reader<number> =>
  (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw wrong(value, `a whole number from ${min} to ${max}`)
    return value
  }

export const oneOf =
  <T extends string>(...words: readonly T[]): Reader<T> =>
  (value) => {
    const found = words.find((word) => word === value)
    if (found === undefined) throw wrong(value, `one of ${words.join(', ')}`)
    return found
  }

export const listOf =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value) => {
    if (!Array.isArray(value)) throw wrong(value, 'a list')
    return value.map((item, index) => at(`[${index}]`, () => read(item)))
  }

/** An object whose values are all of one make. */
export const mapOf =
  <T>(read: Reader<T>): Reader<Readonly<Record<string, T>>> =>
  (value) => {
    if (!isObject(value)) throw wrong(value, 'an object')
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, at(`.${key}`, () => read(each))]),
    )
  }

/** The fields of a table; others are left out. */
export const objectOf =
  <F extends Fields>(fields: F): Reader<Read<F>> =>
  (value) => {
    if (!isObject(value)) throw wrong(value, 'an object')
    const read: Record<string, unknown> = {}
    for (const [key, reader] of Object.entries(fields)) {
      const given = Object.hasOwn(value, key) ? value[key] : undefined
      if (given !== undefined && given !== null) read[key] = at(`.${key}`, () => reader(given))
    }
    return read as Read<F>
  }

/** What `objectWith` reads: the fields named are there. */
export type With<F extends Fields, K extends keyof F> = Read<F> & { readonly [P in K]-?: ReturnType<F[P]> }

/** As `objectOf`, where some fields have to be there. */
export const objectWith = <F extends Fields, K extends keyof F & string>(
  fields: F,
  ...needed: readonly K[]
): Reader<With<F, K>> => {
  const read = objectOf(fields)
  const isWhole = (value: Read<F>): value is With<F, K> => needed.every((key) => value[key] !== undefined)
  return (value) => {
    const found = read(value)
    if (isWhole(found)) return found
    throw new TypeError(`${needed.filter((key) => found[key] === undefined).join(', ')} is missing`)
  }
}

/** An address without length: `10.0.0.1`. */
export const address: Reader<string> = (value) => {
  if (typeof value !== 'string' || familyOf(value) === undefined) throw wrong(value, 'an IP address')
  return value
}

/** `10.0.0.1/24`: an address with the length of its prefix. */
export const addressWithLength: Reader<string> = (value) => {
  const [ip = '', length = '', ...rest] = typeof value === 'string' ? value.split('/') : []
  const family = familyOf(ip)
  const fits = /^\d{1,3}$/.test(length) && Number(length) <= (family === 6 ? 128 : 32)
  if (typeof value !== 'string' || family === undefined || !fits || rest.length > 0)
    throw wrong(value, 'an IP address with a prefix length')
  return value
}

/** A unicast MAC address. */
export const macAddress: Reader<string> = (value) => {
  if (typeof value !== 'string' || !/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(value))
    throw wrong(value, 'a unicast MAC address')
  return value.toLowerCase()
}

/** Says where in the whole a value is wrong. */
const at = <T>(place: string, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`${place}${/^[.[]/.test(error.message) ? '' : ': '}${error.message}`)
  }
}
