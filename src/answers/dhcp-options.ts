/** Options of DHCP: code, length, bytes; RFC 2132. What is given in pieces is put together: RFC 3396. */
import { type Codec, encode, uint } from '#wire/codec.js'

export type Options = ReadonlyMap<number, Uint8Array>

const padding = 0
const end = 255
const lengthMax = 255
/** Clients of old throw away what is shorter than a message of BOOTP: RFC 1542, section 2.1. */
const sizeMin = 64

/** A number of `size` bytes as an option's value. */
export const numberOption = (value: number, size: number): Uint8Array => encode(uint(size), BigInt(value))

const joined = (before: Uint8Array | undefined, more: Uint8Array): Uint8Array =>
  before === undefined ? more : new Uint8Array([...before, ...more])

/** Up to the end option, or to the end of the bytes where it is forgotten. */
export const dhcpOptions: Codec<Options> = {
  read: (r) => {
    const found = new Map<number, Uint8Array>()
    while (r.remaining > 0) {
      const code = r.u8()
      if (code === padding) continue
      if (code === end) break
      found.set(code, joined(found.get(code), r.raw(r.u8())))
    }
    r.take(r.remaining)
    return found
  },
  write: (w, options) => {
    const begin = w.pos
    for (const [code, value] of options) {
      if (value.length > lengthMax) w.fail(`option ${code} has ${value.length} bytes where ${lengthMax} fit`)
      w.u8(code)
      w.u8(value.length)
      w.raw(value)
    }
    w.u8(end)
    w.zeros(Math.max(0, begin + sizeMin - w.pos))
  },
}
