/** Leases and blocks as rows, and back. Pure. */
import { parseCidr, parseIp, printCidr, printIp } from '#model/cidr.js'
import { deleteRows, insert, type Operation, update } from '#ovsdb/operations.js'
import type { BlockName, LeaseName, StoreBatch, StoredBlock, StoredLease } from './store.js'
import { type BlockRow, block, type LeaseRow, lease } from './tables.js'
import { type Known, named } from './transaction.js'

/** Undefined for a row of somebody else that has no address. */
export const leaseOf = (
  row: LeaseRow,
  network: string,
  owner: string | undefined,
): StoredLease | undefined => {
  const address = parseIp(row.address)
  if (address === undefined) return undefined
  return {
    network,
    address,
    ...(owner !== undefined && { owner }),
    ...(row.until !== null && { until: row.until }),
    ...(row.last_owner !== null && { lastOwner: row.last_owner }),
  }
}

/** Undefined for a row of somebody else that has no prefix. */
export const blockOf = (row: BlockRow, network: string): StoredBlock | undefined => {
  const cidr = parseCidr(row.cidr)
  return cidr && { network, cidr, node: row.node }
}

export const leaseKey = ({ network, address }: LeaseName): string => `${network} ${printIp(address)}`
export const blockKey = ({ network, cidr }: BlockName): string => `${network} ${printCidr(cidr)}`

/** What an endpoint of the batch calls the row of a lease that is new in it. */
export const newLeases = (batch: StoreBatch, known: Known): ReadonlyMap<string, string> => {
  const keys = (batch.putLeases ?? []).map(leaseKey)
  return new Map(
    keys.filter((key) => known.leaseRow(key) === undefined).map((key, index) => [key, `lease${index}`]),
  )
}

const putLease = (stored: StoredLease, names: ReadonlyMap<string, string>, known: Known): Operation[] => {
  const { network, address, owner, until, lastOwner } = stored
  const ownerRow = owner === undefined ? null : (known.endpointRow(owner) ?? named('endpoint'))
  const columns = { endpoint: ownerRow, until: until ?? null, last_owner: lastOwner ?? null }
  const key = leaseKey(stored)
  const row = known.leaseRow(key)
  if (row !== undefined) return [update(lease, [['_uuid', '==', row]], columns)]
  const networkRow = known.networkRow(network)
  if (networkRow === undefined) return []
  return [insert(lease, { network: networkRow, address: printIp(address), ...columns }, names.get(key))]
}

/** What a batch says of leases and blocks, as operations. */
export const leaseOperations = (batch: StoreBatch, known: Known): Operation[] => {
  const { putLeases = [], dropLeases = [], putBlocks = [], dropBlocks = [] } = batch
  const names = newLeases(batch, known)
  const dropped = dropLeases.flatMap((one) => known.leaseRow(leaseKey(one)) ?? [])
  const given = dropBlocks.flatMap((one) => known.blockRow(blockKey(one)) ?? [])
  return [
    ...dropped.map((row) => deleteRows(lease, [['_uuid', '==', row]])),
    ...putLeases.flatMap((one) => putLease(one, names, known)),
    ...given.map((row) => deleteRows(block, [['_uuid', '==', row]])),
    ...putBlocks.flatMap((one) => putBlock(one, known)),
  ]
}

const putBlock = (stored: StoredBlock, known: Known): Operation[] => {
  const { network, cidr, node } = stored
  const row = known.blockRow(blockKey(stored))
  if (row !== undefined) return [update(block, [['_uuid', '==', row]], { node })]
  const networkRow = known.networkRow(network)
  return networkRow === undefined ? [] : [insert(block, { network: networkRow, cidr: printCidr(cidr), node })]
}
