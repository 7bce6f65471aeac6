/**
 * The one error of binary decoding and encoding. It says where: a path of field names and indexes, built up while the
 * error travels outwards, and the byte at which reading stopped.
 */

export type WireErrorCode =
  | 'truncated' /** the bytes end before the value does */
  | 'invalid' /** the bytes are there and mean nothing */
  | 'trailing' /** bytes are left over after the value */
  | 'unencodable' /** a value that the format has no room for */

export class WireError extends Error {
  readonly code: WireErrorCode
  readonly reason: string
  /** Byte offset from the beginning of the buffer given to the decoder; for `unencodable`, of the output so far. */
  readonly offset: number
  /** Field names and indexes from the outermost structure inwards, as `flow_mod.instructions[0].actions[2]`. */
  path: string

  constructor(code: WireErrorCode, reason: string, offset: number, path = '') {
    super()
    this.name = 'WireError'
    this.code = code
    this.reason = reason
    this.offset = offset
    this.path = path
  }

  override get message(): string {
    return `${this.path === '' ? '' : `${this.path}: `}${this.reason}, at byte ${this.offset}`
  }
}

/** Puts `step` (a field name or `[index]`) before the path of a wire error; other errors pass unchanged. */
export const within = (error: unknown, step: string): unknown => {
  if (error instanceof WireError) {
    const { path } = error
    error.path = path === '' || path.startsWith('[') ? step + path : `${step}.${path}`
  }
  return error
}
