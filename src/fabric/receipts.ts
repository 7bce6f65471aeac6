/** How long the last change of each wire took, part by part, and who waits for it. */
import type { Receipt } from '#model/status.js'

interface Tracked {
  readonly began: number
  storedMs?: number
  portsReadyMs?: number
  flowsConfirmedMs: Record<string, number>
  complete: boolean
}

/** How far a wire has come at one moment. */
export interface Reached {
  readonly portsReady: boolean
  /** Nodes whose switch has confirmed the wire's flows. */
  readonly confirmed: readonly string[]
  readonly complete: boolean
}

/** Receipts that are kept: those of the latest changes. */
const keptMax = 10_000

export class Receipts {
  private readonly byWire = new Map<string, Tracked>()

  /** A change of the wire `name` arrived at `began`. */
  begin(name: string, began: number): void {
    this.byWire.delete(name)
    this.byWire.set(name, { began, flowsConfirmedMs: {}, complete: false })
    const [oldest] = this.byWire.keys()
    if (this.byWire.size > keptMax && oldest !== undefined) this.byWire.delete(oldest)
  }

  stored(name: string, now: number): void {
    const tracked = this.byWire.get(name)
    if (tracked !== undefined) tracked.storedMs = now - tracked.began
  }

  /** Notes what has been reached since the change began. */
  reached(name: string, reached: Reached, now: number): void {
    const tracked = this.byWire.get(name)
    if (tracked === undefined || tracked.complete) return
    const elapsed = now - tracked.began
    if (reached.portsReady) tracked.portsReadyMs ??= elapsed
    for (const node of reached.confirmed) tracked.flowsConfirmedMs[node] ??= elapsed
    tracked.complete = reached.complete
  }

  /** Whether a change of the wire is still under way: what has not begun is over. */
  open(name: string): boolean {
    return this.byWire.get(name)?.complete === false
  }

  get(name: string): Receipt | undefined {
    const tracked = this.byWire.get(name)
    if (tracked?.storedMs === undefined) return undefined
    return {
      storedMs: tracked.storedMs,
      flowsConfirmedMs: tracked.flowsConfirmedMs,
      ...(tracked.portsReadyMs !== undefined && { portsReadyMs: tracked.portsReadyMs }),
    }
  }

  forget(name: string): void {
    this.byWire.delete(name)
  }
}
