/**
 * Overlay networks on the switches: what networks, endpoints and entries of the map-cache want of each node, and which of them a change
 * touches. Packets that come to the controller are resolved (`resolution.ts`) or answered (`packet-answers.ts`).
 */
import { type CacheEntry, compileCache } from '#compile/cache.js'
import { type OriginKind, originAt, type Slot, slotOf } from '#compile/cookie.js'
import { type Desired, nothing, type PortWish } from '#compile/desired.js'
import { compileEndpoint, originOfEndpoint, portOf } from '#compile/endpoint.js'
import { compileNetwork, originOfNetwork } from '#compile/network.js'
import type { Endpoint } from '#model/endpoint.js'
import type { NodeFacts } from '#model/facts.js'
import type { Network } from '#model/network.js'
import type { Changed, StoreChange } from '#store/store.js'
import type { Feature } from '../feature.js'
import type { Fleet } from '../fleet.js'
import type { OverlayIntent } from '../overlay-intent.js'
import { heldEids } from './held-eids.js'
import type { MapCache } from './map-cache.js'
import { Proactive } from './proactive.js'
import type { Resolution } from './resolution.js'

export interface OverlayOptions {
  readonly fleet: Fleet
  readonly intent: OverlayIntent
  readonly cache: MapCache
  readonly resolution: Resolution
  /** Something about the switch of the endpoint with this serial has changed. */
  readonly touched: (serial: number) => void
}

const networkSlot = (network: Pick<Network, 'serial'>): Slot => slotOf(originOfNetwork(network))
const endpointSlot = (endpoint: Pick<Endpoint, 'serial'>): Slot => slotOf(originOfEndpoint(endpoint))

export class Overlay implements Feature {
  readonly kinds: readonly OriginKind[] = ['network', 'endpoint', 'cache']
  private readonly proactive: Proactive

  constructor(private readonly options: OverlayOptions) {
    const { fleet, intent } = options
    this.proactive = new Proactive(intent, fleet.inventory)
    fleet.add(this)
  }

  /** Whether the switch of its node is known to hold what an endpoint needs. */
  isConfirmed(endpoint: Endpoint): boolean {
    const { fleet, intent } = this.options
    const network = intent.network(endpoint.network)
    if (network === undefined || fleet.confirmed(endpoint.node, endpointSlot(endpoint)) !== true) return false
    return fleet.confirmed(endpoint.node, networkSlot(network)) === true
  }

  /** Whether no reachable switch holds anything of an endpoint that is gone. */
  isGone(endpoint: Endpoint): boolean {
    return this.options.fleet.confirmed(endpoint.node, endpointSlot(endpoint)) ?? true
  }

  refusal(endpoint: Endpoint): string | undefined {
    return this.options.fleet.refusal(endpoint.node, endpointSlot(endpoint))
  }

  /** What the store holds; the intent has it already. */
  load(): void {
    const { intent } = this.options
    for (const network of intent.networks()) this.addProactive(network)
  }

  /** One transaction of the store, which the intent and the mapping system have followed already. */
  stored({ networks, endpoints }: Pick<StoreChange, 'networks' | 'endpoints'>): void {
    for (const change of networks) this.networkStored(change)
    for (const change of endpoints) this.endpointStored(change, networks)
  }

  desired(slot: Slot, node: string): Desired | undefined {
    const { fleet, intent, resolution } = this.options
    const { kind, serial } = originAt(slot)
    if (kind === 'network') {
      const network = intent.networkWithSerial(serial)
      if (network === undefined || !this.isNeeded(network, node)) return nothing
      return compileNetwork(network, fleet.inventory, node, {
        at: (one) => this.endpointsOf(network, one),
        nodes: () => intent.nodesOf(network.name).keys(),
      })
    }
    if (kind === 'endpoint') {
      const endpoint = intent.endpointWithSerial(serial)
      const network = endpoint && intent.network(endpoint.network)
      if (endpoint === undefined || network === undefined) return nothing
      return compileEndpoint(endpoint, network, fleet.inventory, node)
    }
    const entries = this.entriesOf(node, slot)
    if (entries.length === 0 && resolution.isOpen(node, slot)) return undefined
    return compileCache(entries, fleet.inventory, node)
  }

