/** What has to be right before a draft is committed: rows nobody refers to go, weak references to what is gone go, strong ones fail. */
import type { Uuid } from '#ovsdb/atoms.js'
import type { ColumnType, Datum } from '#ovsdb/datum.js'
import { checkDatum } from '#ovsdb/datum.js'
import type { FakeRow } from './clauses.js'
import type { Draft } from './draft.js'
import { type Reference, type ReferenceCounts, referencesOf } from './references.js'
import { TransactionError, translate } from './transaction-error.js'

export const settleReferences = (draft: Draft, counts: ReferenceCounts): void => {
  // Rows that are about to go as garbage are looked at as well: a real server does so.
  for (const { table, new: row } of draft.changes())
    if (row !== undefined) checkStrongReferences(draft, table, row)
  collectGarbage(draft, counts)
  dropWeakReferences(draft)
  checkDeleted(draft, counts)
}

/** Counts as the draft changes them, without changing those of the database. */
const draftCounts = (draft: Draft, counts: ReferenceCounts): ((uuid: Uuid) => number) => {
  const delta = new Map<Uuid, number>()
  const add = (references: readonly Reference[], by: number): void => {
    for (const { uuid } of references) delta.set(uuid, (delta.get(uuid) ?? 0) + by)
  }
  for (const { table, old, new: row } of draft.changes()) {
    const schema = draft.tableSchema(table)
    if (old !== undefined) add(referencesOf(schema, old, 'strong'), -1)
    if (row !== undefined) add(referencesOf(schema, row, 'strong'), 1)
  }
  return (uuid) => counts.of(uuid) + (delta.get(uuid) ?? 0)
}

/** Again and again, since a row that goes may have been the last to refer to another. */
const collectGarbage = (draft: Draft, counts: ReferenceCounts): void => {
  for (let again = true; again; ) {
    const count = draftCounts(draft, counts)
    const garbage = touched(draft).filter(
      ({ table, uuid }) =>
        !draft.tableSchema(table).isRoot && count(uuid) === 0 && draft.get(table, uuid) !== undefined,
    )
    for (const { table, uuid } of garbage) draft.put(table, uuid, undefined)
    again = garbage.length > 0
  }
}

/** The rows whose number of references the draft may have changed. */
const touched = (draft: Draft): readonly Reference[] =>
  draft
    .changes()
    .flatMap(({ table, uuid, old }) => [
      { table, uuid },
      ...(old === undefined ? [] : referencesOf(draft.tableSchema(table), old, 'strong')),
    ])

const checkStrongReferences = (draft: Draft, table: string, row: FakeRow): void => {
  const missing = referencesOf(draft.tableSchema(table), row, 'strong').find(
    (to) => draft.get(to.table, to.uuid) === undefined,
  )
  if (missing === undefined) return
  const details = `a row of ${table} refers to the row ${missing.uuid} of ${missing.table}, which does not exist`
  throw new TransactionError('referential integrity violation', details)
}

const checkDeleted = (draft: Draft, counts: ReferenceCounts): void => {
  const count = draftCounts(draft, counts)
  const needed = draft.changes().find(({ uuid, new: row }) => row === undefined && count(uuid) > 0)
  if (needed === undefined) return
  throw new TransactionError(
    'referential integrity violation',
    `cannot delete ${needed.table} row ${needed.uuid} because of ${count(needed.uuid)} remaining reference(s)`,
  )
}

/** Tables with weak references are few and small: they are looked through whenever a row goes or is written. */
const dropWeakReferences = (draft: Draft): void => {
  const gone = draft.changes().some((change) => change.new === undefined)
  const written = new Set(draft.changes().map(({ uuid }) => uuid))
  for (const [table, schema] of draft.schema.tables) {
    const weak = [...schema.columns].filter(([, { type }]) =>
      [type.key, type.value].some((base) => base?.refType === 'weak'),
    )
    if (weak.length === 0) continue
    for (const [uuid, row] of [...draft.rows(table)]) {
      if (!gone && !written.has(uuid)) continue
      const kept = new Map(row)
      for (const [name, { type }] of weak)
        kept.set(name, withoutDangling(draft, type, row.get(name) ?? { keys: [] }))
      const changed = weak.some(([name]) => kept.get(name) !== row.get(name))
      if (changed) draft.put(table, uuid, kept)
    }
  }
}

const withoutDangling = (draft: Draft, type: ColumnType, datum: Datum): Datum => {
  const there = ({ refTable, refType }: ColumnType['key'], atom: unknown): boolean =>
    refType !== 'weak' || refTable === undefined || draft.get(refTable, String(atom)) !== undefined
  const { values } = datum
  const stays = datum.keys.map(
    (key, index) => there(type.key, key) && (type.value === undefined || there(type.value, values?.[index])),
  )
  if (stays.every(Boolean)) return datum
  const keys = datum.keys.filter((_key, index) => stays[index])
  const left =
    values === undefined ? { keys } : { keys, values: values.filter((_value, index) => stays[index]) }
  translate('constraint violation', () => checkDatum(type, left))
  return left
}
