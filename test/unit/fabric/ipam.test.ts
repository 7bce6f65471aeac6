/** IPAM: blocks by node, exclusions, reservations, quarantine, errors with their owners. */
import { describe, expect, it } from 'vitest'
import { blockBitsOf } from '../../../src/fabric/ipam/geometry.js'
import { cidr, ip, network, refusal, World, worldOf } from './ipam-world.js'

describe('blocks', () => {
  it.each([
    ['10.0.0.0/24', '/28'],
    ['10.0.0.0/16', '/26'],
    ['10.0.0.0/8', '/26'],
    ['10.0.0.0/28', '/30'],
    ['10.0.0.0/31', '/31'],
    ['10.0.0.0/32', '/32'],
    ['2001:db8::/64', '/122'],
    ['2001:db8::/120', '/124'],
  ])('of %s are %s', (text, length) => {
    const one = cidr(text)
    const width = one.family === 4 ? 32 : 128
    const bits = Math.min(blockBitsOf(one), width - one.length)
    expect(text.endsWith('/31') ? '/31' : `/${width - bits}`).toBe(length)
  })

  it('keep the addresses of a node together; a full node takes another', () => {
    const world = worldOf('10.0.0.0/24')
    const first = Array.from({ length: 15 }, (_, index) => world.attach(`a${index}`, { node: 'n1' })[0])
    const second = world.attach('b0', { node: 'n2' })
    expect(first.slice(0, 2)).toEqual(['10.0.0.2', '10.0.0.3'])
    expect(first.at(13)).toBe('10.0.0.15')
    expect(first.at(14)).toBe('10.0.0.16')
    expect(second).toEqual(['10.0.0.32'])
    expect(world.blocksOf('n1')).toEqual(['10.0.0.0/28', '10.0.0.16/28'])
  })

  it('are given back when nobody has an address of them, and pass to another node', () => {
    const world = worldOf('10.0.0.0/24')
    world.attach('a', { node: 'n1' })
    world.attach('b', { node: 'n2' })
    world.detach('a')
    expect(world.blocksOf('n1')).toEqual([])
    expect(world.attach('c', { node: 'n3' })).toEqual(['10.0.0.3'])
    expect(world.findings()).toEqual([])
  })

  it('are given back by the last of several that leave at once', () => {
    const world = worldOf('10.0.0.0/24')
    for (const id of ['a', 'b', 'c']) world.attach(id)
    const leaving = ['a', 'b', 'c'].map((id) => world.leave(id))
    for (const one of leaving) one()
    expect(world.blocksOf('n1')).toEqual([])
    expect(world.findings()).toEqual([])
  })

  it('that a refused transaction kept from being given back go with the next', () => {
    const world = worldOf('10.0.0.0/24')
    world.attach('a')
    const slow = world.plan('b')
    world.detach('a')
    slow.fail()
    expect(world.blocksOf('n1')).toEqual(['10.0.0.0/28'])
    world.attach('c', { node: 'n2' })
    expect(world.blocksOf('n1')).toEqual([])
    expect(world.findings()).toEqual([])
  })

  it('lend addresses to others when no block is left', () => {
    const world = worldOf('10.0.0.0/29')
    for (const node of ['n1', 'n2', 'n3']) world.attach(`on-${node}`, { node })
    expect(world.attach('x', { node: 'n4' })).toEqual(['10.0.0.3'])
  })

  it('are not taken by static addresses', () => {
    const world = worldOf('10.0.0.0/24')
    world.attach('s', { stated: ['10.0.0.200'] })
    expect(world.blocksOf('n1')).toEqual([])
  })
})

