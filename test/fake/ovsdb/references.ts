/**
 * References between the rows of a fake database: how often each row is referred to, so that a row of a table that is no root goes when
 * nobody refers to it any more (RFC 7047, section 3.2). Counts are kept by change, which makes a transaction cost what it touches.
 */
import type { BaseType, Uuid } from '#ovsdb/atoms.js'
import type { TableSchema } from '#ovsdb/schema.js'
import type { FakeRow } from './clauses.js'

export interface Reference {
  readonly table: string
  readonly uuid: Uuid
}

/** The rows that a row refers to strongly, or weakly; one that it names twice comes twice. */
export const referencesOf = (
  table: TableSchema,
  row: FakeRow,
  kind: 'strong' | 'weak',
): readonly Reference[] => {
  const found: Reference[] = []
  for (const [name, { type }] of table.columns) {
    const datum = row.get(name)
    collect(type.key, datum?.keys, kind, found)
    if (type.value !== undefined) collect(type.value, datum?.values, kind, found)
  }
  return found
}

const collect = (
  base: BaseType,
  atoms: readonly unknown[] = [],
  kind: 'strong' | 'weak',
  into: Reference[],
): void => {
  const { refTable } = base
  if (refTable === undefined || (base.refType === 'weak') !== (kind === 'weak')) return
  for (const atom of atoms) into.push({ table: refTable, uuid: String(atom) })
}

export class ReferenceCounts {
  readonly #counts = new Map<Uuid, number>()

  of(uuid: Uuid): number {
    return this.#counts.get(uuid) ?? 0
  }

  add(references: readonly Reference[], by: 1 | -1): void {
    for (const { uuid } of references) {
      const count = this.of(uuid) + by
      if (count === 0) this.#counts.delete(uuid)
      else this.#counts.set(uuid, count)
    }
  }
}
