/** `fsck`: every way in which leases, owners and blocks may disagree is named. */
import { describe, expect, it } from 'vitest'
import type { Endpoint } from '#model/endpoint.js'
import type { Network } from '#model/network.js'
import type { StoredLease } from '#store/store.js'
import { fsck, type Stored } from '../../../src/fabric/ipam/fsck.js'
import { cidr, ip, network } from './ipam-world.js'

const red = network('red', ['10.0.0.0/24'])

const endpoint = (id: string, last: number, more: Partial<Endpoint> = {}): Endpoint => ({
  id,
  serial: last,
  network: 'red',
  node: 'n1',
  interface: `v-${id}`,
  mac: last,
  addresses: [ip(`10.0.0.${last}`)],
  labels: {},
  provenance: { requestId: 'r', by: 'test', at: 0 },
  ...more,
})

const lease = (last: number, more: Partial<StoredLease> = {}): StoredLease => ({
  network: 'red',
  address: ip(`10.0.0.${last}`),
  ...more,
})

const block = (text: string, name = 'red') => ({ network: name, cidr: cidr(text), node: 'n1' })

const found = ({ networks = [red], endpoints = [], leases = [], blocks = [] }: Partial<Stored>) =>
  fsck({ networks, endpoints, leases, blocks }).map(({ object, message }) => `${object}: ${message}`)

const good: Partial<Stored> = {
  endpoints: [endpoint('a', 5)],
  leases: [lease(5, { owner: 'a' }), lease(6, { until: 9, lastOwner: 'b' })],
  blocks: [block('10.0.0.0/28')],
}

it('finds nothing where nothing is wrong', () => {
  expect(found(good)).toEqual([])
  expect(found({})).toEqual([])
})

const bare: Network = { ...red, subnets: [] }
const [first] = red.subnets
const askew: Network = { ...red, subnets: first === undefined ? [] : [{ ...first, gateway: 7n }] }

describe('names', () => {
  it.each<readonly [string, Partial<Stored>, readonly string[]]>([
    [
      'a network without subnets',
      { networks: [bare] },
      ['network red: it has no subnet: put the network again with its subnets'],
    ],
    [
      'a gateway that is elsewhere',
      { networks: [askew] },
      ['network red: the gateway of subnet 10.0.0.0/24 is outside it: put the network again'],
    ],
    [
      'a lease of a network that is not there',
      { leases: [lease(5, { network: 'blue', until: 9 })] },
      ['lease 10.0.0.5 of network blue: there is no such network: delete its row'],
    ],
    [
      'a lease that nobody has and that does not rest',
      { leases: [lease(5)] },
      ['lease 10.0.0.5 of network red: it has no owner and no end of its rest: delete its row'],
    ],
    [
      'a lease whose owner is not there',
      { leases: [lease(5, { owner: 'gone' })] },
      ['lease 10.0.0.5 of network red: its owner, endpoint gone, is not there: delete its row'],
    ],
    [
      'a lease whose owner does not know of it',
      { ...good, leases: [lease(5, { owner: 'a' }), lease(9, { owner: 'a' })] },
      ['lease 10.0.0.9 of network red: its owner, endpoint a, does not have the address: delete its row'],
    ],
    [
      'a lease whose owner is in another network',
      {
        networks: [red, network('blue', ['10.0.0.0/24'])],
        endpoints: [endpoint('a', 5)],
        leases: [lease(5, { owner: 'a' }), lease(5, { network: 'blue', owner: 'a' })],
      },
      ['lease 10.0.0.5 of network blue: its owner, endpoint a, is in network red: delete its row'],
    ],
    [
      'a lease that rests and has an owner',
      { ...good, leases: [lease(5, { owner: 'a', until: 9 })] },
      [
        'lease 10.0.0.5 of network red: it rests and has an owner, endpoint a: delete the endpoint and put it again',
      ],
    ],
    [
      'a lease outside the subnets',
      {
        endpoints: [endpoint('a', 5, { addresses: [ip('10.9.0.5')] })],
        leases: [{ network: 'red', address: ip('10.9.0.5'), owner: 'a' }],
      },
      ['lease 10.9.0.5 of network red: it is in no subnet of the network: add one, or delete its endpoint'],
    ],
    [
      'a lease of the gateway',
      { endpoints: [endpoint('a', 1)], leases: [lease(1, { owner: 'a' })] },
      [
        'lease 10.0.0.1 of network red: it is the gateway of 10.0.0.0/24: delete its endpoint, or move the gateway',
      ],
    ],
    [
      'an endpoint of a network that is not there',
      { endpoints: [endpoint('a', 5, { network: 'none' })] },
      ['endpoint a: there is no network none: delete it'],
    ],
    [
      'an endpoint without an address',
      { endpoints: [endpoint('a', 5, { addresses: [] })] },
      ['endpoint a: it has no address: delete it and put it again'],
    ],
    [
      'an address without a lease',
      { endpoints: [endpoint('a', 5)] },
      ['endpoint a: it has 10.0.0.5, and there is no lease of it: delete the endpoint and put it again'],
    ],
    [
      'an address that two have',
      { endpoints: [endpoint('a', 5), endpoint('b', 5, { mac: 77 })], leases: [lease(5, { owner: 'a' })] },
      [
        'endpoint b: it has 10.0.0.5, and its lease is of endpoint a: delete the endpoint and put it again',
        'endpoint b: 10.0.0.5 of network red belongs to endpoint a too: delete one of them',
      ],
    ],
    [
      'a MAC address and an interface that two have',
      {
        endpoints: [endpoint('a', 5), endpoint('b', 6, { mac: 5, interface: 'v-a' })],
        leases: [lease(5, { owner: 'a' }), lease(6, { owner: 'b' })],
      },
      [
        'endpoint b: MAC address 00:00:00:00:00:05 of network red belongs to endpoint a too: delete one of them',
        'endpoint b: interface v-a of node n1 belongs to endpoint a too: delete one of them',
      ],
    ],
    [
      'blocks that are none, and one that nobody uses',
      {
        ...good,
        blocks: [
          block('10.0.0.0/27'),
          block('10.9.0.0/28'),
          block('10.0.0.16/28'),
          block('10.0.0.0/28', 'none'),
        ],
      },
      [
        'block 10.0.0.0/27 of network red: it is none of the blocks of 10.0.0.0/24: delete its row',
        'block 10.9.0.0/28 of network red: it is in no subnet of the network: delete its row',
        'block 10.0.0.16/28 of network red: nobody has an address of it: delete its row',
        'block 10.0.0.0/28 of network none: it is in no subnet of the network: delete its row',
      ],
    ],
  ])('%s', (_, stored, expected) => {
    expect(found(stored)).toEqual(expected)
  })
})
