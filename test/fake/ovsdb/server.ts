/**
 * A fake OVSDB server: databases in memory, served over transports as `ovsdb-server` does, byte for byte RFC 7047. Hundreds of them run in one process.
 * Without clustering, `_Server`, relays and durability.
 */
import type { Clock } from '#link/clock.js'
import type { Transport } from '#link/transport.js'
import type { Uuid } from '#ovsdb/atoms.js'
import { OvsdbError } from '#ovsdb/errors.js'
import type { Json } from '#ovsdb/json.js'
import { printSchema } from '#ovsdb/schema-print.js'
import { type Method, Session } from '#ovsdb/session.js'
import type { FakeDatabase } from './database.js'
import { History } from './history.js'
import { LockQueue } from './lock-queue.js'
import { Monitors } from './monitors.js'
import { TransactionError } from './transaction-error.js'
import { WaitingRoom } from './waiting-room.js'

export interface FakeServerOptions {
  readonly clock: Clock
  readonly databases: readonly FakeDatabase[]
  /** Methods to do without, as an older server does: `monitor_cond_since`, for one. */
  readonly without?: readonly string[]
  readonly serverId?: Uuid
}

export class FakeOvsdbServer {
  readonly #options: FakeServerOptions
  readonly #databases: ReadonlyMap<string, FakeDatabase>
  readonly #histories: ReadonlyMap<string, History>
  readonly #waiting: WaitingRoom
  readonly #locks = new LockQueue()
  readonly sessions = new Set<Session>()

  constructor(options: FakeServerOptions) {
    this.#options = options
    this.#databases = new Map(options.databases.map((database) => [database.schema.name, database]))
    this.#histories = new Map(
      options.databases.map((database) => [database.schema.name, new History(database)]),
    )
    this.#waiting = new WaitingRoom(options.clock)
  }

  /** Serves a client on a transport that was accepted or dialled. */
  serve(transport: Transport): Session {
    const monitors: Monitors = new Monitors(() => session)
    const session: Session = new Session(transport, {
      methods: this.#methods(() => session, monitors),
      onClose: () => {
        monitors.stop()
        this.#locks.leaveAll(session)
        this.sessions.delete(session)
      },
    })
    this.sessions.add(session)
    return session
  }

  #methods(session: () => Session, monitors: Monitors): Readonly<Record<string, Method>> {
    const methods: Record<string, Method> = {
      list_dbs: () => [...this.#databases.keys()],
      get_schema: ([db]) => printSchema(this.#database(db).schema),
      get_server_id: () => this.#options.serverId ?? '00000000-0000-4000-8000-000000000000',
      set_db_change_aware: () => ({}),
      transact: ([db, ...operations]) => this.#transact(session(), db, operations),
      monitor: ([db, id, requests]) =>
        monitors.start('monitor', this.#database(db), id ?? null, requests ?? null),
      monitor_cond: ([db, id, requests]) =>
        monitors.start('monitor_cond', this.#database(db), id ?? null, requests ?? null),
      monitor_cond_since: ([db, id, requests, since]) => {
        const changes = this.#histories.get(String(db))?.since(String(since))
        return monitors.start('monitor_cond_since', this.#database(db), id ?? null, requests ?? null, changes)
      },
      monitor_cond_change: ([id, _newId, requests]) => monitors.change(id ?? null, requests ?? null),
      monitor_cancel: ([id]) => monitors.cancel(id ?? null),
      lock: ([lock]) => ({ locked: this.#locks.wait(session(), String(lock)) }),
      steal: ([lock]) => {
        this.#locks.steal(session(), String(lock))
        return { locked: true }
      },
      unlock: ([lock]) => {
        this.#locks.leave(session(), String(lock))
        return {}
      },
    }
    for (const name of this.#options.without ?? []) delete methods[name]
    return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, inOvsdbWords(method)]))
  }

  #transact(session: Session, db: Json | undefined, operations: readonly Json[]): Json | Promise<Json> {
    const database = this.#database(db)
    const owns = (lock: string): boolean => this.#locks.owns(session, lock)
    return this.#waiting.attempt(database, (mayWait) => database.transact(operations, { owns, mayWait }))
  }

  #database(name: Json | undefined): FakeDatabase {
    const database = this.#databases.get(String(name))
    if (database === undefined)
      throw new TransactionError('unknown database', `there is no database ${String(name)}`)
    return database
  }
}

const inOvsdbWords =
  (method: Method): Method =>
  (params) => {
    try {
      return method(params)
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error
      throw new OvsdbError('refused', error.message, { peer: { error: error.error, details: error.details } })
    }
  }
