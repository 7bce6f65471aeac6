/**
 * Overlay networks on the switches: what networks, endpoints and entries of the map-cache want of each node, and which of them are touched
 * by what becomes known of nodes and ports. What stored changes touch is `overlay-changes.ts`' business.
 */
import { type CacheEntry, compileCache } from '#compile/cache.js'
import { type OriginKind, originAt, type Slot, slotOf } from '#compile/cookie.js'
import { type Desired, nothing, type PortWish } from '#compile/desired.js'
import { compileEndpoint, originOfEndpoint, portOf } from '#compile/endpoint.js'
import { compileNetwork, originOfNetwork } from '#compile/network.js'
import type { Cidr } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { NodeFacts } from '#model/facts.js'
import type { Network } from '#model/network.js'
import type { Feature } from '../feature.js'
import type { Fleet } from '../fleet.js'
import type { OverlayIntent } from '../overlay-intent.js'
import { heldEids } from './held-eids.js'
import type { MapCache } from './map-cache.js'
import type { Moves } from './moves.js'
import type { Proactive } from './proactive.js'
import type { Resolution } from './resolution.js'

export interface OverlayOptions {
  readonly fleet: Fleet
  readonly intent: OverlayIntent
  readonly cache: MapCache
  readonly moves: Moves
  readonly proactive: Proactive
  readonly resolution: Resolution
  /** EID-prefixes of LISP routers, asked about besides subnets. */
  readonly prefixes: (vni: number) => readonly Cidr[]
  /** Something about the switch of the endpoint with this serial has changed. */
  readonly touched: (serial: number) => void
}

export const networkSlot = (network: Pick<Network, 'serial'>): Slot => slotOf(originOfNetwork(network))
export const endpointSlot = (endpoint: Pick<Endpoint, 'serial'>): Slot => slotOf(originOfEndpoint(endpoint))

export class Overlay implements Feature {
  readonly kinds: readonly OriginKind[] = ['network', 'endpoint', 'cache']

  constructor(private readonly options: OverlayOptions) {
    options.fleet.add(this)
  }

  /** Whether the switch of its node is known to hold what an endpoint needs. */
  isConfirmed(endpoint: Endpoint): boolean {
    const { fleet, intent } = this.options
    const network = intent.network(endpoint.network)
    if (network === undefined || fleet.confirmed(endpoint.node, endpointSlot(endpoint)) !== true) return false
    return fleet.confirmed(endpoint.node, networkSlot(network)) === true
  }

  /** Whether packets to an endpoint get to its port. */
  isThere(endpoint: Endpoint): boolean {
    const { ofport } = this.options.fleet.inventory.port(endpoint.node, endpoint.interface) ?? {}
    return ofport !== undefined && this.isConfirmed(endpoint)
  }

  /** Whether no reachable switch holds anything of an endpoint that is gone. */
  isGone(endpoint: Endpoint): boolean {
    return this.options.fleet.confirmed(endpoint.node, endpointSlot(endpoint)) ?? true
  }

  refusal(endpoint: Endpoint): string | undefined {
    return this.options.fleet.refusal(endpoint.node, endpointSlot(endpoint))
  }

