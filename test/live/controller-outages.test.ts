/** Switches stop, crash, reboot and get lost; whatever happens, the fabric comes back to what was asked for, and traffic flows. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Client, LinkSpec } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import type { LabNode } from '#lab/node.js'
import { becomes, type Fabric, nodeState, reaches, ready, soon, startFabricHere } from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
let n1: LabNode
let a: LabHost

/** Longer than a switch waits at most between two attempts to connect. */
const patienceMs = 20_000

const link = (index: number): LinkSpec => ({
  name: `l${index}`,
  a: { node: 'n1', interface: `a-e${index}` },
  b: { node: 'n2', interface: `b-e${index}` },
})

beforeAll(async () => {
  fabric = await startFabricHere('ctloutages', { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  n1 = lab.node('n1')
  const interfaces = (last: number) =>
    [0, 1, 2, 3].map((index) => ({ name: `e${index}`, addresses: [`10.1${index}.0.${last}/24`] }))
  ;[a] = (await lab.addHosts([
    { name: 'a', node: 'n1', interfaces: interfaces(1) },
    { name: 'b', node: 'n2', interfaces: interfaces(2) },
  ])) as [LabHost]
  for (const index of [0, 1]) await client.createLink(link(index))
})
afterAll(() => fabric?.stop())

const works = async (): Promise<void> => {
  for (const index of [0, 1]) {
    await becomes(client, `l${index}`, 'up', patienceMs)
    await soon(() => reaches(a, `10.1${index}.0.2`), patienceMs)
  }
}

beforeEach(works)

it('ovs-vswitchd restarts: its flows are gone, and come back', async () => {
  await n1.stop('ovs-vswitchd')
  await n1.start('ovs-vswitchd')
  await works()
})

it('ovs-vswitchd is killed, and a port comes up under another number', async () => {
  const numbers = async (): Promise<(number | undefined)[]> =>
    (await client.ports('n1')).filter(({ name }) => name.startsWith('a-')).map(({ ofport }) => ofport)
  await n1.kill('ovs-vswitchd')
  // A port of somebody else comes first now.
  await n1.vsctl('--no-wait', 'add-port', 'br-int', 'aaa', '--', 'set', 'Interface', 'aaa', 'type=internal')
  await n1.vsctl('--no-wait', 'set', 'Interface', 'aaa', 'ofport_request=2')
  await n1.start('ovs-vswitchd')
  await works()
  expect(await numbers()).not.toContain(2)
  await n1.vsctl('del-port', 'aaa')
})

it('ovsdb-server is killed while changes are under way', async () => {
  const changes = Array.from({ length: 10 }, async (_, round) => {
    await client.createLink(link(2 + (round % 2)), { wait: 0 }).catch(() => undefined)
    await client.deleteLink(`l${2 + (round % 2)}`, { wait: 0 }).catch(() => undefined)
  })
  await n1.kill('ovsdb-server')
  await Promise.all(changes)
  await n1.start('ovsdb-server')
  await works()
  const left = await client.links()
  for (const { name } of left.links.slice(2)) await client.deleteLink(name)
  const ports = (await n1.vsctl('list-ports', 'br-int')).split('\n').filter((name) => name.startsWith('a-'))
  expect(ports).toEqual(['a-e0', 'a-e1'])
})

it('a link is deleted and another made while the node is away: one is gone at its return, one is there', async () => {
  await n1.stop('ovsdb-server')
  await soon(async () => (await nodeState(client, 'n1')) === 'offline')
  await becomes(client, 'l0', 'pending node-offline')
  await client.deleteLink('l1')
  const made = await client.createLink(link(2), { wait: 0 })
  expect(made.status).toMatchObject({ state: 'pending' })
  await n1.start('ovsdb-server')
  await becomes(client, 'l2', 'up', patienceMs)
  await soon(() => reaches(a, '10.12.0.2'))
  expect(await reaches(a, '10.11.0.2')).toBe(false)
  expect(await n1.vsctl('list-ports', 'br-int')).not.toContain('a-e1')
  await client.deleteLink('l2')
  await client.createLink(link(1))
})

it('a node reboots', async () => {
  await n1.reboot()
  await works()
})

it('a node reboots and has forgotten everything but its name', async () => {
  const { datapathId } = await client.node('n1')
  await n1.reboot({ freshDatabase: true })
  await n1.setManager(`tcp:${lab.controllerAddress}:6640`)
  await works()
  expect((await client.node('n1')).datapathId).toBe(datapathId)
})

it('a node is cut off, without a word, and comes back', async () => {
  await n1.setLink('mgmt', 'down')
  // Nobody needs the controller to go on.
  await soon(() => reaches(a, '10.10.0.2'))
  // The silence is noticed by probing.
  await soon(async () => (await nodeState(client, 'n1')) !== 'ready', 30_000)
  await client.deleteLink('l1', { wait: 0 })
  await n1.setLink('mgmt', 'up')
  await ready(client, 'n1', patienceMs)
  await soon(async () => !(await n1.vsctl('list-ports', 'br-int')).includes('a-e1'), patienceMs)
  await soon(() => reaches(a, '10.10.0.2'))
  await client.createLink(link(1))
  await works()
})

it('both nodes go at once', async () => {
  await Promise.all(lab.nodes.map((node) => node.kill('ovs-vswitchd')))
  await Promise.all(lab.nodes.map((node) => node.kill('ovsdb-server')))
  for (const node of lab.nodes) {
    await node.start('ovsdb-server')
    await node.start('ovs-vswitchd')
  }
  await works()
})
