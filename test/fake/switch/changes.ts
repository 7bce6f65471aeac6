/** What one transaction changed, row by row, kept while it happens: to tell monitors, and to take it back. */
import type { Json, JsonObject } from '#ovsdb/json.js'
import {
  type Atom,
  type Column,
  printMap,
  printSet,
  printValue,
  type StoredRow,
  type Table,
  type Value,
} from './values.js'

export interface RowChange {
  readonly table: Table
  readonly row: StoredRow
  isNew: boolean
  isGone: boolean
  /** Values of changed columns before; of sets the elements that came (true) or went (false). */
  readonly before: Map<string, Value>
  readonly toggled: Map<string, Map<Atom, boolean>>
}

export type Changes = ReadonlyMap<string, RowChange>

const differenceOfMaps = (before: Value, after: Value): Json => {
  const [old, now] = [before instanceof Map ? before : new Map(), after instanceof Map ? after : new Map()]
  const gone = [...old].filter(([key]) => !now.has(key))
  const come = [...now].filter(([key, value]) => old.get(key) !== value)
  return printMap([...gone, ...come])
}

const modified = (
  { row, before, toggled }: RowChange,
  columns: readonly Column[],
): JsonObject | undefined => {
  const shown: Record<string, Json> = {}
  for (const column of columns) {
    const { name, form } = column
    const elements = toggled.get(name)
    if (elements !== undefined && elements.size > 0) shown[name] = printSet(column, elements.keys())
    if (!before.has(name) || before.get(name) === row[name]) continue
    shown[name] =
      form === 'map' ? differenceOfMaps(before.get(name), row[name]) : printValue(column, row[name])
  }
  return Object.keys(shown).length === 0 ? undefined : shown
}

/** The columns of a row that differ from their defaults. */
export const printRow = (row: StoredRow, columns: readonly Column[]): JsonObject => {
  const shown: Record<string, Json> = {}
  for (const column of columns) {
    const value = row[column.name]
    const isEmpty =
      value === undefined ||
      value === column.empty ||
      ((value instanceof Set || value instanceof Map) && value.size === 0)
    if (!isEmpty) shown[column.name] = printValue(column, value)
  }
  return shown
}

/** A change as `<row-update2>`; undefined where those columns did not change. */
export const printChange = (change: RowChange, columns: readonly Column[]): JsonObject | undefined => {
  if (change.isGone) return change.isNew ? undefined : { delete: null }
  if (change.isNew) return { insert: printRow(change.row, columns) }
  const modify = modified(change, columns)
  return modify === undefined ? undefined : { modify }
}
