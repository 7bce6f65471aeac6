/** Networks as rows, their subnets in a table of their own, and back. Pure. */
import { parseCidr, parseIp, printCidr, printIp } from '#model/cidr.js'
import type { Network, Reservation, Route, Subnet } from '#model/network.js'
import { deleteRows, insert, type Operation, update } from '#ovsdb/operations.js'
import { provenanceColumns, provenanceOf } from './rows.js'
import type { NewNetwork, StoreBatch } from './store.js'
import { type NetworkRow, network, type SubnetRow, subnet } from './tables.js'
import { type Known, named } from './transaction.js'

const subnetOf = (row: SubnetRow): readonly Subnet[] => {
  const cidr = parseCidr(row.cidr)
  const gateway = parseIp(row.gateway)
  if (cidr === undefined || gateway === undefined) return []
  const exclude = row.exclude.toSorted().flatMap((text) => parseCidr(text) ?? [])
  return [{ cidr, gateway: gateway.value, exclude }]
}

const routeOf = ([destination, gateway]: readonly [string, string]): readonly Route[] => {
  const cidr = parseCidr(destination)
  const via = parseIp(gateway)
  if (cidr === undefined) return []
  return [{ destination: cidr, ...(via !== undefined && { gateway: via.value }) }]
}

const reservationOf = ([text, endpoint]: readonly [string, string]): readonly Reservation[] => {
  const address = parseIp(text)
  return address === undefined ? [] : [{ address, endpoint }]
}

const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1)

/** What somebody else wrote and is no address is left out. */
export const networkOf = (row: NetworkRow, subnets: readonly SubnetRow[]): Network => ({
  name: row.name,
  serial: row.serial,
  vni: row.vni,
  subnets: subnets.toSorted((a, b) => a.position - b.position).flatMap(subnetOf),
  ...(row.mtu !== null && { mtu: row.mtu }),
  resolution: row.resolution === 'proactive' ? 'proactive' : 'on-demand',
  idleTimeoutSeconds: row.idle_timeout,
  routes: [...row.routes].sort(byKey).flatMap(routeOf),
  ...(row.reservations.size > 0 && {
    reservations: [...row.reservations].sort(byKey).flatMap(reservationOf),
  }),
  isolation: row.isolation,
  broadcast: row.broadcast,
  provenance: provenanceOf(row),
})

const columnsOf = (one: NewNetwork) => ({
  vni: one.vni,
  subnets: one.subnets.map((_, index) => named(`subnet${index}`)),
  mtu: one.mtu ?? null,
  resolution: one.resolution,
  idle_timeout: one.idleTimeoutSeconds,
  routes: new Map(
    one.routes.map(({ destination, gateway }) => [
      printCidr(destination),
      gateway === undefined ? '' : printIp({ family: destination.family, value: gateway }),
    ]),
  ),
  reservations: new Map(
    (one.reservations ?? []).map(({ address, endpoint }) => [printIp(address), endpoint]),
  ),
  isolation: one.isolation,
  broadcast: one.broadcast,
  ...provenanceColumns(one.provenance),
})

const insertSubnets = ({ subnets }: NewNetwork): Operation[] =>
  subnets.map(({ cidr, gateway, exclude }, position) =>
    insert(
      subnet,
      {
        position,
        cidr: printCidr(cidr),
        gateway: printIp({ family: cidr.family, value: gateway }),
        exclude: exclude.map(printCidr),
      },
      `subnet${position}`,
    ),
  )

/** What a batch says of networks, as operations; a new one gets `serial` and is `network` to the others of the batch. */
export const networkOperations = (batch: StoreBatch, known: Known, serial: number): Operation[] => {
  const { addNetwork, changeNetwork, removeNetwork } = batch
  const changed = changeNetwork && known.networkRow(changeNetwork.name)
  const gone = removeNetwork && known.networkRow(removeNetwork.name)
  return [
    ...(gone === undefined ? [] : [deleteRows(network, [['_uuid', '==', gone]])]),
    ...(changeNetwork === undefined || changed === undefined
      ? []
      : [
          ...insertSubnets(changeNetwork),
          update(network, [['_uuid', '==', changed]], columnsOf(changeNetwork)),
        ]),
    ...(addNetwork === undefined
      ? []
      : [
          ...insertSubnets(addNetwork),
          insert(network, { name: addNetwork.name, serial, ...columnsOf(addNetwork) }),
        ]),
  ]
}
