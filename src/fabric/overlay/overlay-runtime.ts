/** Overlay networks of a running controller: map-caches, resolution and answers joined. The controller tells it what happens. */
import { readIpFrame } from '#answers/frame.js'
import { type Origin, type Slot, slotOf } from '#compile/cookie.js'
import { readPacketReason } from '#compile/packet-reason.js'
import { networkMtu } from '#compile/tunnel.js'
import type { Clock } from '#link/clock.js'
import { printCidr } from '#model/cidr.js'
import { networkDefaults } from '#model/network.js'
import type { Whereabouts } from '#model/whereabouts.js'
import { output } from '#openflow/actions.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import type { StoreChange } from '#store/store.js'
import type { Fleet } from '../fleet.js'
import type { NewEvent } from '../journal.js'
import type { OverlayIntent } from '../overlay-intent.js'
import type { Receipts } from '../receipts.js'
import type { Owner } from '../views.js'
import { Greetings } from './greetings.js'
import { MapCache } from './map-cache.js'
import { Overlay } from './overlay.js'
import { OverlaySide } from './overlay-side.js'
import { answerTo } from './packet-answers.js'
import { Resolution } from './resolution.js'

export interface OverlayRuntimeOptions {
  readonly clock: Clock
  readonly fleet: Fleet
  readonly intent: OverlayIntent
  readonly whereabouts: Whereabouts
  readonly receipts: () => Receipts
  readonly tell: (event: NewEvent) => void
}

/** What has come to the controller, by reason. */
export interface PacketFigures {
  readonly packets: Readonly<Record<string, number>>
  /** Packets that wait for an answer, and those for which there was no room. */
  readonly waiting: number
  readonly dropped: number
  /** EIDs that nodes have asked about and hold. */
  readonly resolved: number
}

export class OverlayRuntime {
  readonly side: OverlaySide
  private readonly overlay: Overlay
  private readonly resolution: Resolution
  private readonly packets: Record<string, number> = {}

  constructor(private readonly options: OverlayRuntimeOptions) {
    const { clock, fleet, intent, whereabouts, receipts, tell } = options
    const { inventory } = fleet
    const cache = new MapCache()
    const greetings = new Greetings(clock)
    this.side = new OverlaySide({
      clock,
      inventory,
      intent,
      cache,
      overlay: () => this.overlay,
      receipts,
      tell,
    })
    this.resolution = new Resolution({
      clock,
      cache,
      whereabouts,
      mark: (node, slot) => fleet.mark(node, slot),
      confirmed: (node, slot) => fleet.confirmed(node, slot) === true,
      resume: (node, packet) => inventory.handles.get(node)?.resume(packet),
      familyOf: (node) => inventory.node(node).rloc?.family,
      idleTimeoutSeconds: (vni) =>
        intent.withVni(vni)?.idleTimeoutSeconds ?? networkDefaults.idleTimeoutSeconds,
      takesPart: (node, vni) => intent.nodesOf(intent.withVni(vni)?.name ?? '').has(node),
      greet: (node, rloc) => greetings.greet(inventory.handles.get(node), inventory.node(node).rloc, rloc),
    })
    const { resolution } = this
    this.overlay = new Overlay({
      fleet,
      intent,
      cache,
      resolution,
      touched: (serial) => this.side.touched(serial),
    })
  }

  get figures(): PacketFigures {
    const { waiting, dropped, size } = this.resolution
    return { packets: { ...this.packets }, waiting, dropped, resolved: size }
  }

  /** What the store holds; intent and mapping system have it already. */
  load(): void {
    this.overlay.load()
  }

  /** One transaction of the store, which intent and mapping system have followed already. */
  stored(change: Pick<StoreChange, 'networks' | 'endpoints'>): void {
    this.overlay.stored(change)
  }

  expired(node: string, slot: Slot): void {
    this.resolution.expired(node, slot)
  }

  /** The network, endpoint or EID that flows on a node exist for. */
  ownerOf({ kind, serial }: Origin, node: string): Owner | undefined {
    const { intent } = this.options
    if (kind === 'network') return intent.networkWithSerial(serial)
    if (kind === 'endpoint') {
      const endpoint = intent.endpointWithSerial(serial)
      return endpoint && { name: endpoint.id, provenance: endpoint.provenance }
    }
    const [entry] = this.overlay.entriesOf(node, slotOf({ kind, serial }))
    return entry && { name: `${intent.withVni(entry.vni)?.name ?? entry.vni} ${printCidr(entry.eid)}` }
  }

  /** A packet that a switch sent here: resolved, answered, or let be. */
  packetIn(node: string, packet: PacketIn): void {
    const { intent, fleet } = this.options
    const why = readPacketReason(packet.userdata, packet.metadata)
    if (why === undefined) return
    this.packets[why.reason] = (this.packets[why.reason] ?? 0) + 1
    const endpoint = intent.endpointWithSerial(why.endpoint)
    const network = intent.withVni(why.vni)
    if (endpoint?.node !== node || network === undefined) return
    if (why.reason === 'miss') {
      const destination = readIpFrame(packet.data)?.destination
      if (destination !== undefined) this.resolution.miss(node, why.vni, destination, packet)
      return
    }
    const mtu = networkMtu(network, fleet.inventory, node)
    const answer = answerTo(packet.data, why, { endpoint, network, ...(mtu !== undefined && { mtu }) })
    if (answer !== undefined) fleet.inventory.handles.get(node)?.packetOut(answer, [output(packet.inPort)])
  }
}
