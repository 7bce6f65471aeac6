/**
 * A declaration meets a server's schema: is everything there that we need, and of the type that we need? What comes out, a bound table,
 * knows which columns this server has and reads its rows. Reading is compiled to one object literal per table, so that all rows of a
 * table have the same hidden class and no spare room.
 */
import { type BaseType, excerpt, type Uuid } from './atoms.js'
import { type ColumnType, defaultDatum, isScalar, printDatum } from './datum.js'
import { OvsdbError, within } from './errors.js'
import { isJsonObject, type Json, type JsonObject, member } from './json.js'
import type { DatabaseSchema, TableSchema } from './schema.js'
import type { AnyColumn, AnyTable, Row } from './tables.js'

export interface BoundTable<T extends AnyTable = AnyTable> {
  readonly table: T
  /** The declared columns that this server has: what to ask a monitor for. */
  readonly columns: readonly string[]
  /** Reads `<row>`; columns that it leaves out have their defaults. Throws `bad-value`, naming table and column. */
  decodeRow(uuid: Uuid, json: Json): Row<T>
  /** The row that `old` becomes by the columns of a `<row>`, as an `update` notification brings them; the others stay. */
  replaceColumns(old: Row<T>, json: Json): Row<T>
  /** The row that `old` becomes by a `<row>` of differences, as `modify` in `<row-update2>` brings them. */
  applyDifferences(old: Row<T>, json: Json): Row<T>
}

/** Checks one declaration. Throws `schema-mismatch` that says everything that is wrong, not the first thing. */
export const bindTable = <T extends AnyTable>(table: T, schema: DatabaseSchema): BoundTable<T> => {
  const complaints = complaintsOf(table, schema)
  if (complaints.length > 0) throw mismatch(schema, complaints)
  const there = schema.tables.get(table.name)
  return bind(table, there)
}

/** Checks declarations together. Throws one `schema-mismatch` that lists what all of them miss. */
export const checkSchema = (tables: readonly AnyTable[], schema: DatabaseSchema): void => {
  const complaints = tables.flatMap((table) => complaintsOf(table, schema))
  if (complaints.length > 0) throw mismatch(schema, complaints)
}

const mismatch = (schema: DatabaseSchema, complaints: readonly string[]): OvsdbError => {
  const version = schema.version === undefined ? '' : ` ${schema.version}`
  return new OvsdbError(
    'schema-mismatch',
    `the database ${schema.name}${version} does not fit: ${complaints.join('; ')}`,
  )
}

const complaintsOf = (table: AnyTable, schema: DatabaseSchema): readonly string[] => {
  const there = schema.tables.get(table.name)
  if (there === undefined) return [`there is no table ${table.name}`]
  return Object.entries(table.columns).flatMap(([name, column]) => {
    const complaint = complain(column, there.columns.get(name)?.type)
    return complaint === undefined ? [] : [`column ${table.name}.${name} ${complaint}`]
  })
}

const complain = (column: AnyColumn, there: ColumnType | undefined): string | undefined => {
  const { type } = column
  if (there === undefined) return column.maybe ? undefined : 'is missing'
  const ours = describe(type.key, type.value)
  const theirs = describe(there.key, there.value)
  if (ours !== theirs) return `is of ${theirs}, not ${ours}`
  if (type.max === 1 && there.max > 1) return 'holds more than one value'
  if (isScalar(type) && !isScalar(there)) return 'may be empty'
  return complainOfReference(type.key, there.key) ?? complainOfReference(type.value, there.value)
}

const describe = (key: BaseType, value: BaseType | undefined): string =>
  value === undefined ? key.type : `${key.type} to ${value.type}`

const complainOfReference = (ours: BaseType | undefined, there: BaseType | undefined): string | undefined => {
  if (ours?.refTable === undefined || ours.refTable === there?.refTable) return undefined
  return `refers to ${there?.refTable ?? 'no table'}, not ${ours.refTable}`
}

