/** What is told of links and topologies that come, change, go, come up and lose carrier, whoever changed them. */
import type { FabricEventType } from '#model/event.js'
import type { WireStatus } from '#model/status.js'
import type { Provenance, Wire } from '#model/wire.js'
import type { Changed, StoreBatch, StoreChange } from '#store/store.js'
import type { NewEvent } from './journal.js'

export class WireEvents {
  /** Requests that remove wires, by the serials of these, while they are being stored: what deletes is another request than what made. */
  private readonly removals = new Map<number, Provenance>()

  constructor(private readonly tell: (event: NewEvent) => void) {}

  /** Runs a commit of `request`, so that what it removes is told with it. */
  async during(
    batch: StoreBatch,
    request: Provenance | undefined,
    commit: () => Promise<void>,
  ): Promise<void> {
    const removed = request === undefined ? [] : (batch.removeWires ?? [])
    for (const { serial } of removed) if (request !== undefined) this.removals.set(serial, request)
    try {
      await commit()
    } finally {
      for (const { serial } of removed) this.removals.delete(serial)
    }
  }

  stored({ wires, topologies }: Pick<StoreChange, 'wires' | 'topologies'>): void {
    for (const change of wires) this.wireStored(change)
    for (const { old, new: topology } of topologies) {
      const name = (topology ?? old)?.name
      const verb = topology === undefined ? 'deleted' : 'applied'
      this.tell({ type: `topology-${verb}`, object: `topology ${name}`, message: `${name} was ${verb}` })
    }
  }

  /** The state of a wire is another one than before. */
  state(wire: Wire, status: WireStatus): void {
    const object = `link ${wire.name}`
    if (status.state === 'up') this.tell({ type: 'link-up', object, message: `${wire.name} is up` })
    else if (status.state === 'down') {
      const ends = status.lostCarrier
        .map((end) => `${wire[end].interface} of ${wire[end].node}`)
        .join(' and ')
      const message = `${wire.name} is down: ${ends} lost carrier`
      this.tell({ type: 'link-down', object, message, data: { ends: status.lostCarrier } })
    } else {
      const message = `${wire.name} is pending: ${status.reasons.map((reason) => reason.message).join('; ')}`
      const reasons = status.reasons.map(({ code }) => code)
      this.tell({ type: 'link-pending', object, message, data: { reasons } })
    }
  }

  private wireStored({ old, new: wire }: Changed<Wire>): void {
    const named = wire ?? old
    if (named === undefined) return
    const [type, verb]: [FabricEventType, string] =
      old === undefined
        ? ['link-created', 'created']
        : wire === undefined
          ? ['link-deleted', 'deleted']
          : ['link-changed', 'changed']
    const { requestId, by } = this.removals.get(named.serial) ?? named.provenance
    this.tell({
      type,
      object: `link ${named.name}`,
      message: `${named.name} was ${verb}`,
      data: { requestId, by, vni: named.vni },
    })
  }
}
