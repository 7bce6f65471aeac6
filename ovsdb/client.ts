/**
 * What a caller holds: one database of one server or cluster, its declared tables replicated, transactions, locks. A client that
 * dials keeps dialling; one over an accepted transport ends with it. After every connect it goes the same way: is this the
 * server to talk to, does its schema fit, load what changed; then it is `synced`.
 */
import type { Clock } from '#link/clock.js'
import type { Gate } from '#link/gate.js'
import type { LinkOptions, LinkPhase } from '#link/link.js'
import { type Dial, LinkDriver, type LinkOwner } from '#link/link-driver.js'
import type { Random } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import { ClientLock } from './client-lock.js'
import { addressesOf, type ClientState, notSynced, type Peer, whenSynced } from './client-state.js'
import { OvsdbError } from './errors.js'
import { echo, getSchema, transact } from './methods.js'
import type { MonitorMethod } from './monitor.js'
import { changeConditions } from './monitoring.js'
import type { Operation, Results } from './operations.js'
import { Replica, type ReplicaView } from './replica.js'
import { replicate, type WantedRows } from './replication.js'
import type { DatabaseSchema } from './schema.js'
import { type ClusterMemory, watchServer } from './server-watch.js'
import { type RequestOptions, Session } from './session.js'
import type { AnyTable } from './tables.js'

export interface ClientOptions<T extends AnyTable = AnyTable> {
  readonly clock: Clock
  readonly random: Random
  /** For instance `Open_vSwitch`. */
  readonly database: string
  /** What to replicate. A table that is not declared here can still be read by `select`. */
  readonly tables: readonly T[]
  readonly where?: readonly WantedRows[]
  /** Of a cluster, talk to the leader only: what is read there is the latest. True when nothing is said. */
  readonly leaderOnly?: boolean
  readonly link?: Partial<LinkOptions>
  /** Shared by many clients: how many of them load their replicas at a time. */
  readonly gate?: Gate
  /** The longest message that is accepted, in bytes. */
  readonly messageBytesMax?: number
}

export type { ClientState, Peer } from './client-state.js'

export class OvsdbClient<T extends AnyTable = AnyTable> {
  readonly #options: ClientOptions<T>
  readonly #replica: Replica<T>
  readonly #driver: LinkDriver
  readonly #memory: ClusterMemory = { index: 0 }
  readonly #locks = new Map<string, ClientLock>()
  readonly #listeners = new Set<(state: ClientState) => void>()
  readonly #where: Map<string, WantedRows>
  #state: ClientState = { state: 'connecting' }
  #session: Session | undefined

  /** Why the session ended, where it ended before the connection did. */
  #fault: Error | undefined

