/** A LISP router for tests: one socket on loopback that registers, asks and keeps what it hears. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { parseEid, parseIp } from '#lisp/address-text.js'
import { makeKey, type Proof, seal } from '#lisp/auth.js'
import { eidFields } from '#lisp/eid.js'
import { decodeMessage, encodeMessage, type Message } from '#lisp/messages.js'
import type { Locator } from '#lisp/records.js'

const addressOf = (text: string) => {
  const address = parseIp(text)
  if (address === undefined) throw new Error(`${text} is no address`)
  return address
}

const locatorOf = (rloc: string): Locator => ({
  priority: 1,
  weight: 100,
  multicastPriority: 255,
  multicastWeight: 0,
  flags: { local: true, reachable: true },
  rloc: addressOf(rloc),
})

export const proofOf = (secret: string, keyId = 1): Proof => ({
  key: makeKey(keyId, secret),
  keyId,
  algorithm: 'hmac-sha-256-128',
})

export interface Registering {
  readonly nonce: bigint
  readonly eid: string
  readonly rloc: string
  readonly proof: Proof
  /** Minutes; 0 takes the mapping away. */
  readonly ttl?: number
  /** Names itself (I bit). */
  readonly xtrId?: bigint
}

export class LispRouter {
  readonly #socket: Socket
  readonly #server: { readonly address: string; readonly port: number }
  readonly #heard: Message[] = []
  #wake: () => void = () => {}

  private constructor(socket: Socket, server: LispRouter['server']) {
    this.#socket = socket
    this.#server = server
    socket.on('message', (data) => {
      this.#heard.push(decodeMessage(data))
      this.#wake()
    })
  }

  /** `at`: an address of loopback for itself; its port is the one for LISP where answers have to find it. */
  static async start(
    server: { readonly address: string; readonly port: number },
    at = '127.0.0.1',
    port = 0,
  ): Promise<LispRouter> {
    const socket = createSocket('udp4')
    socket.bind(port, at)
    await once(socket, 'listening')
    return new LispRouter(socket, server)
  }

  get server() {
    return this.#server
  }

  send(data: Uint8Array): void {
    this.#socket.send(data, this.#server.port, this.#server.address)
  }

  /** The bytes of a Map-Register: to be sent, and sent again. */
  registration({ nonce, eid, rloc, proof, ttl = 10, xtrId }: Registering): Uint8Array {
    const record = {
      ...eidFields(parseEid(eid)),
      ttl,
      action: 'no-action',
      authoritative: true,
      mapVersion: 0,
    } as const
    const xtr = xtrId === undefined ? {} : { xtr: { xtrId, siteId: 5n } }
    const flags = { wantNotify: true, proxyReply: true }
    return seal(
      { type: 'map-register', flags, nonce, records: [{ ...record, locators: [locatorOf(rloc)] }], ...xtr },
      proof,
    )
  }

  register(registering: Registering): void {
    this.send(this.registration(registering))
  }

  /** Asks with a plain Map-Request; the answer comes to this socket. */
  ask(nonce: bigint, eid: string): void {
    const itrRlocs = [addressOf(this.#socket.address().address)]
    const records = [{ ...eidFields(parseEid(eid)), notify: false }]
    this.send(
      encodeMessage({
        type: 'map-request',
        flags: {},
        nonce,
        sourceEid: { family: 'none' },
        itrRlocs,
        records,
      }),
    )
  }

  /** The next message of a type; others before it are thrown away. Rejects after `timeoutMs`. */
  async next<T extends Message['type']>(type: T, timeoutMs = 3_000): Promise<Extract<Message, { type: T }>> {
    const signal = AbortSignal.timeout(timeoutMs)
    for (;;) {
      const message = this.#heard.shift()
      if (message?.type === type) return message as Extract<Message, { type: T }>
      if (message === undefined) await this.#more(signal)
    }
  }

  /** Whether nothing is heard for a while. */
  async silent(ms: number): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return this.#heard.length === 0
  }

  close(): void {
    this.#socket.close()
  }

  #more(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve
      signal.addEventListener('abort', () => reject(new Error('nothing was heard in time')), { once: true })
    })
  }
}
