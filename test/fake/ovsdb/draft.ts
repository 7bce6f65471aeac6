/** A draft: the tables of a fake database with the changes of one transaction over them, until it is committed or thrown away. */
import type { Uuid } from '#ovsdb/atoms.js'
import type { DatabaseSchema, TableSchema } from '#ovsdb/schema.js'
import type { FakeRow } from './clauses.js'
import { TransactionError } from './transaction-error.js'

export type FakeTables = ReadonlyMap<string, Map<Uuid, FakeRow>>

/** Without `old` the row is new, without `new` it is gone. */
export interface FakeChange {
  readonly table: string
  readonly uuid: Uuid
  readonly old: FakeRow | undefined
  readonly new: FakeRow | undefined
}

export class Draft {
  readonly schema: DatabaseSchema
  readonly #tables: FakeTables
  readonly #changes = new Map<Uuid, FakeChange>()

  constructor(schema: DatabaseSchema, tables: FakeTables) {
    this.schema = schema
    this.#tables = tables
  }

  tableSchema(name: string): TableSchema {
    const table = this.schema.tables.get(name)
    if (table === undefined) throw new TransactionError('syntax error', `there is no table ${name}`)
    return table
  }

  get(table: string, uuid: Uuid): FakeRow | undefined {
    const change = this.#changes.get(uuid)
    return change === undefined ? this.#tables.get(table)?.get(uuid) : change.new
  }

  *rows(table: string): Generator<readonly [Uuid, FakeRow], void, undefined> {
    for (const [uuid, row] of this.#tables.get(table) ?? []) {
      const change = this.#changes.get(uuid)
      if (change === undefined) yield [uuid, row]
      else if (change.new !== undefined) yield [uuid, change.new]
    }
    for (const change of this.#changes.values()) {
      if (change.table === table && change.old === undefined && change.new !== undefined)
        yield [change.uuid, change.new]
    }
  }

  put(table: string, uuid: Uuid, row: FakeRow | undefined): void {
    const old = this.#changes.has(uuid) ? this.#changes.get(uuid)?.old : this.#tables.get(table)?.get(uuid)
    if (old === undefined && row === undefined) this.#changes.delete(uuid)
    else this.#changes.set(uuid, { table, uuid, old, new: row })
  }

  changes(): readonly FakeChange[] {
    return [...this.#changes.values()].filter((change) => change.old !== change.new)
  }
}
