/** The overlay part of the contents: networks, endpoints, leases and blocks as values, with their references followed. */
import type { Endpoint } from '#model/endpoint.js'
import type { Network } from '#model/network.js'
import type { Uuid } from '#ovsdb/atoms.js'
import type { ChangeSet, ReplicaView } from '#ovsdb/replica.js'
import { endpointOf } from './endpoints.js'
import { Kept } from './kept.js'
import { blockKey, blockOf, leaseKey, leaseOf } from './leases.js'
import { networkOf } from './networks.js'
import type { Changed, StoreChange, StoredBlock, StoredLease } from './store.js'
import {
  type BlockRow,
  type EndpointRow,
  end,
  endpoint,
  type LeaseRow,
  lease,
  type NetworkRow,
  type NorthboundTable,
  network,
  subnet,
} from './tables.js'

type OverlayChange = Pick<StoreChange, 'networks' | 'endpoints' | 'leases' | 'blocks'>

export class OverlayContents {
  readonly networks = new Kept<string, Network>(({ name }) => name)
  readonly endpoints = new Kept<string, Endpoint>(({ id }) => id)
  readonly leases = new Kept<string, StoredLease>(leaseKey)
  readonly blocks = new Kept<string, StoredBlock>(blockKey)

  constructor(private readonly replica: ReplicaView<NorthboundTable>) {}

  /** Takes one change set of the replica up. */
  apply(changes: ChangeSet<NorthboundTable>): OverlayChange {
    const networks: Changed<Network>[] = []
    const endpoints: Changed<Endpoint>[] = []
    const leases: Changed<StoredLease>[] = []
    const blocks: Changed<StoredBlock>[] = []
    for (const change of changes) {
      const { uuid } = change
      switch (change.table) {
        case 'Network':
          networks.push(this.networks.put(uuid, change.new && this.networkOf(change.new)))
          break
        case 'Endpoint':
          endpoints.push(this.endpoints.put(uuid, change.new && this.endpointOf(change.new)))
          break
        case 'Lease':
          leases.push(this.leases.put(uuid, change.new && this.leaseOf(change.new)))
          break
        case 'Block':
          blocks.push(this.blocks.put(uuid, change.new && this.blockOf(change.new)))
          break
        default:
          break
      }
    }
    return { networks, endpoints, leases, blocks }
  }

  private networkOf(row: NetworkRow): Network {
    const subnets = this.replica.table(subnet)
    return networkOf(
      row,
      row.subnets.flatMap((uuid) => subnets.get(uuid) ?? []),
    )
  }

  /** References are strong: the server cannot have a row without what it refers to. */
  private networkName(row: Uuid): string {
    return this.replica.table(network).get(row)?.name ?? ''
  }

  private endpointOf(row: EndpointRow): Endpoint {
    const at = this.replica.table(end).get(row.end)
    if (at === undefined) throw new TypeError(`endpoint ${row.id} has lost its interface`)
    const name = this.networkName(row.network)
    const leases = this.replica.table(lease)
    const addresses = row.addresses.flatMap((uuid) => {
      const found = leases.get(uuid)
      return (found && leaseOf(found, name, undefined)?.address) ?? []
    })
    return endpointOf(row, name, at, addresses)
  }

  private leaseOf(row: LeaseRow): StoredLease | undefined {
    const owner = row.endpoint === null ? undefined : this.replica.table(endpoint).get(row.endpoint)?.id
    return leaseOf(row, this.networkName(row.network), owner)
  }

  private blockOf(row: BlockRow): StoredBlock | undefined {
    return blockOf(row, this.networkName(row.network))
  }
}
