/** The northbound database elsewhere, shared by two controllers, and on a disk that is full. */
import { execFile } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, LinkSpec } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import {
  type Controller,
  makeDataDirectory,
  removeDataDirectory,
  type Settings,
  startHere,
} from './support/controller.js'
import { type Fabric, metric, reaches, ready, soon, startFabricHere } from './support/fabric.js'
import { OvsdbServer } from './support/ovsdb-server.js'

const run = promisify(execFile)
const schema = fileURLToPath(new URL('../../src/store/heddle.ovsschema', import.meta.url))

const linkTo = (name: string, port: string): LinkSpec => ({
  name,
  a: { node: 'n8', interface: port },
  b: { node: 'n9', interface: port },
})

describe('a database that others run', () => {
  let server: OvsdbServer
  let fabric: Fabric
  let second: Controller
  let a: LabHost

  beforeAll(async () => {
    server = await OvsdbServer.start({ schemas: [schema] })
    fabric = await startFabricHere('ctlnorth', { nodes: 2, settings: { 'northbound.target': server.target } })
    const face = (last: number) => [{ name: 'e0', addresses: [`10.30.0.${last}/24`] }]
    ;[a] = (await fabric.lab.addHosts([
      { name: 'a', node: 'n1', interfaces: face(1) },
      { name: 'b', node: 'n2', interfaces: face(2) },
    ])) as [LabHost]
    await fabric.controller.client.createLink({
      name: 'blue',
      a: { node: 'n1', interface: 'a-e0' },
      b: { node: 'n2', interface: 'b-e0' },
    })
  })
  afterAll(async () => {
    await second?.stop()
    await fabric?.stop()
    await server?.remove()
  })

  it('serves one controller; a second one waits for the lock and says so', async () => {
    expect(await fabric.controller.client.readiness()).toEqual({ ready: true })
    second = await startHere(fabric.settings)
    const { client } = second
    const waits = /another controller holds the lock heddle_controller .* this one waits/
    await soon(async () => waits.test((await client.readiness()).reason ?? ''))
    expect((await fetch(`${second.url}/readyz`)).status).toBe(503)
    expect(await client.health()).toEqual({ ok: true })
    await expect(client.createLink(linkTo('no', 'p'))).rejects.toMatchObject({
      code: 'not-leader',
      status: 503,
      message: expect.stringMatching(waits),
    })
    expect((await client.links()).links.map(({ name }) => name)).toEqual(['blue'])
  })

  it('lets the second one take over when the first stops, and the flows stay', async () => {
    const { flows } = await fabric.controller.client.node('n1')
    await fabric.controller.stop()
    await soon(async () => (await second.client.readiness()).ready)
    for (const name of ['n1', 'n2']) await ready(second.client, name, 20_000)
    expect((await second.client.node('n1')).flows).toBe(flows)
    expect(await metric(second.client, 'heddle_flow_mods_total')).toBe(0)
    await soon(() => reaches(a, '10.30.0.2'))
    expect((await second.client.createLink(linkTo('yes', 'p'), { wait: 0 })).name).toBe('yes')
  })

  it('keeps the switches while the database is away, and says so; then goes on', async () => {
    const { client } = second
    const { connectedAt } = await client.node('n1')
    await server.stop('SIGKILL')
    await soon(async () => !(await client.readiness()).ready)
    await expect(client.createLink(linkTo('no', 'q'))).rejects.toMatchObject({
      code: 'store-unavailable',
      status: 503,
    })
    // Drift is repaired without it.
    await fabric.lab.node('n1').ofctl('del-flows', 'br-int')
    await soon(() => reaches(a, '10.30.0.2'))
    await server.start()
    await soon(async () => (await client.readiness()).ready)
    await client.createLink(linkTo('later', 'q'), { wait: 0 })
    expect(await client.node('n1')).toMatchObject({ state: 'ready', connectedAt })
  })
})

describe('a disk that is full', () => {
  let directory: string
  let disk: string
  let settings: Settings
  let controller: Controller
  let client: Client

  beforeAll(async () => {
    directory = await makeDataDirectory()
    disk = join(directory, 'disk')
    await mkdir(disk)
    await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk])
    settings = {
      'listen.rest': '127.0.0.1:0',
      'listen.ovsdb': 'ptcp:0:127.0.0.1',
      'listen.openflow': 'ptcp:0:127.0.0.1',
      dataDirectory: disk,
    }
    controller = await startHere(settings)
    ;({ client } = controller)
  })
  afterAll(async () => {
    await controller?.stop()
    if (disk !== undefined) await run('umount', [disk])
    await removeDataDirectory(directory)
  })

  const acknowledged: string[] = []
  const names = async (): Promise<string[]> => (await client.links()).links.map(({ name }) => name)

  it('fails requests with 503 and loses nothing that was acknowledged', async () => {
    const failures: unknown[] = []
    for (let index = 0; failures.length < 3; index++) {
      if (index === 20) await writeFile(join(disk, 'filler'), Buffer.alloc(1 << 20)).catch(() => {})
      const name = `l${index}`
      await client.createLink(linkTo(name, `p${index}`), { wait: 0 }).then(
        () => acknowledged.push(name),
        (error: unknown) => failures.push(error),
      )
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(20)
    for (const failure of failures) {
      expect(failure).toMatchObject({ status: 503, code: 'store-unavailable' })
      expect(String(failure)).toMatch(/no space left on device/i)
    }
    expect(await names()).toEqual(acknowledged.toSorted())
  })

  it('works again once there is room', async () => {
    await rm(join(disk, 'filler'))
    const made = async (): Promise<boolean> =>
      client.createLink(linkTo('after', 'room'), { wait: 0 }).then(
        () => true,
        () => false,
      )
    await soon(made)
    acknowledged.push('after')
    await controller.stop()
    controller = await startHere(settings)
    ;({ client } = controller)
    expect(await names()).toEqual(acknowledged.toSorted())
  })
})
