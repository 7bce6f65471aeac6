/** What holds of IPAM whatever is asked for: nothing twice, nothing lost, and the same cost with many leases as with few. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrHas, hostMask, printCidr, printIp } from '#model/cidr.js'
import { specialOf } from '../../../src/fabric/ipam/geometry.js'
import { ip, network, refusal, World, worldOf } from './ipam-world.js'

interface Step {
  readonly act: 'attach' | 'static' | 'detach' | 'wait' | 'fail' | 'move'
  readonly who: number
  readonly where: number
}

const step = fc.record({
  act: fc.constantFrom<Step['act']>(
    'attach',
    'attach',
    'attach',
    'static',
    'detach',
    'detach',
    'wait',
    'fail',
    'move',
  ),
  who: fc.nat(30),
  where: fc.nat(40),
})

const subnets = ['10.0.0.0/27 10.0.0.8/30', '2001:db8::/122'] as const

describe('whatever is asked for', () => {
  const perform = (world: World, { act, who, where }: Step): void => {
    const id = `e${who}`
    const node = `n${where % 4}`
    const here = world.endpoints.get(id)
    if (act === 'wait') world.now += where * 3_000
    else if (act === 'detach') world.detach(id)
    else if (act === 'static') world.attach(id, { node, stated: [`10.0.0.${where}`] })
    else if (act === 'fail') world.plan(id, { node }).fail()
    else if (act === 'attach' || here !== undefined) world.attach(id, { node })
  }

  it('nobody has an address twice, or one that nobody may have, and fsck finds nothing', () => {
    let most = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = worldOf(...subnets)
        for (const one of steps) {
          refusal(() => perform(world, one))
          const given = [...world.endpoints.values()].flatMap(({ addresses }) => addresses.map(printIp))
          expect(new Set(given).size).toBe(given.length)
          for (const address of given) {
            const place = [...world.networks.values()][0]?.subnets.find((subnet) =>
              cidrHas(subnet.cidr, ip(address)),
            )
            expect(place?.exclude.some((other) => cidrHas(other, ip(address)))).toBe(false)
            expect(place === undefined ? [] : [place.gateway, ...specialOf(place.cidr)]).not.toContain(
              ip(address).value,
            )
          }
        }
        expect(world.findings()).toEqual([])
        most = Math.max(most, world.endpoints.size)
      }),
      { numRuns: 25 },
    )
    expect(most).toBeGreaterThan(8)
  })

  it('a subnet is exhausted only when all of it is given out or rests', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = worldOf('10.0.0.0/27 10.0.0.8/30')
        for (const one of steps) refusal(() => perform(world, one))
        const held = [...world.leases.values()].filter(
          ({ owner, until = 0 }) => owner !== undefined || until > world.now,
        ).length
        // 32 less 4 excluded, the gateway, the first and the last.
        const free = 25 - held
        for (let index = 0; index < free; index++) world.attach(`new${index}`, { node: 'n9' })
        expect(refusal(() => world.attach('one-too-many', { node: 'n9' }))).toEqual([
          'subnet-exhausted',
          'network red',
        ])
      }),
      { numRuns: 20 },
    )
  })

  it('a controller that starts anew sees the same', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const world = worldOf(...subnets)
        for (const one of steps) refusal(() => perform(world, one))
        const next = new World()
        for (const one of world.networks.values()) next.put(one)
        next.book.apply({
          networks: [],
          leases: [...world.leases.values()].reverse().map((lease) => ({ new: lease })),
          blocks: [...world.blocks.values()].map((block) => ({ new: block })),
        })
        next.book.resting.sort()
        next.now = world.now
        for (const [id, endpoint] of world.endpoints) next.endpoints.set(id, endpoint)
        const before = new Set(
          [...world.leases.values()]
            .filter(({ owner, until = 0 }) => owner || until > world.now)
            .map(({ address }) => printIp(address)),
        )
        const got = refusal(() => next.plan('fresh', { node: 'n1' }).addresses.map(printIp))
        if (Array.isArray(got)) for (const address of got) expect(before.has(address)).toBe(false)
      }),
      { numRuns: 15 },
    )
  })
})

it('addresses of a node that is alone in the subnet are as few prefixes as can be', () => {
  const world = worldOf('10.0.0.0/20')
  for (let index = 0; index < 300; index++) world.attach(`e${index}`, { node: index % 2 === 0 ? 'n1' : 'n2' })
  expect(world.blocks.size).toBe(6)
  for (const { addresses, node } of world.endpoints.values()) {
    const [address] = addresses
    const around = [...world.blocks.values()].find(
      (one) => address !== undefined && cidrHas(one.cidr, address),
    )
    expect(around?.node).toBe(node)
    expect(around?.cidr.length).toBe(32 - 6)
    expect(around && around.cidr.value & hostMask(4, around.cidr.length)).toBe(0n)
    expect(around && printCidr(around.cidr)).toMatch(/\/26$/)
  }
})

it('costs the same with many leases as with few', () => {
  const world = new World()
  world.put(network('red', ['10.0.0.0/12']))
  const thousand = (from: number): number => {
    const begun = process.hrtime.bigint()
    for (let index = from; index < from + 1_000; index++)
      world.attach(`e${index}`, { node: `n${index % 100}` })
    return Number(process.hrtime.bigint() - begun)
  }
  const times = Array.from({ length: 12 }, (_, index) => thousand(index * 1_000))
  const best = (some: readonly number[]): number => Math.min(...some)
  expect(best(times.slice(-5)) / best(times.slice(1, 6))).toBeLessThan(5)
})
