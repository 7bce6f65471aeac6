/** Rows of the northbound database to values of the model, and back. Pure. */
import type { Provenance, Wire } from '#model/wire.js'
import type { StoredNode, StoredTopology } from './store.js'
import type { EndRow, LinkRow, NodeRow, TopologyRow } from './tables.js'

interface ProvenanceColumns {
  readonly request_id: string
  readonly requested_by: string
  readonly requested_at: number
}

/** The provenance of a row: `known` itself where it is the same, since all wires of a topology come of one request. */
export const provenanceOf = (row: ProvenanceColumns, known?: Provenance): Provenance => {
  const { request_id: requestId, requested_by: by, requested_at: at } = row
  return known?.requestId === requestId && known.by === by && known.at === at ? known : { requestId, by, at }
}

export const provenanceColumns = ({ requestId, by, at }: Provenance): ProvenanceColumns => ({
  request_id: requestId,
  requested_by: by,
  requested_at: at,
})

export const wireOf = (row: LinkRow, a: EndRow, b: EndRow, known?: Provenance): Wire => ({
  name: row.name,
  serial: row.serial,
  a: { node: a.node, interface: a.interface },
  b: { node: b.node, interface: b.interface },
  vni: row.vni,
  ...(row.mtu !== null && { mtu: row.mtu }),
  ...(row.rate_mbps !== null && { rateMbps: row.rate_mbps }),
  ...(row.topology !== null && { topology: row.topology }),
  provenance: provenanceOf(row, known),
})

/** The columns of a link that may change; its ends are rows of their own. */
export const linkColumns = (wire: Omit<Wire, 'serial'>) => ({
  vni: wire.vni,
  mtu: wire.mtu ?? null,
  rate_mbps: wire.rateMbps ?? null,
  topology: wire.topology ?? null,
  ...provenanceColumns(wire.provenance),
})

export const storedNodeOf = (row: NodeRow): StoredNode => ({
  name: row.name,
  spec: {
    ...(row.target !== null && { target: row.target }),
    ...(row.rloc !== null && { rloc: row.rloc }),
    ...(row.underlay_mtu !== null && { underlayMtu: row.underlay_mtu }),
  },
  ...(row.last_rloc !== null && { lastRloc: row.last_rloc }),
  ...(row.last_underlay_mtu !== null && { lastUnderlayMtu: row.last_underlay_mtu }),
  joinedAt: row.joined_at,
})

export const nodeColumns = ({ spec, lastRloc, lastUnderlayMtu, joinedAt }: StoredNode) => ({
  target: spec.target ?? null,
  rloc: spec.rloc ?? null,
  underlay_mtu: spec.underlayMtu ?? null,
  last_rloc: lastRloc ?? null,
  last_underlay_mtu: lastUnderlayMtu ?? null,
  joined_at: joinedAt,
})

export const storedTopologyOf = (row: TopologyRow): StoredTopology => ({
  name: row.name,
  provenance: provenanceOf(row),
})
