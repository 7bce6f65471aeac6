/**
 * Atoms, the scalar values of OVSDB (RFC 7047, section 5.1: `<atom>`), and the base types that constrain them (section 3.2:
 * `<base-type>`), both as a schema describes them at run time. Declared tables (`columns.ts`) have a typed and quicker way.
 */
import { OvsdbError } from './errors.js'
import { isJsonArray, type Json } from './json.js'

export const atomicTypes = ['integer', 'real', 'boolean', 'string', 'uuid'] as const
export type AtomicType = (typeof atomicTypes)[number]

/** A row's identity, 36 characters in lower case. */
export type Uuid = string

/** A reference to a row that an `insert` of the same transaction makes under this name: RFC 7047, section 5.1. */
export interface NamedUuid {
  readonly namedUuid: string
}

/** An atom of whatever type. Which one it is, its base type says: a UUID is a string here. */
export type Atom = number | bigint | boolean | string

export interface BaseType {
  readonly type: AtomicType
  /** The only values allowed. */
  readonly enum?: readonly Atom[]
  /** Limits of an integer or real, both included. */
  readonly min?: number | bigint
  readonly max?: number | bigint
  /** Limits of a string's length in Unicode characters. */
  readonly minLength?: number
  readonly maxLength?: number
  readonly refTable?: string
  /** A weak reference vanishes with its row; any other one is strong and keeps its row alive. */
  readonly refType?: 'weak'
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (text: string): boolean => text.length === 36 && uuidPattern.test(text)

export const namedUuid = (name: string): NamedUuid => ({ namedUuid: name })

/** A short print of JSON for a message: long values are cut. */
export const excerpt = (json: Json | undefined): string => {
  const text = JSON.stringify(json, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
  if (text === undefined) return 'nothing'
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

export const isInteger = (json: Json | undefined): json is number | bigint =>
  typeof json === 'bigint' || (typeof json === 'number' && Number.isInteger(json) && Math.abs(json) < 2 ** 63)

const readers: Readonly<Record<AtomicType, (json: Json) => Atom | undefined>> = {
  integer: (json) => (isInteger(json) ? json : undefined),
  real: (json) => (typeof json === 'number' || typeof json === 'bigint' ? Number(json) : undefined),
  boolean: (json) => (typeof json === 'boolean' ? json : undefined),
  string: (json) => (typeof json === 'string' ? json : undefined),
  uuid: (json) => readUuid(json),
}

/** The UUID in `["uuid", "..."]`, or undefined for any other JSON. */
export const readUuid = (json: Json | undefined): Uuid | undefined => {
  if (!isJsonArray(json) || json.length !== 2 || json[0] !== 'uuid') return undefined
  const [, text] = json
  return typeof text === 'string' && isUuid(text) ? text.toLowerCase() : undefined
}

/** Reads an atom and checks it against its base type. Throws `bad-value`. */
export const parseAtom = (base: BaseType, json: Json): Atom => {
  const atom = readers[base.type](json)
  if (atom === undefined) throw new OvsdbError('bad-value', `${excerpt(json)} is no ${base.type}`)
  checkAtom(base, atom)
  return atom
}

export const printAtom = (type: AtomicType, atom: Atom): Json =>
  type === 'uuid' ? ['uuid', String(atom)] : atom

/** The value of a column that was never set: RFC 7047, section 5.2.1. */
export const defaultAtom = (type: AtomicType): Atom => {
  if (type === 'boolean') return false
  if (type === 'string') return ''
  return type === 'uuid' ? '00000000-0000-0000-0000-000000000000' : 0
}

/** Orders two atoms of one type as Open vSwitch does: numbers by value, strings by their UTF-8 bytes, false before true. */
export const compareAtoms = (a: Atom, b: Atom): number => {
  if (typeof a === 'string' && typeof b === 'string')
    return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
  // A number equals a bigint of the same value here, which === would deny.
  return a < b ? -1 : Number(a > b)
}

/** Throws `bad-value` when the atom is outside what the base type allows. */
export const checkAtom = (base: BaseType, atom: Atom): void => {
  const complaint = complain(base, atom)
  if (complaint !== undefined) throw new OvsdbError('bad-value', `${excerpt(atom)} ${complaint}`)
}

const complain = (base: BaseType, atom: Atom): string | undefined => {
  if (base.enum !== undefined && !base.enum.some((allowed) => compareAtoms(allowed, atom) === 0)) {
    return `is not one of ${base.enum.map(excerpt).join(', ')}`
  }
  if (typeof atom === 'string') return complainOfLength(base, atom)
  if (base.min !== undefined && compareAtoms(atom, base.min) < 0) return `is less than ${base.min}`
  if (base.max !== undefined && compareAtoms(atom, base.max) > 0) return `is more than ${base.max}`
  return undefined
}

const complainOfLength = (base: BaseType, text: string): string | undefined => {
  if (base.minLength === undefined && base.maxLength === undefined) return undefined
  const length = [...text].length
  if (length < (base.minLength ?? 0)) return `has ${length} characters, fewer than ${base.minLength}`
  if (length > (base.maxLength ?? Infinity)) return `has ${length} characters, more than ${base.maxLength}`
  return undefined
}
