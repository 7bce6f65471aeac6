/**
 * The addresses of all networks: what is stored, and what is promised to requests that are under way. It follows the store, which
 * is the truth; nothing here is an allocation until its transaction is committed.
 */
import { type Cidr, cidrHas, type Family, type Ip } from '#model/cidr.js'
import type { Network, Subnet } from '#model/network.js'
import type { Changed, LeaseName, StoreBatch, StoreChange, StoredBlock, StoredLease } from '#store/store.js'
import { blockKey, leaseKey } from './keys.js'
import { RestingLeases } from './resting-leases.js'
import { type AddressState, type Choice, SubnetPool } from './subnet-pool.js'

interface Space {
  readonly network: Network
  readonly subnets: readonly { readonly subnet: Subnet; readonly pool: SubnetPool }[]
  readonly leases: Map<string, StoredLease>
  readonly blocks: Map<string, StoredBlock>
  /** Address to the endpoint that it is kept for. */
  readonly reserved: ReadonlyMap<string, string>
}

/** The part of a batch that says what becomes of addresses. */
export type LeaseBatch = Pick<StoreBatch, 'putLeases' | 'dropLeases' | 'putBlocks' | 'dropBlocks'>

/** An address that is given back or cleared up is nobody's any more, and not to be given out yet. */
const [leased, resting] = ['leased', 'resting'] as const

/** Stands for the owner of a block that is being given back: no node has this name. */
const nobody = ''

export class AddressBook {
  private readonly spaces = new Map<string, Space>()
  readonly resting = new RestingLeases()
  /** What transactions under way make of addresses, and blocks that they take or give back, by their keys. */
  private readonly promised = new Map<string, LeaseName & { readonly state: AddressState }>()
  private readonly promisedBlocks = new Map<string, StoredBlock>()

  /** Takes one change of the store up. */
  apply({ networks, leases, blocks }: Pick<StoreChange, 'networks' | 'leases' | 'blocks'>): void {
    for (const change of networks) this.networkChanged(change)
    for (const change of leases) this.leaseChanged(change)
    for (const change of blocks) this.blockChanged(change)
  }

  lease(name: LeaseName): StoredLease | undefined {
    return this.spaces.get(name.network)?.leases.get(leaseKey(name))
  }

  leasesOf(network: string): Iterable<StoredLease> {
    return this.spaces.get(network)?.leases.values() ?? []
  }

  *leases(): Generator<StoredLease> {
    for (const { leases } of this.spaces.values()) yield* leases.values()
  }

  blocksOf(network: string): Iterable<StoredBlock> {
    return this.spaces.get(network)?.blocks.values() ?? []
  }

  *blocks(): Generator<StoredBlock> {
    for (const { blocks } of this.spaces.values()) yield* blocks.values()
  }

  counts(): { readonly leases: number; readonly blocks: number } {
    let [leases, blocks] = [0, 0]
    for (const space of this.spaces.values()) {
      leases += space.leases.size
      blocks += space.blocks.size
    }
    return { leases, blocks }
  }

  isPromised(name: LeaseName): boolean {
    return this.promised.has(leaseKey(name))
  }

  /** Whether an address is one that no endpoint may have: a gateway, excluded, or one with a meaning of its own. */
  isBarred({ network, address }: LeaseName): boolean {
    return this.poolOf(network, address)?.isBarred(address.value) ?? false
  }

  /** The endpoint that an address is kept for. */
  reservedFor(name: LeaseName): string | undefined {
    return this.spaces.get(name.network)?.reserved.get(leaseKey(name))
  }

  /** An address to give out in a subnet of the family. Undefined: all are exhausted, or there is none. */
  choose(network: string, family: Family, node: string): (Choice & { readonly subnet: Subnet }) | undefined {
    for (const { subnet, pool } of this.spaces.get(network)?.subnets ?? []) {
      const choice = subnet.cidr.family === family ? pool.choose(node) : undefined
      if (choice !== undefined) return { ...choice, subnet }
    }
    return undefined
  }

  /** The block around an address, when it has an owner. */
  blockAround({ network, address }: LeaseName): StoredBlock | undefined {
    const pool = this.poolOf(network, address)
    if (pool === undefined) return undefined
    const number = pool.grid.numberOf(address.value)
    const node = pool.ownerOf(number)
    return node === undefined || node === nobody
      ? undefined
      : { network, cidr: pool.grid.cidrOf(number), node }
  }

  cidrOfBlock(network: string, { cidr }: Subnet, number: bigint): Cidr {
    const found = this.spaces.get(network)?.subnets.find(({ subnet }) => subnet.cidr === cidr)
    return found === undefined ? cidr : found.pool.grid.cidrOf(number)
  }

  /** Whether nobody but `leaving` has an address of the block around it. */
  empties({ network, address }: LeaseName, leaving: readonly LeaseName[]): boolean {
    const pool = this.poolOf(network, address)
    if (pool === undefined) return false
    const values = leaving.filter(
      (one) => one.network === network && this.poolOf(network, one.address) === pool,
    )
    return pool.isEmptyWithout(
      pool.grid.numberOf(address.value),
      values.map((one) => one.address.value),
    )
  }

