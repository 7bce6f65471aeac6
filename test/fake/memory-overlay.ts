/** The overlay part of the northbound store in memory: networks, endpoints, leases and blocks with the database's indexes. */

import type { Endpoint } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import type { Network } from '#model/network.js'
import { blockKey, leaseKey } from '#store/leases.js'
import type {
  Changed,
  NewEndpoint,
  NewNetwork,
  StoreBatch,
  StoreChange,
  StoredBlock,
  StoredLease,
} from '#store/store.js'

type OverlayChange = Pick<StoreChange, 'networks' | 'endpoints' | 'leases' | 'blocks'>

/** Puts a value under a key, or with `undefined` deletes; says what changed. */
export const put = <K, V>(map: Map<K, V>, key: K, value: V | undefined): Changed<V> => {
  const old = map.get(key)
  if (value === undefined) map.delete(key)
  else map.set(key, value)
  return { ...(old !== undefined && { old }), ...(value !== undefined && { new: value }) }
}

export class MemoryOverlay {
  readonly networks = new Map<string, Network>()
  readonly endpoints = new Map<string, Endpoint>()
  readonly leases = new Map<string, StoredLease>()
  readonly blocks = new Map<string, StoredBlock>()

  /** What VNIs, interfaces and MAC addresses belong to, as `network red` or `endpoint e1`. */
  private readonly taken = new Map<string, string>()

  /** Whether a link may not have it: `VNI 7`, `interface n1 eth0`. */
  has(key: string): boolean {
    return this.taken.has(key)
  }

  /** Throws what the database would refuse; `linkHas` says what belongs to links. */
  check(batch: StoreBatch, linkHas: (key: string) => boolean): void {
    const { addNetwork, removeNetwork, addEndpoint, removeEndpoint } = batch
    if (addNetwork !== undefined && this.networks.has(addNetwork.name))
      throw new FabricError('name-taken', `network ${addNetwork.name} exists`)
    if (addEndpoint !== undefined && this.endpoints.has(addEndpoint.id))
      throw new FabricError('name-taken', `endpoint ${addEndpoint.id} exists`)
    for (const [code, key, owner] of claimsOf(batch))
      if (linkHas(key) || (this.taken.get(key) ?? owner) !== owner)
        throw new FabricError(code, `${key} is taken`)
    for (const one of [batch.addEndpoint, batch.changeEndpoint]) if (one) this.checkLeases(one, batch)
    if (removeNetwork === undefined) return
    for (const { id, network } of this.endpoints.values())
      if (network === removeNetwork.name && id !== removeEndpoint?.id)
        throw new FabricError('network-in-use', `network ${network} has endpoint ${id}`)
  }

  private checkLeases({ network, addresses }: NewEndpoint, { putLeases = [] }: StoreBatch): void {
    const given = new Set(putLeases.map(leaseKey))
    for (const address of addresses) {
      const key = leaseKey({ network, address })
      if (!given.has(key) && !this.leases.has(key)) throw new FabricError('conflict', `no lease ${key}`)
    }
  }

  apply(batch: StoreBatch, nextSerial: () => number): OverlayChange {
    const { addNetwork, changeNetwork, removeNetwork, addEndpoint, changeEndpoint, removeEndpoint } = batch
    const network = addNetwork && { ...addNetwork, serial: nextSerial() }
    const endpoint = addEndpoint && { ...addEndpoint, serial: nextSerial() }
    const left = [changeEndpoint, removeEndpoint].flatMap((one) => this.endpoints.get(one?.id ?? '') ?? [])
    const freed = [changeNetwork, removeNetwork].flatMap((one) => this.networks.get(one?.name ?? '') ?? [])
    for (const key of [...left.flatMap(endpointKeys), ...freed.map(vniKey)]) this.taken.delete(key)
    for (const [, key, owner] of claimsOf(batch)) this.taken.set(key, owner)
    return {
      networks: [
        ...(removeNetwork === undefined ? [] : [put(this.networks, removeNetwork.name, undefined)]),
        ...[changeNetwork, network].flatMap((one) => (one ? [put(this.networks, one.name, one)] : [])),
      ],
      endpoints: [
        ...(removeEndpoint === undefined ? [] : [put(this.endpoints, removeEndpoint.id, undefined)]),
        ...[changeEndpoint, endpoint].flatMap((one) => (one ? [put(this.endpoints, one.id, one)] : [])),
      ],
      leases: [
        ...(batch.dropLeases ?? []).map((one) => put(this.leases, leaseKey(one), undefined)),
        ...(batch.putLeases ?? []).map((one) => put(this.leases, leaseKey(one), one)),
      ],
      blocks: [
        ...(batch.dropBlocks ?? []).map((one) => put(this.blocks, blockKey(one), undefined)),
        ...(batch.putBlocks ?? []).map((one) => put(this.blocks, blockKey(one), one)),
      ],
    }
  }
}

type Taken = 'vni-taken' | 'interface-taken' | 'mac-taken'

const vniKey = ({ vni }: NewNetwork): string => `VNI ${vni}`

const endpointKeys = (one: NewEndpoint): readonly [string, string] => [
  `interface ${one.node} ${one.interface}`,
  `MAC ${one.network} ${one.mac}`,
]

const claimsOf = (batch: StoreBatch): readonly (readonly [Taken, key: string, owner: string])[] => {
  const { addNetwork, changeNetwork, addEndpoint, changeEndpoint } = batch
  const networks = [addNetwork, changeNetwork].flatMap((one) => one ?? [])
  const endpoints = [addEndpoint, changeEndpoint].flatMap((one) => one ?? [])
  return [
    ...networks.map((one) => ['vni-taken', vniKey(one), `network ${one.name}`] as const),
    ...endpoints.flatMap((one) => {
      const [at, mac] = endpointKeys(one)
      const owner = `endpoint ${one.id}`
      return [['interface-taken', at, owner] as const, ['mac-taken', mac, owner] as const]
    }),
  ]
}
