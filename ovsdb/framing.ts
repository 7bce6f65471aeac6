/**
 * Cuts a stream of bytes into JSON messages. RFC 7047 (section 4) sends JSON values back to back with nothing between them, so the end of
 * one is found by counting brackets outside strings. The same walk over the bytes notices whatever `JSON.parse` would read otherwise
 * than OVSDB does (long or unusual numbers, escapes by number, deep nesting); only a message with such a thing takes the exact parser.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import { OvsdbError } from './errors.js'
import { type Json, jsonDepthMax } from './json.js'
import { parseExactly } from './json-exact.js'

export interface FramingLimits {
  /** The longest message in bytes. */
  readonly messageBytesMax: number
}

export const defaultFramingLimits: FramingLimits = { messageBytesMax: 64 * 1024 * 1024 }

const quote = 0x22
const minus = 0x2d
const zero = 0x30
const nine = 0x39
const upperE = 0x45
const backslash = 0x5c
const lowerE = 0x65
const lowerU = 0x75

/** A whole number of so many digits is exact in a double. */
const exactDigitsMax = 15

const heldBytesMin = 4096

/** 1 opens a level, 2 closes one, 3 is white space, 4 starts a string, 5 is a digit, 6 an E in a number or word, 0 anything else. */
const classOf = new Uint8Array(256)
for (const byte of Buffer.from('{[')) classOf[byte] = 1
for (const byte of Buffer.from('}]')) classOf[byte] = 2
for (const byte of Buffer.from(' \t\r\n')) classOf[byte] = 3
classOf[quote] = 4
for (let digit = zero; digit <= nine; digit += 1) classOf[digit] = 5
classOf[lowerE] = 6
classOf[upperE] = 6

/** The walk's memory between two chunks. */
interface Walk {
  depth: number
  inString: boolean
  /** The byte before is a backslash in a string that escapes the next one. */
  escaped: boolean
  /** Digits on end just before this byte, outside strings. */
  digits: number
  /** The byte before, for `-0` and for E after a digit. */
  previous: number
  /** Something was seen that `JSON.parse` reads otherwise. */
  exact: boolean
}

const startOfMessage = (): Walk => ({
  depth: 0,
  inString: false,
  escaped: false,
  digits: 0,
  previous: 0,
  exact: false,
})

/**
 * An incremental parser: give it chunks cut anywhere, it gives every message that they complete, in order. After it threw
 * (`malformed-json`, `message-too-large`) the stream has no more meaning and the connection is to be closed.
 */
export class Framing {
  readonly #limits: FramingLimits
  #walk = startOfMessage()
  readonly #held = new Held()

  constructor(limits: FramingLimits = defaultFramingLimits) {
    this.#limits = limits
  }

  /** Bytes of an incomplete message in memory. */
  get heldBytes(): number {
    return this.#held.length
  }

  /** Yields the messages that end in `chunk`. To be exhausted before the next call. */
  *feed(chunk: Uint8Array): Generator<Json, void, undefined> {
    let start = 0
    while (start < chunk.length) {
      if (this.#walk.depth === 0) start = skipSpace(chunk, start)
      if (start === chunk.length) return
      const end = walkToEnd(this.#walk, chunk, start)
      const part = chunk.subarray(start, end < 0 ? chunk.length : end)
      this.#check(this.#held.length + part.length)
      if (end < 0) {
        this.#held.append(part)
        return
      }
      yield this.#complete(part)
      start = end
    }
  }

  #check(length: number): void {
    const limit = this.#limits.messageBytesMax
    if (length > limit) throw new OvsdbError('message-too-large', `a message is longer than ${limit} bytes`)
  }

  #complete(last: Uint8Array): Json {
    const bytes = this.#held.length === 0 ? viewOf(last) : this.#held.take(last)
    const { exact } = this.#walk
    this.#walk = startOfMessage()
    return parseMessage(bytes, exact)
  }
}

