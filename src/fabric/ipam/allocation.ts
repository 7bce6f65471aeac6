/** What a request does to addresses: which it gets, which rest from now on, which blocks pass. Pure but for what the book forgets of the past. */
import { cidrHas, type Family, type Ip, printCidr, printIp } from '#model/cidr.js'
import { FabricError } from '#model/error.js'
import type { Network, Subnet } from '#model/network.js'
import type { LeaseName, StoredBlock, StoredLease } from '#store/store.js'
import type { AddressBook, LeaseBatch } from './address-book.js'
import { blockKey, leaseKey } from './keys.js'

export interface Wish {
  readonly network: Network
  /** Id of the endpoint. */
  readonly endpoint: string
  readonly node: string
  /** The addresses that it shall have; absent: those that it has, or one of each family. */
  readonly stated?: readonly Ip[] | undefined
  /** Those that it has, in whatever network. */
  readonly has: readonly LeaseName[]
}

export interface Times {
  /** Milliseconds since the Unix epoch. */
  readonly now: number
  readonly quarantineMs: number
}

export interface Allocation {
  readonly addresses: readonly Ip[]
  readonly batch: LeaseBatch
}

/** The most rows of addresses whose rest is over that one transaction clears up. */
const clearedMax = 1000

/** Throws the codes of addresses: outside, unusable, taken, quarantined, exhausted. */
export const allocate = (book: AddressBook, wish: Wish, times: Times): Allocation => {
  book.expire(times.now)
  const { network, has } = wish
  const kept = has.filter((one) => one.network === network.name)
  const claims: StoredBlock[] = []
  const addresses =
    wish.stated?.length !== undefined && wish.stated.length > 0
      ? checked(book, wish, wish.stated)
      : kept.length > 0
        ? kept.map(({ address }) => address)
        : familiesOf(network).map((family) => chosen(book, wish, family, claims))
  const wanted = new Set(addresses.map((address) => leaseKey({ network: network.name, address })))
  const known = new Set(kept.map(leaseKey))
  const fresh = addresses
    .map((address) => ({ network: network.name, address, owner: wish.endpoint }))
    .filter((lease) => !known.has(leaseKey(lease)))
  const leaving = has.filter((one) => !wanted.has(leaseKey(one)))
  return { addresses, batch: batchOf(book, { fresh, leaving, claims, owner: wish.endpoint }, times) }
}

/** What the deletion of an endpoint does. */
export const release = (
  book: AddressBook,
  has: readonly LeaseName[],
  owner: string,
  times: Times,
): LeaseBatch => {
  book.expire(times.now)
  return batchOf(book, { fresh: [], leaving: has, claims: [], owner }, times)
}

const familiesOf = ({ subnets }: Network): readonly Family[] =>
  ([4, 6] as const).filter((family) => subnets.some(({ cidr }) => cidr.family === family))

const batchOf = (
  book: AddressBook,
  change: {
    readonly fresh: readonly StoredLease[]
    readonly leaving: readonly LeaseName[]
    readonly claims: readonly StoredBlock[]
    readonly owner: string
  },
  { now, quarantineMs }: Times,
): LeaseBatch => {
  const { fresh, leaving, claims, owner } = change
  const until = now + quarantineMs
  const resting = leaving.map(({ network, address }) => ({ network, address, until, lastOwner: owner }))
  const put = new Set(fresh.map(leaseKey))
  return {
    putLeases: [...fresh, ...resting],
    dropLeases: clearedUp(book, put),
    putBlocks: claims,
    dropBlocks: emptied(book, fresh, leaving),
  }
}

/** Rows of addresses whose rest is over, but for those that are given out again. */
const clearedUp = (book: AddressBook, put: ReadonlySet<string>): LeaseName[] => {
  const cleared: LeaseName[] = []
  for (const { network, address } of book.resting.ended()) {
    if (cleared.length === clearedMax) break
    const name = { network, address }
    if (!put.has(leaseKey(name)) && !book.isPromised(name)) cleared.push(name)
  }
  return cleared
}

