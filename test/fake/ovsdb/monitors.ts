/** The monitors of one session with a fake server. */
import type { Uuid } from '#ovsdb/atoms.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member, printJson } from '#ovsdb/json.js'
import type { Session } from '#ovsdb/session.js'
import { parseClauses } from './clauses.js'
import type { CommittedTransaction, FakeDatabase } from './database.js'
import type { FakeChange } from './draft.js'
import { TransactionError } from './transaction-error.js'
import { contentsOf, printChanges, printUpdate, printUpdate2, type View, type Views } from './updates.js'

type Kind = 'monitor' | 'monitor_cond' | 'monitor_cond_since'

interface Monitor {
  readonly id: Json
  readonly kind: Kind
  readonly database: FakeDatabase
  readonly stop: () => void
  views: Views
}

export class Monitors {
  readonly #session: () => Session
  readonly #monitors = new Map<string, Monitor>()

  /** The session is asked for late: it does not exist yet when its methods are made. */
  constructor(session: () => Session) {
    this.#session = session
  }

  /** The reply to a monitor method. `since` are the changes after the transaction that was asked for, where they are known. */
  start(kind: Kind, database: FakeDatabase, id: Json, requests: Json, since?: readonly FakeChange[]): Json {
    const key = printJson([id])
    if (this.#monitors.has(key))
      throw new TransactionError('duplicate monitor ID', `there is a monitor ${key}`)
    const monitor = {
      id,
      kind,
      database,
      views: parseViews(database, requests),
      stop: database.onCommit((committed) => this.#tell(key, committed)),
    }
    this.#monitors.set(key, monitor)
    const print = kind === 'monitor' ? printUpdate : printUpdate2(since === undefined ? 'initial' : 'insert')
    const tables =
      printChanges(database.schema, monitor.views, since ?? [...contentsOf(database.tables)], print) ?? {}
    return kind === 'monitor_cond_since' ? [since !== undefined, database.lastTransaction, tables] : tables
  }

  /** `monitor_cond_change`: rows that come into view or leave it are told first. */
  change(id: Json, requests: Json): Json {
    const monitor = this.#monitors.get(printJson([id]))
    if (monitor === undefined)
      throw new TransactionError('unknown monitor', `there is no monitor ${printJson([id])}`)
    const { database, views: before } = monitor
    const changed = new Map(
      [...before].map(([table, view]) => [table, changedView(database, table, view, requests)]),
    )
    const left = [...contentsOf(database.tables)].map(
      (row): FakeChange => ({ ...row, old: row.new, new: undefined }),
    )
    const gone = printChanges(database.schema, before, left, printUpdate2('insert')) ?? {}
    const come =
      printChanges(database.schema, changed, [...contentsOf(database.tables)], printUpdate2('insert')) ?? {}
    monitor.views = changed
    const moved = difference(gone, come)
    if (Object.keys(moved).length > 0) this.#send(monitor, moved, database.lastTransaction)
    return {}
  }

  cancel(id: Json): Json {
    this.#monitors.get(printJson([id]))?.stop()
    this.#monitors.delete(printJson([id]))
    return {}
  }

  stop(): void {
    for (const monitor of this.#monitors.values()) monitor.stop()
    this.#monitors.clear()
  }

  #tell(key: string, { id, changes }: CommittedTransaction): void {
    const monitor = this.#monitors.get(key)
    if (monitor === undefined) return
    const print = monitor.kind === 'monitor' ? printUpdate : printUpdate2('insert')
    const tables = printChanges(monitor.database.schema, monitor.views, changes, print)
    if (tables !== undefined) this.#send(monitor, tables, id)
  }

  #send({ id, kind }: Monitor, tables: JsonObject, transaction: Uuid): void {
    if (kind === 'monitor') this.#session().notify('update', [id, tables])
    else if (kind === 'monitor_cond') this.#session().notify('update2', [id, tables])
    else this.#session().notify('update3', [id, transaction, tables])
  }
}

const parseViews = (database: FakeDatabase, requests: Json): Views => {
  if (!isJsonObject(requests))
    throw new TransactionError('syntax error', 'the monitor requests are no object')
  return new Map(
    Object.entries(requests).map(([table, request]) => [table, parseView(database, table, request)]),
  )
}

/** One request a table is enough for the fake. */
const onlyOf = (request: Json | undefined): JsonObject => {
  const [only = {}] = isJsonArray(request) ? request : [request]
  return isJsonObject(only) ? only : {}
}

const parseView = (database: FakeDatabase, table: string, json: Json): View => {
  const schema = database.schema.tables.get(table)
  if (schema === undefined) throw new TransactionError('syntax error', `there is no table ${table}`)
  const request = onlyOf(json)
  const asked = member(request, 'columns')
  const columns = isJsonArray(asked) ? asked.map(String) : [...schema.columns.keys()]
  const stranger = columns.find((name) => !schema.columns.has(name))
  if (stranger !== undefined) throw new TransactionError('syntax error', `${table} has no column ${stranger}`)
  return { columns, where: parseClauses(schema, member(request, 'where') ?? []) }
}

const changedView = (database: FakeDatabase, table: string, view: View, requests: Json): View => {
  const request = isJsonObject(requests) ? member(requests, table) : undefined
  const schema = database.schema.tables.get(table)
  if (request === undefined || schema === undefined) return view
  return { ...view, where: parseClauses(schema, member(onlyOf(request), 'where') ?? []) }
}

/** What is in one of two table updates only: rows in both are in view before and after. */
const difference = (gone: JsonObject, come: JsonObject): JsonObject => {
  const tables = new Set([...Object.keys(gone), ...Object.keys(come)])
  const moved = [...tables].map(
    (table) => [table, rowsOfOne(onlyOf(gone[table]), onlyOf(come[table]))] as const,
  )
  return Object.fromEntries(moved.filter(([, rows]) => Object.keys(rows).length > 0))
}

const rowsOfOne = (a: JsonObject, b: JsonObject): JsonObject =>
  Object.fromEntries([
    ...Object.entries(a).filter(([uuid]) => !Object.hasOwn(b, uuid)),
    ...Object.entries(b).filter(([uuid]) => !Object.hasOwn(a, uuid)),
  ])
