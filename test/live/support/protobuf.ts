/** As much of protobuf's encoding as the CRI's messages need: https://protobuf.dev/programming-guides/encoding, varints and length-delimited fields. */

const varintOf = (value: number): Buffer => {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest >= 128 ? (rest % 128) | 128 : rest)
    if (rest < 128) return Buffer.from(bytes)
  }
}

const delimited = (field: number, bytes: Buffer): Buffer =>
  Buffer.concat([varintOf(field * 8 + 2), varintOf(bytes.length), bytes])

export const text = (field: number, value: string): Buffer => delimited(field, Buffer.from(value))

export const number = (field: number, value: number): Buffer =>
  Buffer.concat([varintOf(field * 8), varintOf(value)])

export const message = (field: number, ...parts: readonly Buffer[]): Buffer =>
  delimited(field, Buffer.concat(parts))

/** The fields of a message that hold bytes: texts and messages. */
export type Message = ReadonlyMap<number, readonly Buffer[]>

const readVarint = (bytes: Buffer, begin: number): { readonly value: number; readonly end: number } => {
  let value = 0
  let factor = 1
  for (let at = begin; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * factor
    factor *= 128
    if (byte < 128) return { value, end: at + 1 }
  }
  throw new RangeError('a varint without end')
}

export const parse = (bytes: Buffer): Message => {
  const fields = new Map<number, Buffer[]>()
  let at = 0
  while (at < bytes.length) {
    const { value: tag, end } = readVarint(bytes, at)
    const { value, end: next } = readVarint(bytes, end)
    const type = tag % 8
    if (type !== 0 && type !== 2) throw new RangeError(`wire type ${type}`)
    at = type === 2 ? next + value : next
    if (type !== 2) continue
    const field = Math.floor(tag / 8)
    fields.set(field, [...(fields.get(field) ?? []), bytes.subarray(next, at)])
  }
  return fields
}

export const textIn = (from: Message, field: number): string => from.get(field)?.[0]?.toString() ?? ''

export const messagesIn = (from: Message, field: number): readonly Message[] =>
  (from.get(field) ?? []).map(parse)
