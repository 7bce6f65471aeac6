/**
 * OXM headers and field values on the wire: OpenFlow 1.5, section 7.2.3.2, and Open vSwitch's NXM. Matches are lists of
 * them; actions that name fields use the same headers.
 */
import type { Reader } from '#wire/reader.js'
import type { Writer } from '#wire/writer.js'
import type { OxmHeader } from './fields/line.js'
import { type Field, fieldByHeader, fieldList } from './fields.js'
import { MatchError } from './match-error.js'

export const experimenterClass = 0xffff

/** What an OXM header says. */
export interface OxmEntry {
  readonly field: Field
  /** The header by which the sender named the field. */
  readonly header: OxmHeader
  readonly masked: boolean
  /** Bytes of the value; behind a masked one a mask of the same size follows. */
  readonly size: number
  /** Bytes that follow the header. */
  readonly length: number
}

/**
 * Reads a header, with the experimenter id where there is one. Throws `MatchError`: OFPBMC_BAD_FIELD for an unknown
 * field, OFPBMC_BAD_LEN for a length that cannot be.
 */
export const readOxmHeader = (reader: Reader): OxmEntry => {
  const at = reader.pos
  const word = reader.u32()
  const entry = entryOf(word, word >>> 16 === experimenterClass ? reader.u32() : undefined, at)
  if (entry === undefined) throw unknownField(word, at)
  return entry
}

export const unknownField = (word: number, at: number): MatchError =>
  new MatchError('OFPBMC_BAD_FIELD', `unknown OXM header 0x${word.toString(16).padStart(8, '0')}`, at)

const known = new Map<number, OxmEntry>()
const knownOfExperimenter = new Map<number, Map<number, OxmEntry>>()

/** All fixed headers, with and without mask, are made when the module is loaded: they are met a million times. */
const remember = (field: Field, header: OxmHeader, masked: boolean): void => {
  const experimenterBytes = header.experimenter === undefined ? 0 : 4
  const length = masked ? 2 * field.bytes : field.bytes
  const word =
    ((header.oxmClass << 16) | (header.number << 9) | (masked ? 0x100 : 0) | (length + experimenterBytes)) >>>
    0
  const entry = { field, header, masked, size: field.bytes, length }
  if (header.experimenter === undefined) known.set(word, entry)
  else {
    const family = knownOfExperimenter.get(header.experimenter) ?? new Map<number, OxmEntry>()
    knownOfExperimenter.set(header.experimenter, family.set(word, entry))
  }
}
for (const field of fieldList) {
  for (const header of field.headers) {
    remember(field, header, false)
    remember(field, header, true)
  }
}

/** The entry of a header word; `undefined` for an unknown field. */
export const entryOf = (word: number, experimenter: number | undefined, at: number): OxmEntry | undefined => {
  const entry =
    experimenter === undefined ? known.get(word) : knownOfExperimenter.get(experimenter)?.get(word)
  return entry ?? oddEntry(word, experimenter, at)
}

/** Headers of fields of variable length, unknown ones and wrong ones. */
const oddEntry = (word: number, experimenter: number | undefined, at: number): OxmEntry | undefined => {
  const length = (word & 0xff) - (experimenter === undefined ? 0 : 4)
  if (length < 0) throw new MatchError('OFPBMC_BAD_LEN', `OXM length ${word & 0xff} is below 4`, at)
  const named = fieldByHeader(word >>> 9, experimenter)
  if (named === undefined) return undefined
  const masked = (word & 0x100) !== 0
  const size = masked ? length / 2 : length
  const { field, header } = named
  if (!field.variable || size === 0 || size > field.bytes || !Number.isInteger(size))
    throw new MatchError('OFPBMC_BAD_LEN', `OXM length ${word & 0xff} is wrong for ${header.name}`, at)
  return { field, header, masked, size, length }
}

/** Writes a header, by default the field's first one. `size`: bytes of the value, for fields of variable length. */
export const writeOxmHeader = (
  writer: Writer,
  field: Field,
  options: { readonly masked?: boolean; readonly size?: number; readonly header?: OxmHeader } = {},
): void => {
  const header = options.header ?? field.headers[0]
  if (header === undefined)
    throw new MatchError('OFPBMC_BAD_FIELD', `${field.name} has no OXM header`, writer.pos, 'unencodable')
  const size = options.size ?? field.bytes
  const masked = options.masked === true
  const experimenterBytes = header.experimenter === undefined ? 0 : 4
  const length = (masked ? 2 * size : size) + experimenterBytes
  writer.u16(header.oxmClass)
  writer.u16((header.number << 9) | (masked ? 0x100 : 0) | length)
  if (header.experimenter !== undefined) writer.u32(header.experimenter)
}

/** Reads a value of `size` bytes as the field has them: a number up to 32 bits, else a bigint. */
export const readFieldValue = (reader: Reader, field: Field, size = field.bytes): number | bigint => {
  switch (size) {
    case 1:
      return field.wide ? BigInt(reader.u8()) : reader.u8()
    case 2:
      return field.wide ? BigInt(reader.u16()) : reader.u16()
    case 4:
      return field.wide ? BigInt(reader.u32()) : reader.u32()
    case 6:
      return BigInt(reader.u16() * 0x1_0000_0000 + reader.u32())
    case 8:
      return reader.u64()
    default:
      return reader.uint(size)
  }
}

/** Writes a value in `size` bytes; throws `WireError` when it does not fit. */
export const writeFieldValue = (
  writer: Writer,
  field: Field,
  value: number | bigint,
  size = field.bytes,
): void => {
  if (typeof value === 'bigint') writer.uint(value, size)
  else if (size === 1) writer.u8(value)
  else if (size === 2) writer.u16(value)
  else if (size === 4) writer.u32(value)
  else writer.uint(BigInt(value), size)
}

/** Bytes that a value takes at least. */
const bytesOf = (value: bigint): number => Math.max(1, Math.ceil(value.toString(16).length / 2))

/**
 * The fewest bytes in which a field of variable length can be sent. A mask of all ones gets one byte more: in as many bytes
 * as it has ones it would say that the match is exact.
 */
export const variableSize = (field: Field, value: bigint, mask?: bigint): number => {
  if (mask === undefined) return bytesOf(value)
  const size = Math.max(bytesOf(value), bytesOf(mask))
  const allOnes = mask === (1n << BigInt(8 * size)) - 1n
  return Math.min(allOnes ? size + 1 : size, field.bytes)
}
