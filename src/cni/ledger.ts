/**
 * What the plugin made on this node, written down before it is made: one small file for each attachment, so that a plugin that is
 * killed half-way leaves nothing that nobody knows of. An attachment whose container is gone while the controller could not be
 * told waits under `pending`.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
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
  async write(record: LedgerRecord): Promise<void> {
    await this.#write('attachments', record)
    await this.#remove('pending', record.id)
  }

  /** The record of an id; absent too where it cannot be read, as after a loss of power. */
  async read(id: string): Promise<LedgerRecord | undefined> {
    return this.#read('attachments', id)
  }

  async remove(id: string): Promise<void> {
    await this.#remove('attachments', id)
  }

  /** Every attachment of a network configuration. */
  async attachments(configuration: string): Promise<readonly LedgerRecord[]> {
    const records = await this.#list('attachments')
    return records.filter((record) => record.configuration === configuration)
  }

  /** Notes that the controller has yet to be told of a deletion. @throws CniError `try-later` when too many wait, `io-failure` */
  async postpone(record: LedgerRecord): Promise<void> {
    if ((await this.#names('pending')).length >= pendingMax)
      throw new CniError('try-later', `${pendingMax} deletions wait for the controller already`)
    await this.#write('pending', record)
    await this.remove(record.id)
  }

  /** At most `max` of what the controller has yet to be told. */
  async pending(max = pendingMax): Promise<readonly LedgerRecord[]> {
    return this.#list('pending', max)
  }

  async settle(id: string): Promise<void> {
    await this.#remove('pending', id)
  }

  /** Removes drafts that were never put in place; a plugin that is about to writes its own again. */
  async sweep(): Promise<void> {
    for (const part of ['attachments', 'pending'] as const) {
      const drafts = (await this.#entries(part)).filter((name) => !name.endsWith('.json'))
      for (const name of drafts) await rm(join(this.#directory, part, name), { force: true })
    }
  }

  #file(part: Part, id: string): string {
    return join(this.#directory, part, `${id}.json`)
  }

  async #write(part: Part, record: LedgerRecord): Promise<void> {
    const file = this.#file(part, record.id)
    const draft = `${file}.${randomUUID()}`
    const put = async (): Promise<void> => {
      await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 })
      await rename(draft, file)
    }
    try {
      await put().catch(async (error: unknown) => {
        if (!isMissing(error)) throw error
        await mkdir(join(this.#directory, part), { recursive: true, mode: 0o700 })
        await put()
      })
    } catch (cause) {
      throw new CniError('io-failure', `${file} cannot be written`, {
        details: cause instanceof Error ? cause.message : String(cause),
        cause,
      })
    }
  }

  async #read(part: Part, id: string): Promise<LedgerRecord | undefined> {
    try {
      return readRecord(JSON.parse(await readFile(this.#file(part, id), 'utf8')))
    } catch {
      return undefined
    }
  }

  async #remove(part: Part, id: string): Promise<void> {
    await rm(this.#file(part, id), { force: true })
  }

  async #names(part: Part): Promise<readonly string[]> {
    return (await this.#entries(part)).filter((name) => name.endsWith('.json'))
  }

  async #entries(part: Part): Promise<readonly string[]> {
    try {
      return await readdir(join(this.#directory, part))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  async #list(part: Part, max = Number.POSITIVE_INFINITY): Promise<readonly LedgerRecord[]> {
    const names = (await this.#names(part)).slice(0, max)
    const records: LedgerRecord[] = []
    for (const name of names) {
      const record = await this.#read(part, name.replace(/\.json$/, ''))
      if (record !== undefined) records.push(record)
    }
    return records
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
