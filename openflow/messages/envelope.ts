/**
 * The header that every OpenFlow message begins with, and how it leads to the line of a table that knows the body:
 * OpenFlow 1.5, section 7.1.1. `messages.ts` declares the lines.
 */
import { type Codec, rest } from '#wire/codec.js'
import { WireError, within } from '#wire/error.js'
import { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import { version } from './parts.js'

export const headerLength = 8

/** A type of message: its number in the header, and for some further numbers in front of the body. */
export interface MessageNumbers {
  readonly headerType: number
  /** Of multipart messages. */
  readonly kind?: number
  /** Of experimenter messages and multiparts: whose, and which of theirs. */
  readonly experimenter?: number
  readonly expType?: number
}

export interface Line extends MessageNumbers {
  readonly name: string
  readonly body: Codec<unknown>
}

/** A message that no line declares, kept as it came. */
export interface UnknownMessage extends MessageNumbers {
  readonly type: 'unknown'
  readonly more?: true
  readonly body: Uint8Array
}

export interface AnyEnvelope {
  readonly version: number
  readonly xid: number
  readonly message: { readonly type: string; readonly more?: true }
}

/** What the 8 bytes of a header say. There must be as many from `pos` on. */
export const readHeader = (data: Uint8Array, pos = 0) => {
  const reader = new Reader(data, pos)
  return { version: reader.u8(), headerType: reader.u8(), length: reader.u16(), xid: reader.u32() }
}

const experimenterHeaderType = 4
const multipartHeaderTypes = [18, 19]
const experimenterKind = 0xffff
const moreFlag = 1

/** Messages that are understood in every version: they say that versions differ. */
const versionless = [0, 1]

/** Whether a message of this version and type can be understood at all. */
export const isSpoken = (sent: number, headerType: number): boolean =>
  sent === version || versionless.includes(headerType)

const unknownBody = struct({ body: rest })

const keyOf = ({ headerType, kind, experimenter, expType }: MessageNumbers): string =>
  `${headerType}.${kind ?? ''}.${experimenter ?? ''}.${expType ?? ''}`

const isMultipart = (headerType: number): boolean => multipartHeaderTypes.includes(headerType)

const hasExperimenter = (headerType: number, kind: number | undefined): boolean =>
  headerType === experimenterHeaderType || kind === experimenterKind

interface Prefix {
  readonly numbers: MessageNumbers
  readonly more: boolean
}

/** Reads what stands between the header and the body. */
const readPrefix = (r: Reader, headerType: number): Prefix => {
  let numbers: MessageNumbers = { headerType }
  let more = false
  if (isMultipart(headerType)) {
    numbers = { headerType, kind: r.u16() }
    more = (r.u16() & moreFlag) !== 0
    r.take(4)
  }
  if (hasExperimenter(headerType, numbers.kind)) {
    numbers = { ...numbers, experimenter: r.u32(), expType: r.u32() }
  }
  return { numbers, more }
}

const writePrefix = (w: Writer, numbers: MessageNumbers, more: boolean): void => {
  if (numbers.kind !== undefined) {
    w.u16(numbers.kind)
    w.u16(more ? moreFlag : 0)
    w.zeros(4)
  }
  if (numbers.experimenter !== undefined) {
    w.u32(numbers.experimenter)
    w.u32(numbers.expType ?? 0)
  }
}

/** The line that the beginning of a message names; undefined where it is too short, or names none. */
export const lineOf = (lines: readonly Line[], data: Uint8Array): Line | undefined => {
  const reader = new Reader(data)
  try {
    reader.u8()
    const headerType = reader.u8()
    reader.take(6)
    const key = keyOf(readPrefix(reader, headerType).numbers)
    return lines.find((line) => keyOf(line) === key)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The codec of envelopes whose messages are those of `lines`; others are read and written as `unknown`. */
export const envelopeCodec = (lines: readonly Line[]): Codec<AnyEnvelope> => {
  const byNumbers = new Map(lines.map((line) => [keyOf(line), line]))
  const byName = new Map(lines.map((line) => [line.name, line]))

  const readBody = (r: Reader, headerType: number): AnyEnvelope['message'] => {
    const { numbers, more } = readPrefix(r, headerType)
    const line = byNumbers.get(keyOf(numbers))
    const name = line?.name ?? 'unknown'
    try {
      const body = (line?.body ?? unknownBody).read(r) as object
      if (r.remaining > 0) r.fail(`${r.remaining} bytes left over`)
      const head = line === undefined ? { type: name, ...numbers } : { type: name }
      return more ? { ...head, more, ...body } : { ...head, ...body }
    } catch (error) {
      throw within(error, name)
    }
  }

  return {
    read: (r) => {
      const { pos: begin, start, end } = r
      const sent = r.u8()
      const headerType = r.u8()
      const length = r.u16()
      if (length < headerLength)
        throw new WireError('invalid', `length ${length} is shorter than the header`, begin)
      if (begin + length > end)
        throw new WireError('truncated', `length ${length} exceeds the ${end - begin} bytes left`, begin)
      if (!isSpoken(sent, headerType))
        throw new WireError('invalid', `version ${sent} where ${version} is spoken`, begin)
      r.start = begin
      r.end = begin + length
      const xid = r.u32()
      const message = readBody(r, headerType)
      r.start = start
      r.end = end
      return { version: sent, xid, message }
    },
    write: (w, { version, xid, message }) => {
      const line = byName.get(message.type)
      if (line === undefined && message.type !== 'unknown') w.fail(`unknown message ${message.type}`)
      const numbers = line ?? (message as UnknownMessage)
      const mark = w.open()
      w.u8(version)
      w.u8(numbers.headerType)
      w.defer(2, (length) => w.u16(length))
      w.u32(xid)
      writePrefix(w, numbers, message.more === true)
      try {
        ;(line?.body ?? unknownBody).write(w, message)
        w.close(mark)
      } catch (error) {
        throw within(error, message.type)
      }
    },
  }
}
