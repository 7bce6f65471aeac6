/** Endpoints as REST sees them: a request becomes one transaction with the endpoint, its leases and its blocks. */

import type { Request } from '#api/fabric.js'
import type { EndpointView } from '#api/networks.js'
import type { Clock } from '#link/clock.js'
import type { Endpoint, EndpointSpec } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import type { Network } from '#model/network.js'
import type { Provenance } from '#model/wire.js'
import type { LeaseName, NewEndpoint, StoreBatch } from '#store/store.js'
import { checkInterface, checkMac, endpointOf, sameAs, statedAddresses } from './endpoint-values.js'
import type { AddressBook } from './ipam/address-book.js'
import { type Allocation, allocate, release, type Times } from './ipam/allocation.js'
import type { OverlayIntent } from './overlay-intent.js'
import { endpointView } from './overlay-views.js'
import type { Receipts } from './receipts.js'
import type { SwitchSide } from './switch-side.js'
import { Turns } from './turns.js'

export interface EndpointsOptions {
  readonly overlay: OverlayIntent
  readonly book: AddressBook
  readonly receipts: Receipts
  readonly clock: Clock
  readonly switches: SwitchSide
  readonly quarantineSeconds: number
  /** The link that an interface belongs to. */
  readonly linkAt: (node: string, name: string) => string | undefined
  readonly commit: (batch: StoreBatch, request: Provenance) => Promise<void>
}

const leasesOf = ({ network, addresses }: Endpoint): LeaseName[] =>
  addresses.map((address) => ({ network, address }))

export class LiveEndpoints {
  private readonly turns = new Turns()

  constructor(private readonly options: EndpointsOptions) {}

  *list({ network, node }: { network?: string; node?: string } = {}): Generator<EndpointView> {
    const { overlay } = this.options
    const some =
      node !== undefined
        ? overlay.endpointsAt(node).values()
        : network !== undefined
          ? overlay.endpointsIn(network).values()
          : overlay.endpoints()
    const mtu = once(() => this.options.switches.overlayMtu())
    for (const endpoint of some)
      if (network === undefined || endpoint.network === network) yield this.view(endpoint, mtu)
  }

  get(id: string): EndpointView {
    return this.view(this.require(id))
  }

  async whenUp(id: string, { waitMs, signal }: Request): Promise<EndpointView> {
    await this.options.switches.whenReady([this.require(id).serial], waitMs, signal)
    return this.get(id)
  }

  /** One request about an endpoint after the other: a runtime that asks twice at once is answered the same twice. */
  async put(spec: EndpointSpec, request: Request): Promise<{ endpoint: EndpointView; created: boolean }> {
    const began = this.options.clock.now()
    const { endpoint, created } = await this.turns.take(spec.id, () => this.store(spec, request, began))
    const { waitMs, signal } = request
    await this.options.switches.whenReady([endpoint.serial], waitMs, signal)
    return { endpoint: this.get(spec.id), created }
  }

  async delete(id: string, request: Request): Promise<{ deleted: boolean }> {
    const endpoint = await this.turns.take(id, () => this.remove(id, request))
    if (endpoint === undefined) return { deleted: false }
    await this.options.switches.whenGone(endpoint, request.waitMs, request.signal)
    return { deleted: true }
  }

  private async store(
    spec: EndpointSpec,
    { provenance }: Request,
    began: number,
  ): Promise<{ endpoint: Endpoint; created: boolean }> {
    const { overlay } = this.options
    const before = overlay.endpoint(spec.id)
    const network = this.networkOf(spec)
    checkInterface(spec, overlay, this.options.linkAt)
    const { addresses, batch } = this.allocate(spec, network, before)
    const wanted = endpointOf(spec, addresses, provenance)
    checkMac(wanted, overlay)
    if (before !== undefined && sameAs(before, wanted)) return { endpoint: before, created: false }
    const change =
      before === undefined
        ? { addEndpoint: wanted }
        : { changeEndpoint: { ...wanted, serial: before.serial } }
    await this.commit(wanted, { ...batch, ...change }, began)
    return { endpoint: this.require(spec.id), created: before === undefined }
  }

  private networkOf({ network: name }: EndpointSpec): Network {
    const network = this.options.overlay.network(name)
    if (network !== undefined) return network
    throw new FabricError('network-unknown', `there is no network ${name}`, { field: 'network' })
  }

  private allocate(spec: EndpointSpec, network: Network, before: Endpoint | undefined): Allocation {
    const wish = {
      network,
      endpoint: spec.id,
      node: spec.node,
      stated: statedAddresses(spec),
      has: before === undefined ? [] : leasesOf(before),
    }
    return allocate(this.options.book, wish, this.times())
  }

  private async commit(wanted: NewEndpoint, batch: StoreBatch, began: number): Promise<void> {
    const { receipts, book, clock } = this.options
    const letGo = book.hold(batch)
    receipts.begin(wanted.id, began)
    try {
      await this.options.commit(batch, wanted.provenance)
    } finally {
      letGo()
    }
    receipts.stored(wanted.id, clock.now())
  }

  private async remove(id: string, { provenance }: Request): Promise<Endpoint | undefined> {
    const { overlay, book, receipts } = this.options
    const endpoint = overlay.endpoint(id)
    if (endpoint === undefined) return undefined
    const batch = release(book, leasesOf(endpoint), id, this.times())
    const letGo = book.hold(batch)
    try {
      await this.options.commit({ ...batch, removeEndpoint: endpoint }, provenance)
    } finally {
      letGo()
    }
    receipts.forget(id)
    return endpoint
  }

  private times(): Times {
    const { clock, quarantineSeconds } = this.options
    return { now: clock.wallTime(), quarantineMs: quarantineSeconds * 1000 }
  }

  private require(id: string): Endpoint {
    const endpoint = this.options.overlay.endpoint(id)
    if (endpoint === undefined) throw new FabricError('not-found', `there is no endpoint ${id}`)
    return endpoint
  }

  /** `carried`: what the underlay carries. It depends on all nodes, and is asked for where the network says nothing. */
  private view(endpoint: Endpoint, carried = () => this.options.switches.overlayMtu()): EndpointView {
    const { overlay, switches, receipts } = this.options
    const network = overlay.network(endpoint.network)
    return endpointView(endpoint, {
      network,
      status: switches.statusOf(endpoint),
      mtu: network?.mtu ?? carried(),
      datapathType: switches.datapathType(endpoint.node),
      receipt: receipts.get(endpoint.id),
    })
  }
}

/** Asks once, and not before it is needed. */
const once = <T>(ask: () => T): (() => T) => {
  let answer: { readonly value: T } | undefined
  return () => {
    answer ??= { value: ask() }
    return answer.value
  }
}
