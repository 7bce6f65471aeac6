/** What REST is told of overlay networks on the switches: how endpoints are doing, when they are up, what map-caches hold. */
import type { CacheEntryView } from '#api/networks.js'
import type { Clock } from '#link/clock.js'
import type { Endpoint, EndpointStatus } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import type { PendingReason } from '#model/status.js'
import type { LiveInventory } from '../inventory.js'
import type { NewEvent } from '../journal.js'
import type { OverlayIntent } from '../overlay-intent.js'
import { overlayMtu } from '../overlay-mtu.js'
import type { Receipts } from '../receipts.js'
import type { SwitchSide } from '../switch-side.js'
import { Waits } from '../waits.js'
import type { MapCache } from './map-cache.js'
import { entryView, flowsBySlot, localViews } from './map-cache-view.js'
import type { Overlay } from './overlay.js'

export interface OverlaySideOptions {
  readonly clock: Clock
  readonly inventory: LiveInventory
  readonly intent: OverlayIntent
  readonly cache: MapCache
  readonly overlay: () => Overlay
  readonly receipts: () => Receipts
  readonly tell: (event: NewEvent) => void
  /** The switch of the endpoint's node is ready for it. */
  readonly up: (endpoint: Endpoint) => void
}

export class OverlaySide implements SwitchSide {
  private readonly waits: Waits<number>
  /** States already told, by serial. */
  private readonly states = new Map<number, EndpointStatus['state']>()
  private readonly toLookAt = new Set<number>()

  constructor(private readonly options: OverlaySideOptions) {
    this.waits = new Waits(options.clock)
  }

  statusOf(endpoint: Endpoint): EndpointStatus {
    const reason = this.reasonOf(endpoint)
    return reason === undefined ? { state: 'up' } : { state: 'pending', reasons: [reason] }
  }

  async whenReady(serials: readonly number[], waitMs: number, signal?: AbortSignal): Promise<void> {
    const { intent } = this.options
    await this.waits.until(
      serials,
      waitMs,
      (serial) => {
        const endpoint = intent.endpointWithSerial(serial)
        return endpoint === undefined || this.reasonOf(endpoint) === undefined
      },
      signal,
    )
  }

  async whenGone(endpoint: Endpoint, waitMs: number, signal?: AbortSignal): Promise<void> {
    await this.waits.until([endpoint.serial], waitMs, () => this.options.overlay().isGone(endpoint), signal)
  }

  overlayMtu(): number | undefined {
    const { inventory } = this.options
    return overlayMtu(inventory.names().map((name) => inventory.node(name)))
  }

  datapathType(node: string): string | undefined {
    return this.options.inventory.handles.get(node)?.facts.datapathType
  }

  knowsNode(name: string): boolean {
    const { inventory } = this.options
    return inventory.stored.has(name) || inventory.handles.has(name)
  }

  async mapCache(node: string): Promise<readonly CacheEntryView[]> {
    const { inventory, cache, intent } = this.options
    const handle = inventory.handles.get(node)
    if (handle?.ready !== true) throw new FabricError('node-offline', `node ${node} is not connected`)
    const flows = flowsBySlot(await handle.readFlows())
    const local = [...intent.endpointsAt(node).values()].flatMap((one) => localViews(one, flows))
    const others = this.options
      .overlay()
      .entriesAt(node)
      .map((entry) => {
        const network = intent.withVni(entry.vni)?.name ?? String(entry.vni)
        return entryView(entry, network, cache.get(node, entry) === undefined, flows)
      })
    return [...local, ...others]
  }

  /** Something about the switch of an endpoint has changed; it is looked at when all of that is known. */
  touched(serial: number): void {
    this.toLookAt.add(serial)
    if (this.toLookAt.size > 1) return
    queueMicrotask(() => {
      const serials = [...this.toLookAt]
      this.toLookAt.clear()
      for (const one of serials) this.look(one)
    })
  }

  private look(serial: number): void {
    const { intent } = this.options
    const endpoint = intent.endpointWithSerial(serial)
    if (endpoint === undefined) this.states.delete(serial)
    else {
      const status = this.statusOf(endpoint)
      this.note(endpoint, status.state)
      if (this.states.get(serial) !== status.state) {
        this.states.set(serial, status.state)
        this.tell(endpoint, status)
      }
      if (status.state === 'up') this.options.up(endpoint)
    }
    this.waits.changed(serial)
  }

  private note(endpoint: Endpoint, state: EndpointStatus['state']): void {
    const { clock, inventory, overlay, receipts } = this.options
    const portsReady = inventory.port(endpoint.node, endpoint.interface)?.ofport !== undefined
    const confirmed = portsReady && overlay().isConfirmed(endpoint) ? [endpoint.node] : []
    receipts().reached(endpoint.id, { portsReady, confirmed, complete: state === 'up' }, clock.now())
  }

  private tell({ id, node }: Endpoint, status: EndpointStatus): void {
    const object = `endpoint ${id}`
    if (status.state === 'up')
      this.options.tell({ type: 'endpoint-up', object, message: `${id} is up on ${node}` })
    else {
      const message = `${id} is pending: ${status.reasons.map((reason) => reason.message).join('; ')}`
      const reasons = status.reasons.map(({ code }) => code)
      this.options.tell({ type: 'endpoint-pending', object, message, data: { reasons } })
    }
  }

  private reasonOf(endpoint: Endpoint): PendingReason | undefined {
    const { inventory, overlay } = this.options
    const { node, interface: name } = endpoint
    const facts = inventory.node(node)
    if (facts.state !== 'ready') return nodeReason(node, facts.state, facts.reason)
    const port = inventory.port(node, name)
    const at = { node, interface: name }
    if (port?.ofport === undefined) {
      const missing = port?.error !== undefined && /no such device/i.test(port.error)
      if (missing)
        return { ...at, code: 'interface-missing', message: `node ${node} has no interface ${name} yet` }
      return port?.error === undefined
        ? {
            ...at,
            code: 'applying',
            message: `interface ${name} of node ${node} is being added to the bridge`,
          }
        : {
            ...at,
            code: 'interface-error',
            message: `node ${node} cannot use interface ${name}: ${port.error}`,
          }
    }
    if (facts.rloc === undefined)
      return {
        code: 'rloc-missing',
        node,
        message: `node ${node} has no tunnel address; set external_ids:heddle-rloc`,
      }
    const refusal = overlay().refusal(endpoint)
    if (refusal !== undefined)
      return { code: 'switch-refused', node, message: `node ${node} refused: ${refusal}` }
    return overlay().isConfirmed(endpoint)
      ? undefined
      : { code: 'applying', node, message: `flows are on their way to node ${node}` }
  }
}

const nodeReason = (
  node: string,
  state: 'unknown' | 'offline' | 'preparing',
  reason: string | undefined,
): PendingReason => {
  switch (state) {
    case 'unknown':
      return { code: 'node-unknown', node, message: `no node ${node} has joined` }
    case 'offline':
      return { code: 'node-offline', node, message: `node ${node} is not connected` }
    case 'preparing':
      return {
        code: 'node-preparing',
        node,
        message: `node ${node} is being prepared: ${reason ?? 'waiting for its bridge'}`,
      }
  }
}
