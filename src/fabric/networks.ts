/**
 * Overlay networks as REST sees them: what is asked is checked against the intent, so that answers name the owner of what is
 * taken, and becomes one transaction of the store. The database's own indexes remain the guard against races.
 */
import type { Request } from '#api/fabric.js'
import type { CacheEntryView, EndpointView, FsckFinding, Networks, NetworkView } from '#api/networks.js'
import type { Clock } from '#link/clock.js'
import { cidrHas, printCidr, printIp } from '#model/cidr.js'
import type { EndpointSpec, Lease } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import type { Network, NetworkSpec } from '#model/network.js'
import type { Provenance } from '#model/wire.js'
import type { NewNetwork, Store, StoreBatch } from '#store/store.js'
import { sameAs } from './endpoint-values.js'
import { LiveEndpoints } from './endpoints.js'
import { AddressBook } from './ipam/address-book.js'
import { fsck } from './ipam/fsck.js'
import { isBlockOf } from './ipam/geometry.js'
import { checkMtu, networkOf } from './network-values.js'
import { OverlayEvents } from './overlay-events.js'
import type { OverlayIntent } from './overlay-intent.js'
import type { OverlayFigures } from './overlay-metrics.js'
import { leaseView, networkView, plannedView } from './overlay-views.js'
import { Receipts } from './receipts.js'
import type { SwitchSide } from './switch-side.js'
import { Turns } from './turns.js'
import type { VniLedger } from './vni-ledger.js'

export interface NetworksOptions {
  readonly store: Pick<Store, 'state' | 'networks' | 'endpoints' | 'leases' | 'blocks' | 'onChange'>
  /** Filled here. */
  readonly overlay: OverlayIntent
  readonly vnis: VniLedger
  readonly clock: Clock
  readonly switches: SwitchSide
  /** How long an address rests after its endpoint is gone. */
  readonly quarantineSeconds: number
  /** The link that an interface belongs to, and the one that has a VNI. */
  readonly linkAt: (node: string, name: string) => string | undefined
  readonly linkWithVni: (vni: number) => string | undefined
  /** Stores durably; rejects as `Store.commit` does. */
  readonly commit: (batch: StoreBatch, request: Provenance) => Promise<void>
  readonly tell: OverlayEvents['tell']
}

export class LiveNetworks implements Networks {
  /** Of endpoints, by id: convergence notes here how far each has come. */
  readonly receipts = new Receipts()
  readonly book = new AddressBook()
  private readonly ends: LiveEndpoints
  private readonly turns = new Turns()
  private readonly events: OverlayEvents

  constructor(private readonly options: NetworksOptions) {
    this.events = new OverlayEvents(options.tell)
    this.ends = new LiveEndpoints({
      ...options,
      book: this.book,
      receipts: this.receipts,
      commit: (batch, request) => this.commit(batch, request),
    })
  }

  /** Takes up what the store holds, once that is known, and follows it. */
  load(): void {
    const { store, overlay } = this.options
    const all = <T>(values: Iterable<T>) => [...values].map((value) => ({ new: value }))
    const change = { networks: all(store.networks()), endpoints: all(store.endpoints()) }
    overlay.apply(change)
    this.book.apply({ ...change, leases: all(store.leases()), blocks: all(store.blocks()) })
    this.book.resting.sort()
    store.onChange((next) => {
      overlay.apply(next)
      this.book.apply(next)
      this.events.changed(next)
    })
  }

  /** How much there is. */
  figures(): OverlayFigures {
    const { overlay } = this.options
    const { leases, blocks } = this.book.counts()
    const resting = this.book.resting.size
    return {
      networks: overlay.networkCount,
      endpoints: overlay.endpointCount,
      leases: { leased: leases - resting, resting },
      blocks,
    }
  }

  *networks(): Generator<NetworkView> {
    const { overlay } = this.options
    for (const network of overlay.networks()) yield networkView(network, overlay)
  }

  network(name: string): NetworkView {
    return networkView(this.require(name), this.options.overlay)
  }

  putNetwork(
    name: string,
    spec: NetworkSpec,
    request: Request,
    dryRun = false,
  ): Promise<{ network: NetworkView; created: boolean }> {
    return this.turns.take(name, () => this.store({ ...spec, name }, request, dryRun))
  }

  async deleteNetwork(name: string, { provenance }: Request): Promise<void> {
    const network = this.require(name)
    this.requireLeader()
    const { overlay, vnis } = this.options
    const [first] = overlay.endpointsIn(name).values()
    if (first !== undefined) {
      const count = overlay.endpointsIn(name).size
      throw new FabricError(
        'network-in-use',
        `${count} endpoints are in network ${name}, ${first.id} among them; delete them first`,
        { owner: `endpoint ${first.id}` },
      )
    }
    const batch = {
      removeNetwork: network,
      dropLeases: [...this.book.leasesOf(name)],
      dropBlocks: [...this.book.blocksOf(name)],
      retireVnis: [vnis.retirement(network)],
    }
    await vnis.promise([], batch, (whole) => this.commit(whole, provenance))
  }

  endpoints(filter?: { readonly network?: string; readonly node?: string }): Iterable<EndpointView> {
    return this.ends.list(filter)
  }

  endpoint(id: string): EndpointView {
    return this.ends.get(id)
  }