const bind = <T extends AnyTable>(table: T, there: TableSchema | undefined): BoundTable<T> => {
  const readers = Object.entries(table.columns).map(([name, column]) =>
    readerOf(name, column, there?.columns.get(name)?.type),
  )
  const compiled = compileRows<T>(readers)
  const attempt = (json: Json, read: (row: JsonObject) => Row<T>): Row<T> => {
    if (!isJsonObject(json)) throw new OvsdbError('bad-value', `${table.name}: ${excerpt(json)} is no row`)
    try {
      return read(json)
    } catch (error) {
      throw locate(table, readers, json, error)
    }
  }
  return {
    table,
    columns: readers.filter((reader) => reader.present).map((reader) => reader.name),
    decodeRow: (uuid, json) => attempt(json, (row) => compiled.decode(uuid, row)),
    replaceColumns: (old, json) => attempt(json, (row) => compiled.replace(old, row)),
    applyDifferences: (old, json) => attempt(json, (row) => compiled.differ(old, row)),
  }
}

/** How one column of one server is read. */
interface ColumnReader {
  readonly name: string
  readonly present: boolean
  /** The value of a column that a row leaves out. */
  readonly empty: unknown
  decode(json: Json): unknown
  differ(old: unknown, json: Json): unknown
}

const readerOf = (name: string, column: AnyColumn, type: ColumnType | undefined): ColumnReader => {
  const nothing = (): undefined => undefined
  if (type === undefined) return { name, present: false, empty: undefined, decode: nothing, differ: nothing }
  const empty = column.decode(printDatum(type, defaultDatum(type)))
  const decode = (json: Json): unknown => column.decode(json)
  // A value that cannot be more than one thing is sent whole.
  if (type.max === 1) return { name, present: true, empty, decode, differ: (_old, json) => decode(json) }
  return {
    name,
    present: true,
    empty,
    decode,
    differ: (old, json) => column.applyDifference(old as never, json),
  }
}

interface CompiledRows<T extends AnyTable> {
  decode(uuid: Uuid, row: JsonObject): Row<T>
  replace(old: Row<T>, row: JsonObject): Row<T>
  differ(old: Row<T>, row: JsonObject): Row<T>
}

/** Writes the object literals; `table()` has made sure that every name is an identifier and not one that objects inherit. */
const compileRows = <T extends AnyTable>(readers: readonly ColumnReader[]): CompiledRows<T> => {
  const literal = (
    identity: string,
    absent: (index: number, name: string) => string,
    read: (index: number, name: string) => string,
  ): string => {
    const members = readers.map(
      ({ name }, i) => `${name}: row.${name} === undefined ? ${absent(i, name)} : ${read(i, name)}`,
    )
    return `({ ${[`_uuid: ${identity}`, ...members].join(', ')} })`
  }
  const old = (_index: number, name: string): string => `old.${name}`
  const decoded = (index: number, name: string): string => `decode${index}(row.${name})`
  const names = readers.flatMap((_, i) => [`empty${i}`, `decode${i}`, `differ${i}`])
  const values = readers.flatMap(({ empty, decode, differ }) => [empty, decode, differ])
  const make = new Function(
    ...names,
    `return {
      decode: (uuid, row) => ${literal('uuid', (i) => `empty${i}`, decoded)},
      replace: (old, row) => ${literal('old._uuid', old, decoded)},
      differ: (old, row) => ${literal('old._uuid', old, (i, name) => `differ${i}(old.${name}, row.${name})`)},
    }`,
  )
  return make(...values)
}

/** The error with the column in it, found by reading the columns one by one. */
const locate = (
  table: AnyTable,
  readers: readonly ColumnReader[],
  row: JsonObject,
  error: unknown,
): unknown => {
  for (const { name, decode } of readers) {
    const json = member(row, name)
    try {
      if (json !== undefined) decode(json)
    } catch (found) {
      return within(`${table.name}.${name}`, found)
    }
  }
  return within(table.name, error)
}
