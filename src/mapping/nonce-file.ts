/**
 * The last nonce of each xTR, where a restart finds it: a Map-Register that was heard before is a replay also then. RFC 9301,
 * section 5.6. The file is written whole, to a name beside it, and renamed: what is there is always one state or the next. Nonces of the
 * last second before a crash may be missing from it; the next registration of their xTR closes that gap.
 */
import { open, readFile, rename } from 'node:fs/promises'
import type { KeptNonce } from '#lisp/map-server.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'

export interface NonceFileOptions {
  readonly path: string
  readonly logger: Logger
  /** Nonces at most; those that were renewed longest ago go first. */
  readonly noncesMax?: number
}

/** What was found at the start. */
export type FoundNonces =
  /** No Map-Server has run with this directory. */
  | { readonly state: 'none' }
  | { readonly state: 'read'; readonly nonces: readonly KeptNonce[] }
  /** What is there was put aside: until their next registration, messages of xTRs can be replayed. */
  | { readonly state: 'damaged' }

const title = 'heddle lisp nonces 1'
const entry = /^([0-9a-f]{16}) (\S.*)$/

export class NonceFile {
  readonly #options: NonceFileOptions
  /** In the order in which they were renewed. */
  readonly #nonces = new Map<string, bigint>()
  #writing: Promise<void> | undefined
  #stale = false

  constructor(options: NonceFileOptions) {
    this.#options = options
  }

  /** Reads the file. What cannot be used is put aside and told: wires must not wait for a mapping system's memory. */
  async read(): Promise<FoundNonces> {
    const { path, logger } = this.#options
    this.#nonces.clear()
    try {
      for (const { xtr, nonce } of parse(await readFile(path, 'utf8'))) this.#nonces.set(xtr, nonce)
      return { state: 'read', nonces: [...this.#nonces].map(([xtr, nonce]) => ({ xtr, nonce })) }
    } catch (error) {
      if (isMissing(error)) return { state: 'none' }
      logger.error(
        { err: error, path },
        `the nonces of LISP routers cannot be read: ${errorText(error)}; until each has registered anew, what it sent before can be replayed`,
      )
      await rename(path, `${path}.damaged`).catch(() => {})
      return { state: 'damaged' }
    }
  }

  /** Takes nonces up and writes the file, once for all that come while it is being written. */
  keep(nonces: readonly KeptNonce[]): void {
    const { noncesMax = 500_000 } = this.#options
    for (const { xtr, nonce } of nonces) {
      this.#nonces.delete(xtr)
      this.#nonces.set(xtr, nonce)
    }
    for (const oldest of this.#nonces.keys()) {
      if (this.#nonces.size <= noncesMax) break
      this.#nonces.delete(oldest)
    }
    this.#stale = true
    this.#writing ??= this.#write()
  }

  /** Resolves when everything that was to be kept is on the disk, or could not be written. */
  async written(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    const { path, logger } = this.#options
    // What comes in the same turn is written with the first.
    await Promise.resolve()
    while (this.#stale) {
      this.#stale = false
      try {
        await replace(path, this.#lines())
      } catch (error) {
        logger.error(
          { err: error, path },
          `the nonces of LISP routers cannot be written: ${errorText(error)}`,
        )
      }
    }
    this.#writing = undefined
  }

  /** In pieces: many nonces hold nothing else up. The last line counts the others, so that a file cut short is known by it. */
  *#lines(): Generator<string> {
    let piece = `${title}\n`
    let count = 0
    for (const [xtr, nonce] of this.#nonces) {
      piece += `${nonce.toString(16).padStart(16, '0')} ${xtr}\n`
      count += 1
      if (count % 1_024 !== 0) continue
      yield piece
      piece = ''
    }
    yield `${piece}end ${count}\n`
  }
}

/** Writes a file whole or not at all, and waits for the disk. */
const replace = async (path: string, pieces: Iterable<string>): Promise<void> => {
  const beside = `${path}.new`
  const file = await open(beside, 'w', 0o640)
  try {
    for (const piece of pieces) await file.write(piece)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
}

const parse = (text: string): KeptNonce[] => {
  const lines = text.split('\n')
  const [first, ...others] = lines
  if (first !== title) throw new Error(`line 1 is not "${title}"`)
  const nonces: KeptNonce[] = []
  for (const [index, line] of others.entries()) {
    const [, digits, xtr] = entry.exec(line) ?? []
    if (digits !== undefined && xtr !== undefined) nonces.push({ xtr, nonce: BigInt(`0x${digits}`) })
    else if (line === `end ${nonces.length}`) return nonces
    else throw new Error(`line ${index + 2} is neither a nonce nor the end`)
  }
  throw new Error('it has no end')
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
