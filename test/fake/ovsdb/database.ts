/**
 * A database in memory that does to rows what `ovsdb-server` does: transactions that are all or nothing, named UUIDs, references, indexes, limits.
 * For tests and benchmarks that need hundreds of switches; the vectors and a comparison with a real server keep it honest.
 */
import type { Uuid } from '#ovsdb/atoms.js'
import { isJsonArray, isJsonObject, type Json, type JsonObject, member, printJson } from '#ovsdb/json.js'
import type { DatabaseSchema } from '#ovsdb/schema.js'
import type { FakeRow } from './clauses.js'
import { Draft, type FakeChange, type FakeTables } from './draft.js'
import { execute, type Surroundings } from './execution.js'
import { IndexKeys } from './index-keys.js'
import { ReferenceCounts, referencesOf } from './references.js'
import { settleReferences } from './settling.js'
import { TransactionError } from './transaction-error.js'

export interface CommittedTransaction {
  readonly id: Uuid
  readonly changes: readonly FakeChange[]
}

export class FakeDatabase {
  readonly schema: DatabaseSchema
  readonly tables: FakeTables
  readonly #makeUuid: () => Uuid
  readonly #counts = new ReferenceCounts()
  readonly #indexes: IndexKeys
  readonly #listeners = new Set<(committed: CommittedTransaction) => void>()
  /** The last transaction that changed something. */
  lastTransaction: Uuid

  constructor(schema: DatabaseSchema, makeUuid: () => Uuid) {
    this.schema = schema
    this.tables = new Map([...schema.tables.keys()].map((name) => [name, new Map<Uuid, FakeRow>()]))
    this.#makeUuid = makeUuid
    this.#indexes = new IndexKeys(schema)
    this.lastTransaction = makeUuid()
  }

  onCommit(listener: (committed: CommittedTransaction) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Executes `transact`'s operations; the answer is RFC 7047's, section 4.1.3. Throws `NotYet` for one that has to wait. */
  transact(operations: readonly Json[], around: Partial<Surroundings> = {}): readonly Json[] {
    const draft = new Draft(this.schema, this.tables)
    const results: Json[] = []
    const surroundings = { makeUuid: this.#makeUuid, owns: () => false, mayWait: () => false, ...around }
    try {
      for (const operation of resolveNames(operations, this.#makeUuid))
        results.push(execute(draft, operation, surroundings))
      this.#commit(draft)
      return results
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error
      const failed = { error: error.error, details: error.details }
      return [...results, failed, ...operations.slice(results.length + 1).map(() => null)]
    }
  }

  #commit(draft: Draft): void {
    settleReferences(draft, this.#counts)
    const changes = draft.changes()
    this.#indexes.check(draft, changes)
    for (const { table, uuid, old, new: row } of changes) {
      const schema = draft.tableSchema(table)
      if (old !== undefined) this.#counts.add(referencesOf(schema, old, 'strong'), -1)
      if (row !== undefined) this.#counts.add(referencesOf(schema, row, 'strong'), 1)
      if (row === undefined) this.tables.get(table)?.delete(uuid)
      else this.tables.get(table)?.set(uuid, row)
    }
    this.#indexes.apply(changes)
    if (changes.length === 0) return
    this.lastTransaction = this.#makeUuid()
    for (const listener of this.#listeners) listener({ id: this.lastTransaction, changes })
  }
}

/**
 * Puts a UUID in the place of every name, forward references included. A name that no insert has gets one as well, as at a real server:
 * what refers to it then refers to nothing.
 */
const resolveNames = (operations: readonly Json[], makeUuid: () => Uuid): readonly JsonObject[] => {
  const uuids = new Map<string, Uuid>()
  const uuidOf = (name: string, uuid: Uuid = uuids.get(name) ?? makeUuid()): Uuid => {
    uuids.set(name, uuid)
    return uuid
  }
  const named = operations.map((operation): JsonObject => {
    if (!isJsonObject(operation))
      throw new TransactionError('syntax error', `${printJson([operation])} is no operation`)
    const name = member(operation, 'uuid-name')
    const asked = member(operation, 'uuid')
    if (typeof name !== 'string') return operation
    if (uuids.has(name)) throw new TransactionError('duplicate uuid-name', `the name ${name} is there twice`)
    return { ...operation, uuid: uuidOf(name, typeof asked === 'string' ? asked : makeUuid()) }
  })
  return named.map((operation) => replaceMembers(operation, uuidOf))
}

const replaceMembers = (object: JsonObject, uuidOf: (name: string) => Uuid): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, json]) => [key, replace(json, uuidOf)]))

const replace = (json: Json, uuidOf: (name: string) => Uuid): Json => {
  if (isJsonObject(json)) return replaceMembers(json, uuidOf)
  if (!isJsonArray(json)) return json
  const [kind, name] = json
  if (kind === 'named-uuid' && typeof name === 'string' && json.length === 2) return ['uuid', uuidOf(name)]
  return json.map((part) => replace(part, uuidOf))
}
