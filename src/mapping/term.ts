/**
 * One Map-Server from its beginning to its end: for as long as this controller leads it also listens. A new term begins with a new
 * Map-Server, since what routers registered with another controller meanwhile is not known here.
 */
import type { Clock } from '#link/clock.js'
import type { Random } from '#link/random.js'
import type { IpAddress } from '#lisp/address.js'
import { printAddress } from '#lisp/address-text.js'
import type { MappingChange } from '#lisp/map-server/effects.js'
import { type MapServerOptions, mapServerDefaults } from '#lisp/map-server/options.js'
import { refusals } from '#lisp/map-server/refusals.js'
import { type Effect, type Endpoint, type KeptNonce, MapServer } from '#lisp/map-server.js'
import { type LispListen, type LispSockets, serveLisp } from '#lisp/udp.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'

export interface TermOptions {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly listen: readonly LispListen[]
  /** The address under which routers know the server. */
  readonly rloc: IpAddress
  readonly server: Partial<MapServerOptions>
  /** Whether others may have registered elsewhere before: then "nobody has it" is not said for one registration period. */
  readonly quiet: boolean
  readonly nonces: readonly KeptNonce[]
  readonly keepNonces: (nonces: readonly KeptNonce[]) => void
  readonly onChange: (change: MappingChange) => void
}

type Rest = Exclude<Effect, { readonly do: 'send' | 'keep-nonce' }>

export class Term {
  readonly server: MapServer
  readonly #options: TermOptions
  /** In the clock's time. */
  readonly #quietUntil: number
  #sockets: LispSockets | undefined

  constructor(options: TermOptions) {
    const { clock, random, rloc, quiet, nonces } = options
    const now = clock.now()
    const { registrationMs = mapServerDefaults.registrationMs } = options.server
    this.#options = options
    this.#quietUntil = quiet ? now + registrationMs : now
    this.server = new MapServer({ now, random, rloc, nonces, quiet, options: options.server })
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
    const { clock, logger, listen, keepNonces } = this.#options
    this.#sockets = await serveLisp<Rest>({
      server: this.server,
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
    logger.info({ endpoints }, 'Map-Server and Map-Resolver listen')
  }

  /** Does what the server wants after a call to it. Without sockets nobody is there to be told by datagram. */
  obey(effects: readonly Effect[]): void {
    if (this.#sockets !== undefined) this.#sockets.obey(effects)
    else
      for (const effect of effects) if (effect.do !== 'send' && effect.do !== 'keep-nonce') this.#obey(effect)
  }

  /** Closes the sockets, after the nonces that wait were given to be kept. */
  async close(): Promise<void> {
    const sockets = this.#sockets
    this.#sockets = undefined
    await sockets?.close()
  }

  #obey(effect: Rest): void {
    const { logger, onChange } = this.#options
    if (effect.do === 'tell') onChange(effect.change)
    else if (effect.do === 'log') {
      const { refusal, detail, unlogged, from } = effect
      const peer = `${printAddress(from.address)} ${from.port}`
      const fields = { refusal, peer, ...(detail !== '' && { detail }), unlogged }
      logger.warn(fields, `LISP: ${refusals[refusal]}${detail === '' ? '' : `: ${detail}`}, from ${peer}`)
    }
  }
}
