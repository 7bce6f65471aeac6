/** The indexes of a fake database: columns whose values, taken together, differ from row to row; and the limits on the number of rows. */
import type { Uuid } from '#ovsdb/atoms.js'
import { printDatum } from '#ovsdb/datum.js'
import { printJson } from '#ovsdb/json.js'
import type { DatabaseSchema, TableSchema } from '#ovsdb/schema.js'
import type { FakeRow } from './clauses.js'
import type { Draft, FakeChange } from './draft.js'
import { TransactionError } from './transaction-error.js'

export class IndexKeys {
  readonly #schema: DatabaseSchema
  readonly #owners = new Map<string, Uuid>()

  constructor(schema: DatabaseSchema) {
    this.#schema = schema
  }

  /** Throws `constraint violation` where two rows would have one key, or a table too many rows. */
  check(draft: Draft, changes: readonly FakeChange[]): void {
    const freed = new Set(
      changes.flatMap(({ table, old }) => (old === undefined ? [] : this.#keysOf(table, old))),
    )
    const taken = new Set<string>()
    for (const { table, new: row } of changes) {
      for (const key of row === undefined ? [] : this.#keysOf(table, row)) {
        if (taken.has(key) || (this.#owners.has(key) && !freed.has(key))) {
          throw new TransactionError('constraint violation', wordsOf(key))
        }
        taken.add(key)
      }
    }
    for (const table of new Set(changes.map((change) => change.table))) checkRows(draft, table)
  }

  apply(changes: readonly FakeChange[]): void {
    for (const { table, old } of changes)
      for (const key of old === undefined ? [] : this.#keysOf(table, old)) this.#owners.delete(key)
    for (const { table, uuid, new: row } of changes) {
      for (const key of row === undefined ? [] : this.#keysOf(table, row)) this.#owners.set(key, uuid)
    }
  }

  #keysOf(name: string, row: FakeRow): readonly string[] {
    const table = this.#schema.tables.get(name)
    return (
      table?.indexes.map(
        (columns) =>
          `${name} ${columns.join(' ')} ${columns.map((column) => printColumn(table, row, column)).join(' ')}`,
      ) ?? []
    )
  }
}

/** As ovsdb-server says it, but for the values' order. */
const wordsOf = (key: string): string => {
  const [, table = '', columns = '', values = ''] = /^(\S+) (.*?) (\[.*)$/.exec(key) ?? []
  const named = columns.split(' ').map((column) => `"${column}"`)
  const what = named.length === 1 ? 'column' : 'columns'
  return `Transaction causes multiple rows in "${table}" table to have identical values (${values}) for index on ${what} ${named.join(' and ')}.`
}

const printColumn = (table: TableSchema, row: FakeRow, name: string): string => {
  const type = table.columns.get(name)?.type
  return type === undefined ? '' : printJson([printDatum(type, row.get(name) ?? { keys: [] })])
}

const checkRows = (draft: Draft, table: string): void => {
  const { maxRows } = draft.tableSchema(table)
  if (maxRows === Number.POSITIVE_INFINITY || [...draft.rows(table)].length <= maxRows) return
  throw new TransactionError(
    'constraint violation',
    `the table ${table} would have more than ${maxRows} rows`,
  )
}
