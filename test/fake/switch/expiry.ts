/** Flows that leave by themselves: OpenFlow 1.5, section 5.5. Looked for when the first of them is due, and seldom enough. */
import type { Clock } from '#link/clock.js'
import type { FlowChange, FlowEntry, FlowTables } from './flow-tables.js'

/** As `ovs-vswitchd`, which looks once a second. */
const pauseMs = 1_000

const never = Number.POSITIVE_INFINITY

interface Due {
  readonly at: number
  readonly reason: 'idle_timeout' | 'hard_timeout'
}

/** Milliseconds of the switch's clock. A hard time-out counts from the last change of the flow, an idle one from the last packet. */
const dueOf = ({ flow: { idleTimeout = 0, hardTimeout = 0 }, used, modified }: FlowEntry): Due => {
  const hard = hardTimeout === 0 ? never : modified + hardTimeout * 1000
  const idle = idleTimeout === 0 ? never : Math.max(used, modified) + idleTimeout * 1000
  return hard <= idle ? { at: hard, reason: 'hard_timeout' } : { at: idle, reason: 'idle_timeout' }
}

export class Expiry {
  private at = never
  private cancel: (() => void) | undefined

  constructor(
    private readonly clock: Clock,
    private readonly flows: FlowTables,
    private readonly onExpired: (changes: readonly FlowChange[]) => void,
  ) {}

  /** A flow has come that may leave by itself. */
  watch(entry: FlowEntry): void {
    this.lookAt(dueOf(entry).at)
  }

  stop(): void {
    this.cancel?.()
    this.at = never
  }

  private lookAt(at: number): void {
    if (at >= this.at) return
    this.cancel?.()
    this.at = at
    this.cancel = this.clock.schedule(Math.max(0, at - this.clock.now()), () => this.look())
  }

  private look(): void {
    this.at = never
    const now = this.clock.now()
    const due = [...this.flows.mortal].map((entry) => ({ entry, ...dueOf(entry) }))
    const over = due.filter(({ at }) => at <= now)
    const changes = over.flatMap(({ entry, reason }) => this.flows.remove([entry], reason).changes)
    if (changes.length > 0) this.onExpired(changes)
    const next = due.reduce((least, { at }) => (at > now ? Math.min(least, at) : least), never)
    if (next < never) this.lookAt(Math.max(next, now + pauseMs))
  }
}
