/** Cuts a stream of bytes into OpenFlow messages, wherever the network has cut it. A message is at most 65,535 bytes long. */
import { OpenFlowError } from '../errors.js'
import { headerLength, isSpoken, readHeader } from '../messages/envelope.js'

/** One message's bytes, and what its header says. */
export interface Frame {
  readonly version: number
  readonly headerType: number
  readonly xid: number
  readonly data: Uint8Array
}

export class Framer {
  /** The beginning of a message whose end has not come yet. */
  #parts: Uint8Array[] = []
  #held = 0
  /** Bytes until there is something to look at: a whole header, then a whole message. */
  #wanted = headerLength

  /** The messages that `chunk` completes. Throws `OpenFlowError` `malformed`: the stream cannot be followed any further. */
  push(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = []
    let bytes = chunk
    if (this.#held > 0) {
      this.#parts.push(chunk)
      this.#held += chunk.length
      if (this.#held < this.#wanted) return frames
      bytes = Buffer.concat(this.#parts, this.#held)
    }
    const used = this.#cut(bytes, frames)
    this.#parts = used < bytes.length ? [bytes.subarray(used)] : []
    this.#held = bytes.length - used
    return frames
  }

  /** Takes whole messages off the front; returns how many bytes they have. */
  #cut(bytes: Uint8Array, frames: Frame[]): number {
    let pos = 0
    for (;;) {
      this.#wanted = headerLength
      if (bytes.length - pos < headerLength) return pos
      const header = checkedHeader(bytes, pos)
      this.#wanted = header.length
      if (bytes.length - pos < header.length) return pos
      frames.push({ ...header, data: bytes.subarray(pos, pos + header.length) })
      pos += header.length
    }
  }
}

const checkedHeader = (bytes: Uint8Array, pos: number) => {
  const header = readHeader(bytes, pos)
  const { version, headerType, length } = header
  // Looked at before the rest is waited for: whoever speaks another protocol is not listened to for 64 KiB.
  if (!isSpoken(version, headerType)) {
    throw new OpenFlowError('malformed', `a message of version ${version} and type ${headerType}`)
  }
  if (length >= headerLength) return header
  throw new OpenFlowError('malformed', `a message of type ${headerType} has a length of ${length}`)
}
