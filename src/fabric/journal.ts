/** The recent changes of state, kept for listeners that come back, and told to those that are there. */
import type { Clock } from '#link/clock.js'
import type { FabricEvent, FabricEventType } from '#model/event.js'

export interface NewEvent {
  readonly type: FabricEventType
  readonly object: string
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface JournalOptions {
  readonly clock: Clock
  /** Distinguishes this run of the controller from the one before. */
  readonly boot: string
  /** How many events are kept. */
  readonly keep: number
}

type Deliver = (event: FabricEvent) => boolean

export class Journal {
  /** A ring: event number n is at n modulo `keep`. */
  private readonly ring: FabricEvent[] = []
  private next = 1
  private readonly listeners = new Set<Deliver>()

  constructor(private readonly options: JournalOptions) {}

  add(event: NewEvent): FabricEvent {
    const { boot, clock, keep } = this.options
    const kept: FabricEvent = { id: `${boot}-${this.next}`, at: clock.wallTime(), ...event }
    this.ring[this.next % keep] = kept
    this.next++
    for (const deliver of this.listeners) if (!deliver(kept)) this.listeners.delete(deliver)
    return kept
  }

  /** See `Fabric.subscribe`. */
  subscribe(
    lastEventId: string | undefined,
    deliver: Deliver,
  ): { reset: boolean; position: string; stop: () => void } {
    const oldest = Math.max(1, this.next - this.options.keep)
    const last = this.sequenceOf(lastEventId)
    const reset = lastEventId !== undefined && (last === undefined || last + 1 < oldest)
    // Whoever does not resume wants what happens from now on.
    const from = lastEventId === undefined ? this.next : reset || last === undefined ? oldest : last + 1
    let open = true
    for (let sequence = from; open && sequence < this.next; sequence++) {
      const event = this.ring[sequence % this.options.keep]
      if (event !== undefined) open = deliver(event)
    }
    if (open) this.listeners.add(deliver)
    const position = `${this.options.boot}-${this.next - 1}`
    return { reset, position, stop: () => void this.listeners.delete(deliver) }
  }

  /** Undefined for identifiers of another run, or of the future. */
  private sequenceOf(id: string | undefined): number | undefined {
    if (id === undefined) return undefined
    const dash = id.lastIndexOf('-')
    const sequence = Number(id.slice(dash + 1))
    const known =
      id.slice(0, dash) === this.options.boot && Number.isSafeInteger(sequence) && sequence < this.next
    return known ? sequence : undefined
  }
}
