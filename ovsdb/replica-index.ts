/**
 * Secondary indexes of a replica's table: which rows have this value in that column. An index holds UUIDs, one by itself and
 * several in a set, so that a row whose indexed value stays costs nothing when it changes.
 */
import type { Uuid } from './atoms.js'

/** What a row can be found by. */
export type IndexKey = string | number | bigint | boolean

/** The keys of one row: none, one, or one for each element of a set. */
export type KeysOf<R> = (row: R) => readonly IndexKey[]

export class ReplicaIndex<R extends { readonly _uuid: Uuid }> {
  readonly #keysOf: KeysOf<R>
  readonly #rowOf: (uuid: Uuid) => R | undefined
  readonly #found = new Map<IndexKey, Uuid | Set<Uuid>>()

  constructor(keysOf: KeysOf<R>, rowOf: (uuid: Uuid) => R | undefined) {
    this.#keysOf = keysOf
    this.#rowOf = rowOf
  }

  /** All rows with this key, in no order. */
  all(key: IndexKey): readonly R[] {
    const found = this.#found.get(key)
    if (found === undefined) return []
    const rows: R[] = []
    for (const uuid of typeof found === 'string' ? [found] : found) {
      const row = this.#rowOf(uuid)
      if (row !== undefined) rows.push(row)
    }
    return rows
  }

  /** The row with this key: where several have it, one of them. */
  one(key: IndexKey): R | undefined {
    const found = this.#found.get(key)
    if (found === undefined) return undefined
    const [uuid] = typeof found === 'string' ? [found] : found
    return uuid === undefined ? undefined : this.#rowOf(uuid)
  }

  /** For the table alone: one row became another, came or went. */
  update(old: R | undefined, row: R | undefined): void {
    const before = old === undefined ? [] : this.#keysOf(old)
    const after = row === undefined ? [] : this.#keysOf(row)
    if (before.length === 1 && after.length === 1 && before[0] === after[0]) return
    if (old !== undefined) for (const key of before) this.#remove(key, old._uuid)
    if (row !== undefined) for (const key of after) this.#add(key, row._uuid)
  }

  #add(key: IndexKey, uuid: Uuid): void {
    const found = this.#found.get(key)
    if (found === undefined) this.#found.set(key, uuid)
    else if (typeof found !== 'string') found.add(uuid)
    else if (found !== uuid) this.#found.set(key, new Set([found, uuid]))
  }

  #remove(key: IndexKey, uuid: Uuid): void {
    const found = this.#found.get(key)
    if (found === uuid) this.#found.delete(key)
    if (found === undefined || typeof found === 'string') return
    found.delete(uuid)
    const [last] = found
    if (found.size === 1 && last !== undefined) this.#found.set(key, last)
  }
}

/** The keys that a column's value gives: itself, nothing for null, its elements, or the keys of a map. */
export const keysOfValue = (value: unknown): readonly IndexKey[] => {
  if (isKey(value)) return [value]
  if (Array.isArray(value)) return value.filter(isKey)
  if (value instanceof Map) return [...value.keys()].filter(isKey)
  return []
}

const isKey = (value: unknown): value is IndexKey =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  typeof value === 'boolean'
