/** Entries of networks that have them all at once: every node of the network has them all, derived from the intent whenever they are asked for. */
import type { CacheEntry } from '#compile/cache.js'
import type { Slot } from '#compile/cookie.js'
import { hostPrefix, type Ip } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import type { Network } from '#model/network.js'
import type { OverlayIntent } from '../overlay-intent.js'
import { cacheSlot } from './map-cache.js'
import type { Moves } from './moves.js'

interface Held {
  readonly network: string
  readonly endpoint: string
  readonly ip: Ip
}

export class Proactive {
  private readonly bySlot = new Map<Slot, Held[]>()

  constructor(
    private readonly intent: OverlayIntent,
    private readonly inventory: Inventory,
    private readonly moves: Moves,
  ) {}

  /** Adds or takes out the addresses of an endpoint; says which origins that touches. */
  change(network: Network, endpoint: Endpoint, present: boolean): readonly Slot[] {
    return endpoint.addresses.map((ip) => {
      const slot = slotFor(network, ip)
      const others = (this.bySlot.get(slot) ?? []).filter(
        (held) => held.endpoint !== endpoint.id || held.ip.value !== ip.value,
      )
      const held = present ? [...others, { network: network.name, endpoint: endpoint.id, ip }] : others
      if (held.length === 0) this.bySlot.delete(slot)
      else this.bySlot.set(slot, held)
      return slot
    })
  }

  /** The origins of a network's entries at a node. */
  slots(network: Network): Slot[] {
    return [...this.intent.endpointsIn(network.name).values()].flatMap(({ addresses }) =>
      addresses.map((ip) => slotFor(network, ip)),
    )
  }

  /** The nodes that have entries of an endpoint's addresses, each with their origins. */
  *holders(endpoint: Endpoint): Generator<readonly [node: string, slot: Slot]> {
    const network = this.intent.network(endpoint.network)
    if (network?.resolution !== 'proactive') return
    const slots = endpoint.addresses.map((ip) => slotFor(network, ip))
    for (const node of this.intent.nodesOf(network.name).keys()) for (const slot of slots) yield [node, slot]
  }

  at(node: string, slot: Slot): readonly CacheEntry[] {
    return (this.bySlot.get(slot) ?? []).flatMap((held): readonly CacheEntry[] => {
      const network = this.intent.network(held.network)
      const endpoint = this.intent.endpoint(held.endpoint)
      if (network?.resolution !== 'proactive' || endpoint === undefined) return []
      const place = this.moves.placeOf(endpoint)
      if (place === node || !this.intent.nodesOf(network.name).has(node)) return []
      const { rloc } = this.inventory.node(place)
      const { vni } = network
      const eid = hostPrefix(held.ip)
      return rloc === undefined
        ? []
        : [{ state: 'remote', vni, eid, rloc, node: place, encapsulation: 'vxlan' }]
    })
  }
}

const slotFor = ({ vni }: Network, ip: Ip): Slot => cacheSlot({ vni, eid: hostPrefix(ip) })
