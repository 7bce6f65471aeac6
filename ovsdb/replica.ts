/**
 * Tables of a database in memory, typed by their declarations and changed only by what the server reports. One report is applied
 * whole or not at all and yields one change set. After a reconnect the replica goes on from the last transaction that it knows, or takes a
 * whole dump and reports only what really differs: its readers see no row vanish and come back.
 */
import type { Uuid } from './atoms.js'
import { type BoundTable, bindTable, checkSchema } from './binding.js'
import { OvsdbError } from './errors.js'
import type { MonitorNotification, MonitorReply, RowUpdate, TableUpdate } from './monitor.js'
import { type Change, ReplicaTable, type RowChange } from './replica-table.js'
import type { DatabaseSchema } from './schema.js'
import type { AnyTable } from './tables.js'

export type { ReplicaIndex } from './replica-index.js'
export type { Change, ReplicaTable } from './replica-table.js'

/** All that one report changed, in no order. Never empty when it is given to a listener. */
export type ChangeSet<T extends AnyTable = AnyTable> = readonly Change<T>[]

export type ReplicaState =
  /** Nothing has come yet. */
  | 'empty'
  /** As the server has it. */
  | 'current'
  /** As the server had it when the connection ended. */
  | 'stale'

/** What the readers of a replica see of it. */
export interface ReplicaView<T extends AnyTable = AnyTable> {
  readonly state: ReplicaState
  /** The rows of one declared table. Throws `TypeError` for a declaration that the replica was not made with. */
  table<D extends T>(declaration: D): ReplicaTable<D>
  /** Calls `listener` after every report that changed something; returns how to stop it. */
  onChange(listener: (changes: ChangeSet<T>) => void): () => void
}

export class Replica<T extends AnyTable = AnyTable> implements ReplicaView<T> {
  readonly #tables: ReadonlyMap<string, ReplicaTable>
  readonly #declarations: readonly T[]
  readonly #listeners = new Set<(changes: ChangeSet<T>) => void>()
  #bound: ReadonlyMap<string, BoundTable> = new Map()
  #state: ReplicaState = 'empty'
  #lastTransaction: Uuid | undefined

  constructor(declarations: readonly T[]) {
    this.#declarations = declarations
    this.#tables = new Map(
      declarations.map((declaration) => [declaration.name, new ReplicaTable<AnyTable>(declaration)]),
    )
  }

  get state(): ReplicaState {
    return this.#state
  }

  /** The transaction up to which the replica holds everything, where the server keeps a history. */
  get lastTransaction(): Uuid | undefined {
    return this.#lastTransaction
  }

  table<D extends T>(declaration: D): ReplicaTable<D> {
    const table = this.#tables.get(declaration.name)
    if (table !== undefined && isOf(table, declaration)) return table
    throw new TypeError(`the table ${declaration.name} is not in this replica`)
  }

  onChange(listener: (changes: ChangeSet<T>) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Fits the declarations to the schema of the server that is about to report; returns what to monitor. Throws `schema-mismatch`.
   * Where the server has other columns than the last one had, what is known is no start to go on from.
   */
  bind(schema: DatabaseSchema): ReadonlyMap<string, readonly string[]> {
    checkSchema(this.#declarations, schema)
    const bound = new Map(this.#declarations.map((table) => [table.name, bindTable<AnyTable>(table, schema)]))
    const same = [...bound].every(([name, { columns }]) => sameWords(columns, this.#bound.get(name)?.columns))
    if (!same) this.#lastTransaction = undefined
    this.#bound = bound
    return new Map([...bound].map(([name, { columns }]) => [name, columns]))
  }

  /** Applies the reply to a monitor request: what came since the last transaction, or everything. */
  load(reply: MonitorReply): void {
    const changes = this.#plan(() =>
      reply.since ? this.#planUpdates(reply.tables) : this.#planDump(reply.tables),
    )
    this.#state = 'current'
    this.#lastTransaction = reply.lastTransaction ?? (reply.since ? this.#lastTransaction : undefined)
    this.#commit(changes)
  }

  /** Applies one notification. Throws, and changes nothing, where it does not fit what is there: only a new dump helps then. */
  update(notification: MonitorNotification): void {
    const changes = this.#plan(() => this.#planUpdates(notification.tables))
    this.#lastTransaction = notification.lastTransaction ?? this.#lastTransaction
    this.#commit(changes)
  }

  /** The connection has ended. */
  disconnected(): void {
    if (this.#state === 'current') this.#state = 'stale'
  }

  /** What is known is no start to go on from: the next load is a dump. */
  forgetHistory(): void {
    this.#lastTransaction = undefined
  }

  /** Whoever missed a report must not go on from the last one. */
  #plan(plan: () => readonly PlannedTable[]): readonly PlannedTable[] {
    try {
      return plan()
    } catch (error) {
      this.#lastTransaction = undefined
      throw error
    }
  }

  #planUpdates(updates: readonly TableUpdate[]): readonly PlannedTable[] {
    return updates.map(({ table: name, rows }) => {
      const table = this.#tables.get(name)
      const bound = this.#bound.get(name)
      if (table !== undefined && bound !== undefined)
        return { table, changes: table.planUpdates(bound, rows) }
      throw new OvsdbError('malformed-message', `an update of table ${name} came, which is not monitored`)
    })
  }

  #planDump(dump: readonly TableUpdate[]): readonly PlannedTable[] {
    const rowsOf = new Map(dump.map(({ table, rows }) => [table, rows]))
    const planned: PlannedTable[] = []
    for (const [name, bound] of this.#bound) {
      const table = this.#tables.get(name)
      const rows: readonly RowUpdate[] = rowsOf.get(name) ?? []
      if (table !== undefined) planned.push({ table, changes: table.planDump(bound, rows) })
    }
    return planned
  }

  #commit(planned: readonly PlannedTable[]): void {
    const all: Change[] = []
    for (const { table, changes } of planned) {
      for (const change of changes) {
        table.commit(change)
        all.push(describe(table.declaration.name, change))
      }
    }
    for (const { table, changes } of planned) table.shareReferences(changes, this.#tables)
    if (all.length === 0) return
    // The changes are of the declared tables, which are what T names.
    for (const listener of this.#listeners) listener(all as ChangeSet<AnyTable> as ChangeSet<T>)
  }
}

interface PlannedTable {
  readonly table: ReplicaTable
  readonly changes: readonly RowChange<AnyTable>[]
}

const describe = (table: string, { uuid, old, new: row }: RowChange<AnyTable>): Change => {
  if (old === undefined) return row === undefined ? { table, uuid } : { table, uuid, new: row }
  return row === undefined ? { table, uuid, old } : { table, uuid, old, new: row }
}

/** A table holds rows of the declaration that it was made with, and of no other. */
const isOf = <D extends AnyTable>(
  table: ReplicaTable,
  declaration: D,
): table is ReplicaTable<D> & ReplicaTable => table.declaration === declaration

const sameWords = (a: readonly string[], b: readonly string[] | undefined): boolean =>
  a.length === b?.length && a.every((word, index) => word === b[index])