describe('an address', () => {
  it('is one of each family when none is stated', () => {
    const world = worldOf('10.0.0.0/24', '2001:db8::/64')
    expect(world.attach('a')).toEqual(['10.0.0.2', '2001:db8::2'])
  })

  it('stays when the same is asked again, or the node changes', () => {
    const world = worldOf('10.0.0.0/24')
    const first = world.attach('a', { stated: ['10.0.0.77'] })
    expect(world.attach('a')).toEqual(first)
    expect(world.attach('a', { node: 'n2' })).toEqual(first)
  })

  it('changes with the network', () => {
    const world = worldOf('10.0.0.0/24')
    world.put(network('blue', ['10.9.0.0/24']))
    world.attach('a')
    expect(world.attach('a', { network: 'blue' })).toEqual(['10.9.0.2'])
    expect([...world.leases.values()].map(({ network: name, owner }) => [name, owner])).toEqual([
      ['red', undefined],
      ['blue', 'a'],
    ])
    expect(world.findings()).toEqual([])
  })

  it('is the one reserved for the endpoint, and for nobody else', () => {
    const world = new World()
    const reservations = [{ address: ip('10.0.0.2'), endpoint: 'db' }]
    world.put(network('red', ['10.0.0.0/24'], { reservations }))
    expect(world.attach('a')).toEqual(['10.0.0.3'])
    expect(refusal(() => world.attach('b', { stated: ['10.0.0.2'] }))).toEqual([
      'address-taken',
      'addresses[0]',
      'endpoint db',
    ])
    expect(world.attach('db')).toEqual(['10.0.0.2'])
  })

  it('passes over large exclusions at once', () => {
    const world = worldOf('2001:db8::/64 2001:db8::/65')
    expect(world.attach('a')).toEqual(['2001:db8:0:0:8000::'])
  })
})

describe('what is refused', () => {
  const world = worldOf('10.0.0.0/24 10.0.0.64/26', '2001:db8::/64')
  world.attach('owner', { stated: ['10.0.0.9'] })
  it.each([
    ['outside the subnets', '10.1.0.1', ['address-outside', 'addresses[0]']],
    ['the gateway', '10.0.0.1', ['address-unusable', 'addresses[0]']],
    ['the network address', '10.0.0.0', ['address-unusable', 'addresses[0]']],
    ['the broadcast address', '10.0.0.255', ['address-unusable', 'addresses[0]']],
    ['the Subnet-Router anycast address', '2001:db8::', ['address-unusable', 'addresses[0]']],
    ['excluded', '10.0.0.70', ['address-unusable', 'addresses[0]']],
    ['taken', '10.0.0.9', ['address-taken', 'addresses[0]', 'endpoint owner']],
  ])('%s', (_, stated, expected) => {
    expect(refusal(() => world.attach('new', { stated: [stated] }))).toEqual(expected)
  })

  it('one that another request is being given', () => {
    const plan = world.plan('slow', { stated: ['10.0.0.10'] })
    expect(refusal(() => world.plan('new', { stated: ['10.0.0.10'] }))).toEqual([
      'address-taken',
      'addresses[0]',
    ])
    plan.fail()
    expect(world.attach('new', { stated: ['10.0.0.10'] })).toEqual(['10.0.0.10'])
  })

  it('one more when all are given out', () => {
    const small = worldOf('10.0.0.0/29')
    for (let index = 0; index < 5; index++) small.attach(`a${index}`)
    expect(refusal(() => small.attach('b'))).toEqual(['subnet-exhausted', 'network red'])
    small.put(network('red', ['10.0.0.0/29', '10.0.1.0/29']))
    expect(small.attach('b')).toEqual(['10.0.1.2'])
  })
})

describe('quarantine', () => {
  it('keeps an address from others, not from the endpoint that had it', () => {
    const world = worldOf('10.0.0.0/24')
    world.attach('a')
    world.detach('a')
    expect(refusal(() => world.attach('b', { stated: ['10.0.0.2'] }))).toEqual([
      'address-quarantined',
      'addresses[0]',
    ])
    expect(world.attach('b')).toEqual(['10.0.0.3'])
    expect(world.attach('a', { stated: ['10.0.0.2'] })).toEqual(['10.0.0.2'])
  })

  it('ends, and the row of the lease is used again or cleared up', () => {
    const world = worldOf('10.0.0.0/29')
    for (let index = 0; index < 5; index++) world.attach(`a${index}`)
    world.detach('a0')
    world.detach('a1')
    expect(refusal(() => world.attach('b'))).toEqual(['subnet-exhausted', 'network red'])
    world.now += 60_000
    expect(world.attach('b')).toEqual(['10.0.0.2'])
    expect(world.leases.size).toBe(4)
    expect(world.findings()).toEqual([])
  })

  it('has no gap while rows are cleared up', () => {
    const world = worldOf('10.0.0.0/29')
    world.attach('a')
    world.detach('a')
    world.now += 60_000
    const clearing = world.plan('b', { stated: ['10.0.0.6'] })
    expect(clearing.batch.dropLeases).toHaveLength(1)
    expect(refusal(() => world.plan('c', { stated: ['10.0.0.2'] }))).toEqual([
      'address-taken',
      'addresses[0]',
    ])
    clearing.commit()
    expect(world.attach('c', { stated: ['10.0.0.2'] })).toEqual(['10.0.0.2'])
  })
})
