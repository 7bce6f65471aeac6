/** Overlay networks in a fabric in memory: what their endpoints send, where it comes out, and what every switch should hold. */
import type { Request } from '#api/fabric.js'
import { originOf } from '#compile/cookie.js'
import { compileEndpoint } from '#compile/endpoint.js'
import { compileNetwork } from '#compile/network.js'
import { compileNode } from '#compile/node.js'
import type { Ip } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import { gatewayMac } from '#model/gateway.js'
import type { NetworkSpec } from '#model/network.js'
import type { Flow } from '#openflow/flow.js'
import { flowBody, flowKey } from '#reconcile/flow-book.js'
import { echoFrame } from './overlay-packets.js'
import { Simulation, type SimulationOptions } from './simulation.js'

export const request: Request = { provenance: { requestId: 'r', by: 'sim', at: 0 }, waitMs: 0 }

export class OverlaySimulation {
  readonly sim: Simulation

  constructor(options: SimulationOptions) {
    this.sim = new Simulation({ ...options, networks: true })
  }

  get overlay() {
    return this.sim.controller.overlay
  }

  async addNetwork(name: string, subnet: string, rest: Partial<NetworkSpec> = {}): Promise<void> {
    const spec = { name, subnets: [{ cidr: subnet }], ...rest }
    await this.sim.controller.networks.putNetwork(name, spec, request)
  }

  /** Makes an endpoint or moves it; its interface is there at once. */
  async put(id: string, network: string, node: string): Promise<void> {
    const name = `${id}-e0`
    if (this.sim.node(node).device(name) === undefined) this.sim.node(node).plug(name)
    await this.sim.controller.networks.putEndpoint(
      id,
      { id, network, node, interface: name, labels: {} },
      request,
    )
  }

  async remove(id: string): Promise<void> {
    await this.sim.controller.networks.deleteEndpoint(id, request)
  }

  endpoint(id: string): Endpoint {
    const endpoint = this.overlay.endpoint(id)
    if (endpoint === undefined) throw new TypeError(`there is no endpoint ${id}`)
    return endpoint
  }

  get allUp(): boolean {
    const { side } = this.sim.controller
    return [...this.overlay.endpoints()].every((one) => side.statusOf(one).state === 'up')
  }

  /** An echo request to an address by way of the gateway: the interfaces where it comes out, once what waits has gone on. */
  async send(from: string, to: Ip): Promise<string[]> {
    const { node, interface: name, mac, addresses } = this.endpoint(from)
    const [source] = addresses
    if (source === undefined) return []
    const frame = echoFrame({ sourceMac: mac, destinationMac: gatewayMac, source, destination: to })
    const frames = this.sim.underlay.send(node, name, frame)
    await this.sim.run(100)
    return frames.map((one) => `${one.node} ${one.interface}`)
  }

  /** Where an address' packets should come out. */
  placeOf(id: string): string {
    const { node, interface: name } = this.endpoint(id)
    return `${node} ${name}`
  }

  /** What a switch should hold besides entries of its map-cache, as lines. */
  wanted(node: string): string[] {
    const { overlay } = this
    const { inventory } = this.sim.controller.fleet
    const here = [...overlay.endpointsAt(node).values()]
    const networks = new Set(here.flatMap(({ network }) => overlay.network(network) ?? []))
    const flows = [
      ...compileNode().flows,
      ...[...networks].flatMap(
        (network) =>
          compileNetwork(network, inventory, node, {
            at: (one) =>
              [...overlay.endpointsAt(one).values()].filter((each) => each.network === network.name),
            nodes: () => overlay.nodesOf(network.name).keys(),
          }).flows,
      ),
      ...here.flatMap((one) => {
        const network = overlay.network(one.network)
        return network === undefined ? [] : compileEndpoint(one, network, inventory, node).flows
      }),
    ]
    return flows.map(lineOf).sort()
  }

  /** What it holds of that. */
  held(node: string): string[] {
    return this.sim
      .node(node)
      .flows()
      .filter(({ cookie }) => originOf(cookie)?.kind !== 'cache')
      .map(lineOf)
      .sort()
  }

  /** Entries of its map-cache. */
  cached(node: string): Flow[] {
    return this.sim
      .node(node)
      .flows()
      .filter(({ cookie }) => originOf(cookie)?.kind === 'cache')
  }
}

const lineOf = (flow: Flow): string =>
  `${flow.cookie.toString(16)} ${Buffer.from(flowKey(flow), 'utf16le').toString('base64')} ${flowBody(flow)}`