/** Blocks that nobody has an address of any more: by this change, or since one before it was refused. */
const emptied = (
  book: AddressBook,
  fresh: readonly LeaseName[],
  leaving: readonly LeaseName[],
): StoredBlock[] => {
  const blocks = new Map<string, StoredBlock>()
  const give = (block: StoredBlock): void => {
    const stays = fresh.some((one) => one.network === block.network && cidrHas(block.cidr, one.address))
    if (!stays) blocks.set(blockKey(block), block)
  }
  for (const name of leaving) {
    const block = book.blockAround(name)
    if (block !== undefined && book.empties(name, leaving)) give(block)
  }
  for (const network of new Set([...fresh, ...leaving].map((one) => one.network)))
    for (const block of book.idleBlocks(network)) give(block)
  return [...blocks.values()]
}

/** The address that is kept for the endpoint, or the next free one. */
const chosen = (book: AddressBook, wish: Wish, family: Family, claims: StoredBlock[]): Ip => {
  const { network, endpoint, node } = wish
  const kept = network.reservations?.find((one) => one.endpoint === endpoint && one.address.family === family)
  if (kept !== undefined) return checkedOne(book, wish, kept.address, 'addresses')
  const choice = book.choose(network.name, family, node)
  if (choice === undefined) throw exhausted(network, family)
  const { address, claim, subnet } = choice
  if (claim !== undefined)
    claims.push({ network: network.name, cidr: book.cidrOfBlock(network.name, subnet, claim), node })
  return { family, value: address }
}

const exhausted = (network: Network, family: Family): FabricError => {
  const subnets = network.subnets.filter(({ cidr }) => cidr.family === family)
  const names = subnets.map(({ cidr }) => printCidr(cidr)).join(' and ')
  return new FabricError(
    'subnet-exhausted',
    `no address of ${names} in network ${network.name} is free; delete endpoints, wait for those deleted last, or add a subnet`,
    { owner: `network ${network.name}` },
  )
}

const checked = (book: AddressBook, wish: Wish, stated: readonly Ip[]): Ip[] => {
  const seen = new Map<string, Ip>()
  stated.forEach((address, index) => {
    checkedOne(book, wish, address, `addresses[${index}]`)
    seen.set(leaseKey({ network: wish.network.name, address }), address)
  })
  return [...seen.values()]
}

/** An address that the endpoint has already or may have. */
const checkedOne = (book: AddressBook, wish: Wish, address: Ip, field: string): Ip => {
  const { network, endpoint } = wish
  const name = { network: network.name, address }
  const subnet = network.subnets.find(({ cidr }) => cidrHas(cidr, address))
  if (subnet === undefined) throw outside(network, address, field)
  const lease = book.lease(name)
  if (lease?.owner === endpoint) return address
  if (book.isBarred(name)) throw unusable(network, subnet, address, field)
  const reserved = book.reservedFor(name)
  const owner = lease?.owner ?? (reserved === endpoint ? undefined : reserved)
  const text = printIp(address)
  if (owner !== undefined) {
    throw new FabricError(
      'address-taken',
      `${text} of network ${network.name} belongs to endpoint ${owner}`,
      {
        field,
        owner: `endpoint ${owner}`,
      },
    )
  }
  if (book.isPromised(name))
    throw new FabricError('address-taken', `${text} is being given to another endpoint`, { field })
  if (lease !== undefined && lease.lastOwner !== endpoint && !book.resting.isOver(leaseKey(name)))
    throw new FabricError(
      'address-quarantined',
      `${text} belonged to endpoint ${lease.lastOwner ?? '(unknown)'} until a short while ago`,
      { field },
    )
  return address
}

const outside = (network: Network, address: Ip, field: string): FabricError => {
  const subnets = network.subnets.map(({ cidr }) => printCidr(cidr)).join(', ')
  return new FabricError(
    'address-outside',
    `${printIp(address)} is in none of the subnets of network ${network.name}: ${subnets}`,
    { field },
  )
}

const unusable = (network: Network, subnet: Subnet, address: Ip, field: string): FabricError => {
  const why =
    subnet.gateway === address.value ? 'the gateway' : 'excluded, or the first or last of its subnet'
  return new FabricError(
    'address-unusable',
    `${printIp(address)} of network ${network.name} is given to nobody: it is ${why}`,
    { field },
  )
}
