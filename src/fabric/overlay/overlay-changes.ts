/** What stored changes of networks and endpoints touch on the switches: marks on what each node has of them, and on nothing else. */
import type { Endpoint } from '#model/endpoint.js'
import type { Network } from '#model/network.js'
import type { Changed, StoreChange } from '#store/store.js'
import type { Fleet } from '../fleet.js'
import type { OverlayIntent } from '../overlay-intent.js'
import type { OwnEids } from '../own-eids.js'
import type { Moves } from './moves.js'
import { endpointSlot, networkSlot, type Overlay } from './overlay.js'
import type { Proactive } from './proactive.js'
import type { Resolution } from './resolution.js'

type OverlayChange = Pick<StoreChange, 'networks' | 'endpoints'>

export interface OverlayChangesOptions {
  readonly fleet: Fleet
  readonly intent: OverlayIntent
  readonly moves: Moves
  readonly proactive: Proactive
  readonly resolution: Resolution
  readonly overlay: Overlay
  readonly ownEids: OwnEids
  readonly touched: (serial: number) => void
  /** Makes two nodes know each other before packets go from one to the other. */
  readonly introduce: (node: string, far: string) => void
}

export class OverlayChanges {
  constructor(private readonly options: OverlayChangesOptions) {}

  /** What the store holds; the intent has it already. */
  load(): void {
    const { intent, ownEids } = this.options
    ownEids.load()
    for (const network of intent.networks()) this.addProactive(network)
  }

  /** One transaction of the store, which the intent has followed already. */
  stored(change: OverlayChange): void {
    const { moves, ownEids } = this.options
    for (const one of change.endpoints) moves.follow(one)
    ownEids.stored(change)
    for (const one of change.networks) this.networkStored(one)
    for (const one of change.endpoints) this.endpointStored(one, change.networks)
  }

  /** An endpoint is on the switch of its node: whoever sent to where it was before sends there now. */
  arrived(endpoint: Endpoint): void {
    const { intent, moves, ownEids, resolution, fleet } = this.options
    const network = intent.network(endpoint.network)
    const from = moves.origin(endpoint.serial)
    if (from !== undefined) {
      moves.end(endpoint.serial)
      moves.left(from, () => fleet.markPort(from.node, from.interface))
      ownEids.relocated(endpoint)
      if (network !== undefined) this.left(from, endpoint, network)
    }
    if (network !== undefined)
      for (const ip of endpoint.addresses) resolution.arrived(endpoint.node, network.vni, ip)
  }

  private networkStored({ old, new: network }: Changed<Network>): void {
    const { fleet, intent, resolution, overlay } = this.options
    const named = network ?? old
    if (named === undefined) return
    const gone = old !== undefined && old.vni !== network?.vni ? old : undefined
    const nodes = gone === undefined ? intent.nodesOf(named.name) : fleet.inventory.handles
    for (const node of nodes.keys()) {
      if (gone !== undefined) resolution.forgetNetwork(node, gone.vni, true)
      fleet.mark(node, networkSlot(named))
      for (const endpoint of overlay.endpointsOf(named, node)) fleet.mark(node, endpointSlot(endpoint))
    }
    if (old?.resolution === 'proactive') this.removeProactive(old)
    if (network !== undefined) this.addProactive(network)
  }

  private endpointStored(
    { old, new: endpoint }: Changed<Endpoint>,
    networks: readonly Changed<Network>[],
  ): void {
    const { intent, moves, introduce } = this.options
    const networkOf = ({ network }: Endpoint) =>
      intent.network(network) ?? networks.find(({ old: gone }) => gone?.name === network)?.old
    for (const one of [old, endpoint]) if (one !== undefined) this.markEndpoint(one, networkOf(one))
    const [from, to] = [old && networkOf(old), endpoint && networkOf(endpoint)]
    if (old !== undefined && from !== undefined) {
      this.changeProactive(from, old, false)
      const leaving = moves.origin(old.serial)
      if (leaving === undefined) this.left(old, endpoint, from)
      else if (endpoint !== undefined) introduce(leaving.node, endpoint.node)
    }
    if (endpoint !== undefined && to !== undefined) this.changeProactive(to, endpoint, true)
  }

  /** An endpoint is no more where it was: what still arrives there for addresses that it has elsewhere is sent on. */
  private left(from: Endpoint, now: Endpoint | undefined, network: Network): void {
    const { intent, resolution, proactive, fleet } = this.options
    this.markEndpoint(from, network)
    const moved = now?.network === from.network && now.node !== from.node ? now.addresses : []
    for (const ip of from.addresses)
      if (moved.some(({ value }) => value === ip.value)) resolution.moved(from.node, network.vni, ip)
    if (!intent.nodesOf(network.name).has(from.node)) resolution.forgetNetwork(from.node, network.vni)
    if (now !== undefined) for (const [node, slot] of proactive.holders(now)) fleet.mark(node, slot)
  }

  private markEndpoint(endpoint: Endpoint, network: Network | undefined): void {
    const { fleet, intent, proactive } = this.options
    const { node, interface: name } = endpoint
    fleet.mark(node, endpointSlot(endpoint))
    fleet.markPort(node, name)
    if (network !== undefined) {
      const nodes = intent.nodesOf(network.name)
      const count = nodes.get(node) ?? 0
      // Another one does not change what the node has of the network, unless all are to hear of it.
      if (network.broadcast)
        for (const one of new Set([node, ...nodes.keys()])) fleet.mark(one, networkSlot(network))
      else if (count <= 1) fleet.mark(node, networkSlot(network))
      if (network.resolution === 'proactive' && count <= 1)
        for (const slot of proactive.slots(network)) fleet.mark(node, slot)
    }
    this.options.touched(endpoint.serial)
  }

  private addProactive(network: Network): void {
    if (network.resolution !== 'proactive') return
    for (const endpoint of this.options.intent.endpointsIn(network.name).values())
      this.changeProactive(network, endpoint, true)
  }

  private removeProactive(network: Network): void {
    for (const endpoint of this.options.intent.endpointsIn(network.name).values())
      this.changeProactive(network, endpoint, false)
  }

  private changeProactive(network: Network, endpoint: Endpoint, present: boolean): void {
    const { fleet, intent, proactive, moves, introduce } = this.options
    if (network.resolution !== 'proactive') return
    const slots = proactive.change(network, endpoint, present)
    for (const node of intent.nodesOf(network.name).keys()) {
      if (present && node !== endpoint.node) introduce(node, moves.placeOf(endpoint))
      for (const slot of slots) fleet.mark(node, slot)
    }
  }
}
