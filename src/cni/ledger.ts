/**
 * What the plugin made on this node, written down before it is made: one small file for each attachment, so that a plugin that is
 * killed half-way leaves nothing that nobody knows of. An attachment whose container is gone while the controller could not be
 * told waits under `pending`. Files are read and written at once: a process that serves one call has nothing else to do, and
 * waiting for them otherwise takes longer.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CniError } from './error.js'
import type { Attachment } from './names.js'
import { anything, flag, objectWith, text } from './reading.js'

export interface LedgerRecord extends Attachment {
  /** Names the file. */
  readonly id: string
  /** Name of the network configuration: GC is for one of them at a time. */
  readonly configuration: string
  /** The host's end. */
  readonly host: string
  /** Whether the controller has, or may have, an endpoint of this id. */
  readonly endpoint: boolean
  /** Whether ADD came to its end. */
  readonly complete: boolean
  /** What an IPAM plugin answered: it is not asked twice. */
  readonly ipam?: unknown
}

const readRecord = objectWith(
  {
    id: text,
    configuration: text,
    containerId: text,
    interfaceName: text,
    host: text,
    endpoint: flag,
    complete: flag,
    ipam: anything,
  },
  'id',
  'configuration',
  'containerId',
  'interfaceName',
  'host',
  'endpoint',
  'complete',
)

/** Deletions that wait for the controller: beyond so many DEL fails, and the runtime keeps them. */
const pendingMax = 10_000

type Part = 'attachments' | 'pending'

export class Ledger {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Writes a record, over what there was of its id. @throws CniError `io-failure` */
  write(record: LedgerRecord): void {
    this.#write('attachments', record)
    this.#remove('pending', record.id)
  }

  /** The record of an id; absent too where it cannot be read, as after a loss of power. */
  read(id: string): LedgerRecord | undefined {
    return this.#read('attachments', id)
  }

  remove(id: string): void {
    this.#remove('attachments', id)
  }

  /** Every attachment of a network configuration. */
  attachments(configuration: string): readonly LedgerRecord[] {
    const records = this.#list('attachments')
    return records.filter((record) => record.configuration === configuration)
  }

  /** Notes that the controller has yet to be told of a deletion. @throws CniError `try-later` when too many wait, `io-failure` */
  postpone(record: LedgerRecord): void {
    if (this.#names('pending').length >= pendingMax)
      throw new CniError('try-later', `${pendingMax} deletions wait for the controller already`)
    this.#write('pending', record)
    this.remove(record.id)
  }

  /** At most `max` of what the controller has yet to be told. */
  pending(max = pendingMax): readonly LedgerRecord[] {
    return this.#list('pending', max)
  }

  settle(id: string): void {
    this.#remove('pending', id)
  }

  /** Removes drafts that were never put in place; a plugin that is about to writes its own again. */
  sweep(): void {
    for (const part of ['attachments', 'pending'] as const) {
      const drafts = this.#entries(part).filter((name) => !name.endsWith('.json'))
      for (const name of drafts) rmSync(join(this.#directory, part, name), { force: true })
    }
  }

  #file(part: Part, id: string): string {
    return join(this.#directory, part, `${id}.json`)
  }

  #write(part: Part, record: LedgerRecord): void {
    const file = this.#file(part, record.id)
    const draft = `${file}.${process.pid}`
    const put = (): void => {
      writeFileSync(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 })
      renameSync(draft, file)
    }
    try {
      try {
        put()
      } catch (error) {
        if (!isMissing(error)) throw error
        mkdirSync(join(this.#directory, part), { recursive: true, mode: 0o700 })
        put()
      }
    } catch (cause) {
      throw new CniError('io-failure', `${file} cannot be written`, {
        details: cause instanceof Error ? cause.message : String(cause),
        cause,
      })
    }
  }

  #read(part: Part, id: string): LedgerRecord | undefined {
    try {
      return readRecord(JSON.parse(readFileSync(this.#file(part, id), 'utf8')))
    } catch {
      return undefined
    }
  }

  #remove(part: Part, id: string): void {
    rmSync(this.#file(part, id), { force: true })
  }

  #names(part: Part): readonly string[] {
    return this.#entries(part).filter((name) => name.endsWith('.json'))
  }

  #entries(part: Part): readonly string[] {
    try {
      return readdirSync(join(this.#directory, part))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  #list(part: Part, max = Number.POSITIVE_INFINITY): readonly LedgerRecord[] {
    const names = this.#names(part).slice(0, max)
    const records: LedgerRecord[] = []
    for (const name of names) {
      const record = this.#read(part, name.replace(/\.json$/, ''))
      if (record !== undefined) records.push(record)
    }
    return records
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
