/** The last transactions of a fake database, for clients that come back: ovsdb-server(7), section 4.1.15. */
import type { Uuid } from '#ovsdb/atoms.js'
import type { CommittedTransaction, FakeDatabase } from './database.js'
import type { FakeChange } from './draft.js'

const transactionsMax = 100

export class History {
  readonly #database: FakeDatabase
  #committed: readonly CommittedTransaction[] = []
  /** The transaction before the first one that is kept. */
  #start: Uuid

  constructor(database: FakeDatabase) {
    this.#database = database
    this.#start = database.lastTransaction
    database.onCommit((committed) => {
      this.#committed = [...this.#committed, committed]
      if (this.#committed.length <= transactionsMax) return
      this.#start = this.#committed[0]?.id ?? this.#start
      this.#committed = this.#committed.slice(1)
    })
  }

  /** What changed after a transaction, each row once; undefined when that transaction is not known any more. */
  since(transaction: Uuid): readonly FakeChange[] | undefined {
    if (transaction === this.#database.lastTransaction) return []
    const at = this.#committed.findIndex(({ id }) => id === transaction)
    if (at < 0 && transaction !== this.#start) return undefined
    const rows = new Map<Uuid, FakeChange>()
    for (const change of this.#committed.slice(at + 1).flatMap(({ changes }) => changes)) {
      const before = rows.get(change.uuid)
      rows.set(change.uuid, before === undefined ? change : { ...change, old: before.old })
    }
    return [...rows.values()].filter((change) => change.old !== undefined || change.new !== undefined)
  }
}