  async putEndpoint(
    id: string,
    spec: EndpointSpec,
    request: Request,
  ): Promise<{ endpoint: EndpointView; created: boolean }> {
    this.requireLeader()
    return this.ends.put({ ...spec, id }, request)
  }

  whenUp(id: string, request: Request): Promise<EndpointView> {
    return this.ends.whenUp(id, request)
  }

  async deleteEndpoint(id: string, request: Request): Promise<{ deleted: boolean }> {
    this.requireLeader()
    return this.ends.delete(id, request)
  }

  *leases(network?: string): Generator<Lease> {
    const some = network === undefined ? this.book.leases() : this.book.leasesOf(network)
    for (const lease of some) yield leaseView(lease, this.options.overlay)
  }

  fsck(): readonly FsckFinding[] {
    const { store } = this.options
    return fsck({
      networks: store.networks(),
      endpoints: store.endpoints(),
      leases: store.leases(),
      blocks: store.blocks(),
    })
  }

  async mapCache(node: string): Promise<readonly CacheEntryView[]> {
    const { switches } = this.options
    if (!switches.knowsNode(node)) throw new FabricError('not-found', `there is no node ${node}`)
    return switches.mapCache(node)
  }

  private async store(
    spec: NetworkSpec,
    { provenance }: Request,
    dryRun: boolean,
  ): Promise<{ network: NetworkView; created: boolean }> {
    this.requireLeader()
    const { overlay, vnis, switches } = this.options
    const before = overlay.network(spec.name)
    if (spec.vni !== undefined && spec.vni !== before?.vni) this.checkVni(spec.vni)
    const stated = spec.vni ?? before?.vni
    // Before a VNI is taken, so that a bad request takes none.
    networkOf(spec, stated ?? 1, provenance, before)
    const [vni = 0] = vnis.allocate([{ vni: stated }])
    const wanted = networkOf(spec, vni, provenance, before)
    checkMtu(wanted, switches.overlayMtu())
    this.checkLeases(wanted)
    if (dryRun) return { network: plannedView(wanted, overlay), created: before === undefined }
    if (before === undefined || !sameAs(before, wanted)) await this.commitNetwork(wanted, before)
    return { network: this.network(spec.name), created: before === undefined }
  }

  private async commitNetwork(wanted: NewNetwork, before: Network | undefined): Promise<void> {
    const { vnis } = this.options
    const change =
      before === undefined ? { addNetwork: wanted } : { changeNetwork: { ...wanted, serial: before.serial } }
    const retireVnis = before === undefined || before.vni === wanted.vni ? [] : [vnis.retirement(before)]
    // Subnets of another size are cut otherwise; nodes take blocks anew when they need addresses.
    const dropBlocks = [...this.book.blocksOf(wanted.name)].filter(
      ({ cidr }) => !isBlockOf(wanted.subnets, cidr),
    )
    const commit = (whole: StoreBatch) => this.commit(whole, wanted.provenance)
    await vnis.promise([wanted.vni], { ...change, retireVnis, dropBlocks }, commit)
  }

  private checkVni(vni: number): void {
    const { overlay, vnis, linkWithVni } = this.options
    const network = overlay.withVni(vni)
    const link = linkWithVni(vni)
    if (network !== undefined || link !== undefined) {
      const owner = network === undefined ? `link ${link}` : `network ${network.name}`
      throw new FabricError('vni-taken', `VNI ${vni} belongs to ${owner}`, { field: 'vni', owner })
    }
    vnis.checkFree(vni, 'vni')
  }

  /** Endpoints keep their addresses: a change that would take one away is refused. */
  private checkLeases({ name, subnets, reservations = [] }: NewNetwork): void {
    const reserved = new Map(reservations.map(({ address, endpoint }) => [printIp(address), endpoint]))
    for (const { address, owner } of this.book.leasesOf(name)) {
      if (owner === undefined) continue
      const text = printIp(address)
      const subnet = subnets.find(({ cidr }) => cidrHas(cidr, address))
      const wanted = reserved.get(text)
      const details = { owner: `endpoint ${owner}` }
      if (subnet === undefined)
        throw new FabricError(
          'network-in-use',
          `endpoint ${owner} has ${text}, which would be in no subnet`,
          {
            ...details,
            field: 'subnets',
          },
        )
      if (subnet.gateway === address.value)
        throw new FabricError(
          'address-taken',
          `${text} belongs to endpoint ${owner} and cannot be the gateway of ${printCidr(subnet.cidr)}`,
          { ...details, field: 'subnets' },
        )
      if (wanted !== undefined && wanted !== owner)
        throw new FabricError(
          'address-taken',
          `${text} belongs to endpoint ${owner}: it cannot be reserved`,
          {
            ...details,
            field: 'reservations',
          },
        )
    }
  }

  private async commit(batch: StoreBatch, request: Provenance): Promise<void> {
    await this.events.during(batch, request, () => this.options.commit(batch, request))
  }

  private require(name: string): Network {
    const network = this.options.overlay.network(name)
    if (network === undefined) throw new FabricError('not-found', `there is no network ${name}`)
    return network
  }

  private requireLeader(): void {
    const { state } = this.options.store
    if (state.state === 'standby') throw new FabricError('not-leader', state.reason)
    if (state.state !== 'leader') throw new FabricError('store-unavailable', state.reason)
  }
}
