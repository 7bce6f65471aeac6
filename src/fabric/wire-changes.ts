/**
 * What all requests about wires have in common: whether they may be, storing them, and waiting for what comes of it.
 */
import type { Request } from '#api/fabric.js'
import type { Clock } from '#link/clock.js'
import { FabricError } from '#model/error.js'
import type { Provenance, Wire } from '#model/wire.js'
import type { Store, StoreBatch } from '#store/store.js'
import { admit, type Draft } from './admission.js'
import type { Convergence } from './convergence.js'
import type { OverlayIntent } from './overlay-intent.js'
import type { VniLedger } from './vni-ledger.js'

export interface WireChangesOptions {
  readonly store: Pick<Store, 'state'>
  /** Stores durably; `request` is whose change it is. Rejects as `Store.commit` does. */
  readonly commit: (batch: StoreBatch, request: Provenance) => Promise<void>
  readonly convergence: Convergence
  readonly overlay: OverlayIntent
  readonly clock: Clock
  readonly vnis: VniLedger
}

export class WireChanges {
  constructor(private readonly options: WireChangesOptions) {}

  /** The wire of this name. Throws `not-found`. */
  requireWire(name: string): Wire {
    const wire = this.options.convergence.intent.named(name)
    if (wire === undefined) throw new FabricError('not-found', `there is no link ${name}`)
    return wire
  }

  requireLeader(): void {
    const { state } = this.options.store
    if (state.state === 'standby') throw new FabricError('not-leader', state.reason)
    if (state.state !== 'leader') throw new FabricError('store-unavailable', state.reason)
  }

  admit(drafts: readonly Draft[], leaving: ReadonlySet<number> = new Set()): void {
    const { convergence, overlay } = this.options
    admit(drafts, leaving, {
      intent: convergence.intent,
      overlay,
      inventory: convergence.inventory,
      vnis: this.options.vnis,
    })
  }

  commit(vnis: readonly number[], batch: StoreBatch, { provenance }: Request): Promise<void> {
    return this.options.vnis.promise(vnis, batch, (whole) => this.options.commit(whole, provenance))
  }

  /** Stores, keeping the receipts of the wires named. */
  async store(names: readonly string[], began: number, commit: () => Promise<void>): Promise<void> {
    const { receipts } = this.options.convergence
    for (const name of names) receipts.begin(name, began)
    await commit()
    const now = this.options.clock.now()
    for (const name of names) receipts.stored(name, now)
  }

  /** Waits until the wires named are up or down for certain, or the request's patience ends. */
  async whenConfirmed(names: readonly string[], request: Request): Promise<void> {
    const { convergence } = this.options
    const serials = names.map((name) => this.requireWire(name).serial)
    await convergence.wait(serials, request.waitMs, (_, state) => state !== 'pending', request.signal)
  }

  /** Waits until no reachable switch holds anything of these wires. */
  async whenGone(wires: readonly Wire[], request: Request): Promise<void> {
    const { convergence } = this.options
    const nodes = new Map(wires.map(({ serial, a, b }) => [serial, [a.node, b.node]]))
    const done = (serial: number): boolean => convergence.isSettled(serial, nodes.get(serial) ?? [])
    await convergence.wait([...nodes.keys()], request.waitMs, done, request.signal)
  }
}
