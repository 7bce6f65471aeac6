/**
 * Reads one connection: frames, handshake, then every message to whoever waits for it or to the subscriber. Echo requests
 * are answered here, in every state. What cannot be followed ends this connection and no other.
 */
import type { Clock } from '#link/clock.js'
import { LinkError } from '#link/errors.js'
import type { LinkOptions } from '#link/link.js'
import { LinkDriver, type LinkOwner } from '#link/link-driver.js'
import type { Random } from '#link/random.js'
import type { Transport } from '#link/transport.js'
import { OpenFlowError } from '../errors.js'
import { decodeMessage, type Envelope, type Message } from '../messages.js'
import { type Frame, Framer } from './framing.js'
import { advance, type Features, type Handshake, hello, type RoleWish } from './handshake.js'
import { type ChannelLimits, channelLimits, Outlet } from './outlet.js'
import { Waiting } from './waiting.js'

export interface ConnectionOptions {
  readonly clock: Clock
  readonly random: Random
  readonly limits?: Partial<ChannelLimits>
  readonly link?: Partial<LinkOptions>
  /** A role to ask for before the connection counts as ready. */
  readonly role?: RoleWish
}

/** What becomes of a connection. */
export interface ConnectionEvents {
  /** The handshake is complete; at most once. */
  onReady(features: Features): void
  /** A message that nobody waits for, once the connection is ready. */
  onUnasked(envelope: Envelope): void
  /** It is over; exactly once. */
  onEnd(error: Error): void
}

export class Connection implements LinkOwner {
  readonly outlet: Outlet
  readonly driver: LinkDriver
  readonly #events: ConnectionEvents
  readonly #role: RoleWish | undefined
  readonly #framer = new Framer()
  #handshake: Handshake = { state: 'hello' }
  /** Why we ended it ourselves. */
  #cause: Error | undefined
  #over = false

  constructor(transport: Transport, options: ConnectionOptions, events: ConnectionEvents) {
    const { clock, random, link, role } = options
    const limits = { ...channelLimits, ...options.limits }
    this.#events = events
    this.#role = role
    this.outlet = new Outlet(transport, clock, limits, new Waiting(limits.waitersMax))
    this.driver = LinkDriver.accepted(
      { clock, random, owner: this, ...(link === undefined ? {} : { link }) },
      transport,
    )
  }

  onOpen(transport: Transport): void {
    transport.start({ onData: (chunk) => this.#receive(chunk), onClose: () => {} })
    this.#post([hello])
  }

  onProbe(): void {
    this.#post([{ type: 'echo_request', data: new Uint8Array() }])
  }

  onLost(error: LinkError): void {
    this.#over = true
    const reason = this.#cause ?? error
    this.outlet.waiting.closeAll(reason)
    this.#events.onEnd(reason)
  }

  /** Ends the connection. Whoever waits learns `error`. */
  end(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#cause = error
    this.driver.drop(
      error instanceof LinkError ? error : new LinkError('closed', error.message, { cause: error }),
    )
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const frame of this.#framer.push(chunk)) {
        if (this.#over) return
        this.#take(frame)
      }
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      this.end(error)
    }
  }

  #take(frame: Frame): void {
    const envelope = this.#decode(frame)
    if (envelope === undefined) return
    const { xid, message } = envelope
    if (message.type === 'echo_request') {
      this.outlet.sendNow([[{ type: 'echo_reply', data: message.data }, xid]])
    } else if (this.#handshake.state !== 'ready') this.#greet(envelope)
    else {
      const waiter = this.outlet.waiting.find(xid)
      if (waiter === undefined) this.#events.onUnasked(envelope)
      else waiter.onMessage(envelope)
    }
  }

  /** An answer that cannot be read fails the request that it answers; anything else that cannot be read ends the connection. */
  #decode(frame: Frame): Envelope | undefined {
    try {
      return decodeMessage(frame.data)
    } catch (error) {
      const waiter = this.outlet.waiting.find(frame.xid)
      if (!(error instanceof OpenFlowError) || waiter === undefined) throw error
      waiter.onMalformed(error)
      return undefined
    }
  }

  #greet(envelope: Envelope): void {
    const { handshake, send } = advance(this.#handshake, envelope, this.#role)
    this.#handshake = handshake
    this.#post(send)
    if (handshake.state === 'failed') this.end(handshake.error)
    if (handshake.state !== 'ready') return
    this.driver.established()
    this.#events.onReady(handshake.features)
  }

  #post(messages: readonly Message[]): void {
    if (messages.length === 0) return
    this.outlet.sendNow(messages.map((message) => [message, this.outlet.waiting.allocate()]))
  }
}
