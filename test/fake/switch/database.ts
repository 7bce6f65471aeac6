/** The database of a simulated switch: what of `ovsdb-server` a controller and `ovs-vswitchd` use, at a cost of what changes. */
import { isJsonObject, type Json, member } from '#ovsdb/json.js'
import { TransactionError } from '../ovsdb/transaction-error.js'
import type { Changes } from './changes.js'
import { type Contents, Draft } from './draft.js'
import { operate } from './operations.js'
import { type Atom, type StoredRow, type Table, tableOf, tables, type Value } from './values.js'

export interface Committed {
  /** Identifies the transaction. */
  readonly id: string
  readonly changes: Changes
  /** `ovs-vswitchd`'s own. */
  readonly own: boolean
}

export class SwitchDatabase {
  private readonly contents: Contents = {
    rows: new Map([...tables.keys()].map((name) => [name, new Map<string, StoredRow>()])),
    unique: new Map([...tables.keys()].map((name) => [name, new Map<Atom, string>()])),
    references: new Map(),
  }
  private readonly listeners = new Set<(committed: Committed) => void>()
  lastTransaction: string

  constructor(readonly makeUuid: () => string) {
    this.lastTransaction = makeUuid()
  }

  onCommit(listener: (committed: Committed) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  rows(table: string): ReadonlyMap<string, StoredRow> {
    return this.contents.rows.get(table) ?? new Map()
  }

  get(table: string, uuid: string): StoredRow | undefined {
    return this.contents.rows.get(table)?.get(uuid)
  }

  /** The row of a unique name. */
  named(table: string, name: string): StoredRow | undefined {
    const uuid = this.contents.unique.get(table)?.get(name)
    return uuid === undefined ? undefined : this.get(table, uuid)
  }

  /** A client's transaction; the answer is RFC 7047's, section 4.1.3. */
  transact(operations: readonly Json[]): readonly Json[] {
    const results: Json[] = []
    const draft = new Draft(this.contents)
    try {
      const names = this.namesOf(operations)
      for (const operation of operations) {
        if (!isJsonObject(operation)) throw new TransactionError('syntax error', 'an operation is due')
        results.push(operate(draft, { uuid: this.makeUuid(), ...operation }, names))
      }
      draft.settle()
    } catch (error) {
      draft.rollBack()
      if (!(error instanceof TransactionError)) throw error
      const failed = { error: error.error, details: error.details }
      return [...results, failed, ...operations.slice(results.length + 1).map(() => null)]
    }
    this.tell(draft, false)
    return results
  }

  /** A transaction of `ovs-vswitchd`. */
  write(change: (set: (table: string, row: StoredRow, column: string, value: Value) => void) => void): void {
    const draft = new Draft(this.contents)
    change((name, row, columnName, value) => {
      const table: Table = tableOf(name)
      const column = table.columns.get(columnName)
      if (column !== undefined && draft.get(table, row._uuid) === row) draft.set(table, row, column, value)
    })
    draft.settle()
    this.tell(draft, true)
  }

  private tell({ changes }: Draft, own: boolean): void {
    if (changes.size === 0) return
    this.lastTransaction = this.makeUuid()
    for (const listener of [...this.listeners]) listener({ id: this.lastTransaction, changes, own })
  }

  private namesOf(operations: readonly Json[]): Map<string, string> {
    const names = new Map<string, string>()
    for (const operation of operations) {
      const name = isJsonObject(operation) ? member(operation, 'uuid-name') : undefined
      if (typeof name === 'string') names.set(name, this.makeUuid())
    }
    return names
  }
}
