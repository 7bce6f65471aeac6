/**
 * Authentication data of Map-Register, Map-Notify, Map-Notify-Ack and Info messages: RFC 9301, sections 5.6 and 12.5. A key
 * is a secret that an ETR and a Map-Server share; a site has several while it changes from one to the next.
 */
import { createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import { bytes, decode, rest, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { Writer } from '#wire/writer.js'
import { LispError, readingError } from './errors.js'
import { hmac } from './hmac.js'
import type { Info } from './messages/info.js'
import type { MapNotify, MapNotifyAck } from './messages/map-notify.js'
import type { MapRegister } from './messages/map-register.js'
import { type Authentication, authentication } from './messages/parts.js'
import { encodeMessage } from './messages.js'

interface AlgorithmLine {
  readonly id: number
  readonly hash?: 'sha1' | 'sha256'
  /** Bytes of authentication data that are accepted; the first is what is sent. */
  readonly lengths: readonly number[]
  /** The key is made anew for each message. */
  readonly derived?: true
}

/**
 * The RFC's names promise truncated codes; Open Overlay Router, Cisco, lispers.net and OpenDaylight send whole ones. Nobody
 * but us has derived keys yet, so those follow the RFC.
 */
const algorithms = {
  none: { id: 0, lengths: [0] },
  'hmac-sha-1-96': { id: 1, hash: 'sha1', lengths: [20, 12] },
  'hmac-sha-256-128': { id: 2, hash: 'sha256', lengths: [32, 16] },
  'hmac-sha-256-128+hkdf-sha256': { id: 3, hash: 'sha256', lengths: [16, 32], derived: true },
} as const satisfies Readonly<Record<string, AlgorithmLine>>

export type AuthAlgorithm = keyof typeof algorithms

export const authAlgorithms = Object.keys(algorithms) as readonly AuthAlgorithm[]

/** The name of an algorithm's number. */
export const authAlgorithmName = (id: number): string =>
  authAlgorithms.find((name) => algorithms[name].id === id) ?? `algorithm ${id}`

const lineOf = (algorithm: AuthAlgorithm): AlgorithmLine => algorithms[algorithm]

/** A secret under its number. */
export interface AuthKey {
  /** 0 to 255. Routers of RFC 6833's time know no numbers: theirs is 0, and every key of the site is tried. */
  readonly keyId: number
  readonly secret: KeyObject
  /** What the owner may use: all but `none` unless said otherwise. */
  readonly algorithms: readonly AuthAlgorithm[]
}

export const makeKey = (
  keyId: number,
  secret: string,
  allowed: readonly AuthAlgorithm[] = authAlgorithms.filter((name) => name !== 'none'),
): AuthKey => ({ keyId, secret: createSecretKey(Buffer.from(secret, 'utf8')), algorithms: allowed })

/** With what a message is authenticated: an answer is authenticated in the same way. */
export interface Proof {
  readonly key: AuthKey
  /** As the message says it: 0 from a router that knows no numbers, whatever the key's own is. */
  readonly keyId: number
  readonly algorithm: AuthAlgorithm
}

export type AuthRefusal =
  /** The site has no key of this number. */
  | 'unknown-key'
  /** No algorithm has this number. */
  | 'unknown-algorithm'
  /** The key is not to be used with this algorithm. */
  | 'refused-algorithm'
  /** The algorithm's codes are of another length. */
  | 'wrong-length'
  /** The code is that of other bytes or of another key. */
  | 'mismatch'

/** What every authenticated message begins with. The nonce is bytes here: keys are derived from these. */
const header = struct({ word: u32, nonce: bytes(8), authentication, body: rest })

/** The salt of derived keys by message type. RFC 9301, section 5.6. */
const salts = new Map([
  [3, 'Map-Register Authentication'],
  [4, 'Map-Notify Authentication'],
  [5, 'Map-Notify-Ack Authentication'],
])

interface Envelope {
  readonly type: number
  readonly nonce: Uint8Array
  readonly authentication: Authentication
}

/** Where the authentication data of a message is: views of `data`. Throws `LispError` `malformed`. */
const envelopeOf = (data: Uint8Array): Envelope => {
  try {
    const { word, nonce, authentication: found } = decode(header, data)
    return { type: word >>> 28, nonce, authentication: found }
  } catch (error) {
    throw readingError(error)
  }
}

/** RFC 9301, section 5.6, step 4: HKDF-SHA256 of nonce and secret. Undefined for a message that the RFC gives no salt. */
const keyOf = (line: AlgorithmLine, { type, nonce }: Envelope, secret: KeyObject): KeyObject | undefined => {
  if (line.derived === undefined) return secret
  const salt = salts.get(type)
  if (salt === undefined) return undefined
  const material = Buffer.concat([nonce, secret.export()])
  return createSecretKey(Buffer.from(hkdfSync('sha256', material, salt, '', 32)))
}

const proves = (data: Uint8Array, envelope: Envelope, key: AuthKey, line: AlgorithmLine): boolean => {
  const found = envelope.authentication.data
  if (line.hash === undefined) return true
  const used = keyOf(line, envelope, key.secret)
  if (used === undefined) return false
  const from = found.byteOffset - data.byteOffset
  const code = Buffer.from(hmac(line.hash, used, data, from, from + found.length), 'binary')
  return timingSafeEqual(code.subarray(0, found.length), found)
}

/** The keys that a message may mean. */
const candidates = (keyId: number, keys: readonly AuthKey[]): readonly AuthKey[] => {
  const named = keys.filter((key) => key.keyId === keyId)
  return named.length === 0 && keyId === 0 ? keys : named
}

/**
 * Checks the authentication data of a received message against the keys of its site, in constant time for each. One code
 * is computed for each key that fits the message's key id: keep the keys of a site few. Throws `LispError` `malformed`
 * where there is no authentication data.
 */
export const checkAuthentication = (data: Uint8Array, keys: readonly AuthKey[]): Proof | AuthRefusal => {
  const envelope = envelopeOf(data)
  const { keyId, algorithmId, data: code } = envelope.authentication
  const algorithm = authAlgorithms.find((name) => algorithms[name].id === algorithmId)
  if (algorithm === undefined) return 'unknown-algorithm'
  const line = lineOf(algorithm)
  const meant = candidates(keyId, keys)
  if (meant.length === 0) return 'unknown-key'
  const allowed = meant.filter((key) => key.algorithms.includes(algorithm))
  if (allowed.length === 0) return 'refused-algorithm'
  if (line.hash !== undefined && !line.lengths.includes(code.length)) return 'wrong-length'
  const key = allowed.find((candidate) => proves(data, envelope, candidate, line))
  return key === undefined ? 'mismatch' : { key, keyId, algorithm }
}

type Authenticated = MapRegister | MapNotify | MapNotifyAck | Info
type Without<M> = M extends Authenticated ? Omit<M, 'authentication'> : never
/** A message whose authentication data is still to be made. */
export type Unsealed = Without<Authenticated>

/**
 * A message that is to be sent under several nonces, one to each of many: what is given back makes its bytes for a nonce, and
 * encodes nothing again. Throws `LispError` `unencodable`.
 */
export const sealer = (
  message: Unsealed,
  { key, keyId, algorithm }: Proof,
): ((nonce: bigint) => Uint8Array) => {
  const line = lineOf(algorithm)
  const blank = new Uint8Array(line.lengths[0] ?? 0)
  const fields = { keyId, algorithmId: line.id, data: blank }
  const unsealed = encodeMessage({ ...message, authentication: fields } as Authenticated)
  const envelope = envelopeOf(unsealed)
  const nonceAt = envelope.nonce.byteOffset - unsealed.byteOffset
  const codeAt = envelope.authentication.data.byteOffset - unsealed.byteOffset
  const writer = new Writer(unsealed.length)
  writer.raw(unsealed)
  // Of a writer that has all its bytes already: nonces are written over each other in it.
  const written = writer.written()
  const template = { ...envelope, nonce: written.subarray(nonceAt, nonceAt + 8) }
  return (nonce) => {
    writer.pos = nonceAt
    writer.u64(nonce)
    const data = Buffer.from(written)
    if (line.hash === undefined) return data
    const used = keyOf(line, template, key.secret)
    if (used === undefined) throw new LispError('unencodable', `no derived key for ${message.type}`)
    data.write(hmac(line.hash, used, data), codeAt, blank.length, 'binary')
    return data
  }
}

/** The bytes of a message with its authentication data. Throws `LispError` `unencodable`. */
export const seal = (message: Unsealed, proof: Proof): Uint8Array => sealer(message, proof)(message.nonce)
