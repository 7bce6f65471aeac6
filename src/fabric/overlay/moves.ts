/**
 * Endpoints on their way to another node. Where one was keeps it, and others send to it there, until the switch of its new node is ready
 * for it: nothing is lost where the container is at both for a moment. Values and indexes, and a timer for those who never arrive.
 */
import type { Clock } from '#link/clock.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Changed } from '#store/store.js'

/** What is not there by then is where it was said to be all the same. */
export const arrivalMs = 10_000

/**
 * For so long the port stays where an endpoint was: a switch confirms flows before its fast path follows them (ovs-vswitchd's revalidators
 * do that), and what still goes by the old ones to a port that is gone is lost.
 */
export const farewellMs = 1_000

interface Departure {
  readonly from: Endpoint
  readonly cancel: () => void
}

export interface MovesOptions {
  readonly clock: Clock
  /** Whether an endpoint is on the switch of its node. */
  readonly isThere: (endpoint: Endpoint) => boolean
  /** An endpoint, by its serial, is to be taken for arrived. */
  readonly overdue: (serial: number) => void
}

export class Moves {
  private readonly bySerial = new Map<number, Departure>()
  /** node to interface to the endpoint that is leaving it */
  private readonly byNode = new Map<string, Map<string, Endpoint>>()
  /** Endpoints that have left, by node and interface. */
  private readonly gone = new Map<string, Endpoint>()

  constructor(private readonly options: MovesOptions) {}

  /** Takes up a change of an endpoint, before anything else does. */
  follow({ old, new: endpoint }: Changed<Endpoint>): void {
    if (old === undefined) return
    const from = this.bySerial.get(old.serial)?.from ?? old
    const stays =
      endpoint !== undefined &&
      endpoint.network === from.network &&
      endpoint.node !== from.node &&
      endpoint.addresses.length === from.addresses.length &&
      endpoint.addresses.every(({ value }, index) => value === from.addresses[index]?.value)
    if (!stays) this.end(old.serial)
    else if (from === old && this.options.isThere(old)) this.begin(old)
  }

  /** Where an endpoint was, while it is on its way. */
  origin(serial: number): Endpoint | undefined {
    return this.bySerial.get(serial)?.from
  }

  /** Where packets to an endpoint are to go now. */
  placeOf({ serial, node }: Pick<Endpoint, 'serial' | 'node'>): string {
    return this.origin(serial)?.node ?? node
  }

  /** Those that are leaving a node, by interface. */
  leaving(node: string): ReadonlyMap<string, Endpoint> {
    return this.byNode.get(node) ?? new Map()
  }

  /** The endpoint that an interface of a node is on its way from, or was a moment ago. */
  lastAt(node: string, name: string): Endpoint | undefined {
    return this.leaving(node).get(name) ?? this.gone.get(`${node} ${name}`)
  }

  /** An endpoint has left: its port stays for a moment, then `over` is called. */
  left(from: Endpoint, over: () => void): void {
    const at = `${from.node} ${from.interface}`
    this.gone.set(at, from)
    this.options.clock.schedule(farewellMs, () => {
      if (this.gone.get(at) !== from) return
      this.gone.delete(at)
      over()
    })
  }

  end(serial: number): void {
    const departure = this.bySerial.get(serial)
    if (departure === undefined) return
    departure.cancel()
    this.bySerial.delete(serial)
    const { node, interface: name } = departure.from
    const there = this.byNode.get(node)
    if (there?.get(name)?.serial === serial) there.delete(name)
    if (there?.size === 0) this.byNode.delete(node)
  }

  private begin(from: Endpoint): void {
    const { clock, overdue } = this.options
    const { serial, node, interface: name } = from
    this.bySerial.set(serial, { from, cancel: clock.schedule(arrivalMs, () => overdue(serial)) })
    const there = this.byNode.get(node)
    if (there === undefined) this.byNode.set(node, new Map([[name, from]]))
    else there.set(name, from)
  }
}
