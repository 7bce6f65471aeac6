/**
 * Bytes that are made when they are sent: of a thousand notices each is on its way before the next is authenticated, so that
 * receivers are at work meanwhile and the first hears early.
 */
import type { Endpoint, Send } from './effects.js'

export interface Sealed {
  /** The same bytes each time. */
  readonly bytes: Uint8Array
}

/** `seal` is called once, when the bytes are first wanted. */
export class SealedLater implements Sealed {
  readonly #seal: (nonce: bigint) => Uint8Array
  readonly #nonce: bigint
  #bytes: Uint8Array | undefined

  constructor(seal: (nonce: bigint) => Uint8Array, nonce: bigint) {
    this.#seal = seal
    this.#nonce = nonce
  }

  get bytes(): Uint8Array {
    this.#bytes ??= this.#seal(this.#nonce)
    return this.#bytes
  }
}

export class SendSealed implements Send {
  readonly do = 'send'
  readonly to: Endpoint
  readonly #sealed: Sealed

  constructor(to: Endpoint, sealed: Sealed) {
    this.to = to
    this.#sealed = sealed
  }

  get data(): Uint8Array {
    return this.#sealed.bytes
  }
}
