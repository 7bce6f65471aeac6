/** Addresses that were given back and rest: late packets to them shall reach nobody else. In the order in which they may be used again. */
import type { StoredLease } from '#store/store.js'

export class RestingLeases {
  /** Keys of leases, in the order of the end of their rest. */
  private readonly waiting = new Map<string, StoredLease>()
  /** Those whose rest is over, and whose rows are still there. */
  private readonly over = new Map<string, StoredLease>()

  get size(): number {
    return this.waiting.size + this.over.size
  }

  /** Takes up what became of a lease; absent: it is gone. */
  put(key: string, lease: StoredLease | undefined): void {
    this.waiting.delete(key)
    this.over.delete(key)
    if (lease !== undefined && lease.owner === undefined) this.waiting.set(key, lease)
  }

  /** To be called once, after those were put that were stored before: they came in no order. */
  sort(): void {
    const entries = [...this.waiting].sort(([, a], [, b]) => (a.until ?? 0) - (b.until ?? 0))
    this.waiting.clear()
    for (const [key, lease] of entries) this.waiting.set(key, lease)
  }

  /** Those whose rest ends by `now`, in milliseconds since the Unix epoch. The first that lasts ends the search. */
  expire(now: number): StoredLease[] {
    const ended: StoredLease[] = []
    for (const [key, lease] of this.waiting) {
      if ((lease.until ?? 0) > now) break
      this.waiting.delete(key)
      this.over.set(key, lease)
      ended.push(lease)
    }
    return ended
  }

  isOver(key: string): boolean {
    return this.over.has(key)
  }

  /** Leases whose rest is over: their rows may go. */
  ended(): Iterable<StoredLease> {
    return this.over.values()
  }
}
