/**
 * Declarative binary codecs: values that read and write one wire format, combined from smaller ones. The protocol
 * libraries declare their messages with these and contain no offsets. `struct.ts` and `tlv.ts` hold the combinators
 * that need more room.
 */
import { WireError, within } from './error.js'
import { Reader } from './reader.js'
import { Writer } from './writer.js'

export interface Codec<T> {
  read(reader: Reader): T
  write(writer: Writer, value: T): void
}

/** The type of the values of a codec. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never

export const u8: Codec<number> = { read: (r) => r.u8(), write: (w, v) => w.u8(v) }
export const u16: Codec<number> = { read: (r) => r.u16(), write: (w, v) => w.u16(v) }
export const u32: Codec<number> = { read: (r) => r.u32(), write: (w, v) => w.u32(v) }
export const u64: Codec<bigint> = { read: (r) => r.u64(), write: (w, v) => w.u64(v) }

/** An unsigned integer of `size` bytes as a bigint: MAC addresses (6), IPv6 addresses (16). */
export const uint = (size: number): Codec<bigint> => ({
  read: (r) => r.uint(size),
  write: (w, v) => w.uint(v, size),
})

/** An unsigned 24-bit integer: VNIs, instance ids. */
export const u24: Codec<number> = {
  read: (r) => (r.u8() << 16) | r.u16(),
  write: (w, v) => {
    w.u8(v >>> 16)
    w.u16(v & 0xffff)
  },
}

/** Exactly `size` bytes. The value read is a view of the input. */
export const bytes = (size: number): Codec<Uint8Array> => ({
  read: (r) => r.raw(size),
  write: (w, v) => {
    if (v.length !== size) w.fail(`${v.length} bytes where ${size} are needed`)
    w.raw(v)
  },
})

/** All bytes up to the limit of the structure around it. The value read is a view of the input. */
export const rest: Codec<Uint8Array> = { read: (r) => r.raw(r.remaining), write: (w, v) => w.raw(v) }

/** Text in a field of fixed `size`, filled up with zero bytes; the last byte is always zero when `terminated`. */
export const text = (size: number, terminated = true): Codec<string> => ({
  read: (r) => {
    const field = r.raw(size)
    const zero = field.indexOf(0)
    return Buffer.from(zero < 0 ? field : field.subarray(0, zero)).toString('latin1')
  },
  write: (w, v) => {
    const data = Buffer.from(v, 'latin1')
    const room = terminated ? size - 1 : size
    if (data.length > room) w.fail(`text of ${data.length} bytes where ${room} fit`)
    w.raw(data)
    w.zeros(size - data.length)
  },
})

/** `size` bytes without meaning: zero when written, not looked at when read. */
export const pad = (size: number): Codec<undefined> => ({
  read: (r) => {
    r.take(size)
    return undefined
  },
  write: (w) => w.zeros(size),
})

/** Padding up to a multiple of `multiple`, counted from the beginning of the structure around it. */
export const padTo = (multiple: number): Codec<undefined> => {
  const missing = (length: number): number => (multiple - (length % multiple)) % multiple
  return {
    read: (r) => {
      // A sender that leaves out the last padding (and says so in its length) is understood.
      r.take(Math.min(missing(r.pos - r.start), r.remaining))
      return undefined
    },
    write: (w) => w.zeros(missing(w.pos - w.start)),
  }
}

/**
 * The length of the structure around it, this field included, in `size` bytes; without its first `uncounted` bytes, where
 * the format does not count its header. The structure ends there: bytes left over are an error.
 */
export const lengthOf = (
  codec: Codec<number>,
  size: number,
  uncounted = 0,
): Codec<undefined> & { readonly isLength: true } => ({
  isLength: true,
  read: (r) => {
    r.limit(r.start + uncounted + codec.read(r))
    return undefined
  },
  write: (w) => w.defer(size, (length) => codec.write(w, length - uncounted)),
})

/** No bytes at all: a name that tells the values of one codec from those of another. */
export const tag = <const T extends string>(name: T): Codec<T> => ({
  read: () => name,
  write: () => undefined,
})

