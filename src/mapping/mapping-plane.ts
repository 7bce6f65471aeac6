/**
 * The mapping system of a running controller: the Map-Server, what it is told, and what becomes of what it tells. Whoever holds the
 * northbound lock listens for routers; the others know what is stored, and wait.
 */
import type { Mappings } from '#api/mappings.js'
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { IpAddress } from '#lisp/address.js'
import type { MappingChange } from '#lisp/map-server/effects.js'
import type { MapServerOptions } from '#lisp/map-server/options.js'
import type { Site } from '#lisp/map-server/sites.js'
import type { Endpoint, KeptNonce } from '#lisp/map-server.js'
import { MappingHistory } from '#lisp/mapping-history.js'
import type { LispListen } from '#lisp/udp.js'
import { errorText } from '#model/error.js'
import type { LocalMappings } from '#model/local-mappings.js'
import type { Logger } from '#model/logger.js'
import type { MappingFigures } from '#model/mapping-figures.js'
import type { SpokenFor, Whereabouts } from '#model/whereabouts.js'
import type { Store, StoreChange } from '#store/store.js'
import { ChangeReports, type Report } from './change-reports.js'
import type { ElsewhereSettings } from './elsewhere.js'
import { LiveMappings } from './live-mappings.js'
import { LiveWhereabouts } from './live-whereabouts.js'
import { MappingState } from './mapping-state.js'
import { NonceFile } from './nonce-file.js'
import { OwnMappings } from './own-mappings.js'
import { siteReport } from './site-reports.js'
import { type ElsewherePlan, Term } from './term.js'

export interface MappingPlaneOptions {
  readonly store: Pick<Store, 'state' | 'fabricId' | 'sites' | 'mappings' | 'onChange' | 'onState' | 'commit'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Takes events of the fabric. */
  readonly tell: (report: Report) => void
  readonly listen: readonly LispListen[]
  /** Whether routers are answered there (so unless told); otherwise only answers from elsewhere come in. */
  readonly serves?: boolean
  /** Mapping systems elsewhere, where there are any. */
  readonly elsewhere?: ElsewhereSettings | undefined
  /** The address under which routers know the Map-Server. */
  readonly rloc: IpAddress
  readonly server: Partial<MapServerOptions>
  /** Sites of the configuration. */
  readonly sites: readonly Site[]
  readonly strictNonces: boolean
  readonly nonceFile: string
  /** Whether other controllers may have had the lock: routers may then be registered with them. */
  readonly shared: boolean
}

/** After an address was taken, as after a controller that has just ended. */
const listenRetryMs = 1_000

export class MappingPlane {
  readonly mappings: Mappings
  readonly local: LocalMappings
  readonly whereabouts: Whereabouts & SpokenFor
  readonly #options: MappingPlaneOptions
  readonly #state: MappingState
  readonly #whereabouts: LiveWhereabouts
  /** About half a kilobyte each. */
  readonly #history = new MappingHistory({ entriesMax: 50_000 })
  readonly #reports: ChangeReports
  readonly #nonces: NonceFile
  readonly #stops: (() => void)[] = []
  /** Whether this controller leads, as far as was acted upon. */
  #leading = false
  /** Until then what comes in was there before this controller. */
  #started = false
  #wasStandby = false
  #stopping = false
  #settling: Promise<void> = Promise.resolve()
  #trouble: string | undefined
  #cancelRetry: (() => void) | undefined

