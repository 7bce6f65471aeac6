/** Where messages leave a channel: encoded into one buffer after the other, refused while the peer leaves too much unread. */
import type { Clock } from '#link/clock.js'
import type { Transport } from '#link/transport.js'
import { Writer } from '#wire/writer.js'
import { OpenFlowError } from '../errors.js'
import { type Message, writeMessage } from '../messages.js'
import type { Waiting } from './waiting.js'

export interface ChannelLimits {
  /** How long the switch may take for an answer, or for the next part of one, in milliseconds. */
  readonly requestMsMax: number
  /** How long a bundle may take from open to commit reply, in milliseconds. */
  readonly bundleMsMax: number
  /** Requests, batches and bundles that wait at the same time. */
  readonly waitersMax: number
  /** Items of one multipart reply. */
  readonly itemsMax: number
  /** Bytes that may wait for the peer before new messages are refused as `busy`. */
  readonly queueBytesMax: number
}

export const channelLimits: ChannelLimits = {
  requestMsMax: 30_000,
  bundleMsMax: 60_000,
  waitersMax: 1_024,
  itemsMax: 1_000_000,
  queueBytesMax: 32 * 1024 * 1024,
}

/** A message and the xid under which it is sent. */
export type Addressed = readonly [message: Message, xid: number]

/** A buffer that has grown beyond this is not kept: a controller has many channels, most of them silent. */
const keptBytesMax = 16 * 1024
const firstBytes = 2 * 1024

export class Outlet {
  readonly clock: Clock
  readonly limits: ChannelLimits
  readonly waiting: Waiting
  readonly #transport: Transport
  #writer = new Writer(firstBytes)

  constructor(transport: Transport, clock: Clock, limits: ChannelLimits, waiting: Waiting) {
    this.#transport = transport
    this.clock = clock
    this.limits = limits
    this.waiting = waiting
  }

  /** Bytes that wait for the peer. */
  get queuedBytes(): number {
    return this.#transport.queuedBytes
  }

  /**
   * Sends messages in one piece, or none of them: `OpenFlowError` `busy` where the peer does not read, `unencodable` (with
   * the place in the row as `index`) where one has no encoding.
   */
  send(messages: readonly Addressed[]): void {
    const { queuedBytes } = this.#transport
    if (queuedBytes > this.limits.queueBytesMax) {
      throw new OpenFlowError('busy', `${queuedBytes} bytes wait for ${this.#transport.peer}`)
    }
    this.sendNow(messages)
  }

  /** As `send`, however much waits: for answers and for the few bytes that end what has begun. */
  sendNow(messages: readonly Addressed[]): void {
    this.#transport.write(this.#encode(messages))
  }

  #encode(messages: readonly Addressed[]): Uint8Array {
    const writer = this.#writer
    writer.reset()
    messages.forEach(([message, xid], index) => {
      try {
        writeMessage(writer, message, xid)
      } catch (error) {
        throw error instanceof OpenFlowError
          ? new OpenFlowError(error.code, error.message, { index, cause: error })
          : error
      }
    })
    if (writer.pos > keptBytesMax) this.#writer = new Writer(firstBytes)
    return writer.finish()
  }
}
