/** The operations of a transaction on a simulated switch's database: RFC 7047, section 5.2. */
import { isJsonArray, isJsonObject, type Json, type JsonObject, member } from '#ovsdb/json.js'
import { TransactionError } from '../ovsdb/transaction-error.js'
import type { Draft } from './draft.js'
import {
  columnOf,
  elementsOf,
  type Names,
  pairsOf,
  printValue,
  readAtom,
  readValue,
  type StoredRow,
  sameValue,
  type Table,
  tableOf,
  type Value,
} from './values.js'

type Row = readonly [table: Table, row: StoredRow]
type Operate = (draft: Draft, operation: JsonObject, names: Names) => JsonObject

const list = (json: Json | undefined): readonly Json[] => (isJsonArray(json) ? json : [])

const includes = (there: Value, asked: Value): boolean => {
  if (asked instanceof Map)
    return [...asked].every(([key, value]) => there instanceof Map && there.get(key) === value)
  if (asked instanceof Set) return [...asked].every((element) => there instanceof Set && there.has(element))
  return there === asked
}

const holds = (table: Table, row: StoredRow, clause: Json, names: Names): boolean => {
  const [name, is, json] = list(clause)
  const column = name === '_uuid' ? undefined : columnOf(table, String(name))
  const there: Value =
    column === undefined ? row._uuid : (row[column.name] ?? defaultOf(column.form, column.empty))
  const asked = column === undefined ? readAtom(json, names) : readValue(column, json, names)
  switch (is) {
    case '==':
      return sameValue(there, asked)
    case '!=':
      return !sameValue(there, asked)
    case 'includes':
      return includes(there, asked)
    case 'excludes':
      return !includes(there, asked)
    default:
      throw new TransactionError('syntax error', `simulated switches do not compare by ${String(is)}`)
  }
}

const defaultOf = (form: string, empty: Value): Value => (form === 'scalar' ? empty : undefined)

/** Rows that are asked for by UUID or name are found at once; otherwise all are looked at. */
const candidates = (
  draft: Draft,
  table: Table,
  where: readonly Json[],
  names: Names,
): Iterable<StoredRow> => {
  for (const clause of where) {
    const [name, is, json] = list(clause)
    if (is !== '==') continue
    const uuid =
      name === '_uuid'
        ? String(readAtom(json, names))
        : name === table.unique
          ? draft.contents.unique.get(table.name)?.get(readAtom(json, names))
          : undefined
    const row = uuid === undefined ? undefined : draft.get(table, uuid)
    if (name === '_uuid' || row !== undefined) return row === undefined ? [] : [row]
  }
  return draft.rowsOf(table).values()
}

const matching = (draft: Draft, operation: JsonObject, names: Names): readonly Row[] => {
  const table = tableOf(member(operation, 'table'))
  const where = list(member(operation, 'where'))
  const found: Row[] = []
  for (const row of candidates(draft, table, where, names))
    if (where.every((clause) => holds(table, row, clause, names))) found.push([table, row])
  return found
}

const setColumns = (
  draft: Draft,
  table: Table,
  row: StoredRow,
  given: Json | undefined,
  names: Names,
): void => {
  if (!isJsonObject(given)) throw new TransactionError('syntax error', 'a row is due')
  for (const [name, json] of Object.entries(given)) {
    const column = columnOf(table, name)
    draft.set(table, row, column, readValue(column, json, names))
  }
}

const mutateOne = (draft: Draft, table: Table, row: StoredRow, mutation: Json, names: Names): void => {
  const [name, by, json] = list(mutation)
  const column = columnOf(table, String(name))
  const there = row[column.name]
  if (by === '+=' && column.form === 'scalar')
    draft.set(table, row, column, Number(there ?? 0) + Number(readAtom(json, names)))
  else if (column.form === 'set' && (by === 'insert' || by === 'delete')) {
    for (const element of elementsOf(json))
      draft.toggle(table, row, column, readAtom(element, names), by === 'insert')
  } else if (column.form === 'map' && (by === 'insert' || by === 'delete')) {
    draft.set(table, row, column, mutatedMap(there, by, json, names))
  } else throw new TransactionError('syntax error', `simulated switches do not mutate by ${String(by)}`)
}

