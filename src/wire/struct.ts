/**
 * Structures: fields in the order in which they stand on the wire. Fields whose name begins with `_` (padding, lengths,
 * counts) are in the bytes and not in the type, so they cannot be wrong. A declaration is compiled to straight-line
 * functions when it is loaded, so that it costs what hand-written offsets cost.
 */
import type { Codec, ValueOf } from './codec.js'
import { WireError, within } from './error.js'
import type { Reader } from './reader.js'
import type { Writer } from './writer.js'

type Fields = Readonly<Record<string, Codec<unknown>>>

/** The value of a structure: its fields without those that begin with `_`. */
export type StructValue<F extends Fields> = {
  readonly [K in keyof F as K extends `_${string}` ? never : K]: ValueOf<F[K]>
}

/** A field derived from another one when written: how many items `list` has. */
interface CountOf extends Codec<number> {
  readonly countOf: string
}

/** A field whose item count another field holds. */
interface Repeat<T> extends Codec<readonly T[]> {
  readonly countedBy: string
  readonly item: Codec<T>
}

/** The number of items of the field `field`, in this place: `_count: countOf('records', u8)`. */
export const countOf = (field: string, codec: Codec<number>): CountOf => ({ ...codec, countOf: field })

/** As many items as the field `countedBy` says: `records: repeat('_count', record)`. */
export const repeat = <T>(countedBy: string, item: Codec<T>): Repeat<T> => ({
  countedBy,
  item,
  read: () => {
    throw new TypeError('repeat() is read by the struct around it')
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

/** A field derived from another one when written: how many bytes `field` takes. */
interface SizeOf extends Codec<number> {
  readonly sizeOf: string
  readonly size: number
}

/** A field that takes as many bytes as another field says. */
interface Sized<T> extends Codec<T> {
  readonly sizedBy: string
}

/** The number of bytes of the later field `field`, in `size` bytes here: `_actionsLength: sizeOf('actions', u16, 2)`. */
export const sizeOf = (field: string, codec: Codec<number>, size: number): SizeOf => ({
  ...codec,
  sizeOf: field,
  size,
})

/** Exactly as many bytes as the earlier field `sizedBy` says: `actions: sized('_actionsLength', list(action))`. */
export const sized = <T>(sizedBy: string, codec: Codec<T>): Sized<T> => ({ ...codec, sizedBy })

const isSizeOf = (codec: Codec<unknown>): codec is SizeOf => 'sizeOf' in codec
const isSized = (codec: Codec<unknown>): codec is Sized<unknown> => 'sizedBy' in codec

/** Reads a field within `size` bytes; bytes left over are an error. */
const readSized = (r: Reader, codec: Codec<unknown>, size: number): unknown => {
  const { start, end } = r
  r.start = r.pos
  r.limit(r.pos + size)
  const value = codec.read(r)
  if (r.pos !== r.end) r.fail(`${r.end - r.pos} bytes left over`)
  r.start = start
  r.end = end
  return value
}

/** Fills in, at `at`, how many bytes were written since `from`. */
const writeSize = (w: Writer, codec: Codec<unknown>, at: number, from: number): void => {
  const end = w.pos
  w.pos = at
  codec.write(w, end - from)
  w.pos = end
}

const isRepeat = (codec: Codec<unknown>): codec is Repeat<unknown> => 'countedBy' in codec
const isCount = (codec: Codec<unknown>): codec is CountOf => 'countOf' in codec

/** Reads `count` items; every item must take at least a byte, so a lying count ends at the end of the bytes. */
export const readItems = <T>(r: Reader, item: Codec<T>, count: number): T[] => {
  const items: T[] = []
  if (count > r.remaining) throw new WireError('truncated', `${count} items in ${r.remaining} bytes`, r.pos)
  for (let i = 0; i < count; i++) {
    try {
      items.push(item.read(r))
    } catch (error) {
      throw within(error, `[${i}]`)
    }
  }
  return items
}

/** `name` as a property access of generated code: names are ours, from declarations, never from the network. */
const key = (name: string): string => JSON.stringify(name)

const readSource = (names: readonly string[], codecs: readonly Codec<unknown>[]): string => {
  const lines = names.map((_, i) => {
    const codec = codecs[i] as Codec<unknown>
    const value = isRepeat(codec)
      ? `readItems(r, c[${i}].item, v${names.indexOf(codec.countedBy)})`
      : isSized(codec)
        ? `readSized(r, c${i}, v${names.indexOf(codec.sizedBy)})`
        : `c${i}.read(r)`
    return `f = ${i}; const v${i} = ${value};`
  })
  const bounded = codecs.some((codec) => 'isLength' in codec)
  const checkEnd = bounded ? 'if (r.pos !== r.end) r.fail((r.end - r.pos) + " bytes left over");' : ''
  const shown = names.flatMap((name, i) => (name.startsWith('_') ? [] : [`${key(name)}: v${i}`]))
  return `return function read(r) {
    const start = r.start, end = r.end; let f = 0; r.start = r.pos;
    try { ${lines.join('\n')} ${checkEnd} r.start = start; r.end = end; return { ${shown.join(', ')} } }
    catch (error) { throw within(error, names[f]) } }`
}

const writeSource = (names: readonly string[], codecs: readonly Codec<unknown>[]): string => {
  const lines = names.map((name, i) => {
    const codec = codecs[i] as Codec<unknown>
    const value = isCount(codec)
      ? `v[${key(codec.countOf)}].length`
      : name.startsWith('_')
        ? 'undefined'
        : `v[${key(name)}]`
    if (isSizeOf(codec)) return `f = ${i}; const at${i} = w.take(${codec.size});`
    const write = `f = ${i}; c${i}.write(w, ${value});`
    if (!isSized(codec)) return write
    const size = names.indexOf(codec.sizedBy)
    return `const from${i} = w.pos; ${write} writeSize(w, c${size}, at${size}, from${i});`
  })
  return `return function write(w, v) {
    const mark = w.open(); let f = 0;
    try { ${lines.join('\n')} w.close(mark) } catch (error) { throw within(error, names[f]) } }`
}

/** A structure of named fields. Bytes between the last field and a `lengthOf` limit are skipped when `skipRest`. */
export const struct = <const F extends Fields>(fields: F): Codec<StructValue<F>> => {
  const names = Object.keys(fields)
  const codecs = Object.values(fields)
  const build = (source: string): unknown =>
    new Function(
      'c',
      'names',
      'within',
      'readItems',
      'readSized',
      'writeSize',
      `const [${codecs.map((_, i) => `c${i}`).join(', ')}] = c;${source}`,
    )(codecs, names, within, readItems, readSized, writeSize)
  return {
    read: build(readSource(names, codecs)) as (r: Reader) => StructValue<F>,
    write: build(writeSource(names, codecs)) as (w: Writer, v: StructValue<F>) => void,
  }
}

/** The value of `bits`: its fields without those that begin with `_`. */
export type BitsValue<F> = { readonly [K in keyof F as K extends `_${string}` ? never : K]: number }

/** Bit fields of one number of up to 32 bits, most significant first: `bits(u16, 16, { _unused: 13, local: 1, … })`. */
export const bits = <const F extends Readonly<Record<string, number>>>(
  codec: Codec<number>,
  width: number,
  fields: F,
): Codec<BitsValue<F>> => {
  let below = width
  const parts = Object.entries(fields).map(([name, size]) => {
    below -= size
    return { name, shift: below, mask: size === 32 ? 0xffff_ffff : (1 << size) - 1 }
  })
  if (below !== 0) throw new TypeError(`bits of ${Object.keys(fields).join(', ')} do not add up to ${width}`)
  const named = parts.filter(({ name }) => !name.startsWith('_'))
  return {
    read: (r) => {
      const number = codec.read(r)
      return Object.fromEntries(
        named.map(({ name, shift, mask }) => [name, (number >>> shift) & mask]),
      ) as BitsValue<F>
    },
    write: (w, v) => {
      const values = v as Readonly<Record<string, number>>
      let number = 0
      for (const { name, shift, mask } of named) {
        const value = values[name] ?? w.fail(`bit field ${name} is missing`)
        if (value < 0 || value > mask) w.fail(`${name} = ${value} does not fit`)
        number = (number | (value << shift)) >>> 0
      }
      codec.write(w, number)
    },
  }
}
