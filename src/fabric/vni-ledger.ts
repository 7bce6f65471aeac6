/** VNIs and their past: which are in use, in quarantine, or promised to a transaction that is still under way. */
import type { Clock } from '#link/clock.js'
import { FabricError } from '#model/error.js'
import type { RetiredVni, Store, StoreBatch } from '#store/store.js'
import type { Intent } from './intent.js'
import type { OverlayIntent } from './overlay-intent.js'
import { VniPool, type VniRange } from './vni-pool.js'

export interface VniLedgerOptions {
  readonly store: Pick<Store, 'retired' | 'onChange'>
  readonly intent: Intent
  /** Networks draw from the same VNIs. */
  readonly overlay: OverlayIntent
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
    const { store, intent, overlay, vni } = options
    this.pool = new VniPool(vni, {
      used: (one) =>
        intent.withVni(one) !== undefined || overlay.withVni(one) !== undefined || this.promised.has(one),
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
    const { intent, overlay } = this.options
    for (const wire of intent.wires()) last = Math.max(last, wire.vni)
    for (const network of overlay.networks()) last = Math.max(last, network.vni)
    this.pool.continueAfter(last)
  }

  quarantinedUntil(vni: number): number | undefined {
    return this.retired.get(vni)
  }

  /** Throws when a VNI that somebody states is outside the range or rests. */
  checkFree(vni: number, field: string): void {
    if (!this.pool.contains(vni))
      throw new FabricError('vni-out-of-range', `VNI ${vni} is outside ${this.pool.describe()}`, { field })
    const until = this.retired.get(vni)
    const now = this.options.clock.wallTime()
    if (until === undefined || until <= now) return
    const seconds = Math.ceil((until - now) / 1000)
    throw new FabricError(
      'vni-quarantined',
      `VNI ${vni} was in use until a short while ago; free in ${seconds} s`,
      { field },
    )
  }

  /** A VNI for each wire or network: the stated one, or a free one. Throws `vni-exhausted`. */
  allocate(specs: readonly { readonly vni?: number | undefined }[]): number[] {
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

  /** The quarantine that begins when a wire or network gives its VNI up. */
  retirement(owner: { readonly vni: number }): RetiredVni {
    const { clock, vni } = this.options
    return { vni: owner.vni, until: clock.wallTime() + vni.quarantineSeconds * 1000 }
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