/** The bytes of an incomplete message, in one buffer: a peer that sends byte by byte costs no more than one that does not. */
class Held {
  length = 0
  #buffer = Buffer.alloc(0)

  append(part: Uint8Array): void {
    const needed = this.length + part.length
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2, heldBytesMin))
      grown.set(this.#buffer.subarray(0, this.length))
      this.#buffer = grown
    }
    this.#buffer.set(part, this.length)
    this.length = needed
  }

  /** All of it with `last` behind; nothing is held after. */
  take(last: Uint8Array): Buffer {
    this.append(last)
    const bytes = this.#buffer.subarray(0, this.length)
    this.#buffer = Buffer.alloc(0)
    this.length = 0
    return bytes
  }
}

const viewOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const parseMessage = (bytes: Buffer, exact: boolean): Json => {
  const text = decodeText(bytes)
  if (exact) return parseExactly(text)
  try {
    return JSON.parse(text)
  } catch {
    // Only the exact parser can say what is wrong, and where.
    return parseExactly(text)
  }
}

const decodeText = (bytes: Buffer): string => {
  if (isAscii(bytes)) return bytes.toString('latin1')
  if (!isUtf8(bytes)) throw new OvsdbError('malformed-json', 'a message is not UTF-8')
  return bytes.toString('utf8')
}

const skipSpace = (chunk: Uint8Array, start: number): number => {
  let at = start
  while (at < chunk.length && classOf[chunk[at] ?? 0] === 3) at += 1
  if (at < chunk.length && classOf[chunk[at] ?? 0] !== 1) {
    throw new OvsdbError('malformed-json', 'a message is neither an object nor an array')
  }
  return at
}

/** Walks over the bytes from `start`: the index after the message's last byte, or -1 when the chunk ends before it does. */
const walkToEnd = (walk: Walk, chunk: Uint8Array, start: number): number => {
  let at = start
  while (at < chunk.length) {
    at = walk.inString ? walkString(walk, chunk, at) : walkStructure(walk, chunk, at)
    if (walk.depth === 0) return at
  }
  return -1
}

/** Walks to the end of a string or chunk. */
const walkString = (walk: Walk, chunk: Uint8Array, start: number): number => {
  let at = start
  if (walk.escaped) {
    if (chunk[at] === lowerU) walk.exact = true
    walk.escaped = false
    at += 1
  }
  for (; at < chunk.length; at += 1) {
    const byte = chunk[at]
    if (byte === quote) {
      walk.inString = false
      return at + 1
    }
    if (byte === backslash) {
      at += 1
      if (at === chunk.length) walk.escaped = true
      else if (chunk[at] === lowerU) walk.exact = true
    }
  }
  return chunk.length
}

/** Walks to the start of a string, the end of the message or that of the chunk. */
const walkStructure = (walk: Walk, chunk: Uint8Array, start: number): number => {
  let { depth, digits, previous, exact } = walk
  let at = start
  let ended = false
  while (at < chunk.length && !ended) {
    const byte = chunk[at] ?? 0
    at += 1
    const kind = classOf[byte] ?? 0
    if (kind === 5) {
      digits += 1
      if (digits > exactDigitsMax || (byte === zero && previous === minus)) exact = true
    } else {
      if (kind === 6 && digits > 0) exact = true
      // A decimal point does not end the digits that a double has to hold.
      if (byte !== 0x2e) digits = 0
      if (kind === 4) {
        walk.inString = true
        ended = true
      } else if (kind === 1) {
        depth += 1
        if (depth > jsonDepthMax)
          throw new OvsdbError('malformed-json', `values are nested more than ${jsonDepthMax} deep`)
      } else if (kind === 2) {
        depth -= 1
        ended = depth === 0
      }
    }
    previous = byte
  }
  walk.depth = depth
  walk.digits = digits
  walk.previous = previous
  walk.exact = exact
  return at
}
