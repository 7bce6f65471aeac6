/** A batch as OVSDB operations. Pure: rows that exist are named by UUID, so that the server looks none of them up by scanning. */

import type { Endpoint } from '#model/endpoint.js'
import { endNames, type Wire, type WireEnd } from '#model/wire.js'
import type { Uuid } from '#ovsdb/atoms.js'
import { deleteRows, insert, type Operation, update } from '#ovsdb/operations.js'
import { endpointOperations } from './endpoints.js'
import { leaseOperations } from './leases.js'
import { networkOperations } from './networks.js'
import { linkColumns, nodeColumns, provenanceColumns } from './rows.js'
import { siteOperations } from './sites.js'
import { mappingOperations } from './static-mappings.js'
import type { StoreBatch } from './store.js'
import { end, heddle, link, node, retiredVni, topology } from './tables.js'
import { vniGuards } from './vni-guards.js'

/** What must be known of what is stored. */
export interface Known {
  /** The row of the fabric itself. */
  readonly root: Uuid
  /** The first serial number that no link has had. */
  readonly nextSerial: number
  linkRow(serial: number): Uuid | undefined
  wire(serial: number): Wire | undefined
  nodeRow(name: string): Uuid | undefined
  topologyRow(name: string): Uuid | undefined
  retiredRow(vni: number): Uuid | undefined
  siteRow(name: string): Uuid | undefined
  mappingRow(iid: number, eid: string): Uuid | undefined
  networkRow(name: string): Uuid | undefined
  endpointRow(id: string): Uuid | undefined
  endpoint(id: string): Endpoint | undefined
  leaseRow(key: string): Uuid | undefined
  blockRow(key: string): Uuid | undefined
}

/** How many serial numbers a batch takes: links first, then the network, then the endpoint. */
export const serialsTaken = ({ addWires = [], addNetwork, addEndpoint }: StoreBatch): number =>
  addWires.length + (addNetwork === undefined ? 0 : 1) + (addEndpoint === undefined ? 0 : 1)

interface Named {
  readonly namedUuid: string
}

export const named = (namedUuid: string): Named => ({ namedUuid })

const insertEnd = (at: WireEnd, name: string): Operation =>
  insert(end, { node: at.node, interface: at.interface }, name)

const sameEnd = (one: WireEnd, other: WireEnd): boolean =>
  one.node === other.node && one.interface === other.interface

const added = (batch: StoreBatch, known: Known): Operation[] => {
  const wires = batch.addWires ?? []
  return wires.flatMap((wire, index) => {
    const [a, b] = [`a${index}`, `b${index}`]
    return [
      insertEnd(wire.a, a),
      insertEnd(wire.b, b),
      insert(link, {
        name: wire.name,
        serial: known.nextSerial + index,
        a: named(a),
        b: named(b),
        ...linkColumns(wire),
      }),
    ]
  })
}

const serials = (batch: StoreBatch, known: Known): Operation[] => {
  const taken = serialsTaken(batch)
  if (taken === 0) return []
  return [update(heddle, [['_uuid', '==', known.root]], { next_serial: known.nextSerial + taken })]
}

const overlay = (batch: StoreBatch, known: Known): Operation[] => {
  const serial = known.nextSerial + (batch.addWires?.length ?? 0)
  return [
    ...networkOperations(batch, known, serial),
    ...leaseOperations(batch, known),
    ...endpointOperations(batch, known, serial + (batch.addNetwork === undefined ? 0 : 1)),
  ]
}

/** An end that stays keeps its row; the row of one that moved goes with its last reference. */
const changed = (batch: StoreBatch, known: Known): Operation[] =>
  (batch.changeWires ?? []).flatMap((wire, index) => {
    const row = known.linkRow(wire.serial)
    const before = known.wire(wire.serial)
    if (row === undefined || before === undefined) return []
    const moved = endNames.filter((name) => !sameEnd(before[name], wire[name]))
    const references = Object.fromEntries(moved.map((name) => [name, named(`${name}c${index}`)]))
    return [
      ...moved.map((name) => insertEnd(wire[name], `${name}c${index}`)),
      update(link, [['_uuid', '==', row]], { ...linkColumns(wire), ...references }),
    ]
  })

const removed = (batch: StoreBatch, known: Known): Operation[] =>
  (batch.removeWires ?? []).flatMap(({ serial }) => {
    const row = known.linkRow(serial)
    return row === undefined ? [] : [deleteRows(link, [['_uuid', '==', row]])]
  })

const nodes = ({ putNode, removeNode }: StoreBatch, known: Known): Operation[] => {
  const operations: Operation[] = []
  if (putNode !== undefined) {
    const row = known.nodeRow(putNode.name)
    const columns = nodeColumns(putNode)
    if (row === undefined) operations.push(insert(node, { name: putNode.name, ...columns }))
    else operations.push(update(node, [['_uuid', '==', row]], columns))
  }
  const gone = removeNode === undefined ? undefined : known.nodeRow(removeNode)
  if (gone !== undefined) operations.push(deleteRows(node, [['_uuid', '==', gone]]))
  return operations
}

const topologies = ({ putTopology, removeTopology }: StoreBatch, known: Known): Operation[] => {
  const operations: Operation[] = []
  if (putTopology !== undefined) {
    const row = known.topologyRow(putTopology.name)
    const columns = provenanceColumns(putTopology.provenance)
    if (row === undefined) operations.push(insert(topology, { name: putTopology.name, ...columns }))
    else operations.push(update(topology, [['_uuid', '==', row]], columns))
  }
  const gone = removeTopology === undefined ? undefined : known.topologyRow(removeTopology)
  if (gone !== undefined) operations.push(deleteRows(topology, [['_uuid', '==', gone]]))
  return operations
}

const quarantines = ({ retireVnis = [], releaseVnis = [] }: StoreBatch, known: Known): Operation[] => {
  const retired = new Set(retireVnis.map(({ vni }) => vni))
  const released = releaseVnis.flatMap((vni) => (retired.has(vni) ? [] : (known.retiredRow(vni) ?? [])))
  return [
    ...released.map((row) => deleteRows(retiredVni, [['_uuid', '==', row]])),
    ...retireVnis.map(({ vni, until }) => {
      const row = known.retiredRow(vni)
      return row === undefined
        ? insert(retiredVni, { vni, until })
        : update(retiredVni, [['_uuid', '==', row]], { until })
    }),
  ]
}

/** The operations of a batch, in an order in which each may rely on those before it. */
export const operationsOf = (batch: StoreBatch, known: Known): Operation[] => [
  ...vniGuards(batch, known),
  ...serials(batch, known),
  ...removed(batch, known),
  ...changed(batch, known),
  ...added(batch, known),
  ...nodes(batch, known),
  ...topologies(batch, known),
  ...quarantines(batch, known),
  ...siteOperations(batch, known),
  ...mappingOperations(batch, known),
  ...overlay(batch, known),
]