  /** Blocks of the network that have an owner and nobody's address: a transaction that was refused leaves them behind. */
  idleBlocks(network: string): StoredBlock[] {
    const subnets = this.spaces.get(network)?.subnets ?? []
    return subnets.flatMap(({ pool }) =>
      pool.idle().flatMap((number) => {
        const node = pool.ownerOf(number)
        return node === undefined || node === nobody
          ? []
          : [{ network, cidr: pool.grid.cidrOf(number), node }]
      }),
    )
  }

  /** Addresses whose rest is over at `now` can be given out. */
  expire(now: number): void {
    for (const lease of this.resting.expire(now)) this.settle(lease)
  }

  /** Keeps what a transaction changes from others while it is under way. */
  hold({ putLeases = [], dropLeases = [], putBlocks = [], dropBlocks = [] }: LeaseBatch): () => void {
    const names = [
      ...putLeases.map((lease) => ({ ...lease, state: lease.owner === undefined ? resting : leased })),
      ...dropLeases.map((name) => ({ ...name, state: resting })),
    ]
    const blocks = [...putBlocks, ...dropBlocks.map((block) => ({ ...block, node: nobody }))]
    for (const name of names) {
      this.promised.set(leaseKey(name), name)
      this.settle(name)
    }
    for (const block of blocks) {
      this.promisedBlocks.set(blockKey(block), block)
      this.settleBlock(block)
    }
    return () => {
      for (const name of names) {
        this.promised.delete(leaseKey(name))
        this.settle(name)
      }
      for (const block of blocks) {
        this.promisedBlocks.delete(blockKey(block))
        this.settleBlock(block)
      }
    }
  }

  private poolOf(network: string, address: Ip): SubnetPool | undefined {
    return this.spaces.get(network)?.subnets.find(({ subnet }) => cidrHas(subnet.cidr, address))?.pool
  }

  private networkChanged({ old, new: network }: Changed<Network>): void {
    const before = old && this.spaces.get(old.name)
    if (network === undefined) {
      if (old !== undefined) this.spaces.delete(old.name)
      return
    }
    const space = spaceOf(network, before)
    this.spaces.set(network.name, space)
    for (const lease of space.leases.values()) this.settle(lease)
    for (const block of space.blocks.values()) this.settleBlock(block)
    for (const name of this.promised.values()) if (name.network === network.name) this.settle(name)
    for (const block of this.promisedBlocks.values())
      if (block.network === network.name) this.settleBlock(block)
  }

  private leaseChanged({ old, new: lease }: Changed<StoredLease>): void {
    const named = lease ?? old
    if (named === undefined) return
    const key = leaseKey(named)
    const leases = this.spaces.get(named.network)?.leases
    if (lease === undefined) leases?.delete(key)
    else leases?.set(key, lease)
    this.resting.put(key, lease)
    this.settle(named)
  }

  private blockChanged({ old, new: block }: Changed<StoredBlock>): void {
    const named = block ?? old
    if (named === undefined) return
    const blocks = this.spaces.get(named.network)?.blocks
    if (block === undefined) blocks?.delete(blockKey(named))
    else blocks?.set(blockKey(block), block)
    this.settleBlock(named)
  }

  /** Tells the pool what an address is now. */
  private settle(name: LeaseName): void {
    this.poolOf(name.network, name.address)?.set(name.address.value, this.stateOf(name))
  }

  private stateOf(name: LeaseName): AddressState {
    const promised = this.promised.get(leaseKey(name))
    if (promised !== undefined) return promised.state
    const lease = this.lease(name)
    if (lease === undefined) return 'free'
    if (lease.owner !== undefined) return 'leased'
    return this.resting.isOver(leaseKey(name)) ? 'free' : 'resting'
  }

  /** Tells the pool whose a block is now. One that is none of the subnet's is passed over: `fsck` names it. */
  private settleBlock(named: StoredBlock): void {
    const { network, cidr } = named
    const pool = this.poolOf(network, cidr)
    if (pool === undefined) return
    const number = pool.grid.numberOf(cidr.value)
    const own = pool.grid.cidrOf(number)
    if (own.value !== cidr.value || own.length !== cidr.length) return
    const key = blockKey(named)
    const held = this.promisedBlocks.get(key) ?? this.spaces.get(network)?.blocks.get(key)
    pool.setOwner(number, held?.node)
  }
}

const spaceOf = (network: Network, before: Space | undefined): Space => {
  const reserved = (network.reservations ?? []).map(
    ({ address, endpoint }) => [leaseKey({ network: network.name, address }), endpoint] as const,
  )
  const kept = (cidr: Cidr): bigint[] =>
    (network.reservations ?? []).flatMap(({ address }) => (cidrHas(cidr, address) ? [address.value] : []))
  return {
    network,
    subnets: network.subnets.map((subnet) => ({ subnet, pool: new SubnetPool(subnet, kept(subnet.cidr)) })),
    leases: before?.leases ?? new Map(),
    blocks: before?.blocks ?? new Map(),
    reserved: new Map(reserved),
  }
}
