/** Prints a schema as JSON again: for tools that show one, and for whoever serves one. Members that have their defaults are left out. */
import { printColumnType } from './base-type.js'
import type { Json } from './json.js'
import type { ColumnSchema, DatabaseSchema, TableSchema } from './schema.js'

export const printColumn = ({ type, ephemeral, mutable }: ColumnSchema): Json => ({
  type: printColumnType(type),
  ...(ephemeral && { ephemeral }),
  ...(!mutable && { mutable }),
})

export const printTable = (table: TableSchema): Json => ({
  columns: Object.fromEntries([...table.columns].map(([name, column]) => [name, printColumn(column)])),
  ...(!table.mutable && { mutable: false }),
  ...(table.maxRows !== Infinity && { maxRows: table.maxRows }),
  ...(table.isRoot && { isRoot: true }),
  ...(table.indexes.length > 0 && { indexes: table.indexes }),
})

export const printSchema = ({ name, version, cksum, tables }: DatabaseSchema): Json => ({
  name,
  ...(version !== undefined && { version }),
  ...(cksum !== undefined && { cksum }),
  tables: Object.fromEntries(
    [...withoutUniformRoots(tables)].map(([table, schema]) => [table, printTable(schema)]),
  ),
})

/** Where every table is a root, saying so of none means the same: RFC 7047, section 3.2. */
const withoutUniformRoots = (tables: ReadonlyMap<string, TableSchema>): ReadonlyMap<string, TableSchema> => {
  if (![...tables.values()].every((table) => table.isRoot)) return tables
  return new Map([...tables].map(([name, table]) => [name, { ...table, isRoot: false }]))
}
