/** Mutations as a server reads and executes them (RFC 7047, section 5.1: `<mutation>`), for the fake OVSDB server. */
import { type Atom, compareAtoms, excerpt } from '#ovsdb/atoms.js'
import { type ColumnType, checkDatum, type Datum, parseDatum } from '#ovsdb/datum.js'
import { isJsonArray, type Json } from '#ovsdb/json.js'
import { narrow } from '#ovsdb/json-number.js'
import type { TableSchema } from '#ovsdb/schema.js'
import { columnTypeOf, isScalarType, withoutLimits } from './clauses.js'
import { TransactionError, translate } from './transaction-error.js'

export interface FakeMutation {
  readonly column: string
  /** The new value. Throws `TransactionError`. */
  apply(old: Datum): Datum
}

type Arithmetic = readonly [
  ofIntegers: (a: bigint, b: bigint) => bigint,
  ofReals?: (a: number, b: number) => number,
]

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  '+=': [(a, b) => a + b, (a, b) => a + b],
  '-=': [(a, b) => a - b, (a, b) => a - b],
  '*=': [(a, b) => a * b, (a, b) => a * b],
  '/=': [(a, b) => a / b, (a, b) => a / b],
  '%=': [(a, b) => a % b],
}

export const parseMutation = (table: TableSchema, json: Json): FakeMutation => {
  const [column, by, value] = isJsonArray(json) && json.length === 3 ? json : []
  if (typeof column !== 'string' || typeof by !== 'string' || value === undefined || column === '_uuid') {
    throw new TransactionError('syntax error', `${excerpt(json)} is no mutation`)
  }
  const type = columnTypeOf(table, column)
  if (table.columns.get(column)?.mutable === false || !table.mutable) {
    throw new TransactionError('constraint violation', `column ${column} cannot be changed`)
  }
  const change =
    by === 'insert' || by === 'delete' ? parseElements(type, by, value) : parseArithmetic(type, by, value)
  const apply = (old: Datum): Datum => {
    const datum = change(old)
    translate('constraint violation', () => checkDatum(type, datum))
    return datum
  }
  return { column, apply }
}

const parseArithmetic = (type: ColumnType, by: string, value: Json): ((old: Datum) => Datum) => {
  const [ofIntegers, ofReals] = Object.hasOwn(arithmetic, by) ? (arithmetic[by] ?? []) : []
  if (ofIntegers === undefined) throw new TransactionError('unknown mutator', `there is no mutator ${by}`)
  const isReal = type.key.type === 'real' && ofReals !== undefined
  if (type.value !== undefined || (type.key.type !== 'integer' && !isReal)) {
    throw new TransactionError('syntax error', `${by} is not for this column`)
  }
  const argument = translate('syntax error', () =>
    parseDatum({ key: { type: type.key.type }, min: 1, max: 1 }, value),
  )
  const operand = argument.keys[0] ?? 0
  const compute = (atom: Atom): Atom =>
    isReal
      ? realResult(by, ofReals(Number(atom), Number(operand)), operand)
      : integerResult(by, ofIntegers, atom, operand)
  return ({ keys }) => ({ keys: unique(by, keys.map(compute)) })
}

const divides = (by: string): boolean => by === '/=' || by === '%='

const integerResult = (by: string, compute: Arithmetic[0], atom: Atom, operand: Atom): Atom => {
  if (divides(by) && BigInt(operand) === 0n) throw new TransactionError('domain error', 'division by zero')
  const result = compute(BigInt(atom), BigInt(operand))
  if (BigInt.asIntN(64, result) !== result) throw outOfRange(by)
  return narrow(result)
}

const realResult = (by: string, result: number, operand: Atom): Atom => {
  if (divides(by) && Number(operand) === 0) throw new TransactionError('domain error', 'division by zero')
  if (!Number.isFinite(result)) throw outOfRange(by)
  return result === 0 ? 0 : result
}

const outOfRange = (by: string): TransactionError =>
  new TransactionError('range error', `the result of ${by} is out of range`)

const unique = (by: string, keys: Atom[]): readonly Atom[] => {
  keys.sort(compareAtoms)
  if (keys.every((atom, index) => index === 0 || compareAtoms(atom, keys[index - 1] ?? atom) !== 0))
    return keys
  throw new TransactionError('constraint violation', `the result of ${by} has duplicates`)
}

const parseElements = (type: ColumnType, by: 'insert' | 'delete', value: Json): ((old: Datum) => Datum) => {
  if (isScalarType(type)) throw new TransactionError('syntax error', `${by} is for sets and maps`)
  const keysAlone = by === 'delete' && type.value !== undefined && !(isJsonArray(value) && value[0] === 'map')
  const { value: _value, ...setType } = type
  const whole = by === 'insert' ? type : withoutLimits(type)
  const shape = {
    ...(keysAlone ? withoutLimits(setType) : whole),
    min: 0,
    max: Number.POSITIVE_INFINITY,
  } as const
  const argument = translate('syntax error', () => parseDatum(shape, value))
  return by === 'insert' ? (old) => insertElements(old, argument) : (old) => deleteElements(old, argument)
}

type Pair = readonly [key: Atom, value: Atom | undefined]

const pairsOf = ({ keys, values }: Datum): readonly Pair[] =>
  keys.map((key, index) => [key, values?.[index]] as const)

const datumOf = (pairs: readonly Pair[], shape: Datum): Datum => {
  const keys = pairs.map(([key]) => key)
  return shape.values === undefined ? { keys } : { keys, values: pairs.map(([key, value]) => value ?? key) }
}

/** A key that is there keeps its value. */
export const insertElements = (old: Datum, argument: Datum): Datum => {
  const there = new Set(old.keys)
  const come = pairsOf(argument).filter(([key]) => !there.has(key))
  return datumOf(
    [...pairsOf(old), ...come].sort(([a], [b]) => compareAtoms(a, b)),
    old,
  )
}

/** Without values in the argument, whatever has its keys goes. An atom has one form, so that equal ones are the same to a map. */
export const deleteElements = (old: Datum, argument: Datum): Datum => {
  const gone = new Map(pairsOf(argument))
  const stays = ([key, value]: Pair): boolean => {
    const other = gone.get(key)
    return !gone.has(key) || (other !== undefined && value !== undefined && other !== value)
  }
  return datumOf(pairsOf(old).filter(stays), old)
}
