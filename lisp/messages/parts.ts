/** What several messages have in common: the header's word, identities of xTRs, authentication data. */
import { type Codec, rest, u8, u16, u64, uint } from '#wire/codec.js'
import { within } from '#wire/error.js'
import type { Reader } from '#wire/reader.js'
import { readItems, sized, sizeOf, struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'

/** Who sends: RFC 9301, section 5.6. Unique within the site; the pair is unique in the LISP domain. */
export interface XtrIdentity {
  /** 128 bits. */
  readonly xtrId: bigint
  /** 64 bits. */
  readonly siteId: bigint
}

export const xtrIdentity: Codec<XtrIdentity> = struct({ xtrId: uint(16), siteId: u64 })

/**
 * RFC 9301, section 5.6. RFC 6833 knew one number of 16 bits, the "Key ID", which named the algorithm: such a sender's
 * `keyId` is 0 and its `algorithmId` what it meant.
 */
export interface Authentication {
  readonly keyId: number
  readonly algorithmId: number
  /** A view of the bytes that were read; `auth.ts` checks and computes it. */
  readonly data: Uint8Array
}

export const authentication: Codec<Authentication> = struct({
  keyId: u8,
  algorithmId: u8,
  _length: sizeOf('data', u16, 2),
  data: sized('_length', rest),
})

/** Reads a part of a message, so that an error in it says which. */
export const part = <T>(r: Reader, name: string, codec: Codec<T>): T => {
  try {
    return codec.read(r)
  } catch (error) {
    throw within(error, name)
  }
}

/** Reads `count` items of a message: more than there are bytes left for is an error before anything is allocated. */
export const parts = <T>(r: Reader, name: string, codec: Codec<T>, count: number): readonly T[] => {
  try {
    return readItems(r, codec, count)
  } catch (error) {
    throw within(error, name)
  }
}

/** Writes a part of a message, so that an error in it says which. */
export const writePart = <T>(w: Writer, name: string, codec: Codec<T>, value: T): void => {
  try {
    codec.write(w, value)
  } catch (error) {
    throw within(error, name)
  }
}

export const writeParts = <T>(w: Writer, name: string, codec: Codec<T>, values: readonly T[]): void => {
  for (const [index, value] of values.entries()) writePart(w, `${name}[${index}]`, codec, value)
}

/** A number of items for a field of one byte. */
export const count = (w: Writer, name: string, items: readonly unknown[], max = 255): number =>
  items.length <= max ? items.length : w.fail(`${items.length} ${name} where ${max} fit`)

/** The type of a message in its first four bits. */
export const typeBits = (type: number): number => (type << 28) >>> 0
