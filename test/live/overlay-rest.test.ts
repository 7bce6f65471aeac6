/** Networks and endpoints through a real controller and a real northbound server: what is stored outlives a kill, nothing is given out twice. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type Controller,
  makeDataDirectory,
  removeDataDirectory,
  type Settings,
  startHere,
} from './support/controller.js'
import { soon } from './support/fabric.js'

let directory: string
let settings: Settings
let controller: Controller

beforeAll(async () => {
  directory = await makeDataDirectory()
  settings = {
    'listen.rest': '127.0.0.1:0',
    'listen.ovsdb': 'ptcp:0:127.0.0.1',
    'listen.openflow': 'ptcp:0:127.0.0.1',
    'lisp.listen': 'none',
    'ipam.quarantineSeconds': '1',
    dataDirectory: directory,
  }
  controller = await startHere(settings)
})
afterAll(async () => {
  await controller?.stop()
  await removeDataDirectory(directory)
})

const attach = (id: string, more: object = {}) =>
  controller.client.overlay.putEndpoint(
    id,
    { network: 'red', node: 'n1', interface: `v-${id}`, ...more },
    { wait: 0 },
  )

it('gives out addresses to 50 at once, and none twice', async () => {
  const { overlay } = controller.client
  await overlay.putNetwork('red', { subnets: [{ cidr: '10.0.0.0/26' }, { cidr: '2001:db8::/64' }] })
  const ids = Array.from({ length: 50 }, (_, index) => `e${index}`)
  const endpoints = await Promise.all(ids.map((id) => attach(id, { node: `n${id.length}` })))
  const given = endpoints.flatMap(({ addresses }) => addresses.map(({ address }) => address))
  expect(new Set(given).size).toBe(100)
  expect(await overlay.fsck()).toEqual({ ok: true, findings: [] })
  expect(await controller.client.metrics()).toMatch(/^heddle_leases 100$/m)
})

it('keeps interfaces and VNIs of links and endpoints apart', async () => {
  const { client } = controller
  const far = { node: 'n9', interface: 'x' }
  await expect(
    client.createLink({ name: 'l', a: { node: 'n2', interface: 'v-e1' }, b: far }, { wait: 0 }),
  ).rejects.toMatchObject({ code: 'interface-taken', problem: { owner: 'endpoint e1' } })
  const { vni } = await client.overlay.network('red')
  const link = { name: 'l', a: { node: 'n2', interface: 'p' }, b: far }
  await expect(client.createLink({ ...link, vni }, { wait: 0 })).rejects.toMatchObject({
    code: 'vni-taken',
    problem: { owner: 'network red' },
  })
  const made = await client.createLink(link, { wait: 0 })
  await expect(
    client.overlay.putNetwork('blue', { subnets: [{ cidr: '10.0.0.0/24' }], vni: made.vni }),
  ).rejects.toMatchObject({ code: 'vni-taken', problem: { owner: 'link l' } })
  await expect(attach('l', { node: 'n2', interface: 'p' })).rejects.toMatchObject({
    code: 'interface-taken',
    problem: { owner: 'link l' },
  })
  await client.putNode('n2', {})
  await expect(client.deleteNode('n2')).rejects.toMatchObject({ code: 'node-in-use' })
})

it('reads all of it again after a restart, and goes on where it was', async () => {
  const before = await controller.client.overlay.endpoints()
  const { leases } = await controller.client.overlay.leases()
  await controller.stop()
  controller = await startHere(settings)
  const { overlay } = controller.client
  expect((await overlay.endpoints()).endpoints.map(({ addresses, mac }) => [addresses, mac])).toEqual(
    before.endpoints.map(({ addresses, mac }) => [addresses, mac]),
  )
  expect((await overlay.leases()).leases).toEqual(leases)
  const taken = new Set(leases.map(({ address }) => address))
  const fresh = await attach('after')
  expect(fresh.addresses.filter(({ address }) => taken.has(address))).toEqual([])
  expect((await overlay.fsck()).findings).toEqual([])
})

it('gives back what is deleted, and gives it out again after its rest', async () => {
  const { overlay } = controller.client
  await controller.client.deleteLink('l', { wait: 0 })
  await expect(controller.client.deleteNode('n2')).rejects.toMatchObject({
    problem: { owner: expect.stringMatching(/^endpoint /) },
  })
  const { endpoints } = await overlay.endpoints()
  await Promise.all(endpoints.map(({ id }) => overlay.deleteEndpoint(id, { wait: 0 })))
  expect(await overlay.deleteEndpoint('e1')).toEqual({ deleted: false })
  const { leases } = await overlay.leases()
  expect(leases.every(({ owner }) => owner === undefined)).toBe(true)
  await controller.client.deleteNode('n2')
  await soon(async () => {
    const { addresses } = await attach('next')
    await overlay.deleteEndpoint('next', { wait: 0 })
    return addresses[0]?.address === '10.0.0.2'
  })
  expect((await overlay.fsck()).findings).toEqual([])
  await overlay.deleteNetwork('red')
  expect(await overlay.leases()).toEqual({ leases: [] })
})
