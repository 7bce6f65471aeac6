/**
 * A fabric of nodes whose flow tables are interpreted: what the compiler wants of every switch, packets carried between their tunnel
 * ports, and the answer of a mapping system to every miss. Says where a packet comes out, and nowhere else.
 */
import { type CacheEntry, compileCacheEntry } from '#compile/cache.js'
import { carriedBy, compileEndpoint, takesPart } from '#compile/endpoint.js'
import { compileNetwork, type Members } from '#compile/network.js'
import { compileNode } from '#compile/node.js'
import { type PacketReason, readPacketReason } from '#compile/packet-reason.js'
import { type Cidr, cidrHas, type Ip, widthOf } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { Network } from '#model/network.js'
import type { FieldName } from '#openflow/fields.js'
import type { Flow } from '#openflow/flow.js'
import type { Match } from '#openflow/match.js'
import { FlowLookup } from '#trace/flow-lookup.js'
import type { TracedSwitch } from '#trace/switch.js'
import { tracePacket } from '#trace/trace.js'

export const tunnelOfport = 1
export const gpeOfport = 2

/** A packet that leaves by a port that is no tunnel. */
export interface Arrived {
  readonly node: string
  readonly ofport: number
  readonly bytes: Uint8Array
}

/** A packet as the controller gets it. */
export interface Asked {
  readonly node: string
  readonly inPort: number
  readonly why: PacketReason | undefined
  readonly bytes: Uint8Array
}

export interface Fate {
  readonly arrived: readonly Arrived[]
  readonly asked: readonly Asked[]
}

export const switchOf = (flows: readonly Flow[], ofports: readonly number[]): TracedSwitch => {
  const tables = new Map<number, FlowLookup<{ readonly flow: Flow }>>()
  for (const flow of flows) {
    const table = tables.get(flow.table) ?? new FlowLookup()
    table.add({ flow })
    tables.set(flow.table, table)
  }
  const known = new Set(ofports)
  const port = (ofport: number) => (known.has(ofport) ? { ofport, forwards: true } : undefined)
  return {
    find: (table, state) => tables.get(table)?.find(state)?.flow,
    port,
    ports: () => ofports.flatMap((ofport) => port(ofport) ?? []),
    group: () => undefined,
  }
}

export interface OverlayOptions {
  readonly nodes: readonly NodeFacts[]
  readonly networks: readonly Network[]
  readonly endpoints: readonly Endpoint[]
  /** All entries at once, or as they are asked for. */
  readonly proactive: boolean
  /** EID-prefixes of LISP routers. */
  readonly beyond?: readonly Cidr[]
  readonly entries?: readonly { readonly node: string; readonly entry: CacheEntry }[]
}

/** More than any packet should need. */
const hopsMax = 16

export class Overlay {
  readonly inventory: Inventory
  /** By node: what was learnt since. */
  private readonly entries = new Map<string, CacheEntry[]>()
  private readonly switches = new Map<string, TracedSwitch>()

  constructor(private readonly options: OverlayOptions) {
    const facts = new Map(options.nodes.map((node) => [node.name, node]))
    this.inventory = {
      node: (name) => facts.get(name) ?? { name, state: 'unknown', underlayMtu: 1500 },
      port: (node, name) => {
        const index = options.endpoints.findIndex((one) => one.node === node && one.interface === name)
        return index < 0 ? undefined : { name, ofport: 10 + index, ours: true }
      },
    }
    for (const { node, entry } of options.entries ?? []) this.entriesOf(node).push(entry)
    if (options.proactive) this.learnAll()
  }

  ofport(endpoint: Endpoint): number {
    return this.inventory.port(endpoint.node, endpoint.interface)?.ofport ?? 0
  }

  network(endpoint: Endpoint): Network {
    const found = this.options.networks.find(({ name }) => name === endpoint.network)
    if (found === undefined) throw new Error(`no network ${endpoint.network}`)
    return found
  }

  /** Everything that the switch of `node` should hold. */
  flows(node: string): readonly Flow[] {
    const { networks, endpoints, beyond } = this.options
    const here = endpoints.filter((one) => one.node === node)
    return [
      ...compileNode().flows,
      ...networks
        .filter(({ name }) => here.some(({ network }) => network === name))
        .flatMap(
          (network) => compileNetwork(network, this.inventory, node, this.members(network), beyond).flows,
        ),
      ...here.flatMap((one) => compileEndpoint(one, this.network(one), this.inventory, node).flows),
      ...this.entriesOf(node).flatMap((entry) => compileCacheEntry(entry, this.inventory, node)),
    ]
  }

  /** What becomes of a packet that a port of `node` takes in. */
  send(node: string, inPort: number, bytes: Uint8Array, values: Match = {}): Fate {
    const fate = { arrived: [] as Arrived[], asked: [] as Asked[] }
    this.step(node, inPort, bytes, values, fate, 0)
    return fate
  }

