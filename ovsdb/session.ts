/**
 * A session: JSON-RPC over a transport, from its first byte to its last (RFC 7047, section 4). It cuts the stream, matches answers to
 * requests, answers `echo`, hands notifications to whoever subscribed, and when it ends tells every waiting request so. It has no clock and no
 * policy: probes, reconnects and replicas are above it. The methods themselves are functions in `methods.ts`.
 */
import {
  createJSONRPCErrorResponse,
  JSONRPCClient,
  JSONRPCServer,
  JSONRPCServerAndClient,
} from 'json-rpc-2.0'
import type { Transport } from '#link/transport.js'
import { excerpt } from './atoms.js'
import { OvsdbError, type OvsdbErrorCode } from './errors.js'
import { defaultFramingLimits, Framing } from './framing.js'
import { type Json, printJson } from './json.js'
import { describePeerError, readPeerError } from './results.js'
import { inbound, type OutboundMessage, outbound } from './rim.js'

/** Answers a request of the peer; what it throws goes back as the error, in the words of `peer` where it is an `OvsdbError` that has them. */
export type Method = (params: readonly Json[]) => Json | Promise<Json>
export type NotificationSink = (params: readonly Json[]) => void

export interface SessionOptions {
  /** The longest message that is accepted, in bytes. */
  readonly messageBytesMax?: number
  /** How many requests may wait for their answers. */
  readonly outstandingMax?: number
  /** Methods that the peer may call, besides `echo`: a client needs none, a server of the tests does. */
  readonly methods?: Readonly<Record<string, Method>>
  /** Bytes came: the peer is alive. */
  readonly onActivity?: () => void
  /** The session is over, once; without an error when the peer closed in order. Every request is rejected by then. */
  readonly onClose?: (error?: Error) => void
}

export interface RequestOptions {
  /** Gives the request up: a transaction is canceled at the server, the answer of another request is ignored. */
  readonly signal?: AbortSignal
}

export const defaultOutstandingMax = 10_000

