/** One table of a replica: its rows by UUID, its indexes, and what an update would make of it. */
import type { Uuid } from './atoms.js'
import type { BoundTable } from './binding.js'
import { OvsdbError } from './errors.js'
import type { RowUpdate } from './monitor.js'
import { type IndexKey, type KeysOf, keysOfValue, ReplicaIndex } from './replica-index.js'
import type { AnyTable, ColumnName, Row } from './tables.js'

/** What became of one row: without `old` it is new, without `new` it is gone. Both values are immutable. */
export type Change<T extends AnyTable = AnyTable> = T extends AnyTable
  ? {
      readonly table: T['name']
      readonly uuid: Uuid
      readonly old?: Row<T>
      readonly new?: Row<T>
    }
  : never

/** A change of one table while it is being made. */
export interface RowChange<T extends AnyTable> {
  readonly uuid: Uuid
  readonly old: Row<T> | undefined
  readonly new: Row<T> | undefined
}

type WrittenRow = Exclude<RowUpdate, { readonly kind: 'delete' }>

export class ReplicaTable<T extends AnyTable = AnyTable> {
  readonly declaration: T
  readonly #rows = new Map<Uuid, Row<T>>()
  readonly #indexes = new Map<string, ReplicaIndex<Row<T>>>()

  /** Columns that hold references to rows (sets of them, too), and the tables of those. */
  readonly #references: readonly (readonly [column: string, table: string])[]

  constructor(declaration: T) {
    this.declaration = declaration
    this.#references = Object.entries(declaration.columns).flatMap(([name, { type }]) => {
      const { refTable } = type.key
      return refTable === undefined || type.value !== undefined ? [] : [[name, refTable] as const]
    })
  }

  get size(): number {
    return this.#rows.size
  }

  get(uuid: Uuid): Row<T> | undefined {
    return this.#rows.get(uuid)
  }

  rows(): IterableIterator<Row<T>> {
    return this.#rows.values()
  }

  /** The rows with this value in a column: or, for a set, with this element, for a map, with this key. In no order. */
  all(column: ColumnName<T>, value: IndexKey): readonly Row<T>[] {
    return this.#index(column).all(value)
  }

  /** The row with this value in a column, as `all` finds it; where several have it, one of them. */
  one(column: ColumnName<T>, value: IndexKey): Row<T> | undefined {
    return this.#index(column).one(value)
  }

  /** An index of the caller's own, for instance by one key of `external_ids`. Made once under `name`, kept from then on. */
  indexBy(name: string, keysOf: KeysOf<Row<T>>): ReplicaIndex<Row<T>> {
    const there = this.#indexes.get(name)
    if (there !== undefined) return there
    const index = new ReplicaIndex<Row<T>>(keysOf, (uuid) => this.#rows.get(uuid))
    for (const row of this.#rows.values()) index.update(undefined, row)
    this.#indexes.set(name, index)
    return index
  }

  #index(column: ColumnName<T>): ReplicaIndex<Row<T>> {
    return this.#indexes.get(column) ?? this.indexBy(column, (row) => keysOfValue(row[column]))
  }

  /** What updates since the last ones make of the table. Throws where they do not fit what is there, or `bad-value`. */
  planUpdates(bound: BoundTable<T>, updates: readonly RowUpdate[]): RowChange<T>[] {
    const changes: RowChange<T>[] = []
    for (const update of updates) {
      const change = this.#plan(bound, update)
      if (change !== undefined) changes.push(change)
    }
    return changes
  }

  /** What has to change for the table to hold exactly the rows of a dump: rows that are equal stay the values they are. */
  planDump(bound: BoundTable<T>, dump: readonly RowUpdate[]): RowChange<T>[] {
    const changes = this.planUpdates(bound, dump)
    const there = new Set<Uuid>()
    if (this.#rows.size > 0) for (const { uuid } of dump) there.add(uuid)
    for (const [uuid, old] of this.#rows) if (!there.has(uuid)) changes.push({ uuid, old, new: undefined })
    return changes
  }

  commit({ uuid, old, new: row }: RowChange<T>): void {
    if (row === undefined) this.#rows.delete(uuid)
    else this.#rows.set(uuid, row)
    for (const index of this.#indexes.values()) index.update(old, row)
  }

  /**
   * Puts the UUIDs of referenced rows themselves in the place of equal ones: the parser makes a string for every mention of a row,
   * and a large database has many. For rows that nobody has seen yet.
   */
  shareReferences(changes: readonly RowChange<T>[], tables: ReadonlyMap<string, ReplicaTable>): void {
    for (const [name, refTable] of this.#references) {
      const target = tables.get(refTable)
      if (target === undefined) continue
      const share = (uuid: unknown): unknown => target.get(String(uuid))?._uuid ?? uuid
      for (const { new: row } of changes) {
        const value: unknown = row?.[name]
        if (row === undefined || value === null || (Array.isArray(value) && value.length === 0)) continue
        Object.assign(row, { [name]: Array.isArray(value) ? value.map(share) : share(value) })
      }
    }
  }

  #plan(bound: BoundTable<T>, update: RowUpdate): RowChange<T> | undefined {
    const { uuid } = update
    const old = this.#rows.get(uuid)
    if (update.kind === 'delete') return { uuid, old: old ?? this.#missing(uuid, 'deleted'), new: undefined }
    const row = this.#next(bound, old, update)
    return old !== undefined && this.#equal(old, row) ? undefined : { uuid, old, new: row }
  }

  #next(bound: BoundTable<T>, old: Row<T> | undefined, update: WrittenRow): Row<T> {
    const { uuid, row } = update
    if (update.kind === 'insert') return bound.decodeRow(uuid, row)
    if (update.kind === 'modify') return bound.applyDifferences(old ?? this.#missing(uuid, 'modified'), row)
    return old === undefined ? bound.decodeRow(uuid, row) : bound.replaceColumns(old, row)
  }

  #equal(a: Row<T>, b: Row<T>): boolean {
    const { columns } = this.declaration
    for (const name in columns) if (!columns[name]?.equals(a[name] as never, b[name] as never)) return false
    return true
  }

  #missing(uuid: Uuid, what: string): never {
    const row = `row ${uuid} of ${this.declaration.name}`
    throw new OvsdbError('malformed-message', `${row} is ${what} but was never reported`)
  }
}
