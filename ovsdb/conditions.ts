/** Conditions and mutations as TypeScript values, checked against the declaration: RFC 7047, section 5.1. */
import type { Uuid } from './atoms.js'
import { uuid } from './columns.js'
import type { Json } from './json.js'
import type { AnyTable, ColumnElement, ColumnInput, ColumnName, ColumnValue } from './tables.js'

export type EqualityFunction = '==' | '!=' | 'includes' | 'excludes'
export type OrderFunction = '<' | '<=' | '>' | '>='
export type ArithmeticMutator = '+=' | '-=' | '*=' | '/=' | '%='
export type SetMutator = 'insert' | 'delete'

type Ordered<V> = NonNullable<V> extends number | bigint ? OrderFunction : never

type ColumnCondition<T extends AnyTable> = {
  [K in ColumnName<T>]: readonly [
    column: K,
    is: EqualityFunction | Ordered<ColumnValue<T, K>>,
    value: ColumnInput<T, K>,
  ]
}[ColumnName<T>]

/** `['name', '==', 'br-int']`; or a boolean, which an update of a monitor's conditions may use. */
export type Condition<T extends AnyTable> =
  | ColumnCondition<T>
  | readonly [column: '_uuid', is: '==' | '!=', value: Uuid]
  | boolean

/** All of them together: every one has to hold. None hold for every row. */
export type Conditions<T extends AnyTable> = readonly Condition<T>[]

type ColumnMutation<T extends AnyTable, K extends ColumnName<T>> =
  | (ColumnElement<T, K> extends number | bigint
      ? readonly [column: K, by: ArithmeticMutator, value: ColumnElement<T, K>]
      : never)
  | (NonNullable<ColumnValue<T, K>> extends readonly unknown[]
      ? readonly [column: K, by: SetMutator, value: ColumnInput<T, K>]
      : never)
  | (NonNullable<ColumnValue<T, K>> extends ReadonlyMap<unknown, unknown>
      ?
          | readonly [column: K, by: 'insert', value: ColumnInput<T, K>]
          | readonly [column: K, by: 'delete', value: ColumnInput<T, K> | readonly ColumnElement<T, K>[]]
      : never)

/**
 * `['cur_cfg', '+=', 1]`, `['ports', 'insert', [port]]`, `['external_ids', 'delete', ['key']]`. Inserting a key that a map has leaves
 * its value as it is: delete the key before, in the same mutation.
 */
export type Mutation<T extends AnyTable> = { [K in ColumnName<T>]: ColumnMutation<T, K> }[ColumnName<T>]

export const encodeConditions = <T extends AnyTable>(table: T, conditions: Conditions<T>): Json =>
  conditions.map((condition) => {
    if (typeof condition === 'boolean') return condition
    const [column, is, value] = condition
    return [column, is, encodeValue(table, column, value)]
  })

export const encodeMutations = <T extends AnyTable>(table: T, mutations: readonly Mutation<T>[]): Json =>
  mutations.map((mutation) => {
    const [column, by, value]: readonly [string, string, unknown] = mutation
    const { encodeElement } = columnOf(table, column)
    // A map forgets keys by a set of them; everything else has the form of the column's value, or of one element.
    if (by === 'delete' && Array.isArray(value))
      return [column, by, ['set', value.map((key) => encodeElement(key as never))]]
    if (by === 'insert' || by === 'delete') return [column, by, encodeValue(table, column, value)]
    return [column, by, encodeElement(value as never)]
  })

const columnOf = (table: AnyTable, name: string): AnyTable['columns'][string] => {
  const column = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined
  if (column === undefined) throw new TypeError(`table ${table.name} is declared without a column ${name}`)
  return column
}

/** A value of a column in a row, condition or mutation. */
export const encodeValue = (table: AnyTable, name: string, value: unknown): Json => {
  // The types of the public functions make sure that the value is of this column.
  if (name === '_uuid') return uuid.encode(value as never)
  return columnOf(table, name).encode(value as never)
}