export class Session {
  readonly peer: string
  readonly #transport: Transport
  readonly #options: SessionOptions
  readonly #framing: Framing
  readonly #rpc: JSONRPCServerAndClient
  readonly #sinks = new Map<string, Map<string, NotificationSink>>()
  /** Methods of the requests that wait, by identifier. */
  readonly #outstanding = new Map<number, string>()
  #lastId = 0
  #state: { readonly name: 'open' } | { readonly name: 'closed'; readonly error: Error | undefined } = {
    name: 'open',
  }

  /** Takes the transport over: starts it, and closes it at the end. */
  constructor(transport: Transport, options: SessionOptions = {}) {
    this.peer = transport.peer
    this.#transport = transport
    this.#options = options
    this.#framing = new Framing({
      messageBytesMax: options.messageBytesMax ?? defaultFramingLimits.messageBytesMax,
    })
    this.#rpc = this.#makeRpc()
    transport.start({ onData: (chunk) => this.#receive(chunk), onClose: (error) => this.#end(error) })
  }

  get state(): 'open' | 'closed' {
    return this.#state.name
  }

  /** How many requests wait for their answers. */
  get outstanding(): number {
    return this.#outstanding.size
  }

  /**
   * Sends a request; resolves with its `result`. Rejects with an `OvsdbError`: what the server said (`refused`, `unknown-method`,
   * `unknown-database`, `canceled`), or that no answer will come (`outcome-unknown` for `transact`, else `closed`).
   */
  async request(method: string, params: readonly Json[], options: RequestOptions = {}): Promise<Json> {
    this.#refuseRequest(method, options)
    this.#lastId += 1
    const id = this.#lastId
    const forget = this.#watchSignal(id, method, options.signal)
    this.#outstanding.set(id, method)
    try {
      const response = await this.#rpc.requestAdvanced({ jsonrpc: '2.0', id, method, params })
      if (response.error === undefined) return response.result
      throw this.#failure(method, response.error.data, response.error.message)
    } finally {
      this.#outstanding.delete(id)
      forget()
    }
  }

  /** Sends a notification: nothing comes back. Does nothing when the session is closed. */
  notify(method: string, params: readonly Json[]): void {
    if (this.#state.name === 'open') this.#rpc.notify(method, params)
  }

  /**
   * Calls `sink` for every notification `method` whose first parameter is `subject`, in place of an earlier sink. What the
   * sink throws ends the session: state that missed an update is worth nothing.
   */
  subscribe(method: string, subject: Json, sink: NotificationSink): void {
    const sinks = this.#sinks.get(method) ?? this.#addNotification(method)
    sinks.set(printJson(subject), sink)
  }

  unsubscribe(method: string, subject: Json): void {
    this.#sinks.get(method)?.delete(printJson(subject))
  }

  /** Ends the session and its transport. Safe to call twice. */
  close(error?: Error): void {
    if (this.#state.name === 'closed') return
    this.#end(error)
    this.#transport.close(error)
  }

  #makeRpc(): JSONRPCServerAndClient {
    const errorListener = (): void => undefined
    const client = new JSONRPCClient((message: OutboundMessage) => this.#send(message))
    const server = new JSONRPCServer({ errorListener })
    server.mapErrorToJSONRPCErrorResponse = (id, error) =>
      createJSONRPCErrorResponse(id, 0, String(error), wordsOf(error))
    const rpc = new JSONRPCServerAndClient(server, client, { errorListener })
    rpc.addMethod('echo', (params: readonly Json[]) => params)
    for (const [name, method] of Object.entries(this.#options.methods ?? {})) rpc.addMethod(name, method)
    return rpc
  }

  #addNotification(method: string): Map<string, NotificationSink> {
    const sinks = new Map<string, NotificationSink>()
    this.#sinks.set(method, sinks)
    this.#rpc.addMethod(method, (params: readonly Json[]) => {
      const [subject] = params
      if (subject !== undefined) this.#attempt(() => sinks.get(printJson(subject))?.(params))
    })
    return sinks
  }

  #send(message: OutboundMessage): void {
    if (this.#state.name === 'closed') return
    const bytes = Buffer.from(printJson(outbound(message)))
    if (!this.#transport.write(bytes)) {
      this.close(new OvsdbError('slow-peer', `${this.peer} does not read what was sent to it`))
    }
  }

  #receive(chunk: Uint8Array): void {
    if (this.#state.name === 'closed') return
    this.#options.onActivity?.()
    this.#attempt(() => {
      for (const json of this.#framing.feed(chunk)) {
        this.#rpc.receiveAndSend(inbound(json), undefined, undefined).catch((error) => this.close(error))
        if (this.#state.name === 'closed') return
      }
    })
  }

  /** What goes wrong with what the peer sent ends the session. */
  #attempt(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.close(error instanceof Error ? error : new OvsdbError('malformed-message', String(error)))
    }
  }

  #refuseRequest(method: string, { signal }: RequestOptions): void {
    if (this.#state.name === 'closed') throw this.#closedError('closed', `${method} was not sent`)
    if (signal?.aborted) throw canceled(method)
    const limit = this.#options.outstandingMax ?? defaultOutstandingMax
    if (this.#outstanding.size >= limit) {
      throw new OvsdbError(
        'too-many-outstanding',
        `${limit} requests wait for answers of ${this.peer}; ${method} was not sent`,
      )
    }
  }

  #watchSignal(id: number, method: string, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => undefined
    const giveUp = (): void => {
      // The server answers a canceled transaction, and only that answer says whether it was too late (RFC 7047, section 4.1.4).
      if (method === 'transact') this.notify('cancel', [id])
      else this.#settle(id, { error: 'canceled' })
    }
    signal.addEventListener('abort', giveUp, { once: true })
    return () => signal.removeEventListener('abort', giveUp)
  }

  /** Answers a request in the peer's place. */
  #settle(id: number, data: Json | undefined): void {
    this.#rpc.client.receive({ jsonrpc: '2.0', id, error: { code: 0, message: 'no answer', data } })
  }

  #end(error: Error | undefined): void {
    if (this.#state.name === 'closed') return
    this.#state = { name: 'closed', error }
    for (const id of this.#outstanding.keys()) this.#settle(id, undefined)
    this.#sinks.clear()
    this.#options.onClose?.(error)
  }

  /** `data` is what the peer said; undefined when it said nothing and `message` is ours. */
  #failure(method: string, data: Json | undefined, message: string): OvsdbError {
    if (data === undefined && this.#state.name === 'open')
      return new OvsdbError('bad-value', `${method} was not sent: ${message}`)
    if (data === undefined && method === 'transact') {
      return this.#closedError(
        'outcome-unknown',
        'the answer to a transaction was lost, which may or may not be committed',
      )
    }
    if (data === undefined) return this.#closedError('closed', `${method} was not answered`)
    const peer = readPeerError(data) ?? { error: excerpt(data) }
    if (peer.error === 'canceled') return canceled(method)
    return new OvsdbError(
      codes[peer.error] ?? 'refused',
      `${method} was refused: ${describePeerError(peer)}`,
      { peer },
    )
  }

  #closedError(code: 'closed' | 'outcome-unknown', what: string): OvsdbError {
    const cause = this.#state.name === 'closed' ? this.#state.error : undefined
    const why = cause === undefined ? '' : `: ${cause.message}`
    return new OvsdbError(code, `${what}: the session with ${this.peer} is closed${why}`, { cause })
  }
}

const wordsOf = (error: unknown): Json => {
  if (!(error instanceof OvsdbError)) return error instanceof Error ? error.message : String(error)
  return { error: error.peer?.error ?? error.code, details: error.peer?.details ?? error.message }
}

const canceled = (method: string): OvsdbError => new OvsdbError('canceled', `${method} was canceled`)

/** The server's words that have a code of their own. */
const codes: Readonly<Record<string, OvsdbErrorCode>> = {
  'unknown method': 'unknown-method',
  'unknown database': 'unknown-database',
}
