/**
 * Matches as values: which packets a flow takes. A match is a plain object from field names to constraints; equal
 * matches have the same canonical form and the same key. `match-codec.ts` gives them bytes, `match-text.ts` text.
 */
import { type Field, type FieldName, type FieldValue, fieldList, fields } from './fields.js'
import { MatchError } from './match-error.js'
import { fitsField } from './value-rules.js'
import { mergeTci, splitTci, type Tci, tciOf, viewParts } from './views.js'

/** Some bits of a field: those set in `mask` must be as in `value`. */
export interface Masked<V> {
  readonly value: V
  readonly mask: V
}

/** What a match says of one field: its value, or the value of some of its bits. */
export type Constraint<V> = V | Masked<V>

/**
 * Constraints by field; all must hold, so `{}` takes every packet. Numbers up to 32 bits, bigints above: MAC addresses
 * in 48 bits, IPv6 addresses in 128. `in_port` is the 32-bit port number.
 *
 * A field that is a view of others (`xreg0`, `dl_vlan`, `nw_tos`, …) may be written and is stored as those. A match with
 * a VLAN priority that needs it gains the bit that says a tag is there.
 */
export type Match = { readonly [K in FieldName]?: Constraint<FieldValue<K>> }

/** A constraint of a field known at run time only. */
export type AnyConstraint = number | bigint | Masked<number | bigint>
export type AnyMatch = Readonly<Record<string, AnyConstraint>>

/** The value and mask of a constraint; the mask of an exact one has all bits of the field. */
export const maskedOf = (field: Field, constraint: AnyConstraint): Masked<number | bigint> =>
  typeof constraint === 'object' ? constraint : { value: constraint, mask: field.full }

/** Canonical form of one constraint: the bare value for a full mask, `undefined` for an empty one. */
export const normalize = (
  field: Field,
  value: number | bigint,
  mask: number | bigint,
): AnyConstraint | undefined => {
  if (typeof mask === 'bigint') {
    const bits = BigInt(value) & mask
    // Of a tunnel option, an empty mask says that the packet has the option.
    if (mask === 0n) return field.variable ? { value: 0n, mask: 0n } : undefined
    if ((mask & field.ones) === field.ones) return bits
    return { value: bits, mask }
  }
  const full = Number(field.full)
  const kept = (mask & full) >>> 0
  const bits = (Number(value) & kept) >>> 0
  if (kept === 0) return undefined
  return kept === full ? bits : { value: bits, mask: kept }
}

/** An exact value that the field cannot have would otherwise lose the bits that are too many. */
const checkValue = (field: Field, constraint: AnyConstraint): void => {
  if (typeof constraint === 'object' || fitsField(field, constraint)) return
  throw new MatchError('OFPBMC_BAD_VALUE', `${field.name} cannot be ${constraint}`, 0, 'unencodable')
}

/** A name that came from outside this library's types is a mistake of the caller. */
const fieldOf = (name: string): Field => {
  const field: Field | undefined = fields[name as FieldName]
  if (field === undefined) throw new TypeError(`${name} is no match field`)
  return field
}

/** Collects constraints in any order and spelling; `finish` gives the canonical match. */
class Collector {
  private readonly found: (AnyConstraint | undefined)[] = []
  private tci: Tci | undefined

  add(field: Field, value: number | bigint, mask: number | bigint): void {
    const tci = tciOf(field.name, Number(value), Number(mask))
    if (tci !== undefined) this.tci = mergeTci(this.tci, tci)
    else if (field.viewOf.length === 0) this.place(field, value, mask)
    else for (const part of viewParts(field, value, mask)) this.place(part.field, part.value, part.mask)
  }

  private place(field: Field, value: number | bigint, mask: number | bigint): void {
    const constraint = normalize(field, value, mask)
    if (constraint === undefined) return
    if (this.found[field.index] !== undefined)
      throw new MatchError('OFPBMC_DUP_FIELD', `${field.name} under two names`, 0, 'unencodable')
    this.found[field.index] = constraint
  }

  finish(): Match {
    if (this.tci !== undefined) {
      for (const { field, value, mask } of splitTci(this.tci)) this.place(field, value, mask)
    }
    const match: Record<string, AnyConstraint> = {}
    let implied = false
    this.found.forEach((constraint, index) => {
      const field = fieldList[index]
      if (constraint === undefined || field === undefined) return
      implied ||= field.needs !== 'none'
      match[field.name] = constraint
    })
    // Fields of Ethernet say by themselves that the packet is Ethernet.
    if (implied && match.packet_type === 0) delete match.packet_type
    return match as Match
  }
}

/**
 * The one form that equal matches share: views resolved, full masks as bare values, empty ones left out, value bits
 * outside the mask cleared, keys in the order of the field table. Throws `TypeError` for a name that is no field,
 * `MatchError` for a value that the field cannot have, for bits named under two names and for VLAN fields that contradict
 * each other.
 */
export const canonicalMatch = (match: Match): Match => {
  const collector = new Collector()
  for (const [name, constraint] of Object.entries(match as AnyMatch)) {
    const field = fieldOf(name)
    if (constraint === undefined) continue
    checkValue(field, constraint)
    const { value, mask } = maskedOf(field, constraint)
    collector.add(field, value, mask)
  }
  return collector.finish()
}