  private constructor(options: ClientOptions<T>, source: readonly Dial[] | Transport) {
    this.#options = options
    this.#replica = new Replica(options.tables)
    this.#where = new Map((options.where ?? []).map((rows) => [rows.table, rows]))
    const owner: LinkOwner = {
      onOpen: (transport) => this.#open(transport),
      onProbe: () => this.#probe(),
      onLost: (error, phase) => this.#lost(error, phase),
    }
    this.#driver =
      'peer' in source
        ? LinkDriver.accepted({ ...options, owner }, source)
        : LinkDriver.dialling({ ...options, ...linkOptions(options, source), owner }, this.#dialler(source))
  }

  /** Keeps a connection to one of these, in turn. Each is dialled with the time limits of `options.link`. */
  static dial<T extends AnyTable>(dials: readonly Dial[], options: ClientOptions<T>): OvsdbClient<T> {
    return new OvsdbClient(options, dials)
  }

  /** Takes over a connection that a server opened to us: ovs-vswitchd.conf.db(5), `Manager`. */
  static accept<T extends AnyTable>(transport: Transport, options: ClientOptions<T>): OvsdbClient<T> {
    return new OvsdbClient(options, transport)
  }

  /** The rows as far as they are known: also while there is no connection. */
  get replica(): ReplicaView<T> {
    return this.#replica
  }

  get state(): ClientState {
    return this.#state
  }

  onState(listener: (state: ClientState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves once the client is synced. Rejects with the signal's reason, or with `closed` when that will not happen. */
  synced(signal?: AbortSignal): Promise<void> {
    return whenSynced(this, signal)
  }

  /**
   * Executes operations as one transaction; many may be under way at once, also while the replica is being loaded. Rejects with `operation-failed` and the server's words; with
   * `closed` when there is no connection and nothing was sent; with `outcome-unknown` when the connection was lost before the
   * answer: read back, then decide. Aborting the signal asks the server to cancel; its answer decides.
   */
  async transact<const O extends readonly Operation[]>(
    operations: O,
    options?: RequestOptions,
  ): Promise<Results<O>> {
    return transact(this.#ready('the transaction was not sent'), this.#options.database, operations, options)
  }

  /** Wants a lock from now on, through reconnects. The same name gives the same lock. */
  lock(name: string): ClientLock {
    const there = this.#locks.get(name)
    if (there !== undefined) return there
    const lock = new ClientLock(name)
    this.#locks.set(name, lock)
    if (this.#session !== undefined && hasSchema(this.#state)) this.#attach(lock, this.#session)
    return lock
  }

  /** Gives a lock back and stops wanting it. */
  async unlock(name: string): Promise<void> {
    const lock = this.#locks.get(name)
    this.#locks.delete(name)
    await lock?.release()
  }

  /** Replicates other rows of some tables from now on. Resolves when the replica has them; a reconnect asks for them again. */
  async want(rows: readonly WantedRows[]): Promise<void> {
    for (const wanted of rows) this.#where.set(wanted.table, wanted)
    const { state } = this
    if (state.state !== 'synced' || state.method === undefined || state.method === 'monitor') {
      // The history that the server keeps is of what was asked for before.
      this.#replica.forgetHistory()
      return
    }
    const where = Object.fromEntries(rows.map((wanted) => [wanted.table, wanted.where]))
    try {
      await changeConditions(this.#ready('the conditions stay'), this.#options.database, where)
    } catch (error) {
      this.#replica.forgetHistory()
      throw error
    }
  }

  /** Ends the client; everything that waits is rejected. */
  close(): void {
    if (this.#state.state === 'closed') return
    this.#driver.stop()
    this.#leave(new OvsdbError('closed', 'the client was closed'))
    this.#set({ state: 'closed' })
  }

  #dialler(dials: readonly Dial[]): Dial {
    let turn = Math.floor(this.#options.random() * dials.length)
    return (signal) => {
      const dial = dials[turn % dials.length]
      turn += 1
      const error = 'error' in this.#state ? this.#state.error : undefined
      this.#set({ state: 'connecting', ...(error !== undefined && { error }) })
      return dial?.(signal) ?? Promise.reject(new OvsdbError('bad-target', 'there is no target to dial'))
    }
  }

  #open(transport: Transport): void {
    const { messageBytesMax } = this.#options
    const over = new AbortController()
    const session = new Session(transport, {
      ...(messageBytesMax !== undefined && { messageBytesMax }),
      onClose: (error) => {
        this.#fault ??= error
        over.abort(error)
      },
    })
    this.#session = session
    this.#fault = undefined
    const peer = addressesOf(transport)
    this.#set({ state: 'starting', peer })
    this.#start(session, peer, over.signal).catch((error: Error) => session.close(error))
  }

  /** What every connection goes through before it is of use. */
  async #start(session: Session, peer: Peer, over: AbortSignal): Promise<void> {
    const { database, leaderOnly = true, gate } = this.#options
    await watchServer(session, { database, leaderOnly, memory: this.#memory })
    const schema = await getSchema(session, database)
    this.#driver.loading()
    this.#set({ state: 'loading', peer })
    // A server answers in order, and a large dump takes it seconds: whose the lock is need not wait for that.
    for (const lock of this.#locks.values()) this.#attach(lock, session)
    const leave = await gate?.enter(over)
    const method = await this.#replicate(session, schema).finally(leave)
    if (session.state === 'closed') return
    this.#driver.established()
    this.#set({ state: 'synced', peer, schema, ...(method !== undefined && { method }) })
  }

  async #replicate(session: Session, schema: DatabaseSchema): Promise<MonitorMethod | undefined> {
    if (this.#options.tables.length === 0) return undefined
    const where = [...this.#where.values()]
    return replicate(this.#replica, { session, schema, monitor: this.#options.database, where })
  }

  #attach(lock: ClientLock, session: Session): void {
    lock.attach(session).catch((error: Error) => session.close(error))
  }

  #probe(): void {
    // Whatever comes back shows that the peer is alive; when nothing comes, the link says so.
    if (this.#session !== undefined) echo(this.#session).catch(() => undefined)
  }

  #lost(error: Error, phase: LinkPhase): void {
    const reason = this.#fault ?? error
    this.#leave(error)
    if (phase.state === 'ended') this.#set({ state: 'closed', error: reason })
    else if (phase.state === 'backoff') this.#set({ state: 'waiting', until: phase.until, error: reason })
  }

  #leave(error: Error | undefined): void {
    const session = this.#session
    this.#session = undefined
    session?.close(error)
    this.#replica.disconnected()
    for (const lock of this.#locks.values()) lock.detach()
  }

  #ready(what: string): Session {
    if (this.#session !== undefined && hasSchema(this.#state)) return this.#session
    throw notSynced(this.#state, what)
  }

  #set(state: ClientState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}

/** Whether the server is the right one and its schema fits: it can be asked, also while the replica is being loaded. */
const hasSchema = ({ state }: ClientState): boolean => state === 'loading' || state === 'synced'

/** With several targets to choose from, the others are tried before anything is waited for. */
const linkOptions = (options: ClientOptions, dials: readonly Dial[]): { link: Partial<LinkOptions> } => ({
  link: { freeTries: Math.max(0, dials.length - 1), ...options.link },
})
