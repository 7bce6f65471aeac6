/**
 * The rim of a link: gives the pure state machine its clock, its timer and its transport, and tells the owner what becomes
 * of the connection. One driver serves one peer: dialled, again and again, or accepted, once.
 */
import type { Clock } from './clock.js'
import { LinkError, type LinkErrorCode, linkError } from './errors.js'
import * as link from './link.js'
import type { Random } from './random.js'
import type { Transport } from './transport.js'
import { watched } from './watched-transport.js'

/** Opens a connection; gives up when the signal is aborted. */
export type Dial = (signal: AbortSignal) => Promise<Transport>

/** Who speaks over the connection. Every call comes from the driver, never from within a call to it, `stop` excepted. */
export interface LinkOwner {
  /** A connection is open: the owner starts the transport before it returns. The driver looks on. */
  onOpen(transport: Transport): void
  /** The peer has been silent: ask it something that it must answer. */
  onProbe(): void
  /** The connection, or the attempt at one, is over. `phase` says what comes next. */
  onLost(error: LinkError, phase: link.LinkPhase): void
}

export interface LinkDriverOptions {
  readonly clock: Clock
  readonly random: Random
  readonly owner: LinkOwner
  readonly link?: Partial<link.LinkOptions>
}

export class LinkDriver {
  readonly #clock: Clock
  readonly #random: Random
  readonly #owner: LinkOwner
  readonly #dial: Dial | undefined
  #link: link.Link
  #attempt: AbortController | undefined
  #transport: Transport | undefined
  #timer: { readonly at: number; readonly cancel: () => void } | undefined

  private constructor(options: LinkDriverOptions, start: link.Link, dial?: Dial) {
    this.#clock = options.clock
    this.#random = options.random
    this.#owner = options.owner
    this.#link = start
    this.#dial = dial
  }

  /** Dials at once, and again after each loss, until stopped. */
  static dialling(options: LinkDriverOptions, dial: Dial): LinkDriver {
    const driver = new LinkDriver(options, link.newLink(options.link), dial)
    driver.#set(link.enable(driver.#link, options.clock.now()))
    return driver
  }

  /** Looks after a connection that the peer opened. */
  static accepted(options: LinkDriverOptions, transport: Transport): LinkDriver {
    const driver = new LinkDriver(options, link.acceptedLink(options.clock.now(), options.link))
    driver.#adopt(transport)
    driver.#set(driver.#link)
    return driver
  }

  get phase(): link.LinkPhase {
    return this.#link.phase
  }

  /** The silence after which the peer is probed, in milliseconds. */
  get probeMs(): number {
    return this.#link.probeMs
  }

  /** The peer has shown who it is and sends its initial dump. */
  loading(): void {
    this.#set(link.loading(this.#link, this.#clock.now()))
  }

  /** The peer is ready for work. */
  established(): void {
    this.#set(link.established(this.#link, this.#clock.now()))
  }

  /** Gives up the present connection; a dialling link tries again. */
  drop(error: LinkError): void {
    if (this.#transport === undefined && this.#attempt === undefined) return
    this.#lose(error)
  }

  /** Ends it: nothing is dialled any more, and the owner hears no more of it. */
  stop(): void {
    this.#set(link.disable(this.#link))
    this.#release()
  }

  #set(next: link.Link): void {
    this.#link = next
    const at = link.deadline(next)
    if (at === undefined) {
      this.#timer?.cancel()
      this.#timer = undefined
      return
    }
    // A timer that fires too early finds nothing to do and is set again: cheaper than moving it with every chunk.
    if (this.#timer !== undefined && this.#timer.at <= at) return
    this.#timer?.cancel()
    const delayMs = Math.max(0, at - this.#clock.now())
    this.#timer = { at, cancel: this.#clock.schedule(delayMs, () => this.#wake()) }
  }

  #wake(): void {
    this.#timer = undefined
    const turn = link.run(this.#link, this.#clock.now(), this.#random)
    this.#set(turn.link)
    switch (turn.action?.do) {
      case 'connect':
        this.#connect()
        break
      case 'probe':
        this.#owner.onProbe()
        break
      case 'disconnect':
        this.#end(new LinkError(overdueCode(turn.action.reason), link.overdue[turn.action.reason]))
    }
  }

  #connect(): void {
    const attempt = new AbortController()
    this.#attempt = attempt
    if (this.#dial === undefined) return
    this.#dial(attempt.signal).then(
      (transport) => {
        if (this.#attempt !== attempt) transport.close()
        else {
          this.#attempt = undefined
          this.#set(link.opened(this.#link, this.#clock.now()))
          this.#adopt(transport)
        }
      },
      (error: unknown) => {
        if (this.#attempt === attempt) this.#lose(linkError('dial-failed', 'dial', error))
      },
    )
  }

  #adopt(transport: Transport): void {
    this.#transport = transport
    this.#owner.onOpen(
      watched(transport, {
        onData: () => {
          if (this.#transport === transport) this.#set(link.received(this.#link, this.#clock.now()))
        },
        onClose: (error) => {
          if (this.#transport === transport) this.#lose(closure(error))
        },
      }),
    )
  }

  #lose(error: LinkError): void {
    this.#set(link.lost(this.#link, this.#clock.now(), this.#random, error.message))
    this.#end(error)
  }

  #end(error: LinkError): void {
    this.#release(error)
    this.#owner.onLost(error, this.#link.phase)
  }

  /** Without an error, what was written still leaves. */
  #release(error?: LinkError): void {
    const attempt = this.#attempt
    const transport = this.#transport
    this.#attempt = undefined
    this.#transport = undefined
    attempt?.abort(error ?? new LinkError('closed', 'stopped'))
    transport?.close(error)
  }
}

const overdueCode = (reason: keyof typeof link.overdue): LinkErrorCode =>
  reason === 'probe' ? 'no-answer' : 'timeout'

const closure = (error: Error | undefined): LinkError =>
  error === undefined
    ? new LinkError('closed', 'the peer closed the connection')
    : linkError('broken', 'connection', error)