  desired(slot: Slot, node: string): Desired | undefined {
    const { fleet, intent, resolution } = this.options
    const { kind, serial } = originAt(slot)
    if (kind === 'network') return this.networkAt(serial, node)
    if (kind === 'endpoint') {
      const endpoint = this.endpointAt(serial, node)
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
    const { intent, cache, proactive } = this.options
    const networks = new Set<Network>()
    for (const endpoint of this.endpointsAt(node)) {
      yield endpointSlot(endpoint)
      const network = intent.network(endpoint.network)
      if (network !== undefined) networks.add(network)
    }
    for (const network of networks) {
      yield networkSlot(network)
      if (network.resolution === 'proactive') yield* proactive.slots(network)
    }
    for (const slot of cache.slots(node)) {
      yield slot
      for (const { vni } of cache.at(node, slot)) {
        const network = intent.withVni(vni)
        // A network that is there only to send on what has left it.
        if (network !== undefined && !networks.has(network)) {
          networks.add(network)
          yield networkSlot(network)
        }
      }
    }
  }

  port(node: string, name: string): PortWish | undefined {
    const { intent, fleet, moves } = this.options
    const endpoint = intent.endpointAt(node, name) ?? moves.lastAt(node, name)
    const network = endpoint && intent.network(endpoint.network)
    return endpoint === undefined || network === undefined
      ? undefined
      : portOf(endpoint, network, fleet.inventory)
  }

  *interfacesAt(node: string): Generator<string> {
    for (const { interface: name } of this.endpointsAt(node)) yield name
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
    const { fleet, cache, intent, resolution, proactive } = this.options
    if (before.state === 'ready' && after.state !== 'ready') resolution.forgetPackets(node)
    if (after.state === 'unknown') resolution.forgetNode(node)
    const sized = before.underlayMtu !== after.underlayMtu
    const addressed = sized || before.rloc?.text !== after.rloc?.text
    const local =
      addressed || before.tunnelOfport !== after.tunnelOfport || before.gpeOfport !== after.gpeOfport
    if (local) for (const slot of this.slotsAt(node)) fleet.mark(node, slot)
    // Another address comes from the mapping system, as for every EID that moves.
    if (sized)
      for (const name of cache.names())
        for (const slot of cache.slots(name))
          if (cache.at(name, slot).some((entry) => 'node' in entry && entry.node === node))
            fleet.mark(name, slot)
    if (addressed)
      for (const endpoint of intent.endpointsAt(node).values())
        for (const [name, slot] of proactive.holders(endpoint)) fleet.mark(name, slot)
    if (local || before.state !== after.state)
      for (const endpoint of intent.endpointsAt(node).values()) this.options.touched(endpoint.serial)
  }

  portsChanged(node: string, names: readonly string[]): void {
    const { fleet, intent, moves } = this.options
    for (const name of names) {
      const endpoint = intent.endpointAt(node, name) ?? moves.leaving(node).get(name)
      if (endpoint === undefined) continue
      fleet.mark(node, endpointSlot(endpoint))
      const network = intent.network(endpoint.network)
      if (network?.broadcast) fleet.mark(node, networkSlot(network))
      this.options.touched(endpoint.serial)
    }
  }

  /** Other prefixes of LISP routers than before are to be asked about. */
  prefixesChanged(vni: number): void {
    const { fleet, intent } = this.options
    const network = intent.withVni(vni)
    if (network === undefined) return
    for (const node of intent.nodesOf(network.name).keys()) fleet.mark(node, networkSlot(network))
  }

  /** What traffic asked for, and what a proactive network has besides. */
  entriesOf(node: string, slot: Slot): readonly CacheEntry[] {
    const entries = this.options.cache.at(node, slot)
    const known = new Set(entries.map(({ vni, eid }) => `${vni} ${eid.value}`))
    const others = this.options.proactive
      .at(node, slot)
      .filter(({ vni, eid }) => !known.has(`${vni} ${eid.value}`))
    return [...entries, ...others]
  }

  *endpointsOf({ name }: Network, node: string): Generator<Endpoint> {
    for (const endpoint of this.endpointsAt(node)) if (endpoint.network === name) yield endpoint
  }

  /** A node's endpoints, and those that are leaving it. */
  private *endpointsAt(node: string): Generator<Endpoint> {
    yield* this.options.intent.endpointsAt(node).values()
    yield* this.options.moves.leaving(node).values()
  }

  private endpointAt(serial: number, node: string): Endpoint | undefined {
    const { intent, moves } = this.options
    const leaving = moves.origin(serial)
    return leaving?.node === node ? leaving : intent.endpointWithSerial(serial)
  }

  private networkAt(serial: number, node: string): Desired {
    const { fleet, intent } = this.options
    const network = intent.networkWithSerial(serial)
    if (network === undefined || !this.isNeeded(network, node)) return nothing
    const members = {
      at: (one: string) => this.endpointsOf(network, one),
      nodes: () => intent.nodesOf(network.name).keys(),
    }
    return compileNetwork(network, fleet.inventory, node, members, this.options.prefixes(network.vni))
  }

  /** A node holds a network while it has endpoints of it, and for what is still to be sent on. */
  private isNeeded(network: Network, node: string): boolean {
    const { intent, cache, moves } = this.options
    if (intent.nodesOf(network.name).has(node) || cache.sendsOn(node, network.vni)) return true
    for (const leaving of moves.leaving(node).values()) if (leaving.network === network.name) return true
    return false
  }
}
