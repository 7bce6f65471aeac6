/**
 * Data: what a column holds, a set or a map of atoms (RFC 7047, section 5.1: `<value>`), read against a column type that is known
 * only at run time. For tools that meet a schema they never saw; declared tables use `columns.ts`.
 */
import {
  type Atom,
  type BaseType,
  checkAtom,
  compareAtoms,
  defaultAtom,
  excerpt,
  parseAtom,
  printAtom,
} from './atoms.js'
import { OvsdbError } from './errors.js'
import { isJsonArray, type Json } from './json.js'

/** RFC 7047, section 3.2: `<type>`. With a `value` it is a map, else a set, of which a scalar is the set of exactly one. */
export interface ColumnType {
  readonly key: BaseType
  readonly value?: BaseType
  readonly min: 0 | 1
  /** `Infinity` where the schema says "unlimited". */
  readonly max: number
}

/** A set's elements, or a map's keys with `values` beside them; sorted by key, each key once. */
export interface Datum {
  readonly keys: readonly Atom[]
  readonly values?: readonly Atom[]
}

export const isScalar = (type: ColumnType): boolean =>
  type.value === undefined && type.min === 1 && type.max === 1

/** The elements of `["set", [...]]`, or of the one element that arrives without it. */
export const elementsOf = (json: Json): readonly Json[] => {
  if (!isJsonArray(json) || json[0] !== 'set') return [json]
  const [, elements] = json
  if (json.length !== 2 || !isJsonArray(elements))
    throw new OvsdbError('bad-value', `${excerpt(json)} is no set`)
  return elements
}

/** The pairs of `["map", [[key, value], ...]]`. */
export const pairsOf = (json: Json): readonly (readonly [Json, Json])[] => {
  const pairs = isJsonArray(json) && json.length === 2 && json[0] === 'map' ? json[1] : undefined
  if (!isJsonArray(pairs) || !pairs.every(isPair))
    throw new OvsdbError('bad-value', `${excerpt(json)} is no map`)
  return pairs
}

const isPair = (json: Json): json is readonly [Json, Json] => isJsonArray(json) && json.length === 2

/** Reads and checks a whole value: atoms, number of elements, duplicates. Throws `bad-value`. */
export const parseDatum = (type: ColumnType, json: Json): Datum => {
  const datum = type.value === undefined ? parseSet(type.key, json) : parseMap(type.key, type.value, json)
  const count = datum.keys.length
  if (count < type.min || count > type.max) {
    throw new OvsdbError(
      'bad-value',
      `${excerpt(json)} has ${count} elements, not ${type.min} to ${type.max}`,
    )
  }
  return datum
}

const parseSet = (key: BaseType, json: Json): Datum => {
  const keys = elementsOf(json).map((element) => parseAtom(key, element))
  keys.sort(compareAtoms)
  const twice = keys.find((atom, index) => index > 0 && compareAtoms(atom, keys[index - 1] ?? atom) === 0)
  if (twice !== undefined) throw new OvsdbError('bad-value', `set has a duplicate: ${excerpt(twice)}`)
  return { keys }
}

const parseMap = (key: BaseType, value: BaseType, json: Json): Datum => {
  const pairs = pairsOf(json).map(([k, v]) => [parseAtom(key, k), parseAtom(value, v)] as const)
  pairs.sort(([a], [b]) => compareAtoms(a, b))
  const twice = pairs.find(
    ([atom], index) => index > 0 && compareAtoms(atom, pairs[index - 1]?.[0] ?? atom) === 0,
  )
  if (twice !== undefined) throw new OvsdbError('bad-value', `map has a duplicate key: ${excerpt(twice[0])}`)
  return { keys: pairs.map(([k]) => k), values: pairs.map(([, v]) => v) }
}

/** A set of one element is printed bare, as Open vSwitch does. */
export const printDatum = (type: ColumnType, datum: Datum): Json => {
  const { key, value } = type
  if (value !== undefined) {
    const pairs = datum.keys.map((atom, index) => [
      printAtom(key.type, atom),
      printAtom(value.type, datum.values?.[index] ?? defaultAtom(value.type)),
    ])
    return ['map', pairs]
  }
  const elements = datum.keys.map((atom) => printAtom(key.type, atom))
  const [only] = elements
  return elements.length === 1 && only !== undefined ? only : ['set', elements]
}

/** What the column of a new row holds when nothing was said: RFC 7047, section 5.2.1. */
export const defaultDatum = (type: ColumnType): Datum => {
  const keys = type.min === 0 ? [] : [defaultAtom(type.key.type)]
  if (type.value === undefined) return { keys }
  return { keys, values: type.min === 0 ? [] : [defaultAtom(type.value.type)] }
}

/** Checks that a datum of the same shape fits a type, for example after a change. Throws `bad-value`. */
export const checkDatum = (type: ColumnType, datum: Datum): void => {
  for (const atom of datum.keys) checkAtom(type.key, atom)
  if (type.value !== undefined) for (const atom of datum.values ?? []) checkAtom(type.value, atom)
  const count = datum.keys.length
  if (count < type.min || count > type.max) {
    throw new OvsdbError('bad-value', `${count} elements are not ${type.min} to ${type.max}`)
  }
}
