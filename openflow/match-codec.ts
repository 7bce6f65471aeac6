/**
 * Matches on the wire: ofp_match (OpenFlow 1.5, section 7.2.3.1) and bare lists of OXM entries. Whatever headers the sender
 * uses, OXM or NXM, the match read is canonical; written are the headers that Open vSwitch writes in OpenFlow 1.5.
 */
import type { Codec } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import type { Writer } from '#wire/writer.js'
import { type Field, fields } from './fields.js'
import {
  type AnyConstraint,
  type AnyMatch,
  canonicalMatch,
  type Match,
  maskedOf,
  normalize,
} from './match.js'
import { MatchError } from './match-error.js'
import {
  entryOf,
  experimenterClass,
  type OxmEntry,
  readFieldValue,
  unknownField,
  variableSize,
  writeFieldValue,
  writeOxmHeader,
} from './oxm.js'
import { meets } from './prerequisites.js'
import { fitsField } from './value-rules.js'
import { viewParts } from './views.js'

export interface MatchOptions {
  /**
   * Unknown fields and missing prerequisites are errors, as a switch treats them. Otherwise unknown fields are skipped and
   * prerequisites not looked at: for what a switch of a newer version reports.
   */
  readonly strict: boolean
}

/** The 16-bit port numbers of OpenFlow 1.0 from 0xff00 on are reserved ones, at the upper end of the 32-bit numbers. */
const widenPort = (port: number): number => (port >= 0xff00 ? (port | 0xffff_0000) >>> 0 : port)

const allOnes = (size: number): bigint => (1n << BigInt(8 * size)) - 1n

/** The mask of an entry, `undefined` where it says that the match is exact. */
const readMask = (
  reader: Reader,
  { field, size }: OxmEntry,
  value: number | bigint,
  at: number,
): number | bigint | undefined => {
  const mask = readFieldValue(reader, field, size)
  const outside = typeof value === 'bigint' ? (value & ~BigInt(mask)) !== 0n : (value & ~Number(mask)) !== 0
  if (outside)
    throw new MatchError('OFPBMC_BAD_WILDCARDS', `${field.name} has value bits outside its mask`, at)
  const full = BigInt(mask) === allOnes(size)
  if (!full && !field.maskable && BigInt(mask) !== 0n)
    throw new MatchError('OFPBMC_BAD_MASK', `${field.name} cannot be masked`, at)
  return full ? undefined : mask
}

/** A match being read: what was found, and whether it is in canonical form so far. */
interface Reading {
  readonly found: Record<string, AnyConstraint>
  lastIndex: number
  canonical: boolean
}

/** Fields that hold the same bits count as one. */
const isTaken = (found: AnyMatch, field: Field): boolean => {
  if (found[field.name] !== undefined) return true
  if (field === fields.vlan_vid) return found.vlan_tci !== undefined
  return field === fields.vlan_tci && (found.vlan_vid ?? found.vlan_pcp) !== undefined
}

const put = (
  reading: Reading,
  field: Field,
  value: number | bigint,
  mask: number | bigint | undefined,
  at: number,
): void => {
  const { found } = reading
  if (isTaken(found, field)) throw new MatchError('OFPBMC_DUP_FIELD', `${field.name} twice`, at)
  const constraint = mask === undefined ? value : normalize(field, value, mask)
  if (constraint === undefined) return
  found[field.name] = constraint
  reading.canonical &&= field.index > reading.lastIndex
  reading.lastIndex = field.index
}

/** Stores an entry whose value and mask have been read; a view under the names that it is a view of. */
const store = (
  reading: Reading,
  field: Field,
  value: number | bigint,
  mask: number | bigint | undefined,
  at: number,
): void => {
  if (field.viewOf.length === 0 || field === fields.vlan_tci) {
    put(reading, field, value, mask, at)
    // These depend on other fields of the match.
    if (field === fields.vlan_tci || field === fields.vlan_pcp || field === fields.packet_type)
      reading.canonical = false
  } else if (field === fields.in_port_oxm) put(reading, fields.in_port, value, mask, at)
  else {
    for (const part of viewParts(field, value, mask ?? field.full))
      put(reading, part.field, part.value, part.mask, at)
  }
}

/** Reads value and mask of one entry and checks them, as Open vSwitch does, in the order in which it does. */
const readEntry = (reader: Reader, reading: Reading, entry: OxmEntry, strict: boolean, at: number): void => {
  const { field } = entry
  if (entry.length > reader.remaining) throw cutShort(at)
  const read = readFieldValue(reader, field, entry.size)
  const mask = entry.masked ? readMask(reader, entry, read, at) : undefined
  const value = field === fields.in_port ? widenPort(Number(read)) : read
  if (!fitsField(field, value))
    throw new MatchError('OFPBMC_BAD_VALUE', `${field.name} cannot be ${value}`, at)
  if (strict && field.needs !== 'none' && !meets(reading.found, field.needs))
    throw new MatchError('OFPBMC_BAD_PREREQ', `${field.name} needs ${field.needs}`, at)
  store(reading, field, value, mask, at)
}

