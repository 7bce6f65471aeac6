/** What a fake server tells of changes, to monitors of each kind: RFC 7047, section 4.1.6, and ovsdb-server(7), section 4.1.14. */
import type { Uuid } from '#ovsdb/atoms.js'
import { type ColumnType, type Datum, defaultDatum, printDatum } from '#ovsdb/datum.js'
import type { Json, JsonObject } from '#ovsdb/json.js'
import type { DatabaseSchema, TableSchema } from '#ovsdb/schema.js'
import { type Clause, type FakeRow, sameData } from './clauses.js'
import type { FakeChange } from './draft.js'
import { printColumns } from './execution.js'
import { deleteElements } from './mutations.js'

/** What a monitor wants of one table. Rows of which no clause holds are not there for it. */
export interface View {
  readonly columns: readonly string[]
  readonly where: readonly Clause[]
}

export type Views = ReadonlyMap<string, View>

const shown = (view: View, row: FakeRow | undefined): FakeRow | undefined =>
  row !== undefined && (view.where.length === 0 || view.where.some((clause) => clause(row))) ? row : undefined

type PrintChange = (
  table: TableSchema,
  view: View,
  old: FakeRow | undefined,
  row: FakeRow | undefined,
) => Json | undefined

const fieldOf = (row: FakeRow, name: string): Datum => row.get(name) ?? { keys: [] }

const changedColumns = (view: View, old: FakeRow, row: FakeRow): readonly string[] =>
  view.columns.filter((name) => !sameData(fieldOf(old, name), fieldOf(row, name)))

/** `<row-update>`. */
export const printUpdate: PrintChange = (table, view, old, row) => {
  if (old === undefined)
    return row === undefined ? undefined : { new: printColumns(table, row, view.columns) }
  if (row === undefined) return { old: printColumns(table, old, view.columns) }
  const changed = changedColumns(view, old, row)
  if (changed.length === 0) return undefined
  return { old: printColumns(table, old, changed), new: printColumns(table, row, view.columns) }
}

/** `<row-update2>`, of a row that comes under the name given. */
export const printUpdate2 =
  (coming: 'initial' | 'insert'): PrintChange =>
  (table, view, old, row) => {
    if (old === undefined) return row === undefined ? undefined : { [coming]: printSparse(table, view, row) }
    if (row === undefined) return { delete: null }
    const changed = changedColumns(view, old, row)
    if (changed.length === 0) return undefined
    const columns = changed.map((name) => [
      name,
      printDifference(typeOf(table, name), fieldOf(old, name), fieldOf(row, name)),
    ])
    return { modify: Object.fromEntries(columns) }
  }

const typeOf = (table: TableSchema, name: string): ColumnType =>
  table.columns.get(name)?.type ?? { key: { type: 'uuid' }, min: 1, max: 1 }

/** Without the columns that have their defaults. */
const printSparse = (table: TableSchema, view: View, row: FakeRow): JsonObject => {
  const names = view.columns.filter(
    (name) => !sameData(fieldOf(row, name), defaultDatum(typeOf(table, name))),
  )
  return printColumns(table, row, names)
}

const printDifference = (type: ColumnType, old: Datum, row: Datum): Json => {
  if (type.max === 1) return printDatum(type, row)
  const come = deleteElements(row, old)
  const keptKeys = type.value === undefined ? row : { keys: row.keys }
  const gone = deleteElements(old, keptKeys)
  const values = type.value === undefined ? {} : { values: [...(gone.values ?? []), ...(come.values ?? [])] }
  return printDatum(type, { keys: [...gone.keys, ...come.keys], ...values })
}

/** The changes as a monitor sees them; undefined when it sees none. */
export const printChanges = (
  schema: DatabaseSchema,
  views: Views,
  changes: readonly FakeChange[],
  print: PrintChange,
): JsonObject | undefined => {
  const tables: Record<string, Record<Uuid, Json>> = {}
  for (const { table, uuid, old, new: row } of changes) {
    const view = views.get(table)
    const tableSchema = schema.tables.get(table)
    if (view === undefined || tableSchema === undefined) continue
    const update = print(tableSchema, view, shown(view, old), shown(view, row))
    if (update === undefined) continue
    const updates = tables[table] ?? {}
    updates[uuid] = update
    tables[table] = updates
  }
  return Object.keys(tables).length === 0 ? undefined : tables
}

/** Every row as if it were new. */
export const contentsOf = function* (
  tables: ReadonlyMap<string, ReadonlyMap<Uuid, FakeRow>>,
): Generator<FakeChange> {
  for (const [table, rows] of tables)
    for (const [uuid, row] of rows) yield { table, uuid, old: undefined, new: row }
}
