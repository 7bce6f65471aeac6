/** The actions `set_field` and `move`, which write fields. ovs-actions(7), "Field Modification Actions". */
import { type Codec, u16, u64 } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import { parseFieldValue, printFieldValue } from '../field-text.js'
import { type Field, type FieldName, fieldByName, fields } from '../fields.js'
import {
  type OxmEntry,
  readFieldValue,
  readOxmHeader,
  variableSize,
  writeFieldValue,
  writeOxmHeader,
} from '../oxm.js'
import { fitsField } from '../value-rules.js'
import { tagPresent } from '../views.js'
import { refuse } from './error.js'
import { oldForms } from './old-forms.js'
import { fromWire, toWire } from './ports.js'
import { action, checked, ext, type Fault, nx, standard, variable } from './spec.js'
import {
  destinationFault,
  destinationRangeFirst,
  inActions,
  legacyField,
  parseArrow,
  parseDestination,
  parseSubfield,
  printSubfield,
  type Subfield,
  sourceFault,
  standardField,
} from './subfield.js'
import { badText, type TextForm } from './text.js'

export interface SetField {
  readonly field: FieldName
  readonly value: number | bigint
  /** Which bits are written; absent: all. */
  readonly mask?: number | bigint
}

/** The mask of all bits of all bytes: what no mask means. */
const everyBit = (field: Field): bigint => (1n << BigInt(8 * field.bytes)) - 1n

/** A `set_field` of some bits, as short as it can be said. */
const masked = (field: Field, value: bigint, mask: bigint): SetField => {
  const as = (bits: bigint): number | bigint => (field.wide ? bits : Number(bits))
  return mask === everyBit(field)
    ? { field: field.name, value: fromWire(field.name, as(value)) }
    : { field: field.name, value: as(value), mask: as(mask) }
}

/** `load`: the bits of a subfield. */
export const loadBits = ({ field, offset, width }: Subfield, value: bigint): SetField => {
  const shift = BigInt(offset)
  return masked(fields[field], value << shift, ((1n << BigInt(width)) - 1n) << shift)
}

const hasTag = (bits: number | bigint | undefined): boolean =>
  bits === undefined || (Number(bits) & tagPresent) !== 0

const fault = ({ field: name, value, mask }: SetField): Fault | undefined => {
  const field = fields[name]
  if (!field.writable || name === 'in_port_oxm')
    return ['OFPBAC_BAD_SET_ARGUMENT', `the field ${name} cannot be written`]
  if (!fitsField(field, value)) return ['OFPBAC_BAD_SET_ARGUMENT', `${name} cannot be ${value}`]
  if (name === 'vlan_vid' && !(hasTag(value) && hasTag(mask))) {
    return ['OFPBAC_BAD_SET_ARGUMENT', `vlan_vid ${value} does not say that there is a tag`]
  }
  if (mask === undefined) return undefined
  if ((BigInt(value) & ~BigInt(mask)) !== 0n)
    return ['OFPBMC_BAD_WILDCARDS', `${name} ${value} has bits outside its mask`]
  return undefined
}

const readEntry = (r: Reader): SetField => {
  const entry: OxmEntry = inActions(r, () => readOxmHeader(r))
  const { field, size } = entry
  const value = readFieldValue(r, field, size)
  if (!entry.masked) return { field: field.name, value: fromWire(field.name, value) }
  const mask = readFieldValue(r, field, size)
  return !field.variable && BigInt(mask) === everyBit(field)
    ? { field: field.name, value }
    : { field: field.name, value, mask }
}

const writeEntry = (w: Writer, { field: name, value, mask }: SetField): void => {
  const field = fields[name]
  const size = field.variable ? variableSize(field, BigInt(value) | BigInt(mask ?? 0)) : field.bytes
  writeOxmHeader(w, field, { masked: mask !== undefined, size })
  writeFieldValue(w, field, toWire(name, value), size)
  if (mask !== undefined) writeFieldValue(w, field, mask, size)
}

const entry: Codec<SetField> = checked({ read: readEntry, write: writeEntry }, fault)

/** NXAST_REG_LOAD: up to 64 bits of a field, the value in the lower bits of 64. */
const regLoad: Codec<SetField> = {
  read: (r) => {
    const destination = destinationRangeFirst.read(r)
    const value = u64.read(r)
    if (value >> BigInt(destination.width) !== 0n) {
      refuse(r, 'OFPBAC_BAD_ARGUMENT', `${value} does not fit in ${destination.width} bits`)
    }
    return loadBits(destination, value)
  },
  write: () => {
    throw new TypeError('NXAST_REG_LOAD is not written')
  },
}

