/** A transport over a socket of the operating system: tcp, TLS or Unix. Made by dial.ts and listen.ts. */
import type { Socket } from 'node:net'
import { LinkError, linkError } from './errors.js'
import type { Transport, TransportEvents } from './transport.js'

export interface SocketOptions {
  /** Bytes that may wait to be sent before the peer counts as one that does not read. */
  readonly queueBytesMax: number
  /** TCP keepalive starts after this much silence; 0 leaves it off. */
  readonly keepAliveMs: number
}

export const socketDefaults: SocketOptions = { queueBytesMax: 64 * 1024 * 1024, keepAliveMs: 30_000 }

type Stage =
  | { readonly state: 'held' }
  | { readonly state: 'started'; readonly events: TransportEvents }
  | { readonly state: 'closed'; readonly error: Error | undefined }

export class SocketTransport implements Transport {
  readonly peer: string
  readonly localAddress?: string
  readonly remoteAddress?: string
  readonly #socket: Socket
  readonly #queueBytesMax: number
  #stage: Stage = { state: 'held' }
  #error: Error | undefined
  #corked = false

  constructor(socket: Socket, peer: string, options: SocketOptions) {
    this.#socket = socket
    this.#queueBytesMax = options.queueBytesMax
    this.peer = peer
    if (socket.localAddress !== undefined) this.localAddress = plainAddress(socket.localAddress)
    if (socket.remoteAddress !== undefined) this.remoteAddress = plainAddress(socket.remoteAddress)
    socket.setNoDelay(true)
    if (options.keepAliveMs > 0) socket.setKeepAlive(true, options.keepAliveMs)
    socket.on('error', (error) => {
      this.#error ??= linkError('broken', peer, error)
    })
    // The peer's end of stream closes both directions: neither OVSDB nor OpenFlow has use for half a connection.
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#finish())
  }

  get queuedBytes(): number {
    return this.#socket.writableLength
  }

  start(events: TransportEvents): void {
    if (this.#stage.state === 'closed') {
      const { error } = this.#stage
      queueMicrotask(() => events.onClose(error))
      return
    }
    this.#stage = { state: 'started', events }
    this.#socket.on('data', (chunk: Uint8Array) => events.onData(chunk))
  }

  write(data: Uint8Array): boolean {
    const socket = this.#socket
    if (socket.destroyed) return true // `onClose` says it
    if (socket.writableLength > this.#queueBytesMax) {
      this.close(
        new LinkError('queue-full', `${this.peer} does not read: ${socket.writableLength} bytes wait`),
      )
      return false
    }
    this.#cork()
    socket.write(data)
    return socket.writableLength <= this.#queueBytesMax
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(error?: Error): void {
    if (this.#socket.destroyed) return
    this.#error ??= error
    // What was written in this turn has left before the end, as it would have without waiting for it.
    this.#uncork()
    if (error !== undefined || this.#socket.writableLength === 0) {
      this.#socket.destroy()
      return
    }
    // What was written before an orderly close still leaves; a peer that does not read it does not hold up our own end.
    this.#socket.destroySoon()
    this.#socket.unref()
  }

  /** What is written in one turn leaves in one call of the system: each costs more than what it carries. */
  #cork(): void {
    if (this.#corked) return
    this.#corked = true
    this.#socket.cork()
    process.nextTick(() => this.#uncork())
  }

  #uncork(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  #finish(): void {
    const { state } = this.#stage
    const events = this.#stage.state === 'started' ? this.#stage.events : undefined
    if (state === 'closed') return
    this.#stage = { state: 'closed', error: this.#error }
    events?.onClose(this.#error)
  }
}

/** An IPv4 address that arrived on an IPv6 socket, as IPv4. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
