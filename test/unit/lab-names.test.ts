/** The names and addresses of a lab's parts: nobody's but its own, and within the kernel's limits. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  controllerAddress,
  controllerAddress6,
  managementAddress,
  managementAddress6,
  managementNetwork,
  nodesMax,
  overlaps,
  rlocAddress,
  rlocAddress6,
  subnetCount,
} from '#lab/addresses.js'
import { planHost } from '#lab/host.js'
import {
  checkInterfaceName,
  checkLabName,
  checkMemberName,
  deviceOf,
  memberOfNamespace,
  namespaceOf,
} from '#lab/names.js'

describe('names', () => {
  it.each(['lab', 'a', 'blue2', 'abcdefghij'])('takes %s for a lab', (name) => {
    expect(checkLabName(name)).toBe(name)
  })

  it.each(['', 'Lab', 'a-b', '1a', 'abcdefghijk', 'a b', '../x', 'a\nb'])('refuses %j for a lab', (name) => {
    expect(() => checkLabName(name)).toThrow(expect.objectContaining({ code: 'invalid-name' }))
  })

  it.each(['fabric', '', '-x', 'a b', 'a/b', '..', 'x\ny', 'x'.repeat(33)])(
    'refuses %j for a host',
    (name) => {
      expect(() => checkMemberName(name)).toThrow(expect.objectContaining({ code: 'invalid-name' }))
    },
  )

  it.each(['lo', '', '.', 'a/b', 'a b', '-x', 'x'.repeat(16)])('refuses %j for an interface', (name) => {
    expect(() => checkInterfaceName(name)).toThrow(expect.objectContaining({ code: 'invalid-name' }))
  })

  it('finds a member by its namespace, hyphens and all', () => {
    expect(memberOfNamespace(namespaceOf('blue', 'leaf-1'))).toEqual({ lab: 'blue', member: 'leaf-1' })
    expect(memberOfNamespace('heddle-')).toBeUndefined()
    expect(memberOfNamespace('other-blue-n1')).toBeUndefined()
  })
})

describe('device names', () => {
  it('are the plain ones where those fit and cannot meet', () => {
    expect(deviceOf('r1', 'gig1')).toBe('r1-gig1')
    expect(deviceOf('host12', 'ge-0.100')).toMatch(/^host12-[0-9a-f]{8}$/)
    expect(deviceOf('a', 'b-c')).not.toBe(deviceOf('a-b', 'c'))
  })

  const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,14}$/)

  it('are at most 15 characters, and different for different interfaces', () => {
    const pair = fc.tuple(name, name)
    fc.assert(
      fc.property(pair, pair, ([host, port], [otherHost, otherPort]) => {
        const device = deviceOf(host, port)
        expect(device.length).toBeLessThanOrEqual(15)
        const same = host === otherHost && port === otherPort
        expect(deviceOf(otherHost, otherPort) === device).toBe(same)
      }),
    )
  })
})

describe('addresses', () => {
  it('come out of 198.18.0.0/15 and 100.64.0.0/10', () => {
    expect(managementNetwork(0)).toBe('198.18.0.0')
    expect(controllerAddress(0)).toBe('198.18.3.254')
    expect(managementAddress(1, 1)).toBe('198.18.4.1')
    expect(managementAddress(subnetCount - 1, nodesMax)).toBe('198.19.255.232')
    expect(controllerAddress(subnetCount - 1)).toBe('198.19.255.254')
    expect(controllerAddress6(10)).toBe('fd98:18:b::ffff')
    expect(managementAddress6(0, 16)).toBe('fd98:18:1::10')
    expect(rlocAddress(300)).toBe('100.64.1.44')
    expect(rlocAddress6(300)).toBe('fd64::12c')
  })

  it.each([
    ['198.18.0.0/22', '198.18.3.1', true],
    ['198.18.4.0/22', '198.18.3.1', false],
    ['198.0.0.0/8', '198.18.4.0/22', true],
    ['198.18.4.0/30', '198.18.4.0/22', true],
    ['198.18.0.0/22', '198.18.4.0/22', false],
    ['0.0.0.0/0', '198.18.4.0/22', true],
  ])('%s and %s share an address: %s', (a, b, shared) => {
    expect(overlaps(a, b)).toBe(shared)
    expect(overlaps(b, a)).toBe(shared)
  })
})

describe('hosts', () => {
  it('are planned with defaults filled in', () => {
    const host = planHost({ name: 'r1', node: 'n1', interfaces: ['gig1', { name: 'gig2', mtu: 9000 }] })
    expect(host.interfaces).toEqual([
      { name: 'gig1', device: 'r1-gig1', mtu: 1500, addresses: [] },
      { name: 'gig2', device: 'r1-gig2', mtu: 9000, addresses: [] },
    ])
  })

  it.each([
    { interfaces: [] },
    { interfaces: ['a', 'a'] },
    { interfaces: [{ name: 'a', mtu: 67 }] },
    { interfaces: [{ name: 'a', mtu: 1500.5 }] },
    { interfaces: [{ name: 'a', mac: '02:00' }] },
    { interfaces: [{ name: 'a', addresses: ['10.0.0.1'] }] },
    { interfaces: [{ name: 'a', addresses: ['10.0.0.1/33'] }] },
    { interfaces: [{ name: 'a', addresses: ['10.0.0.1/24/1'] }] },
    { interfaces: [{ name: 'a', addresses: ['10.0.0.1/24 dev lo'] }] },
  ])('are refused: $interfaces', ({ interfaces }) => {
    expect(() => planHost({ name: 'r1', node: 'n1', interfaces })).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  })
})
