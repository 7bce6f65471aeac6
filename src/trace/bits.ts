/** Bits of a byte string, counted from its first one, most significant first, as protocol pictures count them. */

/** A byte; 0 behind the end. */
export const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0

/** Up to 32 bits at the bit `at`. Bytes behind the end count as 0. */
export const numberAt = (bytes: Uint8Array, at: number, width: number): number => {
  if (width <= 32 && at % 8 === 0 && width % 8 === 0) {
    let value = 0
    for (let byte = at / 8; byte < (at + width) / 8; byte++) value = value * 256 + byteAt(bytes, byte)
    return value
  }
  return Number(bigintAt(bytes, at, width))
}

/** Any number of bits at the bit `at`. */
export const bigintAt = (bytes: Uint8Array, at: number, width: number): bigint => {
  const first = at >> 3
  const last = (at + width - 1) >> 3
  let value = 0n
  for (let byte = first; byte <= last; byte++) value = (value << 8n) | BigInt(byteAt(bytes, byte))
  const right = BigInt((last + 1) * 8 - (at + width))
  return (value >> right) & ((1n << BigInt(width)) - 1n)
}

/** Writes `width` bits at the bit `at` of `bytes`, in place. */
export const putBits = (bytes: Uint8Array, at: number, width: number, value: bigint): void => {
  const first = at >> 3
  const last = (at + width - 1) >> 3
  const right = BigInt((last + 1) * 8 - (at + width))
  const mask = ((1n << BigInt(width)) - 1n) << right
  let whole = bigintAt(bytes, first * 8, (last - first + 1) * 8)
  whole = (whole & ~mask) | ((value << right) & mask)
  for (let byte = last; byte >= first; byte--) {
    bytes[byte] = Number(whole & 0xffn)
    whole >>= 8n
  }
}

/** A big-endian number as `size` bytes. */
export const bytesOf = (value: number, size: number): Uint8Array => {
  const bytes = new Uint8Array(size)
  putBits(bytes, 0, size * 8, BigInt(value))
  return bytes
}
