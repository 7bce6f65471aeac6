/** Overlay networks of a running controller: map-caches, resolution and answers joined. The controller tells it what happens. */
import { readIpFrame } from '#answers/frame.js'
import { type Origin, type Slot, slotOf } from '#compile/cookie.js'
import { type PacketReason, readPacketReason } from '#compile/packet-reason.js'
import { tableNumbers } from '#compile/pipeline.js'
import { networkMtu } from '#compile/tunnel.js'
import type { Clock } from '#link/clock.js'
import type { Rloc } from '#model/address.js'
import { type Ip, printCidr } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { LocalMappings } from '#model/local-mappings.js'
import type { Network } from '#model/network.js'
import { networkDefaults } from '#model/network.js'
import type { SpokenFor, Whereabouts } from '#model/whereabouts.js'
import { output } from '#openflow/actions.js'
import type { PacketIn } from '#reconcile/switch-handle.js'
import type { StoreChange } from '#store/store.js'
import type { Fleet } from '../fleet.js'
import type { NewEvent } from '../journal.js'
import type { OverlayIntent } from '../overlay-intent.js'
import type { PacketFigures } from '../overlay-metrics.js'
import { OwnEids } from '../own-eids.js'
import type { Receipts } from '../receipts.js'
import type { Owner } from '../views.js'
import { Greetings } from './greetings.js'
import { MapCache } from './map-cache.js'
import { Moves } from './moves.js'
import { networkSlot, Overlay } from './overlay.js'
import { OverlayChanges } from './overlay-changes.js'
import { OverlaySide } from './overlay-side.js'
import { type Asking, answerTo } from './packet-answers.js'
import { Proactive } from './proactive.js'
import { Resolution } from './resolution.js'

export interface OverlayRuntimeOptions {
  readonly clock: Clock
  readonly fleet: Fleet
  readonly intent: OverlayIntent
  readonly whereabouts: Whereabouts & SpokenFor
  /** Takes what is to be known of our own networks and endpoints. */
  readonly local: LocalMappings
  readonly receipts: () => Receipts
  readonly tell: (event: NewEvent) => void
}

type Answerable = Exclude<PacketReason, { readonly reason: 'miss' }>

export class OverlayRuntime {
  readonly side: OverlaySide
  private readonly cache = new MapCache()
  private readonly greetings: Greetings
  private readonly moves: Moves
  private readonly ownEids: OwnEids
  private readonly overlay: Overlay
  private readonly changes: OverlayChanges
  private readonly resolution: Resolution
  private readonly packets: Record<string, number> = {}

  constructor(private readonly options: OverlayRuntimeOptions) {
    const { clock, fleet, intent, local } = options
    const { inventory } = fleet
    this.greetings = new Greetings(clock)
    this.moves = new Moves({
      clock,
      isThere: (endpoint) => this.overlay.isThere(endpoint),
      overdue: (serial) => this.arrived(serial),
    })
    const { moves, cache } = this
    const placeOf = (endpoint: Endpoint): string => moves.placeOf(endpoint)
    this.ownEids = new OwnEids({ local, overlay: intent, inventory, placeOf })
    this.side = this.makeSide()
    this.resolution = this.makeResolution()
    const proactive = new Proactive(intent, inventory, moves)
    const touched = (serial: number): void => this.side.touched(serial)
    const parts = { fleet, intent, cache, moves, proactive, resolution: this.resolution, touched }
    const { whereabouts } = options
    this.overlay = new Overlay({ ...parts, prefixes: (vni) => whereabouts.prefixes(vni) })
    whereabouts.watchPrefixes((vni) => this.overlay.prefixesChanged(vni))
    const { overlay, ownEids } = this
    const introduce = (node: string, far: string): void => {
      const { rloc } = inventory.node(far)
      if (rloc !== undefined) this.greet(node, rloc)
    }
    this.changes = new OverlayChanges({ ...parts, overlay, ownEids, introduce })
  }

  get figures(): PacketFigures {
    const { waiting, dropped, size } = this.resolution
    return { packets: { ...this.packets }, waiting, dropped, resolved: size }
  }

  /** What the store holds; the intent has it already. */
  load(): void {
    this.changes.load()
  }

  /** One transaction of the store, which the intent has followed already. */
  stored(change: Pick<StoreChange, 'networks' | 'endpoints'>): void {
    this.changes.stored(change)
  }

  /** Something has become known of a node. */
  nodeChanged(name: string): void {
    this.ownEids.nodeChanged(name)
  }

