/**
 * EID-prefixes as keys: the instance id, the address without bits beyond the prefix, and the prefix's length. On the wire
 * the instance id stands in an LCAF around the address and the length beside it; here they are one value.
 */
import type { Reader } from '#wire/reader.js'
import { type Address, type PlainAddress, widthOf } from './address.js'
import type { Lcaf, UnknownLcaf } from './lcaf-values.js'

export interface Eid {
  /** 0 where the wire has none. */
  readonly iid: number
  /** Not an instance-id LCAF. Bits beyond the prefix are 0. */
  readonly address: PlainAddress | Exclude<Lcaf, { readonly family: 'instance-id' }> | UnknownLcaf
  /** Bits that count: 0 to 32, 48, 64 or 128; for a name those of its bytes and of a zero byte, 255 at most. */
  readonly length: number
}

/** Throws where `length` is more than the address has bits. An instance id around it does not count. */
export const checkPrefix = (r: Reader, eid: Address, length: number): number => {
  const { family } = eid.family === 'instance-id' ? eid.address : eid
  const width = widthOf(family)
  if (width !== undefined && length > width) r.fail(`prefix length ${length} of ${width} bits`)
  return length
}

/** `value` with all bits after the first `length` of `width` cleared. */
const maskNumber = (value: number, length: number, width: number): number => {
  const unit = 2 ** (width - length)
  return value - (value % unit)
}

const maskBigint = (value: bigint, length: number, width: number): bigint => {
  const shift = BigInt(width - length)
  return (value >> shift) << shift
}

/** The field for it is one byte: names of over 30 bytes have the longest length that fits. */
const nameBitsMax = 255

/** The length of a prefix that is one address; of a name RFC 9735, section 3. */
export const fullLength = (address: Address): number =>
  address.family === 'name'
    ? Math.min(8 * (address.value.length + 1), nameBitsMax)
    : (widthOf(address.family) ?? 0)

/** Whether a length of 0 cannot be meant: there are routers that send it with a MAC address (VPP) or a name. */
const isWhole = (address: Address): boolean => {
  if (address.family === 'name') return address.value !== ''
  return (address.family === 'mac' || address.family === 'mac-802') && address.value !== 0
}

/** A name is a prefix of the names that begin with it; its length counts a zero byte behind it. */
const maskName = (value: string, length: number): string =>
  length >= Math.min(8 * (value.length + 1), nameBitsMax)
    ? value
    : value.slice(0, Math.max(Math.ceil(length / 8) - 1, 0))

const masked = (address: Eid['address'], length: number): Eid['address'] => {
  switch (address.family) {
    case 'ipv4':
      return length === 32 ? address : { family: 'ipv4', value: maskNumber(address.value, length, 32) }
    case 'ipv6':
      return length === 128 ? address : { family: 'ipv6', value: maskBigint(address.value, length, 128) }
    case 'mac':
    case 'mac-802':
      return length === 48
        ? address
        : { family: address.family, value: maskNumber(address.value, length, 48) }
    case 'eui64':
      return length === 64 ? address : { family: 'eui64', value: maskBigint(address.value, length, 64) }
    case 'name':
      return { family: 'name', value: maskName(address.value, length) }
    default:
      return address
  }
}

/** The prefix of `length` bits of an address; the whole address without `length`. */
export const makeEid = (iid: number, address: Eid['address'], length = fullLength(address)): Eid => {
  const prefix = masked(address, length)
  return { iid, address: prefix, length: address.family === 'name' ? fullLength(prefix) : length }
}

/**
 * The key of an address with a prefix length, as a record has them. Undefined for an instance id within an instance id,
 * which names nothing.
 */
export const eidOf = (record: { readonly eid: Address; readonly maskLength: number }): Eid | undefined => {
  const { eid, maskLength } = record
  const iid = eid.family === 'instance-id' ? eid.iid : 0
  const address = eid.family === 'instance-id' ? eid.address : eid
  if (address.family === 'instance-id') return undefined
  return makeEid(iid, address, maskLength === 0 && isWhole(address) ? undefined : maskLength)
}

/** The address and the prefix length of a record for `eid`. */
export const eidFields = (eid: Eid): { readonly eid: Address; readonly maskLength: number } => ({
  eid:
    eid.iid === 0 ? eid.address : { family: 'instance-id', iidLength: 0, iid: eid.iid, address: eid.address },
  maskLength: eid.length,
})
