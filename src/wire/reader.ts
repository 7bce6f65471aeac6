/**
 * A cursor over received bytes: big-endian, bounds-checked, with a limit that structures narrow to their own length.
 * Every read of the codecs ends here, so nothing else in Heddle knows an offset.
 */
import { WireError } from './error.js'

export class Reader {
  readonly bytes: Uint8Array
  /** Offset of the next byte. */
  pos: number
  /** Offset after the last byte that may be read. */
  end: number
  /** Where the structure being read began: lengths and alignment count from here. */
  start: number
  /** How many times a format that contains itself has begun: see `nested`. */
  depth = 0
  private readonly view: DataView

  constructor(bytes: Uint8Array, pos = 0, end = bytes.length) {
    this.bytes = bytes
    this.pos = pos
    this.start = pos
    this.end = end
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.end - this.pos
  }

  /** Moves past `size` bytes and returns the offset at which they began. */
  take(size: number): number {
    const at = this.pos
    if (at + size > this.end) {
      throw new WireError('truncated', `${size} bytes needed, ${this.end - at} left`, at)
    }
    this.pos = at + size
    return at
  }

  u8(): number {
    return this.view.getUint8(this.take(1))
  }

  u16(): number {
    return this.view.getUint16(this.take(2))
  }

  u32(): number {
    return this.view.getUint32(this.take(4))
  }

  u64(): bigint {
    return this.view.getBigUint64(this.take(8))
  }

  /** An unsigned integer of `size` bytes: any width, for MAC and IPv6 addresses and wider fields. */
  uint(size: number): bigint {
    const at = this.take(size)
    let value = 0n
    let done = 0
    while (size - done >= 8) {
      value = (value << 64n) | this.view.getBigUint64(at + done)
      done += 8
    }
    for (; done < size; done++) value = (value << 8n) | BigInt(this.view.getUint8(at + done))
    return value
  }

  /** `size` bytes as a view of the input, not a copy. */
  raw(size: number): Uint8Array {
    const at = this.take(size)
    return this.bytes.subarray(at, at + size)
  }

  /** Narrows the limit to `end`; throws when that lies outside the present one. */
  limit(end: number): void {
    if (end > this.end || end < this.pos) {
      const length = end - this.start
      const room = this.end - this.start
      throw new WireError(
        end > this.end ? 'truncated' : 'invalid',
        `length ${length} does not fit (${this.pos - this.start} bytes already read, ${room} available)`,
        this.pos,
      )
    }
    this.end = end
  }

  fail(reason: string): never {
    throw new WireError('invalid', reason, this.pos)
  }
}
