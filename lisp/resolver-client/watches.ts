/** The EIDs that somebody wants to know for good, and when each is to be asked for again. */
import type { Eid } from '../eid.js'
import { EidMap } from '../mapping/eid-map.js'
import { TimingWheel } from '../mapping/timing-wheel.js'

export interface Watch {
  readonly id: number
  readonly eid: Eid
}

export class Watches {
  readonly #max: number
  readonly #byEid = new EidMap<Watch>()
  readonly #byId = new Map<number, Watch>()
  readonly #free: number[] = []
  readonly #wheel: TimingWheel

  constructor(max: number, now: number) {
    this.#max = max
    this.#wheel = new TimingWheel({ tickMs: 250, now })
  }

  get size(): number {
    return this.#byId.size
  }

  get(eid: Eid): Watch | undefined {
    return this.#byEid.get(eid)
  }

  /** Undefined when there are too many. */
  add(eid: Eid): Watch | undefined {
    const known = this.get(eid)
    if (known !== undefined) return known
    if (this.size >= this.#max) return undefined
    const watch = { id: this.#free.pop() ?? this.size + 1, eid }
    this.#byEid.set(eid, watch)
    this.#byId.set(watch.id, watch)
    return watch
  }

  remove(eid: Eid): Watch | undefined {
    const watch = this.#byEid.delete(eid)
    if (watch === undefined) return undefined
    this.#byId.delete(watch.id)
    this.#free.push(watch.id)
    this.#wheel.cancel(watch.id)
    return watch
  }

  /** Up to `limit` watches within an EID-prefix. */
  within(eid: Eid, limit: number): readonly Watch[] {
    return this.#byEid.within(eid, limit)
  }

  all(): Iterable<Watch> {
    return this.#byId.values()
  }

  /** Sets when a watch is looked at again. */
  lookAt({ id }: Watch, at: number): void {
    this.#wheel.schedule(id, at)
  }

  /** Calls `fire` for up to `max` watches whose time has come. */
  due(now: number, max: number, fire: (watch: Watch) => void): void {
    this.#wheel.advance(now, max, (id) => {
      const watch = this.#byId.get(id)
      if (watch !== undefined) fire(watch)
    })
  }
}
