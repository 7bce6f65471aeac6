/**
 * The northbound database: an OVSDB client that keeps the contents in memory, holds the lock that makes a controller the
 * leader, and commits durably. Soft state is never written here.
 */
import type { Clock } from '#link/clock.js'
import type { Dial } from '#link/link-driver.js'
import type { Random } from '#link/random.js'
import type { Endpoint } from '#model/endpoint.js'
import { type ErrorCode, errorText, FabricError } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import type { Network } from '#model/network.js'
import type { Wire } from '#model/wire.js'
import { OvsdbClient } from '#ovsdb/client.js'
import type { ClientLock } from '#ovsdb/client-lock.js'
import { OvsdbError } from '#ovsdb/errors.js'
import { assertLock, commit, insert, type Operation, select, wait } from '#ovsdb/operations.js'
import { Contents } from './contents.js'
import { refusalOf } from './refusal.js'
import type {
  RetiredVni,
  Store,
  StoreBatch,
  StoreChange,
  StoredBlock,
  StoredLease,
  StoredMapping,
  StoredNode,
  StoredSite,
  StoredTopology,
  StoreState,
} from './store.js'
import { databaseName, heddle, type NorthboundTable, northboundTables } from './tables.js'
import { operationsOf, serialsTaken } from './transaction.js'

/** The OVSDB lock whose owner is the one active controller. */
export const lockName = 'heddle_controller'

export interface NorthboundOptions {
  /** One for each server of the cluster. */
  readonly dials: readonly Dial[]
  /** Where the database is, in words. */
  readonly place: string
  /** `heddle.ovsschema`, for those who have to convert a database of their own. */
  readonly schemaFile: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Called when the connection is closed for good, with the state before it was: stops a server that runs for it. */
  readonly onClosed?: (state: StoreState['state']) => Promise<void>
  /** Called after each attempt to store something, with how it ended. */
  readonly onCommitted?: (outcome: 'stored' | ErrorCode) => void
}

export class Northbound implements Store {
  private readonly client: OvsdbClient<NorthboundTable>
  private readonly contents: Contents
  private readonly lock: ClientLock
  private readonly changeListeners = new Set<(change: StoreChange) => void>()
  private readonly stateListeners = new Set<(state: StoreState) => void>()
  /** UUID of the fabric's row: asked for before the contents, of which a large fabric has many. */
  private root: string | undefined
  private current: StoreState

  constructor(private readonly options: NorthboundOptions) {
    const { clock, random, dials, place } = options
    this.current = { state: 'connecting', reason: `connecting to the northbound database at ${place}` }
    this.client = OvsdbClient.dial(dials, {
      clock,
      random,
      database: databaseName,
      tables: northboundTables,
      // A database on this machine comes back within moments, and nothing can be changed without it.
      // A server that carries out a large transaction answers nothing else meanwhile.
      link: { backoffMsMin: 100, probeMsMin: 60_000 },
    })
    this.contents = new Contents(this.client.replica)
    this.client.replica.onChange((changes) => {
      const change = this.contents.apply(changes)
      for (const listener of this.changeListeners) listener(change)
      this.look()
    })
    this.lock = this.client.lock(lockName)
    this.lock.onState(() => this.look())
    this.client.onState(({ state }) => {
      if (state === 'loading' && this.root === undefined) void this.identify()
      this.look()
    })
  }

  get state(): StoreState {
    return this.current
  }

  get fabricId(): string {
    return this.root ?? ''
  }

  /**
   * Resolves once the contents are known, whoever leads. Rejects with the signal's reason, and with `store-unavailable` for a
   * database of another version of the schema, which no patience makes fit.
   */
  async loaded(signal?: AbortSignal): Promise<void> {
    const unfit = new AbortController()
    const stop = this.client.onState(({ state }) => {
      const misfit = this.misfit()
      // While it connects, what is known is of the connection before.
      if (misfit !== undefined && state === 'waiting')
        unfit.abort(new FabricError('store-unavailable', misfit))
    })
    const signals = signal === undefined ? [unfit.signal] : [unfit.signal, signal]
    await this.client.synced(AbortSignal.any(signals)).finally(stop)
    if (!this.contents.loaded) await this.found()
  }

  wires(): Iterable<Wire> {
    return this.contents.allWires()
  }

  nodes(): Iterable<StoredNode> {
    return this.contents.allNodes()
  }

  topologies(): Iterable<StoredTopology> {
    return this.contents.allTopologies()
  }

