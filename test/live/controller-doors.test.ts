/** How switches and the controller find each other: addresses that are taken, targets that are none, IPv6, TLS. */
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LabHost } from '#lab/host.js'
import {
  type Controller,
  makeDataDirectory,
  removeDataDirectory,
  type Settings,
  startHere,
} from './support/controller.js'
import { type Fabric, reaches, ready, soon, startFabricHere, watchEvents } from './support/fabric.js'
import { makePki } from './support/pki.js'

describe('an address that is taken', () => {
  const taken = createServer()
  let port: number
  let settings: Settings
  let controller: Controller

  beforeAll(async () => {
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    port = typeof address === 'object' ? (address?.port ?? 0) : 0
    settings = {
      'listen.rest': '127.0.0.1:0',
      'listen.ovsdb': `ptcp:${port}:127.0.0.1`,
      'listen.openflow': 'ptcp:0:127.0.0.1',
      dataDirectory: await makeDataDirectory(),
    }
    controller = await startHere(settings)
  })
  afterAll(async () => {
    await controller?.stop()
    await removeDataDirectory(settings.dataDirectory ?? '')
  })

  it('is said, and taken when it is free', async () => {
    await soon(async () => !(await controller.client.health()).ok)
    const { reason } = await controller.client.health()
    expect(reason).toMatch(new RegExp(`cannot listen for switches: .*${port}`))
    expect((await fetch(`${controller.url}/healthz`)).status).toBe(503)
    taken.close()
    await soon(async () => (await controller.client.health()).ok)
  })

  it.each([
    ['a port that is none', 'tcp:192.0.2.1:99999'],
    ['an address that is none', 'tcp:1.2.3:6640'],
    ['a path that is too long', `unix:/${'x'.repeat(120)}`],
  ])('refuses a target with %s, and goes on', async (_, target) => {
    const { client } = controller
    await expect(client.putNode('odd', { target })).rejects.toMatchObject({
      status: 400,
      problem: { code: 'invalid-request', field: 'target' },
    })
    expect(await client.readiness()).toEqual({ ready: true })
  })

  it('says why a node cannot be dialled', async () => {
    const { client } = controller
    const events = watchEvents(client)
    await client.putNode('secure', { target: 'ssl:127.0.0.1:1' })
    await client.putNode('closed', { target: 'tcp:127.0.0.1:1' })
    const told = (node: string, words: RegExp): Promise<void> =>
      soon(async () =>
        events.seen.some(({ object, message }) => object === `node ${node}` && words.test(message)),
      )
    await told('closed', /ECONNREFUSED/)
    await told('secure', /private key|certificate|credentials/i)
    expect(await client.readiness()).toEqual({ ready: true })
    events.stop()
  })
})

describe('over TLS and IPv6', () => {
  let fabric: Fabric
  let a: LabHost

  beforeAll(async () => {
    const folder = mkdtempSync('/tmp/heddle-pki-')
    const pki = makePki(folder)
    const ours = pki.issue('controller')
    fabric = await startFabricHere('ctldoors', {
      nodes: 2,
      join: [],
      settings: {
        'listen.ovsdb': 'pssl:6640:[::]',
        'listen.openflow': 'pssl:6653:[::]',
        'tls.privateKey': ours.keyFile,
        'tls.certificate': ours.certificateFile,
        'tls.ca': pki.caFile,
      },
    })
    const { lab } = fabric
    for (const node of lab.nodes) {
      const { keyFile, certificateFile } = pki.issue(node.name)
      await node.vsctl('set-ssl', keyFile, certificateFile, pki.caFile)
      await node.setManager(`ssl:[${lab.controllerAddress6}]:6640`)
    }
    const face = (last: number) => [{ name: 'e0', addresses: [`10.40.0.${last}/24`] }]
    ;[a] = (await lab.addHosts([
      { name: 'a', node: 'n1', interfaces: face(1) },
      { name: 'b', node: 'n2', interfaces: face(2) },
    ])) as [LabHost]
    return () => removeDataDirectory(join(folder))
  })
  afterAll(() => fabric?.stop())

  it('nodes join with set-ssl and set-manager, and their bridges come the same way', async () => {
    const { lab, controller } = fabric
    for (const { name } of lab.nodes) await ready(controller.client, name, 20_000)
    expect((await lab.node('n1').vsctl('get-controller', 'br-int')).trim()).toBe(
      `ssl:[${lab.controllerAddress6}]:6653`,
    )
    const made = await controller.client.createLink({
      name: 'blue',
      a: { node: 'n1', interface: 'a-e0' },
      b: { node: 'n2', interface: 'b-e0' },
    })
    expect(made.status).toEqual({ state: 'up' })
    await soon(() => reaches(a, '10.40.0.2'))
  })
})
