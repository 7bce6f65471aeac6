/**
 * One reader of server-sent events (HTML Living Standard, section 9.2): what it has not read yet waits in a bounded queue,
 * and a reader that falls too far behind is cut off. It comes back with Last-Event-ID when it can.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '#link/clock.js'

export interface EventStreamOptions {
  readonly response: ServerResponse
  readonly clock: Clock
  /** A comment is sent so often, in milliseconds, that proxies and half-open connections are noticed. */
  readonly heartbeatMs: number
  /** Events that may wait for the reader on top of those kept from before it came. */
  readonly queueEventsMax: number
  /** Called once, when the stream is over. */
  readonly onClose: (reason: EventStreamEnd) => void
}

export type EventStreamEnd = 'left' | 'too-slow' | 'closing'

export interface ServerSentEvent {
  readonly id?: string
  readonly event: string
  readonly data: unknown
}

/** An event as its lines. JSON has no line break in it, so that the data is one line. */
export const eventText = ({ id, event, data }: ServerSentEvent): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export class EventStream {
  readonly #options: EventStreamOptions
  readonly #queue: string[] = []
  #state: 'collecting' | 'flowing' | 'blocked' | 'closed' = 'collecting'
  #limit = Number.POSITIVE_INFINITY
  /** Whether the reader took something since the last heartbeat. */
  #moved = true
  #cancelHeartbeat: () => void = () => {}

  constructor(options: EventStreamOptions) {
    this.#options = options
    const { response } = options
    response.on('drain', () => this.#drained())
    response.on('close', () => this.#end('left'))
    response.on('error', () => this.#end('left'))
  }

  /** Sends the head, then what was delivered so far (behind `first`), then what comes. */
  open(first: string): void {
    if (this.#state !== 'collecting') return
    this.#limit = this.#queue.length + this.#options.queueEventsMax
    this.#state = 'flowing'
    this.#write(first)
    this.#pump()
    this.#beat()
  }

  /** False: the reader is too slow, or gone. */
  deliver(event: ServerSentEvent): boolean {
    if (this.#state === 'closed') return false
    if (this.#queue.length >= this.#limit) {
      this.#end('too-slow')
      return false
    }
    this.#queue.push(eventText(event))
    this.#pump()
    return true
  }

  /** Ends the stream from our side. */
  close(): void {
    this.#end('closing')
  }

  #pump(): void {
    while (this.#state === 'flowing' && this.#queue.length > 0)
      this.#write(this.#queue.splice(0, 64).join(''))
  }

  #write(text: string): void {
    if (!this.#options.response.write(text)) this.#state = 'blocked'
  }

  #drained(): void {
    this.#moved = true
    if (this.#state !== 'blocked') return
    this.#state = 'flowing'
    this.#pump()
  }

  /** A reader that took nothing for a whole interval is as good as gone. */
  #beat(): void {
    const { clock, heartbeatMs } = this.#options
    this.#cancelHeartbeat = clock.schedule(heartbeatMs, () => {
      if (this.#state === 'blocked' && !this.#moved) {
        this.#end('too-slow')
        return
      }
      this.#moved = this.#state !== 'blocked'
      if (this.#state === 'flowing') this.#write(':\n\n')
      this.#beat()
    })
  }

  #end(reason: EventStreamEnd): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#queue.length = 0
    this.#cancelHeartbeat()
    if (reason === 'closing') this.#options.response.end()
    else this.#options.response.destroy()
    this.#options.onClose(reason)
  }
}