/** A number that must be there: a version, a subtype. */
export const constant = (codec: Codec<number>, expected: number): Codec<undefined> => ({
  read: (r) => {
    const found = codec.read(r)
    if (found !== expected) r.fail(`${found} where ${expected} is expected`)
    return undefined
  },
  write: (w) => codec.write(w, expected),
})

/** Names for numbers. Reading an unlisted number is an error, unless `open`: then it is given as a number. */
export function enumOf<const E extends Record<string, number>>(
  codec: Codec<number>,
  names: E,
): Codec<keyof E & string>
export function enumOf<const E extends Record<string, number>>(
  codec: Codec<number>,
  names: E,
  options: { open: true },
): Codec<(keyof E & string) | number>
export function enumOf(
  codec: Codec<number>,
  names: Record<string, number>,
  options?: { open: true },
): Codec<string | number> {
  const byNumber = new Map(Object.entries(names).map(([name, number]) => [number, name]))
  const byName = new Map(Object.entries(names))
  return {
    read: (r) => {
      const number = codec.read(r)
      return byNumber.get(number) ?? (options?.open ? number : r.fail(`unknown value ${number}`))
    },
    write: (w, v) =>
      codec.write(w, typeof v === 'number' ? v : (byName.get(v) ?? w.fail(`unknown name ${v}`))),
  }
}

/** A set of named bits in a number; bits without a name are dropped when read. */
export const flagsOf = <const F extends Record<string, number>>(
  codec: Codec<number>,
  names: F,
): Codec<readonly (keyof F & string)[]> => {
  const entries = Object.entries(names) as [keyof F & string, number][]
  return {
    read: (r) => {
      const bits = codec.read(r)
      return entries.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name)
    },
    write: (w, v) =>
      codec.write(
        w,
        v.reduce((bits, name) => (bits | (names[name] ?? w.fail(`unknown flag ${name}`))) >>> 0, 0),
      ),
  }
}

/** Items up to the limit of the structure around it. An item that reads nothing is an error, not an endless loop. */
export const list = <T>(item: Codec<T>): Codec<readonly T[]> => ({
  read: (r) => {
    const items: T[] = []
    while (r.remaining > 0) {
      const before = r.pos
      try {
        items.push(item.read(r))
      } catch (error) {
        throw within(error, `[${items.length}]`)
      }
      if (r.pos === before) r.fail('an item of no length')
    }
    return items
  },
  write: (w, items) => {
    for (let i = 0; i < items.length; i++) {
      try {
        item.write(w, items[i] as T)
      } catch (error) {
        throw within(error, `[${i}]`)
      }
    }
  },
})

/** A codec made from another by two functions; `to` may throw what `Reader.fail` throws. */
export const mapped = <A, B>(
  codec: Codec<A>,
  to: (value: A, r: Reader) => B,
  from: (value: B) => A,
): Codec<B> => ({
  read: (r) => to(codec.read(r), r),
  write: (w, v) => codec.write(w, from(v)),
})

/** A codec that is looked up at its first use, for formats that contain themselves. */
export const lazy = <T>(get: () => Codec<T>): Codec<T> => ({
  read: (r) => get().read(r),
  write: (w, v) => get().write(w, v),
})

/** A format that contains itself, at most `depthMax` deep: what is deeper is an error, not a full stack. */
export const nested = <T>(depthMax: number, get: () => Codec<T>): Codec<T> => ({
  read: (r) => {
    if (r.depth >= depthMax) r.fail(`nested more than ${depthMax} deep`)
    r.depth++
    const value = get().read(r)
    r.depth--
    return value
  },
  write: (w, v) => {
    if (w.depth >= depthMax) w.fail(`nested more than ${depthMax} deep`)
    w.depth++
    get().write(w, v)
    w.depth--
  },
})

/** Decodes exactly one value; bytes left over are an error. */
export const decode = <T>(codec: Codec<T>, data: Uint8Array, name = ''): T => {
  const reader = new Reader(data)
  try {
    const value = codec.read(reader)
    if (reader.pos !== data.length) {
      throw new WireError('trailing', `${data.length - reader.pos} bytes left over`, reader.pos)
    }
    return value
  } catch (error) {
    throw name === '' ? error : within(error, name)
  }
}

/** Encodes one value into bytes of its own. */
export const encode = <T>(codec: Codec<T>, value: T): Uint8Array => {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.finish()
}
