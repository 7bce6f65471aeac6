/** VNIs and their past: which are in use, in quarantine, or promised to a transaction that is still under way. */
import type { Clock } from '#link/clock.js'
import { FabricError } from '#model/error.js'
import type { Wire, WireSpec } from '#model/wire.js'
import type { RetiredVni, Store, StoreBatch } from '#store/store.js'
import type { Intent } from './intent.js'
import { VniPool, type VniRange } from './vni-pool.js'

export interface VniLedgerOptions {
  readonly store: Pick<Store, 'retired' | 'onChange'>
  readonly intent: Intent
  readonly clock: Clock
  readonly vni: VniRange & { readonly quarantineSeconds: number }
}

/** The most quarantines that one transaction ends. */
const endedMax = 1000

export class VniLedger {
  readonly pool: VniPool
  /** VNI to the end of its quarantine. */
  private readonly retired = new Map<number, number>()
  private readonly promised = new Set<number>()

  constructor(private readonly options: VniLedgerOptions) {
    const { store, intent, vni } = options
    this.pool = new VniPool(vni, {
      used: (one) => intent.withVni(one) !== undefined || this.promised.has(one),
      quarantinedUntil: (one) => this.retired.get(one),
    })
    for (const { vni: one, until } of store.retired()) this.retired.set(one, until)
    store.onChange(({ retired }) => {
      for (const { old, new: now } of retired) {
        if (old !== undefined) this.retired.delete(old.vni)
        if (now !== undefined) this.retired.set(now.vni, now.until)
      }
    })
  }

  /** To be called once the store's wires are in the intent: allocation goes on behind them. */
  resume(): void {
    let last = 0
    for (const wire of this.options.intent.wires()) last = Math.max(last, wire.vni)
    this.pool.continueAfter(last)
  }

  quarantinedUntil(vni: number): number | undefined {
    return this.retired.get(vni)
  }

  /** A VNI for each wire: the stated one, or a free one. Throws `vni-exhausted`. */
  allocate(specs: readonly WireSpec[]): number[] {
    const stated = new Set(specs.flatMap(({ vni }) => vni ?? []))
    const free = this.pool.take(specs.length - stated.size, this.options.clock.wallTime(), stated)
    if (free === undefined) {
      throw new FabricError(
        'vni-exhausted',
        `no VNI of ${this.pool.describe()} is free; widen vni.min and vni.max, or delete links`,
      )
    }
    let next = 0
    return specs.map(({ vni }) => vni ?? (free[next++] as number))
  }

  /** The quarantine that begins when a wire gives its VNI up. */
  retirement(wire: Wire): RetiredVni {
    const { clock, vni } = this.options
    return { vni: wire.vni, until: clock.wallTime() + vni.quarantineSeconds * 1000 }
  }

  /** Keeps `vnis` from other requests while `commit` stores the batch, which ends quarantines that are over. */
  async promise(
    vnis: readonly number[],
    batch: StoreBatch,
    commit: (batch: StoreBatch) => Promise<void>,
  ): Promise<void> {
    for (const vni of vnis) this.promised.add(vni)
    try {
      await commit({ ...batch, releaseVnis: this.ended() })
    } finally {
      for (const vni of vnis) this.promised.delete(vni)
    }
  }

  /** Quarantines are entered in the order in which they end, so the first that lasts ends the search. */
  private ended(): number[] {
    const now = this.options.clock.wallTime()
    const ended: number[] = []
    for (const [vni, until] of this.retired) {
      if (until > now || ended.length === endedMax) break
      ended.push(vni)
    }
    return ended
  }
}
