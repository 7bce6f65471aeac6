/**
 * A transaction on a simulated switch's database while it is under way. Rows are changed in place, what was there before is
 * noted, and `rollBack` puts it back: a transaction costs what it changes.
 */
import { TransactionError } from '../ovsdb/transaction-error.js'
import type { Changes, RowChange } from './changes.js'
import {
  type Atom,
  type Column,
  type StoredRow,
  sameValue,
  type Table,
  tables,
  type Value,
} from './values.js'

/** What the transactions of a database share. */
export interface Contents {
  readonly rows: ReadonlyMap<string, Map<string, StoredRow>>
  /** Values of unique columns to rows, by table. */
  readonly unique: ReadonlyMap<string, Map<Atom, string>>
  /** How often each row is referred to. */
  readonly references: Map<string, number>
}

export class Draft {
  private readonly changed = new Map<string, RowChange>()
  private readonly undo: (() => void)[] = []
  /** Rows that may have lost their last reference, with their tables. */
  private readonly lessReferred = new Map<string, string>()

  constructor(readonly contents: Contents) {}

  get changes(): Changes {
    return this.changed
  }

  get(table: Table, uuid: string): StoredRow | undefined {
    return this.contents.rows.get(table.name)?.get(uuid)
  }

  rowsOf(table: Table): Map<string, StoredRow> {
    return this.contents.rows.get(table.name) ?? new Map()
  }

  insert(table: Table, uuid: string): StoredRow {
    const rows = this.rowsOf(table)
    if (rows.has(uuid)) throw new TransactionError('duplicate uuid', `there is a row ${uuid}`)
    const row: StoredRow = { _uuid: uuid }
    rows.set(uuid, row)
    this.undo.push(() => rows.delete(uuid))
    this.changeOf(table, row).isNew = true
    return row
  }

  remove(table: Table, row: StoredRow): void {
    const rows = this.rowsOf(table)
    rows.delete(row._uuid)
    this.undo.push(() => rows.set(row._uuid, row))
    this.changeOf(table, row).isGone = true
    for (const { name, refTable } of table.columns.values()) {
      const value = row[name]
      if (refTable !== undefined && value instanceof Set)
        for (const uuid of value) this.refer(refTable, String(uuid), -1)
    }
  }

  /** Sets a column to a whole value. */
  set(table: Table, row: StoredRow, column: Column, value: Value): void {
    const { name } = column
    const old = row[name]
    if (value instanceof Set) {
      for (const element of old instanceof Set ? [...old] : [])
        if (!value.has(element)) this.toggle(table, row, column, element, false)
      for (const element of value) this.toggle(table, row, column, element, true)
      return
    }
    if (sameValue(old, value)) return
    const { before } = this.changeOf(table, row)
    if (!before.has(name)) before.set(name, old)
    row[name] = value
    this.undo.push(() => {
      row[name] = old
    })
  }

  /** Puts an element into a set or takes it out. */
  toggle(table: Table, row: StoredRow, column: Column, element: Atom, come: boolean): void {
    const { name } = column
    const there = row[name]
    const set = there instanceof Set ? there : new Set<Atom>()
    if (there === undefined) row[name] = set
    if (set.has(element) === come) return
    if (come) set.add(element)
    else set.delete(element)
    const { toggled } = this.changeOf(table, row)
    const elements = toggled.get(name) ?? new Map<Atom, boolean>()
    toggled.set(name, elements)
    if (elements.has(element)) elements.delete(element)
    else elements.set(element, come)
    if (column.refTable !== undefined) this.refer(column.refTable, String(element), come ? 1 : -1)
    this.undo.push(() => {
      if (come) set.delete(element)
      else set.add(element)
    })
  }

  /** Checks what must hold, lets rows go that nobody refers to. Throws `TransactionError`; the caller rolls back. */
  settle(): void {
    for (const { table, row, isNew, isGone } of this.changed.values())
      if (isNew && !isGone && !table.isRoot) this.lessReferred.set(row._uuid, table.name)
    this.collect()
    for (const change of this.changed.values()) this.checkReferences(change)
    this.claimNames()
  }

  rollBack(): void {
    for (const step of this.undo.reverse()) step()
  }

  private changeOf(table: Table, row: StoredRow): RowChange {
    let change = this.changed.get(row._uuid)
    if (change === undefined) {
      change = { table, row, isNew: false, isGone: false, before: new Map(), toggled: new Map() }
      this.changed.set(row._uuid, change)
    }
    return change
  }

  private refer(table: string, uuid: string, by: 1 | -1): void {
    const { references } = this.contents
    const count = (references.get(uuid) ?? 0) + by
    if (count === 0) references.delete(uuid)
    else references.set(uuid, count)
    if (by < 0) this.lessReferred.set(uuid, table)
    this.undo.push(() => {
      const before = (references.get(uuid) ?? 0) - by
      if (before === 0) references.delete(uuid)
      else references.set(uuid, before)
    })
  }

  /** RFC 7047, section 3.2: a row of a table that is no root goes with the last reference to it. */
  private collect(): void {
    for (const [uuid, name] of this.lessReferred) {
      const table = tables.get(name)
      if (table === undefined || table.isRoot || this.contents.references.has(uuid)) continue
      const row = this.get(table, uuid)
      if (row !== undefined) this.remove(table, row)
    }
  }

  private checkReferences({ table, row, isGone, toggled }: RowChange): void {
    if (isGone) {
      if (this.contents.references.has(row._uuid))
        throw new TransactionError('referential integrity violation', `row ${row._uuid} is referred to`)
      return
    }
    for (const [name, elements] of toggled) {
      const target = tables.get(table.columns.get(name)?.refTable ?? '')
      if (target === undefined) continue
      for (const [uuid, come] of elements) {
        if (come && this.get(target, String(uuid)) === undefined)
          throw new TransactionError(
            'referential integrity violation',
            `there is no row ${uuid} of ${target.name}`,
          )
      }
    }
  }

  private claimNames(): void {
    for (const { table, row, isNew, isGone, before } of this.changed.values()) {
      const { unique } = table
      if (unique === undefined || isNew) continue
      const old = isGone && !before.has(unique) ? row[unique] : before.get(unique)
      if (isGone || before.has(unique)) this.release(table, old as Atom, row._uuid)
    }
    for (const { table, row, isNew, isGone, before } of this.changed.values()) {
      const { unique } = table
      if (unique !== undefined && !isGone && (isNew || before.has(unique)))
        this.claim(table, (row[unique] as Atom | undefined) ?? '', row._uuid)
    }
  }

  private release(table: Table, name: Atom, uuid: string): void {
    const names = this.contents.unique.get(table.name)
    if (names?.get(name) !== uuid) return
    names.delete(name)
    this.undo.push(() => names.set(name, uuid))
  }

  private claim(table: Table, name: Atom, uuid: string): void {
    const names = this.contents.unique.get(table.name)
    if (names?.has(name) === true)
      throw new TransactionError(
        'constraint violation',
        `Transaction causes multiple rows in "${table.name}" table to have identical values ("${name}") for index on column "${table.unique}".`,
      )
    names?.set(name, uuid)
    this.undo.push(() => names?.delete(name))
  }
}
