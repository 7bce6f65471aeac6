/**
 * Fields that are another view of bits which a match holds under other names: wide registers, the VLAN tag as a whole,
 * the spellings of OpenFlow 1.0. Here they are taken apart into those names.
 */
import { type Field, type FieldName, fields } from './fields.js'
import { MatchError } from './match-error.js'

export interface Part {
  readonly field: Field
  readonly value: number | bigint
  readonly mask: number | bigint
}

/** A register of 64 or 128 bits as registers of 32, the uppermost first. */
const registersOf = (view: Field, value: bigint, mask: bigint): Part[] =>
  view.viewOf.map((name, index) => {
    const shift = BigInt(32 * (view.viewOf.length - 1 - index))
    return {
      field: fields[name as FieldName],
      value: Number((value >> shift) & 0xffff_ffffn),
      mask: Number((mask >> shift) & 0xffff_ffffn),
    }
  })

/** The constraints that a constraint of a view stands for; for VLAN views see `tciOf`. */
export const viewParts = (view: Field, value: number | bigint, mask: number | bigint): Part[] => {
  if (typeof value === 'bigint' || typeof mask === 'bigint')
    return registersOf(view, BigInt(value), BigInt(mask))
  if (view.name === 'nw_tos') return [{ field: fields.ip_dscp, value: value >>> 2, mask: mask >>> 2 }]
  return [{ field: fields[view.viewOf[0] as FieldName], value, mask }]
}

/** A VLAN tag as Open vSwitch holds it: priority (3 bits), tag present (1 bit), VLAN id (12 bits); 0 for no tag. */
export interface Tci {
  readonly value: number
  readonly mask: number
}

/** In `vlan_vid` and in the TCI: there is a tag. OpenFlow 1.5 calls it OFPVID_PRESENT. */
export const tagPresent = 0x1000
const vidBits = 0x1fff

/** What a constraint of a VLAN field says of the tag; `undefined` for other fields. */
export const tciOf = (name: FieldName, value: number, mask: number): Tci | undefined => {
  switch (name) {
    case 'vlan_tci':
      return { value, mask }
    case 'vlan_vid':
      return { value: value & vidBits, mask: mask & vidBits }
    case 'vlan_pcp':
    case 'dl_vlan_pcp':
      return mask === 0 ? { value: 0, mask: 0 } : { value: (value << 13) | tagPresent, mask: 0xf000 }
    case 'dl_vlan':
      if (value === 0xffff) return { value: 0, mask: 0xffff }
      return mask === 0 ? { value: 0, mask: 0 } : { value: value | tagPresent, mask: vidBits }
    default:
      return undefined
  }
}

/** Both constraints together. Throws `MatchError` when no tag satisfies both. */
export const mergeTci = (a: Tci | undefined, b: Tci): Tci => {
  if (a === undefined) return b
  if (((a.value ^ b.value) & a.mask & b.mask) !== 0)
    throw new MatchError('OFPBMC_DUP_FIELD', 'VLAN fields contradict each other')
  return { value: (a.value & a.mask) | (b.value & b.mask), mask: a.mask | b.mask }
}

/**
 * The tag as `vlan_vid` and `vlan_pcp` where these can say it, else as `vlan_tci`: the first two have standard headers,
 * but no masked priority and no priority without a tag.
 */
export const splitTci = ({ value, mask }: Tci): Part[] => {
  const priorityMask = mask >>> 13
  const vid = { field: fields.vlan_vid, value: value & vidBits, mask: mask & vidBits }
  const noTag = (mask & vidBits) === vidBits && (value & mask) === 0
  if (priorityMask === 0 || noTag) return [vid]
  if (priorityMask === 7 && (value & mask & tagPresent) !== 0)
    return [vid, { field: fields.vlan_pcp, value: (value >>> 13) & 7, mask: 7 }]
  return [{ field: fields.vlan_tci, value, mask }]
}
