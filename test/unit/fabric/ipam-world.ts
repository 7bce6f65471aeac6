/** A small world for tests of IPAM: endpoints that come and go, with every batch stored as it would be. */
import { parseCidr, parseIp, printIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import type { Network } from '#model/network.js'
import type { Changed, LeaseName, StoredBlock, StoredLease } from '#store/store.js'
import { AddressBook, type LeaseBatch } from '../../../src/fabric/ipam/address-book.js'
import { allocate, release, type Times } from '../../../src/fabric/ipam/allocation.js'
import { fsck } from '../../../src/fabric/ipam/fsck.js'
import { firstUsable } from '../../../src/fabric/ipam/geometry.js'
import { blockKey, leaseKey } from '../../../src/fabric/ipam/keys.js'

export const cidr = (text: string) => {
  const parsed = parseCidr(text)
  if (parsed === undefined) throw new TypeError(`${text} is no prefix`)
  return parsed
}

export const ip = (text: string) => {
  const parsed = parseIp(text)
  if (parsed === undefined) throw new TypeError(`${text} is no address`)
  return parsed
}

const provenance = { requestId: 'r', by: 'test', at: 0 }

/** A network; a subnet is `10.0.0.0/24`, or with what it excludes `10.0.0.0/24 10.0.0.8/29`. */
export const network = (name: string, subnets: readonly string[], more: Partial<Network> = {}): Network => ({
  name,
  serial: 1,
  vni: 1,
  subnets: subnets.map((text) => {
    const [whole = '', ...exclude] = text.split(' ').map(cidr)
    if (whole === '') throw new TypeError('no subnet')
    return { cidr: whole, gateway: firstUsable(whole), exclude: exclude.filter((one) => one !== whole) }
  }),
  resolution: 'on-demand',
  idleTimeoutSeconds: 300,
  routes: [],
  isolation: false,
  broadcast: false,
  provenance,
  ...more,
})

export class World {
  readonly book = new AddressBook()
  readonly networks = new Map<string, Network>()
  readonly endpoints = new Map<string, Endpoint>()
  readonly leases = new Map<string, StoredLease>()
  readonly blocks = new Map<string, StoredBlock>()
  now = 1_000
  private nextMac = 1

  constructor(readonly quarantineMs = 60_000) {}

  get times(): Times {
    return { now: this.now, quarantineMs: this.quarantineMs }
  }

  put(one: Network): void {
    const old = this.networks.get(one.name)
    this.networks.set(one.name, one)
    this.book.apply({ networks: [{ ...(old && { old }), new: one }], leases: [], blocks: [] })
  }

  /** What an endpoint would get, with the promise that keeps it. */
  plan(id: string, where: { network?: string; node?: string; stated?: readonly string[] } = {}) {
    const { network: name = 'red', node = 'n1', stated } = where
    const found = this.networks.get(name)
    if (found === undefined) throw new TypeError(`there is no network ${name}`)
    const has = this.has(id)
    const wish = { network: found, endpoint: id, node, stated: stated?.map(ip), has }
    const allocation = allocate(this.book, wish, this.times)
    const letGo = this.book.hold(allocation.batch)
    const commit = (): readonly string[] => {
      this.endpoints.set(id, {
        id,
        serial: 1,
        network: name,
        node,
        interface: `veth-${id}`,
        mac: this.endpoints.get(id)?.mac ?? this.nextMac++,
        addresses: allocation.addresses,
        labels: {},
        provenance,
      })
      this.store(allocation.batch)
      letGo()
      return allocation.addresses.map(printIp)
    }
    return { ...allocation, commit, fail: letGo }
  }

  /** Attaches at once; answers with the addresses. */
  attach(id: string, where?: Parameters<World['plan']>[1]): readonly string[] {
    return this.plan(id, where).commit()
  }

  detach(id: string): void {
    this.leave(id)()
  }

  /** Begins a deletion; what is returned ends it. */
  leave(id: string): () => void {
    const batch = release(this.book, this.has(id), id, this.times)
    const letGo = this.book.hold(batch)
    return () => {
      this.endpoints.delete(id)
      this.store(batch)
      letGo()
    }
  }

  blocksOf(node: string): readonly string[] {
    return [...this.blocks.values()]
      .filter((block) => block.node === node)
      .map(({ cidr: { length, ...first } }) => `${printIp(first)}/${length}`)
  }

  findings(): readonly string[] {
    const { networks, endpoints, leases, blocks } = this
    const found = fsck({
      networks: networks.values(),
      endpoints: endpoints.values(),
      leases: leases.values(),
      blocks: blocks.values(),
    })
    return found.map(({ object, message }) => `${object}: ${message}`)
  }

  private has(id: string): readonly LeaseName[] {
    const endpoint = this.endpoints.get(id)
    return endpoint?.addresses.map((address) => ({ network: endpoint.network, address })) ?? []
  }

  private store({ putLeases = [], dropLeases = [], putBlocks = [], dropBlocks = [] }: LeaseBatch): void {
    const leases = [
      ...dropLeases.map((one) => change(this.leases, leaseKey(one), undefined)),
      ...putLeases.map((one) => change(this.leases, leaseKey(one), one)),
    ]
    const blocks = [
      ...dropBlocks.map((one) => change(this.blocks, blockKey(one), undefined)),
      ...putBlocks.map((one) => change(this.blocks, blockKey(one), one)),
    ]
    this.book.apply({ networks: [], leases, blocks })
  }
}

const change = <V>(map: Map<string, V>, key: string, value: V | undefined): Changed<V> => {
  const old = map.get(key)
  if (value === undefined) map.delete(key)
  else map.set(key, value)
  return { ...(old !== undefined && { old }), ...(value !== undefined && { new: value }) }
}

/** A world with the network `red`. */
export const worldOf = (...subnets: readonly string[]): World => {
  const world = new World()
  world.put(network('red', subnets))
  return world
}

/** What `act` answers, or the code, field and owner of its refusal. */
export const refusal = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof FabricError)) throw error
    const { field, owner } = error.details
    return [error.code, ...(field === undefined ? [] : [field]), ...(owner === undefined ? [] : [owner])]
  }
}
