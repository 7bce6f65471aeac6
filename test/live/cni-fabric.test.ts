/** The CNI executable with a real controller and real switches, beyond what pods use: ends of links, GC, one container id on two nodes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Command } from '#cni/environment.js'
import type { LabNode } from '#lab/node.js'
import { buildPlugin, type Container, callCni, hostEnds, makeContainer } from './support/cni.js'
import { becomes, eventually, type Fabric, startFabricHere } from './support/fabric.js'

let fabric: Fabric
let directory: string

beforeAll(async () => {
  await buildPlugin()
  fabric = await startFabricHere('cnifab', { nodes: 2, settings: { 'listen.rest': '0.0.0.0:0' } })
  directory = await mkdtemp(join(tmpdir(), 'heddle-cni-'))
  await fabric.controller.client.overlay.putNetwork('blue', { subnets: [{ cidr: '10.1.0.0/16' }] })
})
afterAll(async () => {
  await fabric?.stop()
  await rm(directory, { recursive: true, force: true })
})

const nodes = (): readonly [LabNode, LabNode] => [fabric.lab.node('n1'), fabric.lab.node('n2')]

/** Calls the plugin on a node for a container of that id, whose namespace may be another's. */
const call = async (
  node: LabNode,
  command: Command,
  { id, netns }: Pick<Container, 'id' | 'netns'>,
  configuration: Readonly<Record<string, unknown>> = {},
) => {
  const { port } = new URL(fabric.controller.url)
  const controller = `http://${fabric.lab.controllerAddress}:${port}`
  const own = { name: 'blue', controller, node: node.name, stateDirectory: join(directory, node.name) }
  const answer = await callCni(node, command, {
    container: id,
    netns,
    configuration: { ...own, ...configuration },
  })
  expect(answer.body?.code, JSON.stringify(answer.body)).toBeUndefined()
  return answer.body
}

const addressOf = (body: Awaited<ReturnType<typeof call>>): string =>
  body?.ips?.[0]?.address.replace(/\/.*/, '') ?? ''
const pings = async (from: Container, to: string): Promise<boolean> =>
  (await from.exec('ping', '-c', '1', '-W', '2', to)).code === 0

describe('the end of a link', () => {
  it('is a container on each side: frames pass, and after DEL the link waits', async () => {
    const { client } = fabric.controller
    const [n1, n2] = nodes()
    await client.createLink({
      name: 'cable',
      a: { node: 'n1', interface: 'cab-a' },
      b: { node: 'n2', interface: 'cab-b' },
    })
    const [a, b] = [await makeContainer(fabric.lab, 'wa'), await makeContainer(fabric.lab, 'wb')]
    const wired = (address: string) => ({ wire: { link: 'cable' }, addresses: [`${address}/24`] })
    await call(n1, 'ADD', a, wired('192.0.2.1'))
    await call(n2, 'ADD', b, wired('192.0.2.2'))
    await becomes(client, 'cable', 'up')
    await eventually(() => pings(a, '192.0.2.2'), true)
    await call(n1, 'DEL', a, wired('192.0.2.1'))
    await becomes(client, 'cable', 'pending interface-missing')
    await call(n2, 'DEL', b, wired('192.0.2.2'))
    await client.deleteLink('cable')
  })
})

describe('one container id on two nodes', () => {
  it('is two containers', async () => {
    const [n1, n2] = nodes()
    const [a, b] = [await makeContainer(fabric.lab, 'ta'), await makeContainer(fabric.lab, 'tb')]
    const [first, second] = [
      await call(n1, 'ADD', { ...a, id: 'twin' }),
      await call(n2, 'ADD', { ...b, id: 'twin' }),
    ]
    expect(await pings(a, addressOf(second))).toBe(true)
    expect(await pings(b, addressOf(first))).toBe(true)
    await call(n1, 'DEL', { ...a, id: 'twin' })
    await call(n2, 'DEL', { ...b, id: 'twin' })
  })
})

describe('GC', () => {
  it('leaves what is valid on its node and everything on the other, and the switch follows', async () => {
    const { client } = fabric.controller
    const [n1, n2] = nodes()
    const [keep, drop, far] = await Promise.all(
      ['keep', 'drop', 'far'].map((id) => makeContainer(fabric.lab, id)),
    )
    if (keep === undefined || drop === undefined || far === undefined)
      throw new Error('containers are missing')
    await call(n1, 'ADD', keep)
    await call(n1, 'ADD', drop)
    const there = addressOf(await call(n2, 'ADD', far))
    await call(
      n1,
      'GC',
      { id: '', netns: '' },
      { 'cni.dev/valid-attachments': [{ containerID: 'keep', ifname: 'eth0' }] },
    )
    const left = async () =>
      (await client.overlay.endpoints({ network: 'blue' })).endpoints
        .flatMap(({ container }) => container?.id ?? [])
        .sort()
    expect(await left()).toEqual(['far', 'keep'])
    expect(await pings(keep, there)).toBe(true)
    const ours = async () =>
      (await client.ports('n1')).filter(({ name }) => name.startsWith('hc')).map(({ name }) => name)
    await eventually(ours, await hostEnds(n1))
    await call(n1, 'DEL', keep)
    await call(n2, 'DEL', far)
    expect(await left()).toEqual([])
  })
})
