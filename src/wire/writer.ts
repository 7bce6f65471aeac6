/**
 * A growing buffer for bytes to be sent: big-endian, with room for lengths that are known only once a structure is
 * complete. One writer may be reused for many messages.
 */
import { WireError } from './error.js'

interface Deferred {
  readonly at: number
  readonly write: (length: number) => void
}

export class Writer {
  pos = 0
  /** Where the structure being written began: lengths and alignment count from here. */
  start = 0
  /** How many times a format that contains itself has begun: see `nested`. */
  depth = 0
  private bytes: Uint8Array
  private view: DataView
  private readonly deferred: Deferred[] = []

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `size` bytes, moves past them and returns the offset at which they begin. */
  take(size: number): number {
    const at = this.pos
    const needed = at + size
    if (needed > this.bytes.length) this.grow(needed)
    this.pos = needed
    return at
  }

  u8(value: number): void {
    const at = this.take(1)
    this.view.setUint8(at, this.checked(value, 0xff))
  }

  u16(value: number): void {
    const at = this.take(2)
    this.view.setUint16(at, this.checked(value, 0xffff))
  }

  u32(value: number): void {
    const at = this.take(4)
    this.view.setUint32(at, this.checked(value, 0xffff_ffff))
  }

  u64(value: bigint): void {
    if (value < 0n || value > 0xffff_ffff_ffff_ffffn) this.fail(`${value} does not fit in 64 bits`)
    const at = this.take(8)
    this.view.setBigUint64(at, value)
  }

  /** An unsigned integer of `size` bytes. */
  uint(value: bigint, size: number): void {
    if (value < 0n || value >> BigInt(size * 8) !== 0n) this.fail(`${value} does not fit in ${size * 8} bits`)
    const at = this.take(size)
    let rest = value
    let left = size
    for (; left >= 8; left -= 8) {
      this.view.setBigUint64(at + left - 8, rest & 0xffff_ffff_ffff_ffffn)
      rest >>= 64n
    }
    for (; left > 0; left--) {
      this.view.setUint8(at + left - 1, Number(rest & 0xffn))
      rest >>= 8n
    }
  }

  raw(data: Uint8Array): void {
    const at = this.take(data.length)
    this.bytes.set(data, at)
  }

  /** `size` zero bytes. */
  zeros(size: number): void {
    const at = this.take(size)
    this.bytes.fill(0, at, at + size)
  }

  /** Reserves `size` bytes that `write` fills when the current structure ends; it receives the structure's length. */
  defer(size: number, write: (length: number) => void): void {
    const at = this.take(size)
    this.deferred.push({ at, write })
  }

  /** Begins a structure: returns a mark for `close`. */
  open(): { readonly start: number; readonly deferred: number } {
    const mark = { start: this.start, deferred: this.deferred.length }
    this.start = this.pos
    return mark
  }

  /** Ends a structure: writes the lengths it had reserved room for. */
  close(mark: { readonly start: number; readonly deferred: number }): void {
    const end = this.pos
    while (this.deferred.length > mark.deferred) {
      const entry = this.deferred.pop()
      if (entry === undefined) break
      this.pos = entry.at
      entry.write(end - this.start)
    }
    this.pos = end
    this.start = mark.start
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.pos)
  }

  /** What was written, without a copy: valid until the writer is used again. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.pos)
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.rewind(0)
  }

  /** Forgets what was written from `pos` on, structures that were not finished included. */
  rewind(pos: number): void {
    this.pos = pos
    this.start = 0
    this.depth = 0
    this.deferred.length = 0
  }

  fail(reason: string): never {
    throw new WireError('unencodable', reason, this.pos)
  }

  private checked(value: number, max: number): number {
    if (!(value >= 0 && value <= max && Number.isInteger(value))) this.fail(`${value} is not in 0..${max}`)
    return value
  }

  private grow(needed: number): void {
    let capacity = this.bytes.length * 2
    while (capacity < needed) capacity *= 2
    const larger = new Uint8Array(capacity)
    larger.set(this.bytes)
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}
