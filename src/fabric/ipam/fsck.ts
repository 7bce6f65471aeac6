/**
 * Proves that every lease has its owner and every owner its lease, that blocks match leases, and names what is not so. Pure: it
 * looks at what is stored and trusts none of what keeps it right.
 */
import type { FsckFinding } from '#api/networks.js'
import { cidrHas, type Ip, printCidr, printIp } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import { printMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import type { StoredBlock, StoredLease } from '#store/store.js'
import { BlockGrid, isBlockOf } from './geometry.js'
import { blockKey, leaseKey } from './keys.js'

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

export const fsck = (stored: Stored): readonly FsckFinding[] => {
  const ground: Ground = {
    networks: new Map([...stored.networks].map((one) => [one.name, one])),
    endpoints: new Map([...stored.endpoints].map((one) => [one.id, one])),
    leases: new Map([...stored.leases].map((one) => [leaseKey(one), one])),
  }
  const { networks, endpoints, leases } = ground
  return [
    ...told(networks.values(), wrongWithNetwork, ({ name }) => `network ${name}`),
    ...told(
      leases.values(),
      (lease) => wrongWithLease(lease, ground),
      ({ network, address }) => `lease ${printIp(address)} of network ${network}`,
    ),
    ...told(
      endpoints.values(),
      (endpoint) => wrongWithEndpoint(endpoint, ground),
      ({ id }) => `endpoint ${id}`,
    ),
    ...twins(endpoints.values()),
    ...told(
      stored.blocks,
      wrongWithBlocks(ground),
      ({ network, cidr }) => `block ${printCidr(cidr)} of network ${network}`,
    ),
  ]
}

/** Findings of objects with which something is wrong; only these are named. */
const told = <T>(
  objects: Iterable<T>,
  wrongWith: (object: T) => readonly string[],
  nameOf: (object: T) => string,
): FsckFinding[] => {
  const found: FsckFinding[] = []
  for (const one of objects)
    for (const message of wrongWith(one)) found.push({ object: nameOf(one), message })
  return found
}

const wrongWithNetwork = ({ subnets }: Network): string[] => {
  if (subnets.length === 0) return ['it has no subnet: put the network again with its subnets']
  return subnets
    .filter(({ cidr, gateway }) => !cidrHas(cidr, { family: cidr.family, value: gateway }))
    .map(({ cidr }) => `the gateway of subnet ${printCidr(cidr)} is outside it: put the network again`)
}

const wrongWithLease = (lease: StoredLease, { networks, endpoints }: Ground): string[] => {
  const { owner, until } = lease
  const network = networks.get(lease.network)
  if (network === undefined) return ['there is no such network: delete its row']
  if (owner === undefined)
    return until === undefined ? ['it has no owner and no end of its rest: delete its row'] : []
  const endpoint = endpoints.get(owner)
  if (endpoint === undefined) return [`its owner, endpoint ${owner}, is not there: delete its row`]
  const wrong = wrongWithPlace(lease.address, network)
  if (endpoint.network !== lease.network)
    wrong.push(`its owner, endpoint ${owner}, is in network ${endpoint.network}: delete its row`)
  else if (!endpoint.addresses.some((one) => same(one, lease.address)))
    wrong.push(`its owner, endpoint ${owner}, does not have the address: delete its row`)
  if (until !== undefined)
    wrong.push(`it rests and has an owner, endpoint ${owner}: delete the endpoint and put it again`)
  return wrong
}

const same = (a: Ip, b: Ip): boolean => a.family === b.family && a.value === b.value

const wrongWithPlace = (address: Ip, { subnets }: Network): string[] => {
  const subnet = subnets.find(({ cidr }) => cidrHas(cidr, address))
  if (subnet === undefined) return ['it is in no subnet of the network: add one, or delete its endpoint']
  if (subnet.gateway !== address.value) return []
  return [`it is the gateway of ${printCidr(subnet.cidr)}: delete its endpoint, or move the gateway`]
}

const wrongWithEndpoint = ({ id, network, addresses }: Endpoint, { networks, leases }: Ground): string[] => {
  if (!networks.has(network)) return [`there is no network ${network}: delete it`]
  if (addresses.length === 0) return ['it has no address: delete it and put it again']
  return addresses.flatMap((address) => {
    const lease = leases.get(leaseKey({ network, address }))
    if (lease?.owner === id) return []
    const whose = lease === undefined ? 'there is no lease of it' : whoseIs(lease)
    return [`it has ${printIp(address)}, and ${whose}: delete the endpoint and put it again`]
  })
}

const whoseIs = ({ owner }: StoredLease): string =>
  owner === undefined ? 'its lease rests' : `its lease is of endpoint ${owner}`

/** Two endpoints with one address, one MAC address or one interface. Words are made only for what is wrong. */
const twins = (endpoints: Iterable<Endpoint>): FsckFinding[] => {
  const owners = new Map<string, string>()
  const found: FsckFinding[] = []
  const claim = (key: string, id: string, what: () => string): void => {
    const owner = owners.get(key)
    if (owner === undefined) owners.set(key, id)
    else
      found.push({
        object: `endpoint ${id}`,
        message: `${what()} belongs to endpoint ${owner} too: delete one of them`,
      })
  }
  for (const { id, network, node, mac, addresses, interface: name } of endpoints) {
    for (const address of addresses)
      claim(leaseKey({ network, address }), id, () => `${printIp(address)} of network ${network}`)
    claim(`mac ${network} ${mac}`, id, () => `MAC address ${printMac(mac)} of network ${network}`)
    claim(`interface ${node} ${name}`, id, () => `interface ${name} of node ${node}`)
  }
  return found
}

const wrongWithBlocks = ({ networks, leases }: Ground): ((block: StoredBlock) => string[]) => {
  const grids = new Map(
    [...networks.values()].map((one) => [one.name, one.subnets.map(({ cidr }) => new BlockGrid(cidr))]),
  )
  const used = new Set<string>()
  for (const { network, address, owner } of leases.values()) {
    const grid = grids.get(network)?.find(({ cidr }) => cidrHas(cidr, address))
    if (grid !== undefined && owner !== undefined)
      used.add(blockKey({ network, cidr: grid.cidrOf(grid.numberOf(address.value)) }))
  }
  return ({ network, cidr }) => {
    const grid = grids.get(network)?.find((one) => cidrHas(one.cidr, cidr))
    if (grid === undefined) return ['it is in no subnet of the network: delete its row']
    if (!isBlockOf([grid], cidr))
      return [`it is none of the blocks of ${printCidr(grid.cidr)}: delete its row`]
    return used.has(blockKey({ network, cidr })) ? [] : ['nobody has an address of it: delete its row']
  }
}
