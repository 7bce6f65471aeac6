/**
 * Type-length-value elements: a family of structures told apart by a number in their header, each as long as its header
 * says, padded to a multiple. OpenFlow properties, instructions and stats and LISP's LCAFs are of this form.
 */
import type { Codec, ValueOf } from './codec.js'
import { u16 } from './codec.js'
import { WireError, within } from './error.js'

type Cases = Readonly<Record<string, readonly [type: number, body: Codec<unknown>]>>

/** One value of the family: the case's name in `type` beside the body's own fields. */
export type TlvValue<C extends Cases> = {
  readonly [K in keyof C & string]: { readonly type: K } & ValueOf<C[K][1]>
}[keyof C & string]

/** An element that the declaration does not know, kept as it came. */
export interface UnknownTlv {
  readonly type: 'unknown'
  readonly typeCode: number
  readonly body: Uint8Array
}

/**
 * A family with a 16-bit type and a 16-bit length (of header and body, without padding), padded to `align` bytes.
 * Unknown types are kept and written back unchanged.
 */
export const tlv = <const C extends Cases>(cases: C, align: number): Codec<TlvValue<C> | UnknownTlv> => {
  const byCode = new Map(Object.entries(cases).map(([name, [code, body]]) => [code, { name, body }]))
  return {
    read: (r) => {
      const begin = r.pos
      const outerEnd = r.end
      const outerStart = r.start
      const code = u16.read(r)
      const length = u16.read(r)
      if (length < 4) throw new WireError('invalid', `length ${length} is shorter than its header`, begin)
      if (begin + length > outerEnd)
        throw new WireError('truncated', `length ${length} exceeds the ${outerEnd - begin} bytes left`, begin)
      r.end = begin + length
      const known = byCode.get(code)
      let value: unknown
      if (known === undefined) value = { type: 'unknown', typeCode: code, body: r.raw(r.remaining) }
      else {
        try {
          value = { type: known.name, ...(known.body.read(r) as object) }
          if (r.remaining > 0) r.fail(`${r.remaining} bytes left over`)
        } catch (error) {
          throw within(error, known.name)
        }
      }
      const padding = (align - (length % align)) % align
      r.end = outerEnd
      r.start = outerStart
      r.take(Math.min(padding, outerEnd - r.pos))
      return value as TlvValue<C> | UnknownTlv
    },
    write: (w, value) => {
      const unknown = value.type === 'unknown' ? (value as UnknownTlv) : undefined
      const known = unknown === undefined ? cases[value.type] : undefined
      const mark = w.open()
      const begin = w.pos
      u16.write(w, unknown?.typeCode ?? known?.[0] ?? w.fail(`unknown type ${value.type}`))
      w.defer(2, (length) => u16.write(w, length))
      if (unknown !== undefined) w.raw(unknown.body)
      else known?.[1].write(w, value)
      const length = w.pos - begin
      w.close(mark)
      w.zeros((align - (length % align)) % align)
    },
  }
}
