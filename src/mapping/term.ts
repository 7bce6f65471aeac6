/**
 * One Map-Server from its beginning to its end, with its clients of mapping systems elsewhere: for as long as this controller leads they
 * also listen. A new term begins with a new Map-Server, since what routers registered with another controller meanwhile is not known.
 */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { IpAddress } from '#lisp/address.js'
import { printAddress } from '#lisp/address-text.js'
import type { MappingChange } from '#lisp/map-server/effects.js'
import { type MapServerOptions, mapServerDefaults } from '#lisp/map-server/options.js'
import { refusals } from '#lisp/map-server/refusals.js'
import { type Effect, type Endpoint, type KeptNonce, MapServer } from '#lisp/map-server.js'
import type { ClientEffect } from '#lisp/mapping-client.js'
import { clientRefusals } from '#lisp/resolver-client/refusals.js'
import { type LispListen, type LispSockets, serveLisp } from '#lisp/udp.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import { Elsewhere, type ElsewhereOptions } from './elsewhere.js'
import { Junction, type Rest } from './junction.js'

export interface TermOptions {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly listen: readonly LispListen[]
  /** Whether the Map-Server answers routers (so unless told), or is there for this controller alone. */
  readonly serves?: boolean
  /** The address under which routers know the server. */
  readonly rloc: IpAddress
  readonly server: Partial<MapServerOptions>
  /** Whether others may have registered elsewhere before: then "nobody has it" is not said for one registration period. */
  readonly quiet: boolean
  readonly nonces: readonly KeptNonce[]
  readonly keepNonces: (nonces: readonly KeptNonce[]) => void
  /** Mapping systems elsewhere, where there are any and this controller leads. */
  readonly elsewhere?: ElsewherePlan | undefined
  readonly onChange: (change: MappingChange) => void
}

/** What clients of mapping systems elsewhere are made of, besides what they share with the Map-Server. */
export type ElsewherePlan = Omit<ElsewhereOptions, 'clock' | 'random' | 'logger' | 'nonces' | 'obey'>

export class Term {
  readonly server: MapServer
  readonly elsewhere: Elsewhere | undefined
  readonly #options: TermOptions
  /** In the clock's time. */
  readonly #quietUntil: number
  #sockets: LispSockets<Rest> | undefined

  constructor(options: TermOptions) {
    const { clock, random, rloc, quiet, nonces, elsewhere } = options
    const now = clock.now()
    const { registrationMs = mapServerDefaults.registrationMs } = options.server
    this.#options = options
    this.#quietUntil = quiet ? now + registrationMs : now
    this.server = new MapServer({ now, random, rloc, nonces, quiet, options: options.server })
    this.elsewhere =
      elsewhere &&
      new Elsewhere({
        ...options,
        ...elsewhere,
        obey: (effects) => this.obey(effects),
      })
  }

  /** Milliseconds for which "nobody has it" is not said yet. */
  get quietMs(): number {
    return Math.max(0, this.#quietUntil - this.#options.clock.now())
  }

  get listening(): boolean {
    return this.#sockets !== undefined
  }

  /** Where it listens, with the ports that the system chose. */
  get endpoints(): readonly Endpoint[] {
    return this.#sockets?.endpoints ?? []
  }

  /** Datagrams that could not be sent. */
  get unsent(): number {
    return this.#sockets?.unsent ?? 0
  }

  /** Opens the sockets. Rejects with the system's error. */
  async listen(): Promise<void> {
    const { clock, logger, listen, keepNonces, serves = true } = this.#options
    this.#sockets = await serveLisp<Rest>({
      server: new Junction({ server: serves ? this.server : undefined, client: this.elsewhere?.client }),
      clock,
      listen,
      keepNonces,
      onEffect: (effect) => this.#obey(effect),
      onFault: (error, data) => {
        const shown = Buffer.from(data.subarray(0, 256)).toString('hex')
        logger.error({ err: error, datagram: shown }, `a LISP datagram met a defect: ${errorText(error)}`)
      },
    })
    const endpoints = this.endpoints.map(({ address, port }) => `${printAddress(address)} ${port}`)
    logger.info({ endpoints }, serves ? 'Map-Server and Map-Resolver listen' : 'LISP clients listen')
  }

  /** Does what server or client want after a call to them. Without sockets nobody is there to be told by datagram. */
  obey(effects: readonly (Effect | ClientEffect)[]): void {
    if (this.#sockets !== undefined) this.#sockets.obey(effects)
    else
      for (const effect of effects) if (effect.do !== 'send' && effect.do !== 'keep-nonce') this.#obey(effect)
  }

  /** Closes the sockets, after the nonces that wait were given to be kept. */
  async close(): Promise<void> {
    const sockets = this.#sockets
    this.#sockets = undefined
    this.elsewhere?.close()
    await sockets?.close()
  }

  #obey(effect: Rest): void {
    switch (effect.do) {
      case 'tell':
        this.#options.onChange(effect.change)
        break
      case 'log':
        this.#log(effect)
        break
      case 'pass':
        // An answer where nobody asked.
        break
      default:
        this.elsewhere?.take(effect)
    }
  }

  #log({ refusal, detail, unlogged, from }: Extract<Rest, { readonly do: 'log' }>): void {
    const peer = `${printAddress(from.address)} ${from.port}`
    const words = { ...clientRefusals, ...refusals }[refusal]
    const fields = { refusal, peer, ...(detail !== '' && { detail }), unlogged }
    this.#options.logger.warn(fields, `LISP: ${words}${detail === '' ? '' : `: ${detail}`}, from ${peer}`)
  }
}
