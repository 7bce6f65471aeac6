/** What people and programs are shown of nodes, wires and flows. Pure. */
import { type Origin, originOf } from '#compile/cookie.js'
import { tableName } from '#compile/pipeline.js'
import { effectiveMtu } from '#compile/status.js'
import type { FlowView, NodeView } from '#model/node.js'
import type { WireView } from '#model/status.js'
import type { Provenance, Wire } from '#model/wire.js'
import type { InstalledFlow } from '#reconcile/switch-handle.js'
import type { Convergence } from './convergence.js'

export const wireView = (wire: Wire, convergence: Convergence): WireView => {
  const mtu = effectiveMtu(wire, convergence.inventory)
  const receipt = convergence.receipts.get(wire.name)
  return {
    wire,
    status: convergence.status(wire),
    ...(mtu !== undefined && { effectiveMtu: mtu }),
    ...(receipt !== undefined && { receipt }),
  }
}

export const nodeView = (name: string, { inventory, intent }: Convergence): NodeView => {
  const facts = inventory.node(name)
  const handle = inventory.handles.get(name)
  const { peer, datapathId, datapathType, ovsVersion, connectedAt } = handle?.facts ?? {}
  return {
    name,
    state: facts.state === 'unknown' ? 'offline' : facts.state,
    spec: inventory.stored.get(name)?.spec ?? {},
    underlayMtu: facts.underlayMtu,
    ports: handle === undefined ? 0 : [...handle.ports()].length,
    flows: handle?.book.size ?? 0,
    wires: intent.wiresAt(name).size,
    ...(facts.reason !== undefined && facts.state !== 'ready' && { reason: facts.reason }),
    ...(facts.rloc !== undefined && { rloc: facts.rloc.text }),
    ...(facts.tunnelOfport !== undefined && { tunnelOfport: facts.tunnelOfport }),
    ...(peer !== undefined && { peer }),
    ...(datapathId !== undefined && { datapathId }),
    ...(datapathType !== undefined && { datapathType }),
    ...(ovsVersion !== undefined && { ovsVersion }),
    ...(connectedAt !== undefined && { connectedAt }),
  }
}

/** The object that a flow exists for, where it is still there. */
export interface Owner {
  readonly name: string
  /** Absent where no request made it. */
  readonly provenance?: Provenance | undefined
}

/** The words of users for kinds of objects. */
export const kindWords = {
  node: 'node',
  wire: 'link',
  network: 'network',
  endpoint: 'endpoint',
  cache: 'eid',
} as const satisfies Record<Origin['kind'], string>

const originView = ({ kind, serial }: Origin, owner: Owner | undefined): FlowView['origin'] => {
  const word = kindWords[kind]
  if (owner === undefined) return { kind: word, name: `(deleted, serial ${serial})` }
  const { name, provenance } = owner
  if (provenance === undefined) return { kind: word, name }
  const { requestId, by, at } = provenance
  return { kind: word, name, requestId, by, at: new Date(at).toISOString() }
}

export const flowView = (flow: InstalledFlow, ownerOf: (origin: Origin) => Owner | undefined): FlowView => {
  const origin = originOf(flow.cookie)
  const shown = origin && originView(origin, ownerOf(origin))
  return {
    table: tableName(flow.table),
    priority: flow.priority,
    cookie: `0x${flow.cookie.toString(16).padStart(16, '0')}`,
    match: flow.match,
    actions: flow.actions,
    text: flow.text,
    packets: flow.packets.toString(),
    bytes: flow.bytes.toString(),
    durationSeconds: flow.durationSeconds,
    ...(shown !== undefined && { origin: shown }),
  }
}