  constructor(options: MappingPlaneOptions) {
    const { store, clock, logger, tell, nonceFile, strictNonces, sites: configured } = options
    this.#options = options
    this.#reports = new ChangeReports({ clock, tell })
    this.#nonces = new NonceFile({ path: nonceFile, logger })
    const now = (): number => clock.now()
    const term = this.#term([], true)
    this.#state = new MappingState({ store, logger, now, configured, strictNonces }, term)
    const state = this.#state
    this.mappings = new LiveMappings({ state, store, history: this.#history, clock, strictNonces })
    this.local = new OwnMappings(state)
    this.#whereabouts = new LiveWhereabouts(state)
    this.whereabouts = this.#whereabouts
  }

  /** Why routers cannot reach it; undefined while they can, or need not. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Where it listens, with the ports that the system chose; nowhere while another controller leads. */
  get endpoints(): readonly Endpoint[] {
    return this.#state.term.endpoints
  }

  /** Resolves when what followed from who leads has been done. */
  settled(): Promise<void> {
    return this.#settling
  }

  /** Takes up what the store holds, which must be loaded, and follows it. */
  start(): void {
    const { store } = this.#options
    this.#state.load()
    this.#started = true
    this.#stops.push(
      store.onChange((change) => this.#stored(change)),
      store.onState(() => this.#settle()),
    )
    this.#settle()
  }

  /** Closes the sockets. Resolves when the nonces are on the disk. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const stop of this.#stops) stop()
    this.#cancelRetry?.()
    this.#settle()
    await this.#settling
    this.#reports.stop()
  }

  figures(): MappingFigures {
    const { server, term, counts } = this.#state
    return {
      ...server.counters,
      mappings: { ...counts },
      sites: [...server.sites.all].length,
      refusals: server.refusals.counts,
      notices: server.notices.size,
      subscriptions: server.subscriptions.book.size,
      unsent: term.unsent,
      cached: term.elsewhere?.client.resolver.counts.entries ?? 0,
      mapServers: term.elsewhere?.client.states ?? new Map(),
    }
  }

  #stored(change: StoreChange): void {
    this.#state.follow(change)
    for (const site of change.sites) this.#options.tell(siteReport(site))
  }

  /** Looks at who leads, one look after the other. */
  #settle(): void {
    this.#settling = this.#settling
      .then(() => this.#look())
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error }, `the mapping system met a defect: ${errorText(error)}`)
      })
  }

  async #look(): Promise<void> {
    const { state } = this.#options.store.state
    if (state === 'standby') this.#wasStandby = true
    if (this.#stopping || state === 'standby') await this.#follow()
    else if (state === 'leader') await this.#lead()
  }

  async #lead(): Promise<void> {
    if (!this.#leading) {
      const found = await this.#nonces.read()
      const quiet = this.#options.shared || this.#wasStandby || found.state !== 'none'
      this.#begin(this.#term(found.state === 'read' ? found.nonces : [], quiet, this.#elsewhere()))
      // The file says that a Map-Server has run here, whether or not it heard a nonce that had to be kept.
      this.#nonces.keep([])
      this.#leading = true
    }
    if (!this.#state.term.listening) await this.#listen()
  }

  async #listen(): Promise<void> {
    const { listen, logger, clock } = this.#options
    if (listen.length === 0) return
    try {
      await this.#state.term.listen()
      this.#trouble = undefined
    } catch (error) {
      const places = listen.map(({ address, port }) => `${address} port ${port}`).join(', ')
      const trouble = `cannot listen for LISP on ${places}: ${errorText(error)}; change lisp.listen, or set it to none`
      if (trouble !== this.#trouble) logger.error({ err: error }, trouble)
      this.#trouble = trouble
      this.#cancelRetry = clock.schedule(listenRetryMs, () => this.#settle())
    }
  }

  async #follow(): Promise<void> {
    this.#cancelRetry?.()
    this.#trouble = undefined
    if (!this.#leading) return
    this.#leading = false
    await this.#state.term.close()
    await this.#nonces.written()
    // What routers registered here is the other controller's to know from now on.
    if (!this.#stopping) this.#begin(this.#term([], true))
  }

  #begin(term: Term): void {
    this.#state.begin(term)
    this.#whereabouts.begin()
  }

  /** All controllers of a fabric are one xTR, whose name is the fabric's. */
  #elsewhere(): ElsewherePlan | undefined {
    const { elsewhere, store, tell } = this.#options
    if (elsewhere === undefined) return undefined
    const xtrId = BigInt(`0x${store.fabricId.replaceAll('-', '')}`)
    return { ...elsewhere, xtrId, tell, onChanged: (eid) => this.#whereabouts.changed(eid) }
  }

  #term(nonces: readonly KeptNonce[], quiet: boolean, elsewhere?: ElsewherePlan): Term {
    return new Term({
      ...this.#options,
      elsewhere,
      nonces,
      quiet,
      keepNonces: (kept) => this.#nonces.keep(kept),
      onChange: (change) => this.#changed(change),
    })
  }

  #changed(change: MappingChange): void {
    this.#state.count(change)
    if (this.#state.beginning || !this.#started) return
    this.#history.note(change, this.#options.clock.wallTime())
    this.#reports.note(change)
    this.#whereabouts.changed(change.eid)
  }
}
