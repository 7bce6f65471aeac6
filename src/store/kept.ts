/** Objects of one kind, by the UUID of their row and by their own key. */
import type { Uuid } from '#ovsdb/atoms.js'
import type { Changed } from './store.js'

export class Kept<K, V> {
  private readonly rows = new Map<Uuid, V>()
  private readonly keys = new Map<K, Uuid>()

  constructor(private readonly keyOf: (value: V) => K) {}

  get(key: K): V | undefined {
    const row = this.keys.get(key)
    return row === undefined ? undefined : this.rows.get(row)
  }

  row(key: K): Uuid | undefined {
    return this.keys.get(key)
  }

  values(): Iterable<V> {
    return this.rows.values()
  }

  /** Sets or, without a value, deletes; says what changed. */
  put(row: Uuid, value: V | undefined): Changed<V> {
    const old = this.rows.get(row)
    // A key may have passed to another row in the same transaction.
    if (old !== undefined && this.keys.get(this.keyOf(old)) === row) this.keys.delete(this.keyOf(old))
    if (value === undefined) this.rows.delete(row)
    else {
      this.rows.set(row, value)
      this.keys.set(this.keyOf(value), row)
    }
    return { ...(old !== undefined && { old }), ...(value !== undefined && { new: value }) }
  }
}
