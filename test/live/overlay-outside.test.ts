/**
 * Nodes as endpoints, and the world outside the fabric: containers and nodes reach each other without NAT, and what is outside through
 * their node, with masquerading or without.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { heddle } from '../unit/cli-support.js'
import { type Addresses, addressesOf, attach, must, pings } from './support/containers.js'
import { startHere } from './support/controller.js'
import { eventually, type Fabric, startFabricHere } from './support/fabric.js'
import { tcpCarries } from './support/tcp.js'

const families = [4, 6] as const

let fabric: Fabric
let lab: Lab
let client: Client
const hosts = new Map<string, LabHost>()
const addresses = new Map<string, Addresses>()

const hostOf = (name: string): LabHost => hosts.get(name) ?? expect.fail(`no host ${name}`)
const addressOf = (name: string, family: 4 | 6): string => addresses.get(name)?.[family] ?? 'no address'

/** What an operator runs on a node. */
const setUp = async (node: string, ...options: string[]): Promise<void> => {
  const env = { HEDDLE_SERVER: fabric.controller.url }
  const { code, out, err } = await heddle(['nodes', 'setup', node, ...options].join(' '), { fetch, env })
  expect(`${code} ${err}`).toBe('0 ')
  await must(lab.node(node), ['sh'], out)
}

const nodeEndpoints = async (): Promise<string[]> =>
  (await client.overlay.endpoints()).endpoints
    .map(({ id, interface: name, status }) => `${id} ${name} ${status.state}`)
    .filter((line) => line.startsWith('node-'))

/** A machine behind n1 that is no part of the fabric: its cable belongs to the node's kernel, not to the bridge. */
const outside = { 4: '203.0.113.2', 6: '2001:db8:ff::2' } as const
const uplinkLines = (device: string): string =>
  [
    `link set ${device} arp on`,
    `addr add 203.0.113.1/24 dev ${device}`,
    `addr add 2001:db8:ff::1/64 dev ${device} nodad`,
    // Without a link-local address the kernel asks for no neighbours in the name of others.
    `addr add fe80::1/64 dev ${device} nodad`,
    '',
  ].join('\n')

beforeAll(async () => {
  fabric = await startFabricHere('ctlout', { nodes: 2, settings: { 'overlay.defaultNetwork': 'default' } })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const made = await lab.addHosts([
    { name: 'a', node: 'n1', interfaces: ['e0'] },
    { name: 'b', node: 'n2', interfaces: ['e0'] },
    { name: 'i', node: 'n1', interfaces: ['e0'] },
    {
      name: 'w',
      node: 'n1',
      interfaces: [{ name: 'e0', addresses: ['203.0.113.2/24', '2001:db8:ff::2/64'] }],
    },
  ])
  for (const host of made) hosts.set(host.name, host)
  await must(lab.node('n1'), ['ip', '-batch', '-'], uplinkLines(hostOf('w').device('e0')))
  await client.overlay.putNetwork('default', {
    subnets: [{ cidr: '10.9.0.0/24' }, { cidr: '10.10.0.0/24' }, { cidr: 'fd09::/64' }],
  })
  for (const name of ['a', 'b']) addresses.set(name, await attach(client, lab, hostOf(name), 'default'))
  await eventually(nodeEndpoints, ['node-n1 heddle0 up', 'node-n2 heddle0 up'])
  for (const node of ['n1', 'n2']) {
    await setUp(node)
    addresses.set(node, addressesOf((await client.overlay.endpoint(`node-${node}`)).addresses))
  }
})
afterAll(() => fabric?.stop())

describe.each(families)('IPv%i', (family) => {
  it('goes between containers and nodes, wherever they are, first packets included', async () => {
    for (const node of ['n1', 'n2'])
      for (const name of ['a', 'b']) {
        expect(`${node} ${name} ${await pings(lab.node(node), addressOf(name, family))}`).toBe(
          `${node} ${name} true`,
        )
        expect(`${name} ${node} ${await pings(hostOf(name), addressOf(node, family))}`).toBe(
          `${name} ${node} true`,
        )
      }
    expect(await pings(lab.node('n1'), addressOf('n2', family))).toBe(true)
  })

  it('is seen with the address of who sends it, and TCP arrives whole', async () => {
    const [node, container] = [lab.node('n1'), hostOf('b')]
    expect(await tcpCarries(node, container, addressOf('b', family))).toBe(addressOf('n1', family))
    expect(await tcpCarries(container, node, addressOf('n1', family))).toBe(addressOf('b', family))
  })

  it('reaches the world outside through the node where that routes back, both ways', async () => {
    const world = hostOf('w')
    expect(await pings(hostOf('a'), outside[family])).toBe(false)
    const via = family === 4 ? '203.0.113.1' : '2001:db8:ff::1'
    const route = ['route', family === 4 ? '10.9.0.0/24' : 'fd09::/64', 'via', via]
    await must(world, ['ip', `-${family}`, 'route', 'add', ...route.slice(1)])
    expect(await pings(hostOf('a'), outside[family])).toBe(true)
    expect(await tcpCarries(hostOf('a'), world, outside[family])).toBe(addressOf('a', family))
    // And in from there, without having been asked.
    expect(await pings(world, addressOf('a', family))).toBe(true)
    await must(world, ['ip', `-${family}`, 'route', 'del', ...route.slice(1)])
  })
})

it('bears the address of its node outside with masquerading, and its own inside', async () => {
  await setUp('n1', '--masquerade')
  await setUp('n1', '--masquerade')
  for (const family of families) {
    expect(await pings(hostOf('a'), outside[family])).toBe(true)
    const uplink = family === 4 ? '203.0.113.1' : '2001:db8:ff::1'
    expect(await tcpCarries(hostOf('a'), hostOf('w'), outside[family])).toBe(uplink)
    expect(await tcpCarries(hostOf('a'), lab.node('n2'), addressOf('n2', family))).toBe(
      addressOf('a', family),
    )
  }
})

it('leaves isolated networks alone: neither nodes nor the world', async () => {
  await client.overlay.putNetwork('alone', {
    subnets: [{ cidr: '10.20.0.0/24' }, { cidr: 'fd20::/64' }],
    isolation: true,
  })
  const own = await attach(client, lab, hostOf('i'), 'alone')
  for (const family of families) {
    expect(await pings(hostOf('i'), addressOf('n1', family))).toBe(false)
    expect(await pings(hostOf('i'), outside[family])).toBe(false)
    expect(await pings(lab.node('n1'), own[family])).toBe(false)
  }
})

it('outlives the controller as it is, and goes with the node', async () => {
  const look = async () => (await client.overlay.endpoint('node-n1')).addresses
  const before = await look()
  await fabric.controller.stop()
  fabric.controller = await startHere(fabric.settings)
  ;({ client } = fabric.controller)
  await eventually(nodeEndpoints, ['node-n1 heddle0 up', 'node-n2 heddle0 up'])
  expect(await look()).toEqual(before)
  expect(await pings(hostOf('a'), addressOf('n2', 4))).toBe(true)

  await expect(client.deleteNode('n2')).rejects.toMatchObject({ code: 'node-in-use' })
  await client.overlay.deleteEndpoint('b')
  await must(lab.node('n2'), ['ovs-vsctl', 'del-manager'])
  await eventually(async () => (await client.node('n2')).state, 'offline')
  await client.deleteNode('n2')
  expect(await nodeEndpoints()).toEqual(['node-n1 heddle0 up'])
  const { leases } = await client.overlay.leases({})
  expect(leases.filter(({ owner }) => owner === 'node-n2')).toEqual([])
})
