/**
 * One switch's OpenFlow channel as a caller holds it: requests, batches, bundles, and what the switch says unasked.
 * `channel/` has the parts: framing, handshake, waiting, a bundle's state machine.
 */

import { LinkError } from '#link/errors.js'
import type { LinkDriver } from '#link/link-driver.js'
import type { Transport } from '#link/transport.js'
import { batch } from './channel/batch.js'
import { type BundleOptions, runBundle } from './channel/bundle-run.js'
import { Connection, type ConnectionOptions } from './channel/connection.js'
import type { Features } from './channel/handshake.js'
import type { Outlet } from './channel/outlet.js'
import { request } from './channel/request.js'
import type { Envelope, Message, MessageOf, MessageType } from './messages.js'

export type { BundleFlag, BundleOptions } from './channel/bundle-run.js'
export type { Features, RoleWish } from './channel/handshake.js'
export { type ChannelLimits, channelLimits } from './channel/outlet.js'

/** What a switch says unasked. An `error` is about a message that was sent without waiting. */
const eventTypes = [
  'packet_in',
  'packet_in2',
  'flow_removed',
  'port_status',
  'role_status',
  'table_status',
  'requestforward',
  'controller_status',
  'flow_monitor_reply',
  'error',
] as const satisfies readonly MessageType[]

export type EventMessage = MessageOf<(typeof eventTypes)[number]>

const eventNames: ReadonlySet<string> = new Set(eventTypes)
const isEvent = (message: Message): message is EventMessage => eventNames.has(message.type)

/** Messages that are answered, and their answers. */
export type RequestType = Extract<MessageType, `${string}_request`>
export type ReplyOf<T extends RequestType> = T extends `${infer Name}_request`
  ? MessageOf<Extract<`${Name}_reply`, MessageType>>
  : never

export interface ChannelOptions extends ConnectionOptions {
  /** Called for everything the switch says unasked; `xid` is that of the message an error is about. */
  readonly onEvent?: (event: EventMessage, channel: Channel, xid: number) => void
  /** The channel is over; exactly once for every channel that was opened. */
  readonly onClose?: (error: Error, channel: Channel) => void
}

/** As `openChannel`, for a caller who must not miss the first event: `onReady` is called before any. */
export const acceptChannel = (
  transport: Transport,
  options: ChannelOptions,
  onReady: (channel: Channel) => void,
  onFailed: (error: Error) => void,
): void => {
  let channel: Channel | undefined
  const connection = new Connection(transport, options, {
    onReady: (features) => {
      channel = new Channel(transport, connection, features)
      onReady(channel)
    },
    onUnasked: ({ message, xid }: Envelope) => {
      if (channel !== undefined && isEvent(message)) options.onEvent?.(message, channel, xid)
    },
    onEnd: (error) => {
      if (channel === undefined) onFailed(error)
      else options.onClose?.(error, channel)
    },
  })
}

/**
 * Takes over a connection that a switch has opened. Resolves once the switch has said who it is; rejects with
 * `OpenFlowError` (`version-mismatch`, `malformed`, `rejected`, `unexpected`) or `LinkError`, and the connection is closed.
 */
export const openChannel = (transport: Transport, options: ChannelOptions): Promise<Channel> =>
  new Promise((resolve, reject) => acceptChannel(transport, options, resolve, reject))

export class Channel {
  /** Where the switch is, as its transport says. */
  readonly peer: string
  readonly localAddress?: string
  /** What the switch said of itself. */
  readonly features: Features
  readonly #connection: Connection
  readonly #outlet: Outlet
  #bundles = 0

  constructor(transport: Transport, connection: Connection, features: Features) {
    this.peer = transport.peer
    if (transport.localAddress !== undefined) this.localAddress = transport.localAddress
    this.features = features
    this.#connection = connection
    this.#outlet = connection.outlet
  }

  get datapathId(): bigint {
    return this.features.datapathId
  }

  /** Who looks after the connection: its phase, and whether probes are suspended during a load. */
  get link(): Pick<LinkDriver, 'phase' | 'probeMs' | 'loading' | 'established'> {
    return this.#connection.driver
  }

  /** Requests, batches and bundles that wait for the switch. */
  get waiting(): number {
    return this.#outlet.waiting.size
  }

  /** Bytes that the switch has not read yet. */
  get queuedBytes(): number {
    return this.#outlet.queuedBytes
  }

  /**
   * Sends a message that has no answer; returns its xid. A refusal comes as an `error` event with that xid. Throws
   * `OpenFlowError` `busy` or `unencodable`.
   */
  send(message: Message): number {
    const xid = this.#outlet.waiting.allocate()
    this.#outlet.send([[message, xid]])
    return xid
  }

  /**
   * Asks and waits for the whole answer, all parts of a multipart one in `items`. Rejects with `OpenFlowError` `rejected`,
   * `unexpected`, `malformed`, `too-large`, `timeout`, `busy` or `unencodable`, or with what ended the channel.
   */
  request<T extends RequestType>(message: MessageOf<T>): Promise<ReplyOf<T>> {
    return request(this.#outlet, message) as Promise<ReplyOf<T>>
  }

  /** Resolves when the switch has carried out everything that was sent before. */
  async barrier(): Promise<void> {
    await request(this.#outlet, { type: 'barrier_request' })
  }

  /** Sends messages one by one, each for itself, and waits until the switch has carried them out: `channel/batch.ts`. */
  batch(messages: readonly Message[]): Promise<void> {
    return batch(this.#outlet, messages)
  }

  /** Sends messages that take effect together or not at all: `channel/bundle-run.ts` says how it can end. */
  bundle(messages: readonly Message[], options: BundleOptions = {}): Promise<void> {
    this.#bundles += 1
    return runBundle(this.#outlet, this.#bundles, messages, options)
  }

  /** Ends the channel; whoever waits learns `error`. */
  close(error: Error = new LinkError('closed', 'closed by this side')): void {
    this.#connection.end(error)
  }
}
