/**
 * Tables declared once in TypeScript, and the types of their rows inferred. A declaration says what we use of a table, not all that
 * it has: `table('Port', { name: string, interfaces: set(ref('Interface')) })`.
 */
import { excerpt, type Uuid } from './atoms.js'
import { isIdentifier } from './base-type.js'
import type { Column } from './columns.js'
import { OvsdbError } from './errors.js'

// A declaration's columns have types of their own; `never` and `unknown` here accept all of them.
export type AnyColumn = Column<unknown, never, never>
export type Columns = Readonly<Record<string, AnyColumn>>

export interface Table<N extends string = string, C extends Columns = Columns> {
  readonly name: N
  readonly columns: C
}

export type AnyTable = Table

type ValueOf<C> = C extends Column<infer V, never, never> ? V : never
type InputOf<C> = C extends { encode(value: infer I): unknown } ? I : never
type ElementOf<C> = C extends { encodeElement(element: infer E): unknown } ? E : never

/** A row as a replica or `select` gives it: the values are shared and not to be changed. A `maybe` column that the server lacks is undefined. */
export type Row<T extends AnyTable> = { readonly _uuid: Uuid } & {
  readonly [K in keyof T['columns']]: ValueOf<T['columns'][K]>
}

/** What `insert` and `update` take: any of the columns; the others stay, or get their defaults. */
export type RowInput<T extends AnyTable> = { readonly [K in keyof T['columns']]?: InputOf<T['columns'][K]> }

export type ColumnName<T extends AnyTable> = keyof T['columns'] & string
export type ColumnInput<T extends AnyTable, K extends ColumnName<T>> = InputOf<T['columns'][K]>
export type ColumnElement<T extends AnyTable, K extends ColumnName<T>> = ElementOf<T['columns'][K]>
export type ColumnValue<T extends AnyTable, K extends ColumnName<T>> = ValueOf<T['columns'][K]>

/** Declares a table. Throws `bad-schema` for a name that no OVSDB column can have. */
export const table = <const N extends string, C extends Columns>(name: N, columns: C): Table<N, C> => {
  const wrong = [name, ...Object.keys(columns)].find(isNoName)
  if (wrong !== undefined)
    throw new OvsdbError('bad-schema', `${excerpt(wrong)} is no name for a table or column`)
  return Object.freeze({ name, columns: Object.freeze(columns) })
}

/** Names that every object inherits would be found in rows that do not have them. */
const isNoName = (word: string): boolean =>
  !isIdentifier(word) || word.startsWith('_') || word in Object.prototype
