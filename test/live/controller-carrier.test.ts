/** Carrier crosses a wire: a container whose peer loses link sees a pulled cable, and no port stays down for ever. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { startHere } from './support/controller.js'
import {
  becomes,
  type Fabric,
  hasCarrier,
  reaches,
  ready,
  soon,
  startFabricHere,
  watchEvents,
} from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
let a: LabHost
let b: LabHost

beforeAll(async () => {
  fabric = await startFabricHere('ctlcarrier', { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const interfaces = (last: number) => [
    { name: 'e0', addresses: [`10.4.0.${last}/24`] },
    { name: 'e1', addresses: [`10.5.0.${last}/24`] },
  ]
  ;[a, b] = (await lab.addHosts([
    { name: 'a', node: 'n1', interfaces: interfaces(1) },
    { name: 'b', node: 'n2', interfaces: interfaces(2) },
    { name: 'c', node: 'n1', interfaces: interfaces(3) },
  ])) as [LabHost, LabHost]
})
afterAll(() => fabric?.stop())

const carrierIs = (host: LabHost, device: string, expected: boolean): Promise<void> =>
  soon(async () => (await hasCarrier(host, device)) === expected)

/** What `ip` says of a port: whether we hold it. */
const held = async (node: string, name: string): Promise<boolean> =>
  (await client.ports(node)).find((port) => port.name === name)?.held === true

const spec = {
  name: 'across',
  a: { node: 'n1', interface: 'a-e0' },
  b: { node: 'n2', interface: 'b-e0' },
}

describe('between nodes', () => {
  beforeEach(async () => {
    const { links } = await client.links()
    if (links.length === 0) await client.createLink(spec)
    await a.setLink('e0', 'up')
    await b.setLink('e0', 'up')
    await becomes(client, 'across', 'up')
    await soon(() => reaches(a, '10.4.0.2'))
  })

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ] as const)('%s loses it and %s sees so, and sees it come back', async (near, far) => {
    const [one, other] = near === 'a' ? [a, b] : [b, a]
    const events = watchEvents(client)
    await one.setLink('e0', 'down')
    await becomes(client, 'across', `down ${near}`)
    await carrierIs(other, 'e0', false)
    expect(await held(far === 'a' ? 'n1' : 'n2', `${far}-e0`)).toBe(true)
    await one.setLink('e0', 'up')
    await carrierIs(other, 'e0', true)
    await becomes(client, 'across', 'up')
    await soon(() => reaches(one, near === 'a' ? '10.4.0.2' : '10.4.0.1'))
    const told = events.seen.map(({ type, data }) => [type, data?.ends])
    expect(told).toEqual([
      ['link-down', [near]],
      ['link-up', undefined],
    ])
    events.stop()
  })

  it('both lose it at once, and both get it back, in either order', async () => {
    for (const order of [
      [a, b],
      [b, a],
    ]) {
      await Promise.all([a.setLink('e0', 'down'), b.setLink('e0', 'down')])
      await soon(async () => (await client.link('across')).status.state === 'down')
      for (const host of order) await host.setLink('e0', 'up')
      await carrierIs(a, 'e0', true)
      await carrierIs(b, 'e0', true)
      await becomes(client, 'across', 'up')
      await soon(() => reaches(a, '10.4.0.2'))
    }
  })

  it('comes to rest after both have gone down and up again and again', async () => {
    for (let round = 0; round < 15; round++) {
      const [one, other] = round % 2 === 0 ? [a, b] : [b, a]
      await Promise.all([one.setLink('e0', 'down'), other.setLink('e0', round % 3 === 0 ? 'down' : 'up')])
      await Promise.all([one.setLink('e0', 'up'), other.setLink('e0', 'up')])
    }
    await becomes(client, 'across', 'up')
    await carrierIs(a, 'e0', true)
    await carrierIs(b, 'e0', true)
    await soon(() => reaches(b, '10.4.0.1'))
  })

  it('is given back when the link is deleted', async () => {
    await a.setLink('e0', 'down')
    await carrierIs(b, 'e0', false)
    await client.deleteLink('across')
    await carrierIs(b, 'e0', true)
    await a.setLink('e0', 'up')
    await carrierIs(a, 'e0', true)
  })

  it('is given back when the lost interface goes to another link', async () => {
    await a.setLink('e0', 'down')
    await carrierIs(b, 'e0', false)
    await client.changeLink('across', { a: { node: 'n1', interface: 'a-e1' } })
    await carrierIs(b, 'e0', true)
    await becomes(client, 'across', 'up')
    await client.changeLink('across', { a: { node: 'n1', interface: 'a-e0' } })
    await becomes(client, 'across', 'down a')
    await carrierIs(b, 'e0', false)
  })

  it('is given back after a restart of the controller, if it came back while none ran', async () => {
    await a.setLink('e0', 'down')
    await carrierIs(b, 'e0', false)
    await fabric.controller.stop()
    await a.setLink('e0', 'up')
    expect(await hasCarrier(b, 'e0')).toBe(false)
    fabric.controller = await startHere(fabric.settings)
    ;({ client } = fabric.controller)
    await carrierIs(b, 'e0', true)
    await becomes(client, 'across', 'up')
  })

  it('stays away over a restart of the controller while it is not there', async () => {
    await b.setLink('e0', 'down')
    await carrierIs(a, 'e0', false)
    await fabric.controller.stop()
    fabric.controller = await startHere(fabric.settings)
    ;({ client } = fabric.controller)
    await ready(client, 'n1')
    await ready(client, 'n2')
    await becomes(client, 'across', 'down b')
    expect(await hasCarrier(a, 'e0')).toBe(false)
    await b.setLink('e0', 'up')
    await carrierIs(a, 'e0', true)
  })
})

it('crosses a wire inside one node', async () => {
  const link = {
    name: 'inside',
    a: { node: 'n1', interface: 'a-e1' },
    b: { node: 'n1', interface: 'c-e1' },
  }
  const c = await lab.host('c')
  await client.createLink(link)
  await carrierIs(c, 'e1', true)
  await a.setLink('e1', 'down')
  await becomes(client, 'inside', 'down a')
  await carrierIs(c, 'e1', false)
  await a.setLink('e1', 'up')
  await carrierIs(c, 'e1', true)
  await becomes(client, 'inside', 'up')
  expect(await reaches(c, '10.5.0.1')).toBe(true)
})