  /** A flow of an origin left a table by its time-out. */
  expired(node: string, slot: Slot, table: number): void {
    this.resolution.expired(node, slot, table === tableNumbers.deliver)
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
    const { intent } = this.options
    const why = readPacketReason(packet.userdata, packet.metadata)
    if (why === undefined) return
    this.packets[why.reason] = (this.packets[why.reason] ?? 0) + 1
    const endpoint = intent.endpointWithSerial(why.endpoint)
    const network = intent.withVni(why.vni)
    if (endpoint === undefined || network === undefined) return
    if (endpoint.node !== node && this.moves.placeOf(endpoint) !== node) return
    if (why.reason === 'miss') {
      const header = readIpFrame(packet.data)
      if (header === undefined) return
      this.resolution.miss(node, why.vni, header.destination, packet)
      this.prepareAnswer(node, network, endpoint, header)
    } else this.answer(node, packet, why, { endpoint, network })
  }

  /** Who gets a packet mostly answers: its node learns where the sender is while the sender's learns where it is. */
  private prepareAnswer(
    node: string,
    { vni }: Network,
    { addresses }: Endpoint,
    { source, destination }: { readonly source: Ip; readonly destination: Ip },
  ): void {
    const there = this.options.whereabouts.lookup(vni, destination)?.node
    const own = addresses.some(({ family, value }) => family === source.family && value === source.value)
    if (own && there !== undefined && there !== node) this.resolution.expect(there, vni, source)
  }

  private answer(node: string, packet: PacketIn, why: Answerable, asking: Asking): void {
    const { inventory } = this.options.fleet
    const mtu = networkMtu(asking.network, inventory, node)
    const answer = answerTo(packet.data, why, { ...asking, ...(mtu !== undefined && { mtu }) })
    if (answer !== undefined) inventory.handles.get(node)?.packetOut(answer, [output(packet.inPort)])
  }

  /** Whether an address of `node` is an endpoint's that is on its switch. */
  private isHere(node: string, vni: number, ip: Ip): boolean {
    const { intent, whereabouts } = this.options
    const network = intent.withVni(vni)?.name
    const isIt = (one: Endpoint): boolean =>
      one.network === network &&
      one.addresses.some(({ family, value }) => family === ip.family && value === ip.value)
    for (const endpoint of this.moves.leaving(node).values()) if (isIt(endpoint)) return true
    for (const endpoint of intent.endpointsAt(node).values())
      if (isIt(endpoint)) return this.overlay.isThere(endpoint)
    // A prefix that an endpoint is a router for.
    return whereabouts.lookup(vni, ip)?.node === node
  }

  private arrived(serial: number): void {
    const endpoint = this.options.intent.endpointWithSerial(serial)
    if (endpoint === undefined) this.moves.end(serial)
    else this.changes.arrived(endpoint)
  }

  private greet(node: string, far: Rloc): number {
    const { inventory } = this.options.fleet
    return this.greetings.greet(inventory.handles.get(node), inventory.node(node).rloc, far)
  }

  private makeSide(): OverlaySide {
    const { clock, fleet, intent, receipts, tell } = this.options
    const { inventory } = fleet
    return new OverlaySide({
      clock,
      inventory,
      intent,
      cache: this.cache,
      overlay: () => this.overlay,
      receipts,
      tell,
      up: (endpoint) => this.changes.arrived(endpoint),
    })
  }

  private makeResolution(): Resolution {
    const { clock, fleet, intent, whereabouts } = this.options
    const { inventory } = fleet
    const { cache } = this
    return new Resolution({
      clock,
      cache,
      whereabouts,
      mark: (node, slot) => fleet.mark(node, slot),
      confirmed: (node, slot) => fleet.confirmed(node, slot) === true,
      isHere: (...where) => this.isHere(...where),
      resume: (node, packet) => inventory.handles.get(node)?.resume(packet),
      familyOf: (node) => inventory.node(node).rloc?.family,
      idleTimeoutSeconds: (vni) =>
        intent.withVni(vni)?.idleTimeoutSeconds ?? networkDefaults.idleTimeoutSeconds,
      takesPart: (node, vni) => intent.nodesOf(intent.withVni(vni)?.name ?? '').has(node),
      forwardsEnded: (node, vni) => {
        const network = intent.withVni(vni)
        if (network !== undefined) fleet.mark(node, networkSlot(network))
      },
      greet: (node, far) => this.greet(node, far),
    })
  }
}