  /** The whole map-cache of a node but for its own endpoints. */
  entriesAt(node: string): CacheEntry[] {
    const slots = [...this.slotsAt(node)].filter((slot) => originAt(slot).kind === 'cache')
    return [...new Set(slots)].flatMap((slot) => this.entriesOf(node, slot))
  }

  *slotsAt(node: string): Generator<Slot> {
    const { intent, cache } = this.options
    const networks = new Set<Network>()
    for (const endpoint of intent.endpointsAt(node).values()) {
      yield endpointSlot(endpoint)
      const network = intent.network(endpoint.network)
      if (network !== undefined) networks.add(network)
    }
    for (const network of networks) {
      yield networkSlot(network)
      if (network.resolution === 'proactive') yield* this.proactive.slots(network)
    }
    yield* cache.slots(node)
  }

  port(node: string, name: string): PortWish | undefined {
    const { intent, fleet } = this.options
    const endpoint = intent.endpointAt(node, name)
    const network = endpoint && intent.network(endpoint.network)
    return endpoint === undefined || network === undefined
      ? undefined
      : portOf(endpoint, network, fleet.inventory)
  }

  interfacesAt(node: string): Iterable<string> {
    return this.options.intent.endpointsAt(node).keys()
  }

  /** Entries that the switch has from before are asked about anew. */
  connected(node: string): void {
    const { fleet, resolution, intent } = this.options
    const book = fleet.inventory.handles.get(node)?.book
    if (book === undefined) return
    for (const { vni, ip } of heldEids(book))
      if (intent.withVni(vni) !== undefined) resolution.adopt(node, vni, ip)
  }

  settled(node: string, slots: readonly Slot[]): void {
    const { intent, resolution } = this.options
    for (const slot of slots) {
      const { kind, serial } = originAt(slot)
      if (kind === 'cache') resolution.settled(node, slot)
      else if (kind === 'endpoint') this.options.touched(serial)
      else {
        const network = intent.networkWithSerial(serial)
        if (network !== undefined)
          for (const one of this.endpointsOf(network, node)) this.options.touched(one.serial)
      }
    }
  }

  factsChanged(node: string, before: NodeFacts, after: NodeFacts): void {
    const { fleet, cache, intent, resolution } = this.options
    if (before.state === 'ready' && after.state !== 'ready') resolution.forgetPackets(node)
    const same =
      before.rloc?.text === after.rloc?.text &&
      before.underlayMtu === after.underlayMtu &&
      before.tunnelOfport === after.tunnelOfport &&
      before.gpeOfport === after.gpeOfport
    if (!same) {
      for (const slot of this.slotsAt(node)) fleet.mark(node, slot)
      for (const name of cache.names())
        for (const slot of cache.slots(name))
          if (cache.at(name, slot).some((entry) => 'node' in entry && entry.node === node))
            fleet.mark(name, slot)
      this.markProactive(node)
    }
    if (!same || before.state !== after.state)
      for (const endpoint of intent.endpointsAt(node).values()) this.options.touched(endpoint.serial)
  }

  portsChanged(node: string, names: readonly string[]): void {
    const { fleet, intent } = this.options
    for (const name of names) {
      const endpoint = intent.endpointAt(node, name)
      if (endpoint === undefined) continue
      fleet.mark(node, endpointSlot(endpoint))
      const network = intent.network(endpoint.network)
      if (network?.broadcast) fleet.mark(node, networkSlot(network))
      this.options.touched(endpoint.serial)
    }
  }