/** NXAST_REG_LOAD2: as OpenFlow 1.5 has it, behind the 6 reserved bytes of the extension's header. */
const entryAfterPad: Codec<SetField> = {
  read: (r) => {
    r.take(6)
    return entry.read(r)
  },
  write: regLoad.write,
}

/** The mask behind the slash, where it has all bits of the field and not of its bytes: it travels as it was said. */
const wholeMask = (field: Field, text: string): { mask?: number | bigint } => {
  const slash = text.indexOf('/')
  if (slash < 0 || field.width === 8 * field.bytes) return {}
  const mask = parseFieldValue(field, text.slice(slash + 1)).value
  return BigInt(mask) === everyBit(field) ? {} : { mask }
}

const parseSetField = (argument: string): SetField => {
  const [text, name] = parseArrow(argument)
  const field = fieldByName(name)
  if (field === undefined || field.headers.length === 0) return badText(`there is no field ${name} to write`)
  const parsed = parseFieldValue(field, text.toUpperCase() === 'ANY' ? '*' : text)
  const found: SetField = { field: field.name, ...wholeMask(field, text), ...parsed }
  const wrong = fault(found)
  return wrong === undefined ? found : badText(wrong[1])
}

const setFieldText: TextForm<SetField> = {
  names: ['set_field'],
  syntax: ['set_field:value[/mask]->field'],
  print: ({ field, value, mask }) => {
    const bits =
      mask !== undefined && BigInt(mask) === 0n ? 'ANY' : printFieldValue(fields[field], value, mask)
    return `set_field:${bits}->${field}`
  },
  parse: parseSetField,
}

export interface Move {
  readonly source: Subfield
  readonly destination: Subfield
}

const places = struct({ width: u16, sourceOffset: u16, destinationOffset: u16 })

const moveFault = ({ source, destination }: Move): Fault | undefined =>
  sourceFault(source) ??
  destinationFault(destination) ??
  (source.width === destination.width
    ? undefined
    : ['OFPBAC_BAD_ARGUMENT', `${source.width} bits into ${destination.width}`])

/** The same in OpenFlow 1.5, in ONF's extension and in Nicira's, but for the padding around the numbers. */
const moveBody = (before: number, after: number, field: Codec<FieldName>): Codec<Move> =>
  checked(
    {
      read: (r) => {
        r.take(before)
        const { width, sourceOffset, destinationOffset } = places.read(r)
        r.take(after)
        const source = { field: field.read(r), offset: sourceOffset, width }
        return { source, destination: { field: field.read(r), offset: destinationOffset, width } }
      },
      write: (w, { source, destination }) => {
        w.zeros(before)
        places.write(w, {
          width: source.width,
          sourceOffset: source.offset,
          destinationOffset: destination.offset,
        })
        w.zeros(after)
        field.write(w, source.field)
        field.write(w, destination.field)
      },
    },
    moveFault,
  )

const padding = 'NXBRC_MUST_BE_ZERO'

export const setFieldActions = {
  set_field: action(
    [
      standard(25, variable(8), entry, { padding: 'OFPBAC_BAD_SET_ARGUMENT' }),
      nx(7, 24, regLoad, { readOnly: true }),
      nx(33, variable(16), entryAfterPad, { readOnly: true, padding: 'OFPBAC_BAD_SET_ARGUMENT' }),
      ...oldForms,
    ],
    setFieldText,
    'Writes a constant into a field or some of its bits.',
  ),
  move: action(
    [
      standard(28, variable(16), moveBody(0, 2, standardField), { padding }),
      nx(6, variable(24), moveBody(0, 0, legacyField), { readOnly: true, padding }),
      ext(3200, variable(24), moveBody(2, 2, standardField), { readOnly: true, padding }),
    ],
    {
      names: ['move'],
      syntax: ['move:source->destination'],
      print: ({ source, destination }) => `move:${printSubfield(source)}->${printSubfield(destination)}`,
      parse: (argument) => {
        const [from, to] = parseArrow(argument)
        const found = { source: parseSubfield(from), destination: parseDestination(to) }
        const wrong = moveFault(found)
        return wrong === undefined ? found : badText(wrong[1])
      },
    },
    'Copies bits of a field into a field.',
  ),
} as const