const cutShort = (at: number): MatchError =>
  new MatchError('OFPBMC_BAD_LEN', 'an OXM entry is cut short', at, 'truncated')

const readEntries = (reader: Reader, strict: boolean): Match => {
  const reading: Reading = { found: {}, lastIndex: -1, canonical: true }
  while (reader.remaining > 0) {
    const at = reader.pos
    if (reader.remaining < 4) throw cutShort(at)
    const word = reader.u32()
    const isExperimenter = word >>> 16 === experimenterClass
    if (isExperimenter && reader.remaining < 4) throw cutShort(at)
    const entry = entryOf(word, isExperimenter ? reader.u32() : undefined, at)
    if (entry !== undefined) readEntry(reader, reading, entry, strict, at)
    else {
      if (strict) throw unknownField(word, at)
      const length = (word & 0xff) - (isExperimenter ? 4 : 0)
      if (length > reader.remaining) throw cutShort(at)
      reader.take(length)
    }
  }
  return reading.canonical ? reading.found : canonicalMatch(reading.found)
}

/** Writes one constraint under the field's first header. */
const writeEntry = (writer: Writer, field: Field, constraint: AnyConstraint): void => {
  if (field.headers.length === 0)
    throw new MatchError('OFPBMC_BAD_FIELD', `${field.name} cannot be matched`, writer.pos, 'unencodable')
  const masked = typeof constraint === 'object'
  const { value, mask } = maskedOf(field, constraint)
  if (!fitsField(field, value) || (masked && !field.maskable))
    throw new MatchError('OFPBMC_BAD_VALUE', `${field.name} cannot be ${value}`, writer.pos, 'unencodable')
  const size = field.variable
    ? variableSize(field, BigInt(value), masked ? BigInt(mask) : undefined)
    : field.bytes
  writeOxmHeader(writer, field, { masked, size })
  writeFieldValue(writer, field, value, size)
  if (masked) writeFieldValue(writer, field, mask, size)
}

/** Two registers together as the 64-bit one in which OpenFlow 1.5 sends them. */
const pairOf = (pair: Field, match: AnyMatch): AnyConstraint | undefined => {
  let value = 0n
  let mask = 0n
  for (const name of pair.viewOf) {
    const constraint = match[name]
    const part = typeof constraint === 'object' ? constraint : { value: constraint ?? 0, mask: 0xffff_ffff }
    value = (value << 32n) | BigInt(part.value)
    mask = (mask << 32n) | (constraint === undefined ? 0n : BigInt(part.mask))
  }
  return normalize(pair, value, mask)
}

const pairByRegister = new Map<string, Field>()
for (let index = 0; index < 16; index++) {
  const pair = fields[`xreg${index}` as 'xreg0']
  for (const name of pair.viewOf) pairByRegister.set(name, pair)
}

const writeEntries = (writer: Writer, match: Match): void => {
  const canonical = canonicalMatch(match) as AnyMatch
  let written: Field | undefined
  for (const [name, constraint] of Object.entries(canonical)) {
    const pair = pairByRegister.get(name)
    if (pair !== undefined) {
      if (pair === written) continue
      written = pair
      const both = pairOf(pair, canonical)
      if (both !== undefined) writeEntry(writer, pair, both)
    } else if (name === 'in_port') writeEntry(writer, fields.in_port_oxm, constraint)
    else writeEntry(writer, fields[name as keyof Match], constraint)
  }
}

/** OXM entries up to the end of the structure around them. */
export const oxmListWith = ({ strict }: MatchOptions): Codec<Match> => ({
  read: (reader) => readEntries(reader, strict),
  write: writeEntries,
})

const oxmMatchType = 1
/** Type and length, both of 16 bits. */
const headerBytes = 4
const padding = (length: number): number => (8 - (length % 8)) % 8

const readMatch = (reader: Reader, strict: boolean): Match => {
  const { end, pos: at } = reader
  const type = reader.u16()
  if (type !== oxmMatchType) throw new MatchError('OFPBMC_BAD_TYPE', `match type ${type}`, at)
  const length = reader.u16()
  if (length < headerBytes || at + length > end)
    throw new MatchError('OFPBMC_BAD_LEN', `match length ${length}`, at)
  reader.end = at + length
  const match = readEntries(reader, strict)
  reader.end = end
  reader.take(Math.min(padding(length), reader.remaining))
  return match
}

const writeMatch = (writer: Writer, match: Match): void => {
  const begin = writer.pos
  const mark = writer.open()
  writer.u16(oxmMatchType)
  writer.defer(2, (length) => writer.u16(length))
  writeEntries(writer, match)
  writer.close(mark)
  writer.zeros(padding(writer.pos - begin))
}

/** ofp_match: type, length, entries, and padding to a multiple of 8 that the length does not count. */
export const matchWith = ({ strict }: MatchOptions): Codec<Match> => ({
  read: (reader) => readMatch(reader, strict),
  write: writeMatch,
})

/** ofp_match as switches and controllers send it. */
export const match: Codec<Match> = matchWith({ strict: true })
/** OXM entries without a header around them. */
export const oxmList: Codec<Match> = oxmListWith({ strict: true })
