/** Endpoints as rows, and back. Pure. */
import { type Ip, inOrder } from '#model/cidr.js'
import type { ContainerRef, Endpoint } from '#model/endpoint.js'
import { deleteRows, insert, type Operation, update } from '#ovsdb/operations.js'
import { leaseKey, newLeases } from './leases.js'
import { provenanceColumns, provenanceOf } from './rows.js'
import type { NewEndpoint, StoreBatch } from './store.js'
import { type EndpointRow, type EndRow, end, endpoint } from './tables.js'
import { type Known, named } from './transaction.js'

const containerOf = (row: EndpointRow): ContainerRef | undefined => {
  const { container_id: id, container_interface: name, pod_namespace: namespace, pod } = row
  if (id === null || name === null) return undefined
  return {
    id,
    interface: name,
    ...(namespace !== null && { namespace }),
    ...(pod !== null && { pod }),
  }
}

export const endpointOf = (
  row: EndpointRow,
  network: string,
  at: EndRow,
  addresses: readonly Ip[],
): Endpoint => {
  const container = containerOf(row)
  return {
    id: row.id,
    serial: row.serial,
    network,
    node: at.node,
    interface: at.interface,
    mac: row.mac,
    addresses: inOrder(addresses),
    ...(container !== undefined && { container }),
    labels: Object.fromEntries(row.labels),
    provenance: provenanceOf(row),
  }
}

const columnsOf = (one: NewEndpoint, batch: StoreBatch, known: Known) => {
  const { network, mac, container, labels, provenance } = one
  const fresh = newLeases(batch, known)
  const networkRow = known.networkRow(network)
  return {
    ...(networkRow !== undefined && { network: networkRow }),
    mac,
    addresses: one.addresses.flatMap((address) => {
      const key = leaseKey({ network, address })
      const name = fresh.get(key)
      return name === undefined ? (known.leaseRow(key) ?? []) : named(name)
    }),
    container_id: container?.id ?? null,
    container_interface: container?.interface ?? null,
    pod_namespace: container?.namespace ?? null,
    pod: container?.pod ?? null,
    labels: new Map(Object.entries(labels)),
    ...provenanceColumns(provenance),
  }
}

const insertEnd = (one: NewEndpoint): Operation =>
  insert(end, { node: one.node, interface: one.interface }, 'endpointEnd')

/** An interface that stays keeps its row; the row of one that was left goes with its last reference. */
const changed = (one: Endpoint, batch: StoreBatch, known: Known): Operation[] => {
  const before = known.endpoint(one.id)
  const row = known.endpointRow(one.id)
  if (before === undefined || row === undefined) return []
  const columns = columnsOf(one, batch, known)
  if (before.node === one.node && before.interface === one.interface)
    return [update(endpoint, [['_uuid', '==', row]], columns)]
  return [insertEnd(one), update(endpoint, [['_uuid', '==', row]], { ...columns, end: named('endpointEnd') })]
}

const added = (one: NewEndpoint, serial: number, batch: StoreBatch, known: Known): Operation[] => {
  const columns = columnsOf(one, batch, known)
  return [
    insertEnd(one),
    insert(endpoint, { id: one.id, serial, ...columns, end: named('endpointEnd') }, 'endpoint'),
  ]
}

/** What a batch says of endpoints, as operations; a new one gets `serial`. */
export const endpointOperations = (batch: StoreBatch, known: Known, serial: number): Operation[] => {
  const { addEndpoint, changeEndpoint, removeEndpoint } = batch
  const gone = removeEndpoint && known.endpointRow(removeEndpoint.id)
  return [
    ...(gone === undefined ? [] : [deleteRows(endpoint, [['_uuid', '==', gone]])]),
    ...(changeEndpoint === undefined ? [] : changed(changeEndpoint, batch, known)),
    ...(addEndpoint === undefined ? [] : added(addEndpoint, serial, batch, known)),
  ]
}
