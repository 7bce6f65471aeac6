/** What is told of networks and endpoints that come, change, move and go, whoever changed them. */
import { printIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { FabricEventType } from '#model/event.js'
import type { Network } from '#model/network.js'
import type { Provenance } from '#model/wire.js'
import type { Changed, StoreBatch, StoreChange } from '#store/store.js'
import type { NewEvent } from './journal.js'

export class OverlayEvents {
  /** Requests that remove something, by its serial, while they are being stored: what deletes is another request than what made. */
  private readonly removals = new Map<number, Provenance>()

  constructor(readonly tell: (event: NewEvent) => void) {}

  /** Runs a commit of `request`, so that what it removes is told with it. */
  async during(batch: StoreBatch, request: Provenance, commit: () => Promise<void>): Promise<void> {
    const serials = [batch.removeNetwork, batch.removeEndpoint].flatMap((one) => one?.serial ?? [])
    for (const serial of serials) this.removals.set(serial, request)
    try {
      await commit()
    } finally {
      for (const serial of serials) this.removals.delete(serial)
    }
  }

  changed({ networks, endpoints }: Pick<StoreChange, 'networks' | 'endpoints'>): void {
    for (const change of networks) this.networkChanged(change)
    for (const change of endpoints) this.endpointChanged(change)
  }

  private networkChanged({ old, new: network }: Changed<Network>): void {
    const named = network ?? old
    if (named === undefined) return
    const verb = old === undefined ? 'created' : network === undefined ? 'deleted' : 'changed'
    const { name, vni } = named
    this.tell({
      type: `network-${verb}`,
      object: `network ${name}`,
      message: `${name} was ${verb}`,
      data: { ...this.whose(named), vni },
    })
  }

  private endpointChanged({ old, new: endpoint }: Changed<Endpoint>): void {
    const named = endpoint ?? old
    if (named === undefined) return
    const { id, network, node, addresses } = named
    const moved = old !== undefined && endpoint !== undefined && old.node !== endpoint.node
    const [type, words]: readonly [FabricEventType, string] =
      old === undefined
        ? ['endpoint-created', `was created in network ${network} on ${node}`]
        : endpoint === undefined
          ? ['endpoint-deleted', 'was deleted']
          : moved
            ? ['endpoint-moved', `moved from ${old.node} to ${node}`]
            : ['endpoint-changed', 'was changed']
    this.tell({
      type,
      object: `endpoint ${id}`,
      message: `${id} ${words}`,
      data: { ...this.whose(named), network, node, addresses: addresses.map(printIp) },
    })
  }

  private whose({ serial, provenance }: Network | Endpoint): { requestId: string; by: string } {
    const { requestId, by } = this.removals.get(serial) ?? provenance
    return { requestId, by }
  }
}
