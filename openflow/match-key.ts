/**
 * The key of a match: the same short text for equal matches however they are written, different text for different ones,
 * and the match can be had back from it. Flow tables are compared and remembered by such keys.
 */
import { type Field, fieldList, fields } from './fields.js'
import { type AnyConstraint, type AnyMatch, canonicalMatch, type Match } from './match.js'

/** `field=value` or `field=value/mask`, all in hexadecimal; the field by its place in the table. */
const keyPart = (field: Field, constraint: AnyConstraint): string =>
  typeof constraint === 'object'
    ? `${field.index}=${constraint.value.toString(16)}/${constraint.mask.toString(16)},`
    : `${field.index}=${constraint.toString(16)},`

/** Whether the constraint is as in a canonical match. */
const isNormal = (field: Field, constraint: AnyConstraint): boolean => {
  if (typeof constraint !== 'object') return true
  const { value, mask } = constraint
  if (typeof value === 'bigint' && typeof mask === 'bigint')
    return (value & ~mask) === 0n && mask !== field.ones && (field.variable || mask !== 0n)
  return (
    typeof value === 'number' &&
    typeof mask === 'number' &&
    (value & ~mask) === 0 &&
    mask !== 0 &&
    mask !== field.full
  )
}

/** Fields whose canonical form depends on other fields of the match: they are left to `canonicalMatch`. */
const entangled: ReadonlySet<Field> = new Set([
  fields.packet_type,
  fields.vlan_pcp,
  ...fieldList.filter((field) => field.viewOf.length > 0),
])

const keyOfCanonical = (match: Match): string => {
  let key = ''
  for (const name in match) {
    const constraint = (match as AnyMatch)[name]
    if (constraint !== undefined) key += keyPart(fields[name as keyof Match], constraint)
  }
  return key
}

/** The key; cheap for a canonical match. Throws as `canonicalMatch` does. */
export const matchKey = (match: Match): string => {
  let key = ''
  let last = -1
  for (const name in match) {
    const field: Field | undefined = fields[name as keyof Match]
    const constraint = (match as AnyMatch)[name]
    if (
      field === undefined ||
      constraint === undefined ||
      field.index <= last ||
      entangled.has(field) ||
      !isNormal(field, constraint)
    )
      return keyOfCanonical(canonicalMatch(match))
    last = field.index
    key += keyPart(field, constraint)
  }
  return key
}

/** The canonical match of a key that `matchKey` made. Throws `TypeError` for other text. */
export const matchFromKey = (key: string): Match => {
  const match: Record<string, AnyConstraint> = {}
  for (const part of key.split(',')) {
    if (part === '') continue
    const [, index, value, mask] = /^(\d+)=([0-9a-f]+)(?:\/([0-9a-f]+))?$/.exec(part) ?? []
    const field = fieldList[Number(index)]
    if (field === undefined || value === undefined) throw new TypeError(`${part} is no part of a match key`)
    const number = (text: string): number | bigint =>
      field.wide ? BigInt(`0x${text}`) : Number.parseInt(text, 16)
    match[field.name] = mask === undefined ? number(value) : { value: number(value), mask: number(mask) }
  }
  return match as Match
}