  /** What traffic asked for, and what a proactive network has besides. */
  entriesOf(node: string, slot: Slot): readonly CacheEntry[] {
    const entries = this.options.cache.at(node, slot)
    const known = new Set(entries.map(({ vni, eid }) => `${vni} ${eid.value}`))
    const others = this.proactive.at(node, slot).filter(({ vni, eid }) => !known.has(`${vni} ${eid.value}`))
    return [...entries, ...others]
  }

  private *endpointsOf({ name }: Network, node: string): Generator<Endpoint> {
    for (const endpoint of this.options.intent.endpointsAt(node).values())
      if (endpoint.network === name) yield endpoint
  }

  /** A node holds a network while it has endpoints of it, and for what is still to be sent on. */
  private isNeeded({ name, vni }: Network, node: string): boolean {
    const { intent, cache } = this.options
    if (intent.nodesOf(name).has(node)) return true
    for (const entry of cache.entries(node)) if (entry.vni === vni && entry.state === 'moved') return true
    return false
  }

  private networkStored({ old, new: network }: Changed<Network>): void {
    const { fleet, intent, resolution } = this.options
    const named = network ?? old
    if (named === undefined) return
    for (const node of fleet.inventory.handles.keys()) {
      if (old !== undefined && old.vni !== network?.vni) resolution.forgetNetwork(node, old.vni)
      if (!intent.nodesOf(named.name).has(node)) continue
      fleet.mark(node, networkSlot(named))
      for (const endpoint of this.endpointsOf(named, node)) fleet.mark(node, endpointSlot(endpoint))
    }
    if (old?.resolution === 'proactive') this.removeProactive(old)
    if (network !== undefined) this.addProactive(network)
  }

  private endpointStored(
    { old, new: endpoint }: Changed<Endpoint>,
    networks: readonly Changed<Network>[],
  ): void {
    const { intent, resolution } = this.options
    const networkOf = ({ network }: Endpoint) =>
      intent.network(network) ?? networks.find(({ old: gone }) => gone?.name === network)?.old
    for (const one of [old, endpoint]) if (one !== undefined) this.markEndpoint(one, networkOf(one))
    const from = old && networkOf(old)
    if (old !== undefined && from !== undefined) {
      this.changeProactive(from, old, false)
      const there = old.addresses.filter(
        (ip) =>
          endpoint?.network === old.network &&
          endpoint.node !== old.node &&
          endpoint.addresses.some(({ value }) => value === ip.value),
      )
      for (const ip of there) resolution.moved(old.node, from.vni, ip)
      if (!intent.nodesOf(old.network).has(old.node)) resolution.forgetNetwork(old.node, from.vni)
    }
    const to = endpoint && networkOf(endpoint)
    if (endpoint !== undefined && to !== undefined) this.changeProactive(to, endpoint, true)
  }

  private markEndpoint(endpoint: Endpoint, network: Network | undefined): void {
    const { fleet, intent } = this.options
    const { node, interface: name } = endpoint
    fleet.mark(node, endpointSlot(endpoint))
    fleet.markPort(node, name)
    if (network !== undefined) {
      const nodes = network.broadcast ? intent.nodesOf(network.name).keys() : []
      for (const one of new Set([node, ...nodes])) fleet.mark(one, networkSlot(network))
      if (network.resolution === 'proactive' && intent.nodesOf(network.name).get(node) === 1)
        for (const slot of this.proactive.slots(network)) fleet.mark(node, slot)
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
    const { fleet, intent } = this.options
    if (network.resolution !== 'proactive') return
    for (const slot of this.proactive.change(network, endpoint, present))
      for (const node of intent.nodesOf(network.name).keys()) fleet.mark(node, slot)
  }

  /** Everything that the others hold of a node's endpoints. */
  private markProactive(node: string): void {
    const { intent } = this.options
    for (const endpoint of intent.endpointsAt(node).values()) {
      const network = intent.network(endpoint.network)
      if (network !== undefined) this.changeProactive(network, endpoint, true)
    }
  }
}