  private step(
    node: string,
    inPort: number,
    bytes: Uint8Array,
    values: Match,
    fate: { arrived: Arrived[]; asked: Asked[] },
    hops: number,
  ): void {
    if (hops > hopsMax) throw new Error('the packet goes round')
    const known = new Map(Object.entries(values) as [FieldName, number | bigint][])
    const trace = tracePacket(this.switchAt(node), { inPort, bytes, values: known })
    if (trace.failure !== undefined) throw new Error(trace.failure)
    if (trace.uninterpreted.length > 0) throw new Error(`${trace.uninterpreted[0]?.type} is not interpreted`)
    for (const { userdata, state, paused } of trace.packetIns) {
      const why = readPacketReason(userdata, Object.fromEntries(state.values))
      fate.asked.push({ node, inPort, why, bytes: state.packet.bytes })
      if (paused && why?.reason === 'miss') {
        const before = this.entriesOf(node).length
        this.learn(node, why.vni, destinationOf(state.packet.bytes))
        if (this.entriesOf(node).length === before) throw new Error('asked twice')
        this.step(node, inPort, bytes, values, fate, hops + 1)
      }
    }
    for (const { ofport, state } of trace.outputs) {
      const out = state.packet.bytes
      if (ofport !== tunnelOfport) fate.arrived.push({ node, ofport, bytes: out })
      else {
        const far = this.options.nodes.find(({ rloc }) => rloc?.value === state.values.get('tun_dst'))
        if (far === undefined) throw new Error('no node has this RLOC')
        const tunnel = { tun_id: state.values.get('tun_id'), tun_src: state.values.get('tun_src') } as Match
        this.step(far.name, tunnelOfport, out, tunnel, fate, hops + 1)
      }
    }
  }

  /** The prefixes of an endpoint that others reach it by. */
  private *eids(): Iterable<{ readonly endpoint: Endpoint; readonly vni: number; readonly eid: Cidr }> {
    for (const endpoint of this.options.endpoints) {
      const network = this.network(endpoint)
      if (!takesPart(endpoint, network)) continue
      const own = endpoint.addresses.map((ip) => ({ ...ip, length: widthOf(ip.family) }))
      const carried = carriedBy(endpoint, network).filter(({ length }) => length > 0)
      for (const eid of [...own, ...carried]) yield { endpoint, vni: network.vni, eid }
    }
  }

  /** What a mapping system answers: the longest prefix that has the address. */
  private learn(node: string, vni: number, address: Ip): void {
    const fitting = [...this.eids()].filter((one) => one.vni === vni && cidrHas(one.eid, address))
    const [best] = fitting.sort((a, b) => b.eid.length - a.eid.length)
    const eid = { ...address, length: widthOf(address.family) }
    if (best === undefined) this.add(node, { vni, eid, state: 'negative', holdSeconds: 10 })
    else this.addRemote(node, vni, best.eid, best.endpoint.node)
  }

  private learnAll(): void {
    for (const { endpoint, vni, eid } of this.eids())
      for (const { name } of this.options.nodes)
        if (name !== endpoint.node) this.addRemote(name, vni, eid, endpoint.node)
  }

  private addRemote(node: string, vni: number, eid: Cidr, at: string): void {
    const { rloc } = this.inventory.node(at)
    if (rloc !== undefined)
      this.add(node, { vni, eid, state: 'remote', rloc, node: at, encapsulation: 'vxlan' })
  }

  private add(node: string, entry: CacheEntry): void {
    this.entriesOf(node).push(entry)
    this.switches.delete(node)
  }

  private entriesOf(node: string): CacheEntry[] {
    const found = this.entries.get(node) ?? []
    this.entries.set(node, found)
    return found
  }

  private switchAt(node: string): TracedSwitch {
    const local = this.options.endpoints.filter((one) => one.node === node)
    const made =
      this.switches.get(node) ??
      switchOf(this.flows(node), [tunnelOfport, gpeOfport, ...local.map((one) => this.ofport(one))])
    this.switches.set(node, made)
    return made
  }

  private members(network: Network): Members {
    const all = this.options.endpoints.filter((one) => one.network === network.name)
    return {
      at: (node) => all.filter((one) => one.node === node),
      nodes: () => new Set(all.map(({ node }) => node)),
    }
  }
}

const destinationOf = (frame: Uint8Array): Ip => {
  const is4 = frame[12] === 0x08
  const bytes = is4 ? frame.subarray(30, 34) : frame.subarray(38, 54)
  return { family: is4 ? 4 : 6, value: BigInt(`0x${Buffer.from(bytes).toString('hex')}`) }
}
