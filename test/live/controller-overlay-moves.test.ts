/** Endpoints that move between nodes under traffic of a thousand packets a second. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { attach, must } from './support/containers.js'
import { eventually, type Fabric, startFabricHere } from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
let peer: LabHost
let near: LabHost
let here: LabHost
let there: LabHost
let late: LabHost

const address = '10.9.0.50'
const mac = '0a:58:0a:09:00:32'

/** What a container that has moved is given again: everything as before. */
const equip = (host: LabHost): Promise<string> =>
  must(
    host,
    ['ip', '-batch', '-'],
    `link set e0 address ${mac} mtu 1400\naddr replace ${address}/24 dev e0\nroute replace default via 10.9.0.1 dev e0\n`,
  )

const placeAt = async (host: LabHost): Promise<void> => {
  const body = { network: 'blue', node: host.node, interface: host.device('e0'), mac, addresses: [address] }
  const { status } = await client.overlay.putEndpoint('mover', body)
  expect(status).toEqual({ state: 'up' })
}

/** Packets that were not answered, of `count` at a thousand a second, and whether one was answered twice. */
const lostOf = async (from: LabHost, count: number, meanwhile: () => Promise<void>): Promise<number> => {
  const pinging = from.exec(['ping', '-q', '-i', '0.001', '-c', String(count), '-W', '1', address])
  await new Promise((resolve) => setTimeout(resolve, 500))
  await meanwhile()
  const { stdout } = await pinging
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? []
  expect(stdout).not.toContain('duplicates')
  expect(Number(sent)).toBe(count)
  return count - Number(received)
}

beforeAll(async () => {
  fabric = await startFabricHere('ctlmoves', { nodes: 3 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const e0 = [{ name: 'e0' }]
  ;[here, there, peer, near, late] = (await lab.addHosts([
    { name: 'here', node: 'n1', interfaces: e0 },
    { name: 'there', node: 'n2', interfaces: e0 },
    { name: 'peer', node: 'n3', interfaces: e0 },
    { name: 'near', node: 'n1', interfaces: e0 },
    { name: 'late', node: 'n1', interfaces: e0 },
  ])) as [LabHost, LabHost, LabHost, LabHost, LabHost]
  await client.overlay.putNetwork('blue', { subnets: [{ cidr: '10.9.0.0/24' }], idleTimeoutSeconds: 3 })
  await attach(client, lab, peer, 'blue')
  await attach(client, lab, near, 'blue')
  await Promise.all([here, there].map(equip))
  await placeAt(here)
})
afterAll(() => fabric?.stop())

it('repoints every node before the old one forgets: from another node, and from the old one', async () => {
  const lost: Record<string, number> = {}
  for (const [name, from] of [
    ['peer', peer],
    ['near', near],
  ] as const) {
    lost[`${name} away`] = await lostOf(from, 2000, () => placeAt(there))
    lost[`${name} back`] = await lostOf(from, 2000, () => placeAt(here))
  }
  for (const [way, count] of Object.entries(lost)) expect(`${way} ${count <= 5}`).toBe(`${way} true`)
})

/** Unplugs the container and plugs it in at the other node: for that moment it is nowhere, and what is lost is lost there. */
it('follows a container whose only interface moves, whatever comes first', async () => {
  await client.overlay.putEndpoint('late', {
    network: 'blue',
    node: 'n1',
    interface: late.device('e0'),
    mac: '0a:58:0a:09:00:3c',
    addresses: ['10.9.0.60'],
  })
  const setUp = 'link set e0 address 0a:58:0a:09:00:3c\naddr replace 10.9.0.60/24 dev e0\n'
  await must(late, ['ip', '-batch', '-'], setUp)
  const put = (node: string) =>
    client.overlay.putEndpoint('late', {
      network: 'blue',
      node,
      interface: late.device('e0'),
      mac: '0a:58:0a:09:00:3c',
      addresses: ['10.9.0.60'],
    })
  const answered = async (): Promise<boolean> =>
    (await peer.exec(['ping', '-c', '1', '-W', '1', '10.9.0.60'])).code === 0
  expect(await answered()).toBe(true)
  const stored = put('n2')
  await lab.moveHost('late', 'n2')
  expect((await stored).status).toEqual({ state: 'up' })
  expect(await answered()).toBe(true)
  await lab.moveHost('late', 'n1')
  expect((await put('n1')).status).toEqual({ state: 'up' })
  expect(await answered()).toBe(true)
  await client.overlay.deleteEndpoint('late')
})

it('has nothing of the network where its last endpoint left, once there is nothing to be sent on', async () => {
  await placeAt(there)
  await client.overlay.deleteEndpoint('near')
  const entries = async (): Promise<string[]> =>
    (await client.overlay.mapCache('n1')).filter(({ network }) => network === 'blue').map(({ why }) => why)
  expect(await entries()).toEqual(['moved'])
  await eventually(
    async () => (await client.flows('n1')).flatMap(({ origin }) => (origin?.kind === 'node' ? [] : [origin])),
    [],
    25_000,
  )
})
