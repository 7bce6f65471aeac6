/**
 * Reads and prints `<base-type>` and `<type>` of a schema: RFC 7047, section 3.2. Members that nobody knows are passed over: a newer
 * server may send them.
 */
import {
  type Atom,
  type AtomicType,
  atomicTypes,
  type BaseType,
  compareAtoms,
  excerpt,
  isInteger,
  parseAtom,
  printAtom,
} from './atoms.js'
import { type ColumnType, elementsOf } from './datum.js'
import { OvsdbError } from './errors.js'
import { isJsonObject, type Json, type JsonObject, member } from './json.js'

const bad = (message: string): OvsdbError => new OvsdbError('bad-schema', message)

export const parseAtomicType = (json: Json | undefined): AtomicType => {
  const type = atomicTypes.find((name) => name === json)
  if (type === undefined) throw bad(`${excerpt(json)} is no atomic type`)
  return type
}

export const parseBaseType = (json: Json): BaseType => {
  if (!isJsonObject(json)) return { type: parseAtomicType(json) }
  const type = parseAtomicType(member(json, 'type'))
  const values = member(json, 'enum')
  if (values !== undefined) return parseEnum(type, values)
  if (type === 'integer' || type === 'real') return { type, ...parseRange(json, type) }
  if (type === 'string') return { type, ...parseLengths(json) }
  if (type === 'uuid') return { type, ...parseReference(json) }
  return { type }
}

const parseEnum = (type: AtomicType, values: Json): BaseType => {
  const allowed = elementsOf(values).map((value) => parseAtom({ type }, value))
  if (allowed.length === 0) throw bad('an enum allows no value')
  return { type, enum: allowed.sort(compareAtoms) }
}

const parseRange = (json: JsonObject, type: 'integer' | 'real'): Pick<BaseType, 'min' | 'max'> => {
  const suffix = type === 'integer' ? 'Integer' : 'Real'
  const min = parseLimit(json, `min${suffix}`, type)
  const max = parseLimit(json, `max${suffix}`, type)
  if (min !== undefined && max !== undefined && min > max) throw bad(`min${suffix} exceeds max${suffix}`)
  return { ...(min !== undefined && { min }), ...(max !== undefined && { max }) }
}

const parseLimit = (json: JsonObject, name: string, type: AtomicType): number | bigint | undefined => {
  const limit = member(json, name)
  if (limit === undefined) return undefined
  const fits =
    typeof limit === 'bigint' || (typeof limit === 'number' && (type === 'real' || isInteger(limit)))
  if (!fits) throw bad(`${name} is ${excerpt(limit)}, which is no ${type}`)
  return limit
}

const parseLengths = (json: JsonObject): Pick<BaseType, 'minLength' | 'maxLength'> => {
  const minLength = parseCount(json, 'minLength')
  const maxLength = parseCount(json, 'maxLength')
  if (minLength !== undefined && maxLength !== undefined && minLength > maxLength)
    throw bad('minLength exceeds maxLength')
  return { ...(minLength !== undefined && { minLength }), ...(maxLength !== undefined && { maxLength }) }
}

/** A member that counts something: a 32-bit integer that is not negative. */
const parseCount = (json: JsonObject, name: string): number | undefined => {
  const count = member(json, name)
  if (count === undefined) return undefined
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > 0xffff_ffff) {
    throw bad(`${name} is ${excerpt(count)}, which is no number of something`)
  }
  return count
}

const parseReference = (json: JsonObject): Pick<BaseType, 'refTable' | 'refType'> => {
  const refTable = member(json, 'refTable')
  const refType = member(json, 'refType')
  if (refTable === undefined) {
    if (refType === undefined) return {}
    throw bad('refType without refTable')
  }
  if (typeof refTable !== 'string' || !isIdentifier(refTable))
    throw bad(`refTable is ${excerpt(refTable)}, which is no name`)
  if (refType === undefined || refType === 'strong') return { refTable }
  if (refType !== 'weak') throw bad(`refType is ${excerpt(refType)}, not strong or weak`)
  return { refTable, refType }
}

/** RFC 7047, section 3.1: `<id>`. */
export const isIdentifier = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)

export const parseColumnType = (json: Json): ColumnType => {
  if (!isJsonObject(json)) return { key: parseBaseType(json), min: 1, max: 1 }
  const key = member(json, 'key')
  const value = member(json, 'value')
  if (key === undefined) throw bad('a column type has no key')
  const { min, max } = parseMultiplicity(json)
  const keyType = parseBaseType(key)
  return value === undefined
    ? { key: keyType, min, max }
    : { key: keyType, value: parseBaseType(value), min, max }
}

const parseMultiplicity = (json: JsonObject): Pick<ColumnType, 'min' | 'max'> => {
  const min = member(json, 'min') ?? 1
  const max = member(json, 'max') ?? 1
  if (min !== 0 && min !== 1) throw bad(`min is ${excerpt(min)}, not 0 or 1`)
  if (max === 'unlimited') return { min, max: Infinity }
  if (typeof max !== 'number' || !Number.isInteger(max) || max < 1 || max < min) {
    throw bad(`max is ${excerpt(max)}, neither "unlimited" nor a number of at least 1`)
  }
  return { min, max }
}

export const printBaseType = (base: BaseType): Json => {
  const { type, enum: allowed, min, max, minLength, maxLength, refTable, refType } = base
  const suffix = type === 'integer' ? 'Integer' : 'Real'
  const members: Record<string, Json> = {}
  if (allowed !== undefined) members.enum = printEnum(type, allowed)
  if (min !== undefined) members[`min${suffix}`] = min
  if (max !== undefined) members[`max${suffix}`] = max
  if (minLength !== undefined) members.minLength = minLength
  if (maxLength !== undefined) members.maxLength = maxLength
  if (refTable !== undefined) members.refTable = refTable
  if (refType !== undefined) members.refType = refType
  return Object.keys(members).length === 0 ? type : { type, ...members }
}

const printEnum = (type: AtomicType, allowed: readonly Atom[]): Json => {
  const printed = allowed.map((atom) => printAtom(type, atom))
  const [only] = printed
  return printed.length === 1 && only !== undefined ? only : ['set', printed]
}

export const printColumnType = (type: ColumnType): Json => {
  const { key, value, min, max } = type
  const printed = printBaseType(key)
  if (value === undefined && min === 1 && max === 1 && typeof printed === 'string') return printed
  return {
    key: printed,
    ...(value !== undefined && { value: printBaseType(value) }),
    ...(min !== 1 && { min }),
    ...(max !== 1 && { max: max === Infinity ? 'unlimited' : max }),
  }
}