const mutatedMap = (there: Value, by: 'insert' | 'delete', json: Json | undefined, names: Names): Value => {
  const map = new Map(there instanceof Map ? there : [])
  const isMap = isJsonArray(json) && json[0] === 'map'
  if (by === 'insert') {
    // A key that is there keeps its value.
    for (const [key, value] of pairsOf(json)) {
      const atom = readAtom(key, names)
      if (!map.has(atom)) map.set(atom, readAtom(value, names))
    }
  } else if (isMap) {
    for (const [key, value] of pairsOf(json)) {
      const atom = readAtom(key, names)
      if (map.get(atom) === readAtom(value, names)) map.delete(atom)
    }
  } else for (const key of elementsOf(json)) map.delete(readAtom(key, names))
  return map
}

const operations: Readonly<Record<string, Operate>> = {
  insert: (draft, operation, names) => {
    const table = tableOf(member(operation, 'table'))
    const uuid = names.get(String(member(operation, 'uuid-name'))) ?? String(member(operation, 'uuid'))
    setColumns(draft, table, draft.insert(table, uuid), member(operation, 'row'), names)
    return { uuid: ['uuid', uuid] }
  },
  select: (draft, operation, names) => {
    const table = tableOf(member(operation, 'table'))
    const asked = list(member(operation, 'columns')).map(String)
    const shown = asked.length > 0 ? asked : ['_uuid', ...table.columns.keys()]
    const print = (row: StoredRow): Json =>
      Object.fromEntries(
        shown.map((name): [string, Json] => [
          name,
          name === '_uuid' ? ['uuid', row._uuid] : printValue(columnOf(table, name), row[name]),
        ]),
      )
    return { rows: matching(draft, operation, names).map(([, row]) => print(row)) }
  },
  update: (draft, operation, names) => {
    const rows = matching(draft, operation, names)
    for (const [table, row] of rows) setColumns(draft, table, row, member(operation, 'row'), names)
    return { count: rows.length }
  },
  mutate: (draft, operation, names) => {
    const rows = matching(draft, operation, names)
    for (const [table, row] of rows)
      for (const mutation of list(member(operation, 'mutations')))
        mutateOne(draft, table, row, mutation, names)
    return { count: rows.length }
  },
  delete: (draft, operation, names) => {
    const rows = matching(draft, operation, names)
    for (const [table, row] of rows) draft.remove(table, row)
    return { count: rows.length }
  },
  wait: (draft, operation, names) => {
    const table = tableOf(member(operation, 'table'))
    const columns = list(member(operation, 'columns')).map((name) => columnOf(table, String(name)))
    const wanted = list(member(operation, 'rows'))
    const rows = matching(draft, operation, names)
    const same = (row: StoredRow, other: Json): boolean =>
      columns.every((column) => {
        const asked = isJsonObject(other) ? member(other, column.name) : undefined
        const value = asked === undefined ? undefined : readValue(column, asked, names)
        return sameValue(row[column.name] ?? defaultOf(column.form, column.empty), value)
      })
    const equal =
      rows.length === wanted.length && rows.every(([, row]) => wanted.some((other) => same(row, other)))
    if (equal !== (member(operation, 'until') === '=='))
      throw new TransactionError('timed out', 'simulated switches do not wait')
    return {}
  },
  commit: () => ({}),
  comment: () => ({}),
  abort: () => {
    throw new TransactionError('aborted', 'aborted by request')
  },
  assert: () => {
    throw new TransactionError('not owner', 'simulated switches have no locks')
  },
}

export const operate: Operate = (draft, operation, names) => {
  const op = member(operation, 'op')
  const found = typeof op === 'string' && Object.hasOwn(operations, op) ? operations[op] : undefined
  if (found === undefined)
    throw new TransactionError('unknown operation', `there is no operation ${String(op)}`)
  return found(draft, operation, names)
}
