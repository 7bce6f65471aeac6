/**
 * Fields and parts of fields as actions name them: ovs-actions(7), "Field Specifications". On the wire a field is named
 * by an OXM header without value; extensions that have 32 bits for it cannot name experimenter fields.
 */
import type { Codec } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import type { Writer } from '#wire/writer.js'
import type { OxmHeader } from '../fields/line.js'
import { type FieldName, fieldByHeaderName, fieldByName, fields } from '../fields.js'
import { MatchError } from '../match-error.js'
import { entryOf, readOxmHeader, unknownField, writeOxmHeader } from '../oxm.js'
import type { PeerErrorName } from '../peer-errors.js'
import { refuse } from './error.js'
import { checked, type Fault } from './spec.js'
import { badText } from './text.js'

/** Part of a field, in bits from its least significant one: `reg0[8..15]` is `{ field: 'reg0', offset: 8, width: 8 }`. */
export interface Subfield {
  readonly field: FieldName
  readonly offset: number
  readonly width: number
}

/** The oldest name of each field: Nicira's, or the standard's where there is none. Extensions write it. */
const legacyHeaders = new Map<FieldName, OxmHeader>(
  Object.values(fields).flatMap((field) => {
    const header = field.headers.find(({ name }) => name.startsWith('NXM_')) ?? field.headers.at(-1)
    return header === undefined ? [] : [[field.name, header] as const]
  }),
)

/** Whether the name that extensions write fits in 4 bytes. */
export const isShort = (name: FieldName): boolean => legacyHeaders.get(name)?.experimenter === undefined

const shortHeader = (name: FieldName): OxmHeader | undefined =>
  isShort(name)
    ? legacyHeaders.get(name)
    : fields[name].headers.find(({ experimenter }) => experimenter === undefined)

/** What a switch answers in an action where it would answer the error `openflow` in a match. */
const inAction = (openflow: PeerErrorName): PeerErrorName => {
  if (openflow === 'OFPBMC_BAD_FIELD') return 'OFPBAC_BAD_SET_TYPE'
  return openflow === 'OFPBMC_BAD_LEN' ? 'OFPBAC_BAD_SET_LEN' : openflow
}

/** Does what `read` does and gives its errors the names that they have in actions. */
export const inActions = <T>(r: Reader, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    return error instanceof MatchError ? refuse(r, inAction(error.openflow), error.reason) : raise(error)
  }
}

const raise = (error: unknown): never => {
  throw error
}

/** A field in 4 bytes. */
export const shortField: Codec<FieldName> = {
  read: (r) =>
    inActions(r, () => {
      const word = r.u32()
      const entry = entryOf(word, undefined, r.pos)
      return entry === undefined ? raise(unknownField(word, r.pos)) : entry.field.name
    }),
  write: (w, name) => {
    const header = shortHeader(name)
    if (header === undefined) w.fail(`the action has no room for the field ${name}`)
    else writeOxmHeader(w, fields[name], { header })
  },
}

/** A field in 4 bytes, or in 8 for an experimenter's. */
export const legacyField: Codec<FieldName> = {
  read: (r) => inActions(r, () => readOxmHeader(r).field.name),
  write: (w, name) => {
    const header = legacyHeaders.get(name)
    writeOxmHeader(w, fields[name], header === undefined ? {} : { header })
  },
}

/** As `legacyField`, under the name that OpenFlow 1.5 prefers. */
export const standardField: Codec<FieldName> = {
  read: legacyField.read,
  write: (w, name) => writeOxmHeader(w, fields[name]),
}

/** What is wrong with a subfield that is read. */
export const sourceFault = ({ field, offset, width }: Subfield): Fault | undefined => {
  const size = fields[field].width
  if (width >= 1 && offset >= 0 && offset + width <= size) return undefined
  return ['OFPBAC_BAD_SET_LEN', `${field} has ${size} bits, ${width} at ${offset} are not among them`]
}

/** What is wrong with a subfield that is written. */
export const destinationFault = (subfield: Subfield): Fault | undefined =>
  sourceFault(subfield) ??
  (fields[subfield.field].writable
    ? undefined
    : ['OFPBAC_BAD_SET_ARGUMENT', `the field ${subfield.field} cannot be written`])

/** Offset and width in one number: width minus 1 in the lower 6 bits. */
export const range = {
  read: (r: Reader): { offset: number; width: number } => {
    const both = r.u16()
    return { offset: both >>> 6, width: (both & 0x3f) + 1 }
  },
  write: (w: Writer, { offset, width }: Subfield): void => {
    if (width < 1 || width > 64 || offset > 1023) w.fail(`${width} bits at ${offset} do not fit in 16 bits`)
    w.u16((offset << 6) | (width - 1))
  },
}

/** Offset and width in 2 bytes, then the field in 4. */
const rangeFirst: Codec<Subfield> = {
  read: (r) => {
    const { offset, width } = range.read(r)
    return { field: shortField.read(r), offset, width }
  },
  write: (w, subfield) => {
    range.write(w, subfield)
    shortField.write(w, subfield.field)
  },
}

export const sourceRangeFirst = checked(rangeFirst, sourceFault)
export const destinationRangeFirst = checked(rangeFirst, destinationFault)

/** `NXM_NX_REG0[8..15]`, `NXM_NX_REG0[3]`, `NXM_NX_REG0[]`: Open vSwitch prints the older name of a field. */
export const printSubfield = ({ field, offset, width }: Subfield): string => {
  const name = legacyHeaders.get(field)?.name ?? field
  if (offset === 0 && width === fields[field].width) return `${name}[]`
  return width === 1 ? `${name}[${offset}]` : `${name}[${offset}..${offset + width - 1}]`
}

const syntax = /^([A-Za-z][A-Za-z0-9_]*)(?:\[(?:(\d{1,4})(?:\.\.(\d{1,4}))?)?\])?$/

/** Parses `reg0`, `reg0[]`, `reg0[3]`, `NXM_NX_REG0[8..15]`; `undefined` where the text names no field. */
export const subfieldFromText = (text: string): Subfield | undefined => {
  const parts = syntax.exec(text)
  const name = parts?.[1] ?? ''
  const field = fieldByHeaderName(name.replace(/_W$/, ''))?.field ?? fieldByName(name)
  if (parts === null || field === undefined) return undefined
  const whole = parts[2] === undefined
  const offset = Number(parts[2] ?? 0)
  const width = whole ? field.width : Number(parts[3] ?? offset) - offset + 1
  return { field: field.name, offset, width }
}

/** As `subfieldFromText`; a text that is no part of a field with a header is an error. */
export const parseSubfield = (text: string): Subfield => {
  const subfield = subfieldFromText(text) ?? badText(`${text || '(empty)'} is not a field`)
  const fault = sourceFault(subfield)
  if (fault !== undefined) badText(`${text}: ${fault[1]}`)
  if (!legacyHeaders.has(subfield.field)) badText(`${text}: the field is for matches only`)
  return subfield
}

/** A subfield that an action writes. */
export const parseDestination = (text: string): Subfield => {
  const subfield = parseSubfield(text)
  const fault = destinationFault(subfield)
  return fault === undefined ? subfield : badText(`${text}: ${fault[1]}`)
}

/** Cuts `a->b` in two. */
export const parseArrow = (text: string): readonly [string, string] => {
  const at = text.indexOf('->')
  if (at < 0 || at + 2 >= text.length) badText(`${text || '(empty)'}: -> and a field are missing`)
  return [text.slice(0, at), text.slice(at + 2)]
}
