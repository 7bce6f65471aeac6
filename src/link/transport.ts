/**
 * A transport is bytes in both directions and nothing else: tcp, TLS or a Unix socket to a peer that was dialled or that
 * dialled us. OVSDB sessions and OpenFlow channels stand on it; tests replace it by a pair in memory.
 */

/** What a transport tells its owner. The owner sets these once, synchronously, when it receives the transport. */
export interface TransportEvents {
  /** A chunk of bytes; the owner may keep it. */
  onData(chunk: Uint8Array): void
  /** The transport is gone, once: with the error that ended it, or without one when the peer closed in order. */
  onClose(error?: Error): void
}

export interface Transport {
  /** Where the peer is, in OVSDB's notation: `tcp:192.0.2.1:40000`, `ssl:[2001:db8::1]:6640`, `unix:/run/x.sock`. */
  readonly peer: string
  /** The addresses of this connection without ports; absent for Unix sockets. */
  readonly localAddress?: string
  readonly remoteAddress?: string
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly queuedBytes: number
  /** Starts delivery of events; called once. */
  start(events: TransportEvents): void
  /** Queues bytes. False when the queue is over its limit: the owner should close a peer that does not read. After the end, bytes vanish. */
  write(data: Uint8Array): boolean
  /** Stops and restarts reading, to pass back-pressure on to the peer. */
  pause(): void
  resume(): void
  /** Closes at once; `onClose` follows with `error`. Safe to call twice. */
  close(error?: Error): void
}
