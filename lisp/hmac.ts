/**
 * HMAC (RFC 2104) of short messages. The one-shot hash of Node.js costs a fraction of making an Hmac object for each message, and
 * what depends on the key alone is made once.
 */
import { hash as hashOf, type KeyObject } from 'node:crypto'

export type HashName = 'sha1' | 'sha256'

/** Bytes of a block of both hashes. */
const BLOCK = 64

interface Pads {
  readonly inner: Uint8Array
  readonly outer: Uint8Array
}

/** By key: forgotten with it. */
const padsOf: Readonly<Record<HashName, WeakMap<KeyObject, Pads>>> = {
  sha1: new WeakMap(),
  sha256: new WeakMap(),
}

const makePads = (hash: HashName, key: KeyObject): Pads => {
  const secret = key.export()
  const short = secret.length > BLOCK ? Buffer.from(hashOf(hash, secret, 'binary'), 'binary') : secret
  const block = new Uint8Array(BLOCK)
  block.set(short)
  return { inner: block.map((byte) => byte ^ 0x36), outer: block.map((byte) => byte ^ 0x5c) }
}

const knownPads = (hash: HashName, key: KeyObject): Pads => {
  const known = padsOf[hash].get(key)
  if (known !== undefined) return known
  const made = makePads(hash, key)
  padsOf[hash].set(key, made)
  return made
}

/** Where messages are put behind a pad: one for all, since nothing waits in here. */
let innerBytes = Buffer.alloc(2_048)
const outerBytes = Buffer.alloc(BLOCK + 32)

/**
 * The code of `data` as text of one character for each byte ('binary'): a buffer of its own would cost as much as the hash. Zeros
 * stand for the bytes from `blankFrom` to `blankEnd`, whatever is there.
 */
export const hmac = (
  hash: HashName,
  key: KeyObject,
  data: Uint8Array,
  blankFrom = 0,
  blankEnd = blankFrom,
): string => {
  const { inner, outer } = knownPads(hash, key)
  const end = BLOCK + data.length
  if (end > innerBytes.length) innerBytes = Buffer.alloc(end * 2)
  innerBytes.set(inner)
  innerBytes.set(data, BLOCK)
  innerBytes.fill(0, BLOCK + blankFrom, BLOCK + blankEnd)
  const digest = hashOf(hash, innerBytes.subarray(0, end), 'binary')
  outerBytes.set(outer)
  outerBytes.write(digest, BLOCK, 'binary')
  return hashOf(hash, outerBytes.subarray(0, BLOCK + digest.length), 'binary')
}
