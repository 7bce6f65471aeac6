/** Words of named bits; formats that contain themselves; lengths that leave out a header; writers that are used again. */
import { describe, expect, it } from 'vitest'
import { type Codec, decode, encode, lengthOf, list, nested, rest, tag, u8, u16 } from '#wire/codec.js'
import { flagField, flagWord } from '#wire/flags.js'
import { struct } from '#wire/struct.js'
import { Writer } from '#wire/writer.js'

const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')

describe('flags', () => {
  const flags = flagWord({ first: 0x8000_0000, 'two words': 1 << 4, last: 1 })

  it('are booleans, every one of them', () => {
    expect(flags.of(0x8000_0001)).toEqual({ first: true, 'two words': false, last: true })
  })

  it('that are absent are 0, and those without a name are dropped', () => {
    expect(flags.word({ first: true })).toBe(0x8000_0000)
    expect(flags.word(flags.of(0xffff_ffff))).toBe(0x8000_0011)
  })

  it('stand in a field', () => {
    const field = flagField(u16, { a: 1, b: 0x8000 })
    expect(hex(encode(field, { b: true }))).toBe('8000')
    expect(decode(field, Buffer.from('8001', 'hex'))).toEqual({ a: true, b: true })
  })
})

describe('a format that contains itself', () => {
  interface Tree {
    readonly kind: 'tree'
    readonly branches: readonly Tree[]
  }
  const tree: Codec<Tree> = struct({
    kind: tag('tree'),
    _length: lengthOf(u8, 1),
    branches: list(nested(3, () => tree)),
  })
  const leaf: Tree = { kind: 'tree', branches: [] }
  const deeper = (inner: Tree): Tree => ({ kind: 'tree', branches: [inner, leaf] })

  it('is read and written up to its limit', () => {
    const value = deeper(deeper(deeper(leaf)))
    expect(decode(tree, encode(tree, value))).toEqual(value)
  })

  it('is refused beyond it, both ways', () => {
    expect(() => encode(tree, deeper(deeper(deeper(deeper(leaf)))))).toThrow('nested more than 3 deep')
    expect(() => decode(tree, Buffer.from('0504030201', 'hex'))).toThrow('nested more than 3 deep')
  })
})

describe('a length', () => {
  it('may leave out the bytes before it and its own', () => {
    const element = struct({ type: u8, _length: lengthOf(u16, 2, 3), body: rest })
    expect(hex(encode(element, { type: 9, body: Buffer.from('abcd', 'hex') }))).toBe('090002abcd')
    expect(decode(element, Buffer.from('090000', 'hex'))).toEqual({ type: 9, body: Buffer.of() })
    expect(() => decode(element, Buffer.from('090003abcd', 'hex'))).toThrow('does not fit')
  })
})

describe('a writer', () => {
  it('shows what it holds without a copy, and forgets an unfinished structure', () => {
    const element = struct({ _length: lengthOf(u16, 2), value: u8 })
    const writer = new Writer(4)
    element.write(writer, { value: 1 })
    const kept = writer.pos
    expect(() => element.write(writer, { value: 256 })).toThrow('256 is not in 0..255')
    writer.rewind(kept)
    element.write(writer, { value: 2 })
    expect(hex(writer.written())).toBe('000301000302')
    writer.reset()
    expect(writer.written()).toHaveLength(0)
  })
})
