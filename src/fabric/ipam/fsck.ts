/**
 * Proves that every lease has its owner and every owner its lease, that blocks match leases, and names what is not so. Pure: it
 * looks at what is stored and trusts none of what keeps it right.
 */
import type { FsckFinding } from '#api/networks.js'
import { cidrHas, type Ip, printCidr, printIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import { printMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import type { LeaseName, StoredBlock, StoredLease } from '#store/store.js'
import { BlockGrid, isBlockOf } from './geometry.js'
import { leaseKey } from './keys.js'

export interface Stored {
  readonly networks: Iterable<Network>
  readonly endpoints: Iterable<Endpoint>
  readonly leases: Iterable<StoredLease>
  readonly blocks: Iterable<StoredBlock>
}

interface Ground {
  readonly networks: ReadonlyMap<string, Network>
  readonly endpoints: ReadonlyMap<string, Endpoint>
  readonly leases: ReadonlyMap<string, StoredLease>
}

const leaseText = ({ network, address }: LeaseName): string =>
  `lease ${printIp(address)} of network ${network}`

export const fsck = (stored: Stored): readonly FsckFinding[] => {
  const ground: Ground = {
    networks: new Map([...stored.networks].map((one) => [one.name, one])),
    endpoints: new Map([...stored.endpoints].map((one) => [one.id, one])),
    leases: new Map([...stored.leases].map((one) => [leaseKey(one), one])),
  }
  return [
    ...[...ground.networks.values()].flatMap(checkNetwork),
    ...[...ground.leases.values()].flatMap((lease) => checkLease(lease, ground)),
    ...[...ground.endpoints.values()].flatMap((endpoint) => checkEndpoint(endpoint, ground)),
    ...checkTwins(ground.endpoints.values()),
    ...checkBlocks([...stored.blocks], ground),
  ]
}

const checkNetwork = ({ name, subnets }: Network): FsckFinding[] => {
  const object = `network ${name}`
  const outside = subnets.filter(
    ({ cidr, gateway }) => !cidrHas(cidr, { family: cidr.family, value: gateway }),
  )
  return [
    ...(subnets.length === 0
      ? [{ object, message: 'it has no subnet: put the network again with its subnets' }]
      : []),
    ...outside.map(({ cidr }) => ({
      object,
      message: `the gateway of subnet ${printCidr(cidr)} is outside it: put the network again`,
    })),
  ]
}

const checkLease = (lease: StoredLease, { networks, endpoints }: Ground): FsckFinding[] => {
  const object = leaseText(lease)
  const { owner, until } = lease
  const network = networks.get(lease.network)
  if (network === undefined) return [{ object, message: 'there is no such network' }]
  if (owner === undefined) {
    return until === undefined
      ? [
          {
            object,
            message: 'it has no owner and does not rest: nobody will give it out again; delete its row',
          },
        ]
      : []
  }
  const endpoint = endpoints.get(owner)
  if (endpoint === undefined)
    return [{ object, message: `its owner, endpoint ${owner}, is not there: delete its row` }]
  const found: FsckFinding[] = []
  if (endpoint.network !== lease.network)
    found.push({ object, message: `its owner, endpoint ${owner}, is in network ${endpoint.network}` })
  else if (!endpoint.addresses.some((one) => same(one, lease.address)))
    found.push({ object, message: `its owner, endpoint ${owner}, does not have the address: delete its row` })
  if (until !== undefined)
    found.push({
      object,
      message: `it rests and has an owner, endpoint ${owner}: delete the endpoint and put it again`,
    })
  return [...found, ...checkPlace(lease.address, network, object)]
}

const same = (a: Ip, b: Ip): boolean => a.family === b.family && a.value === b.value

const checkPlace = (address: Ip, { name, subnets }: Network, object: string): FsckFinding[] => {
  const subnet = subnets.find(({ cidr }) => cidrHas(cidr, address))
  if (subnet === undefined)
    return [
      {
        object,
        message: `it is in none of the subnets of network ${name}: add the subnet, or delete its endpoint`,
      },
    ]
  if (subnet.gateway === address.value)
    return [
      {
        object,
        message: `it is the gateway of ${printCidr(subnet.cidr)}: delete its endpoint, or move the gateway`,
      },
    ]
  return []
}

const checkEndpoint = (endpoint: Endpoint, { networks, leases }: Ground): FsckFinding[] => {
  const { id, network, addresses } = endpoint
  const object = `endpoint ${id}`
  if (!networks.has(network)) return [{ object, message: `there is no network ${network}` }]
  if (addresses.length === 0) return [{ object, message: 'it has no address: delete it and put it again' }]
  return addresses.flatMap((address) => {
    const name = { network, address }
    const owner = leases.get(leaseKey(name))?.owner
    if (owner === id) return []
    const lease = leases.has(leaseKey(name))
    const whose = !lease
      ? 'there is no lease of it'
      : owner === undefined
        ? 'its lease rests'
        : `its lease is of endpoint ${owner}`
    return [
      { object, message: `it has ${printIp(address)}, and ${whose}: delete the endpoint and put it again` },
    ]
  })
}

/** Two endpoints with one address, one MAC address or one interface. */
const checkTwins = (endpoints: Iterable<Endpoint>): FsckFinding[] => {
  const owners = new Map<string, string>()
  const found: FsckFinding[] = []
  for (const { id, network, node, mac, addresses, interface: name } of endpoints) {
    const claims = [
      ...addresses.map((address) => `${printIp(address)} of network ${network}`),
      `MAC address ${printMac(mac)} of network ${network}`,
      `interface ${name} of node ${node}`,
    ]
    for (const claim of claims) {
      const owner = owners.get(claim)
      if (owner === undefined) owners.set(claim, id)
      else
        found.push({
          object: `endpoint ${id}`,
          message: `${claim} belongs to endpoint ${owner} too: delete one of them`,
        })
    }
  }
  return found
}

const checkBlocks = (blocks: readonly StoredBlock[], { networks, leases }: Ground): FsckFinding[] => {
  const grids = new Map(
    [...networks.values()].map((one) => [one.name, one.subnets.map(({ cidr }) => new BlockGrid(cidr))]),
  )
  const holds = new Set<string>()
  for (const { network, address, owner } of leases.values()) {
    const grid = grids.get(network)?.find(({ cidr }) => cidrHas(cidr, address))
    if (grid !== undefined && owner !== undefined)
      holds.add(`${network} ${printCidr(grid.cidrOf(grid.numberOf(address.value)))}`)
  }
  return blocks.flatMap(({ network, cidr }) => {
    const object = `block ${printCidr(cidr)} of network ${network}`
    const grid = grids.get(network)?.find((one) => cidrHas(one.cidr, cidr))
    if (grid === undefined) return [{ object, message: 'it is in none of the subnets: delete its row' }]
    if (!isBlockOf([grid], cidr))
      return [{ object, message: `it is none of the blocks of ${printCidr(grid.cidr)}: delete its row` }]
    if (holds.has(`${network} ${printCidr(cidr)}`)) return []
    return [{ object, message: 'nobody has an address of it, and its node keeps it: delete its row' }]
  })
}