  retired(): Iterable<RetiredVni> {
    return this.contents.allRetired()
  }

  sites(): Iterable<StoredSite> {
    return this.contents.allSites()
  }

  mappings(): Iterable<StoredMapping> {
    return this.contents.allMappings()
  }

  networks(): Iterable<Network> {
    return this.contents.overlay.networks.values()
  }

  endpoints(): Iterable<Endpoint> {
    return this.contents.overlay.endpoints.values()
  }

  leases(): Iterable<StoredLease> {
    return this.contents.overlay.leases.values()
  }

  blocks(): Iterable<StoredBlock> {
    return this.contents.overlay.blocks.values()
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.changeListeners.add(listener)
    return () => this.changeListeners.delete(listener)
  }

  onState(listener: (state: StoreState) => void): () => void {
    this.stateListeners.add(listener)
    return () => this.stateListeners.delete(listener)
  }

  async commit(batch: StoreBatch): Promise<void> {
    const { state } = this
    if (state.state === 'standby') throw new FabricError('not-leader', state.reason)
    if (state.state !== 'leader') throw new FabricError('store-unavailable', state.reason)
    const operations: Operation[] = [
      assertLock(lockName),
      ...operationsOf(batch, this.contents),
      commit(true),
    ]
    this.contents.give(this.contents.nextSerial + serialsTaken(batch))
    try {
      // The server reports the change to this session before it answers (RFC 7047, section 4.1.6).
      await this.client.transact(operations)
    } catch (error) {
      const refusal = refusalOf(error)
      this.options.onCommitted?.(refusal.code)
      throw refusal
    }
    this.options.onCommitted?.('stored')
  }

  async close(): Promise<void> {
    const { state } = this.current
    this.client.close()
    await this.options.onClosed?.(state)
  }

  /** Makes the row of the fabric in a new database; whoever is second finds it there. */
  private async found(): Promise<void> {
    const none = wait(heddle, { where: [], until: '==', columns: ['next_serial'], rows: [], timeoutMs: 0 })
    try {
      await this.client.transact([none, insert(heddle, { next_serial: 1 }), commit(true)])
    } catch (error) {
      if (!this.contents.loaded) throw refusalOf(error)
    }
  }

  /** Finds out which fabric this is. Where that fails, the contents say it a little later. */
  private async identify(): Promise<void> {
    try {
      const [rows] = await this.client.transact([select(heddle, [], ['_uuid'])])
      this.root ??= rows[0]?._uuid
      this.look()
    } catch (error) {
      this.options.logger.debug({ err: error }, 'the northbound database was not identified early')
    }
  }

  private look(): void {
    if (this.contents.loaded) this.root = this.contents.root
    const next = this.judge()
    const same = next.state === this.current.state && 'reason' in next === 'reason' in this.current
    const reason = 'reason' in next && 'reason' in this.current && next.reason === this.current.reason
    if (same && (next.state === 'leader' || reason)) return
    this.current = next
    for (const listener of this.stateListeners) listener(next)
  }

  /** What to do about a database whose schema is not ours. */
  private misfit(): string | undefined {
    const { state } = this.client
    const error = 'error' in state ? state.error : undefined
    if (!(error instanceof OvsdbError && error.code === 'schema-mismatch')) return undefined
    const { place, schemaFile } = this.options
    return `${error.message}; make a backup of the northbound database, then bring it up to date: ovsdb-client convert ${place} ${schemaFile}`
  }

  private judge(): StoreState {
    const { state } = this.client
    const { place } = this.options
    if (state.state === 'loading' && this.root !== undefined && this.lock.state === 'locked')
      return { state: 'reading', reason: `the northbound database at ${place} is being read` }
    if (state.state !== 'synced' || !this.contents.loaded) {
      const misfit = this.misfit()
      if (misfit !== undefined) return { state: 'connecting', reason: misfit }
      const why = 'error' in state && state.error !== undefined ? `: ${errorText(state.error)}` : ''
      return { state: 'connecting', reason: `the northbound database at ${place} is not connected${why}` }
    }
    if (this.lock.state === 'locked') return { state: 'leader' }
    // A server that has come back has not said yet whose lock it is: the leader goes on until it does.
    if (this.lock.state === 'unconnected')
      return { state: 'connecting', reason: `the lock of the northbound database at ${place} is asked for` }
    return {
      state: 'standby',
      reason: `another controller holds the lock ${lockName} of the northbound database at ${place}; this one waits`,
    }
  }
}
