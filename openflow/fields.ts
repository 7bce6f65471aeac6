/**
 * Every match field of ovs-fields(7), one line each: `fields/` holds the lines by protocol, this module gathers them and
 * looks them up. Types of matches, codecs, text forms and `docs/openflow-fields.md` derive from the table.
 *
 * A field's key is the name that ovs-fields(7) gives first; its other names are `aliases`. The order of the table is the
 * order in which Open vSwitch sends fields, so that a prerequisite always stands before what needs it.
 */
import { conntrack } from './fields/conntrack.js'
import { ethernet } from './fields/ethernet.js'
import { arp, ip } from './fields/ip.js'
import type { FieldLine, OxmHeader, ValueOfWidth } from './fields/line.js'
import { nsh } from './fields/nsh.js'
import { packet, queue } from './fields/packet.js'
import { metadata, registers } from './fields/registers.js'
import { transport } from './fields/transport.js'
import { tunnel } from './fields/tunnel.js'

const lines = {
  ...packet,
  ...ethernet,
  ...ip,
  ...transport,
  ...arp,
  ...tunnel,
  ...nsh,
  ...registers,
  ...conntrack,
  ...metadata,
  ...queue,
} as const

type Lines = typeof lines

export type FieldName = keyof Lines

/** The values of the field `K`: a number up to 32 bits, a bigint above. */
export type FieldValue<K extends FieldName> = Lines[K] extends FieldLine<infer W> ? ValueOfWidth<W> : never

export interface Field extends FieldLine {
  readonly name: FieldName
  /** Place in the table. */
  readonly index: number
  /** Whether values are bigints. */
  readonly wide: boolean
  /** All bits that a value may have, in the field's own type: the mask of an exact match. */
  readonly full: number | bigint
}

const toField = ([name, line]: [string, FieldLine], index: number): Field => ({
  ...line,
  name: name as FieldName,
  index,
  wide: line.width > 32,
  full: line.width > 32 ? line.ones : Number(line.ones),
})

/** All fields in the order of the table. */
export const fieldList: readonly Field[] = Object.entries<FieldLine>(lines).map(toField)

/** All fields by their keys. */
export const fields = Object.assign(
  // No prototype: `fields.constructor` is no field.
  Object.create(null),
  Object.fromEntries(fieldList.map((field) => [field.name, field])),
) as {
  readonly [K in FieldName]: Field
}

/** A field that a header names, and the header. */
export interface NamedField {
  readonly field: Field
  readonly header: OxmHeader
}

const names = new Map<string, Field>()
for (const field of fieldList) {
  for (const name of [field.name, ...field.aliases]) names.set(name, field)
}

/** The field that text calls `name`: its key or one of its aliases. */
export const fieldByName = (name: string): Field | undefined => names.get(name)

const headerNames = new Map<string, NamedField>()
const headers = new Map<number, NamedField>()
const experimenterHeaders = new Map<number, Map<number, NamedField>>()

const register = (named: NamedField): void => {
  const { header } = named
  headerNames.set(header.name, named)
  const code = header.oxmClass * 128 + header.number
  if (header.experimenter === undefined) headers.set(code, named)
  else {
    const family = experimenterHeaders.get(header.experimenter) ?? new Map<number, NamedField>()
    experimenterHeaders.set(header.experimenter, family.set(code, named))
  }
}
for (const field of fieldList) for (const header of field.headers) register({ field, header })

/** The field of an OXM header: class and number together as `oxmClass * 128 + number`, as they stand in the header. */
export const fieldByHeader = (classAndNumber: number, experimenter?: number): NamedField | undefined =>
  experimenter === undefined
    ? headers.get(classAndNumber)
    : experimenterHeaders.get(experimenter)?.get(classAndNumber)

/** The field of a header's name, as `NXM_NX_REG0`. */
export const fieldByHeaderName = (name: string): NamedField | undefined => headerNames.get(name)
