/** The events of the fake fabric: a ring of the latest ones, resumed by id. */
import type { FabricEvent } from '#model/event.js'

type Deliver = (event: FabricEvent) => boolean

export class FakeEvents {
  readonly #kept: FabricEvent[] = []
  readonly #readers = new Set<Deliver>()
  readonly #keep: number
  #sequence = 0

  constructor(keep: number) {
    this.#keep = keep
  }

  get readers(): number {
    return this.#readers.size
  }

  add(event: Omit<FabricEvent, 'id'>): FabricEvent {
    const whole = { ...event, id: `boot-${++this.#sequence}` }
    this.#kept.push(whole)
    if (this.#kept.length > this.#keep) this.#kept.shift()
    for (const deliver of this.#readers) if (!deliver(whole)) this.#readers.delete(deliver)
    return whole
  }

  subscribe(
    lastEventId: string | undefined,
    deliver: Deliver,
  ): { reset: boolean; position: string; stop: () => void } {
    const at = this.#kept.findIndex(({ id }) => id === lastEventId)
    const current = lastEventId === undefined || lastEventId === `boot-${this.#sequence}`
    if (!current) for (const event of this.#kept.slice(at + 1)) deliver(event)
    this.#readers.add(deliver)
    const position = `boot-${this.#sequence}`
    return { reset: !current && at === -1, position, stop: () => this.#readers.delete(deliver) }
  }
}
