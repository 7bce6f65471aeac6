/** Conditions as a server reads and evaluates them (RFC 7047, section 5.1: `<condition>`), for the fake OVSDB server. */
import { type Atom, compareAtoms, excerpt } from '#ovsdb/atoms.js'
import { type ColumnType, type Datum, parseDatum } from '#ovsdb/datum.js'
import { isJsonArray, type Json } from '#ovsdb/json.js'
import type { TableSchema } from '#ovsdb/schema.js'
import { TransactionError, translate } from './transaction-error.js'

/** A row of a fake database: every column of its schema, and `_uuid`. */
export type FakeRow = ReadonlyMap<string, Datum>

export type Clause = (row: FakeRow) => boolean

type Compare = (field: Datum, argument: Datum, type: ColumnType) => boolean

const order =
  (holds: (sign: number) => boolean): Compare =>
  ({ keys: [value] }, { keys: [bound] }) =>
    value !== undefined && bound !== undefined && holds(compareAtoms(value, bound))

export const sameData = (a: Datum, b: Datum): boolean =>
  a === b || (sameAtoms(a.keys, b.keys) && sameAtoms(a.values ?? [], b.values ?? []))

const sameAtoms = (a: readonly Atom[], b: readonly Atom[]): boolean =>
  a.length === b.length && a.every((atom, index) => compareAtoms(atom, b[index] ?? atom) === 0)

/** Whether a set has the element, or a map the pair, at an index of another. */
const has = (field: Datum, argument: Datum, index: number): boolean => {
  const key = argument.keys[index]
  const at = field.keys.findIndex((other) => key !== undefined && compareAtoms(other, key) === 0)
  const ours = field.values?.[at]
  const theirs = argument.values?.[index]
  return at >= 0 && (ours === undefined || theirs === undefined || compareAtoms(ours, theirs) === 0)
}

const comparisons: Readonly<Record<string, Compare>> = {
  '<': order((sign) => sign < 0),
  '<=': order((sign) => sign <= 0),
  '>=': order((sign) => sign >= 0),
  '>': order((sign) => sign > 0),
  '==': sameData,
  '!=': (field, argument) => !sameData(field, argument),
  includes: (field, argument) => argument.keys.every((_key, index) => has(field, argument, index)),
  excludes: (field, argument) => !argument.keys.some((_key, index) => has(field, argument, index)),
}

export const uuidColumn: ColumnType = { key: { type: 'uuid' }, min: 1, max: 1 }

export const columnTypeOf = (table: TableSchema, name: Json | undefined): ColumnType => {
  const type = name === '_uuid' ? uuidColumn : table.columns.get(typeof name === 'string' ? name : '')?.type
  if (type === undefined) throw new TransactionError('unknown column', `there is no column ${excerpt(name)}`)
  return type
}

export const isScalarType = (type: ColumnType): boolean =>
  type.value === undefined && type.min === 1 && type.max === 1

/** The type of the value that a comparison takes. */
const argumentTypeOf = (type: ColumnType, is: string): ColumnType => {
  const isNumeric = type.key.type === 'integer' || type.key.type === 'real'
  if (/[<>]/.test(is)) {
    if (type.value === undefined && type.max === 1 && isNumeric) return { ...type, min: 1 }
    throw new TransactionError('syntax error', `${is} is for columns of at most one number`)
  }
  if (isScalarType(type) || is === '==' || is === '!=') return type
  return { ...type, min: 0, max: is === 'excludes' ? Number.POSITIVE_INFINITY : type.max }
}

export const parseClause = (table: TableSchema, json: Json): Clause => {
  if (typeof json === 'boolean') return () => json
  const [column, is, value] = isJsonArray(json) && json.length === 3 ? json : []
  if (typeof column !== 'string' || typeof is !== 'string' || value === undefined) {
    throw new TransactionError('syntax error', `${excerpt(json)} is no condition`)
  }
  const compare = Object.hasOwn(comparisons, is) ? comparisons[is] : undefined
  if (compare === undefined) throw new TransactionError('unknown function', `there is no function ${is}`)
  const type = columnTypeOf(table, column)
  const argument = translate('syntax error', () => parseDatum(withoutLimits(argumentTypeOf(type, is)), value))
  return (row) => compare(row.get(column) ?? { keys: [] }, argument, type)
}

/** A value to compare with may be one that the column could not hold. */
export const withoutLimits = (type: ColumnType): ColumnType => ({
  ...type,
  key: { type: type.key.type },
  ...(type.value !== undefined && { value: { type: type.value.type } }),
})

export const parseClauses = (table: TableSchema, json: Json | undefined): readonly Clause[] => {
  if (!isJsonArray(json))
    throw new TransactionError('syntax error', `${excerpt(json)} is no list of conditions`)
  return json.map((clause) => parseClause(table, clause))
}
