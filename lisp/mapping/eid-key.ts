/** EIDs as the bits that the mapping system's trees and indexes compare: which EIDs have such bits, to bits and back. */
import type { Address } from '../address.js'
import type { Eid } from '../eid.js'
import { LispError } from '../errors.js'

/** The families of EIDs that have a longest match, each with trees of its own. */
export type EidFamily = 'ipv4' | 'ipv6' | 'mac' | 'name'

/** In the order in which they are listed. */
export const eidFamilies: readonly EidFamily[] = ['ipv4', 'ipv6', 'mac', 'name']

/** Instance ids are 24 bits wide, though an LCAF has room for 32. RFC 9300, section 6; RFC 8060, section 4.1. */
export const instanceIdMax = 0xff_ffff

/** 30 characters and the zero byte after them are what a prefix length of one byte can count. */
export const nameLengthMax = 30

/** The words of 32 bits that a family's keys take. */
export const keyWords: Readonly<Record<EidFamily, number>> = { ipv4: 1, ipv6: 4, mac: 2, name: 8 }

/** The bits of a single EID; of a name, of the longest one. */
export const keyBits: Readonly<Record<EidFamily, number>> = {
  ipv4: 32,
  ipv6: 128,
  mac: 48,
  name: nameLengthMax * 8,
}

/** The family of an EID's bits; undefined for addresses without a longest match. */
export const familyOf = (address: Address): EidFamily | undefined => {
  switch (address.family) {
    case 'mac-802':
      return 'mac'
    case 'ipv4':
    case 'ipv6':
    case 'mac':
    case 'name':
      return address.family
    default:
      return undefined
  }
}

/** The family of an EID that the mapping system can hold; throws `unencodable` for any other EID. */
export const checkedFamily = (eid: Eid): EidFamily => {
  const family = familyOf(eid.address)
  if (family === undefined) {
    throw new LispError('unencodable', `an EID of family ${eid.address.family} has no longest match`)
  }
  if (eid.iid > instanceIdMax) throw new LispError('unencodable', `instance id ${eid.iid} has over 24 bits`)
  if (eid.address.family === 'name' && eid.address.value.length > nameLengthMax) {
    throw new LispError('unencodable', `a name of over ${nameLengthMax} characters`)
  }
  return family
}

/**
 * The length of an EID's key in bits. A name is as long as its characters, without the zero byte that the wire's length counts:
 * so it covers the names that begin with it (RFC 9735, section 4).
 */
export const keyLength = (eid: Eid): number =>
  eid.address.family === 'name' ? eid.address.value.length * 8 : eid.length

/** Writes an EID's bits into `key`, which has the words of its family, and returns its length. */
export const writeKey = (eid: Eid, key: Uint32Array): number => {
  const { address } = eid
  if (address.family === 'ipv4') key[0] = address.value
  else if (address.family === 'ipv6') writeIpv6(address.value, key)
  else if (address.family === 'name') writeName(address.value, key)
  else if (address.family === 'mac' || address.family === 'mac-802') writeMac(address.value, key)
  return keyLength(eid)
}

/** The EID-prefix whose first `length` bits are in `key`. Bits after them are not looked at. */
export const readKey = (family: EidFamily, iid: number, key: Uint32Array, length: number): Eid => {
  const bits = clipped(key, length)
  const word = (index: number): number => bits[index] ?? 0
  switch (family) {
    case 'ipv4':
      return { iid, address: { family, value: word(0) }, length }
    case 'mac':
      return { iid, address: { family, value: word(0) * 0x1_0000 + word(1) / 0x1_0000 }, length }
    case 'ipv6':
      return { iid, address: { family, value: readIpv6(bits) }, length }
    case 'name':
      return { iid, address: { family, value: readName(bits, length / 8) }, length: length + 8 }
  }
}

/** Whether two EID-prefixes are one. */
export const sameEid = (a: Eid, b: Eid): boolean => {
  if (a.iid !== b.iid || familyOf(a.address) !== familyOf(b.address) || keyLength(a) !== keyLength(b))
    return false
  return 'value' in a.address && 'value' in b.address && a.address.value === b.address.value
}

const clipped = (key: Uint32Array, length: number): Uint32Array =>
  key.map((word, index) => {
    const kept = Math.min(32, length - index * 32)
    return kept <= 0 ? 0 : word & (0xffff_ffff << (32 - kept))
  })

const writeMac = (value: number, key: Uint32Array): void => {
  key[0] = Math.floor(value / 0x1_0000)
  key[1] = (value % 0x1_0000) * 0x1_0000
}

const writeIpv6 = (value: bigint, key: Uint32Array): void => {
  for (let i = 0; i < 4; i++) key[i] = Number((value >> BigInt(96 - i * 32)) & 0xffff_ffffn)
}

const readIpv6 = (key: Uint32Array): bigint => {
  let value = 0n
  for (const word of key) value = (value << 32n) | BigInt(word)
  return value
}

const writeName = (name: string, key: Uint32Array): void => {
  key.fill(0)
  for (let i = 0; i < name.length; i++) {
    const word = i >>> 2
    key[word] = (key[word] ?? 0) | ((name.charCodeAt(i) & 0xff) << (24 - (i & 3) * 8))
  }
}

const readName = (key: Uint32Array, characters: number): string => {
  let name = ''
  for (let i = 0; i < characters; i++) {
    name += String.fromCharCode(((key[i >>> 2] ?? 0) >>> (24 - (i & 3) * 8)) & 0xff)
  }
  return name
}
