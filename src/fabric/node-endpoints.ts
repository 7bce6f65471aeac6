/**
 * Nodes as endpoints: every node that has joined gets one of its own in the default network, whose interface is an internal port
 * that its switch makes. Level-triggered: whatever wakes it, it looks whether the node has one. What is there already stays as it
 * is, and one that was deleted by hand comes back when the node or the controller does.
 */
import type { Request } from '#api/fabric.js'
import type { Clock } from '#link/clock.js'
import { type EndpointSpec, nodePort } from '#model/endpoint.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import { nodeEndpointIdOf } from '#model/node-port.js'
import type { StoreChange } from '#store/store.js'
import type { OverlayIntent } from './overlay-intent.js'

export interface NodeEndpointsOptions {
  /** Name of the default network; undefined: nodes are no endpoints unless somebody makes them one. */
  readonly network: string | undefined
  readonly overlay: OverlayIntent
  /** Names of the nodes that have joined. */
  readonly nodes: () => Iterable<string>
  /** Whether this controller may store anything. */
  readonly leads: () => boolean
  readonly put: (id: string, spec: EndpointSpec, request: Request) => Promise<unknown>
  readonly clock: Clock
  readonly logger: Logger
}

export class NodeEndpoints {
  /** Nodes whose endpoint is being stored. */
  private readonly storing = new Set<string>()

  constructor(private readonly options: NodeEndpointsOptions) {}

  /** Looks at every node: to be called when this controller begins to lead, with the store loaded. */
  look(): void {
    if (this.options.network === undefined) return
    for (const node of [...this.options.nodes()]) void this.lookAt(node)
  }

  /** One transaction of the store, which the intent has followed already. */
  stored({ nodes, networks }: Pick<StoreChange, 'nodes' | 'networks'>): void {
    const { network } = this.options
    if (network === undefined) return
    if (networks.some((change) => change.new?.name === network)) this.look()
    else for (const { new: node } of nodes) if (node !== undefined) void this.lookAt(node.name)
  }

  private async lookAt(node: string): Promise<void> {
    const { network: name, overlay, leads, put, clock, logger } = this.options
    const network = name === undefined ? undefined : overlay.network(name)
    if (network === undefined || network.isolation || !leads() || this.storing.has(node)) return
    if (overlay.endpointAt(node, nodePort) !== undefined) return
    const id = nodeEndpointIdOf(node)
    const provenance = { requestId: `join-${node}`, by: 'controller', at: clock.wallTime() }
    this.storing.add(node)
    try {
      await put(id, { id, network: network.name, node, interface: nodePort }, { provenance, waitMs: 0 })
    } catch (error) {
      const words = `node ${node} is no endpoint of network ${network.name}: ${errorText(error)}`
      logger.warn({ err: error, node }, words)
    } finally {
      this.storing.delete(node)
    }
  }
}
