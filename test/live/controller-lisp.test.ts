/** The real controller as a Map-Server: routers on loopback register and ask, it is killed, and another one takes over. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LispRouter, proofOf } from '../fake/lisp-router.js'
import {
  type ControllerProcess,
  makeDataDirectory,
  removeDataDirectory,
  startProcess,
} from './support/controller.js'
import { eventually, metric, soon } from './support/fabric.js'
import { OvsdbServer } from './support/ovsdb-server.js'

const schema = fileURLToPath(new URL('../../src/store/heddle.ovsschema', import.meta.url))
/** Where routers listen, whatever the port of their question: RFC 9301, section 12.1. */
const port = 4342
const [first, second] = ['127.0.54.1', '127.0.54.2']
const secret = 'a secret of paris'
const proof = proofOf(secret)
/** Long enough that a restart falls into it, short enough to wait for. */
const registrationSeconds = 4

const configuration = (directory: string): string => `
listen: { rest: "127.0.0.1:0", ovsdb: "ptcp:0:127.0.0.1", openflow: "ptcp:0:127.0.0.1" }
dataDirectory: ${directory}
lisp: { registrationSeconds: ${registrationSeconds} }
mapping:
  sites:
    - name: paris
      prefixes: [{ iid: 7, eid: 10.1.0.0/16, acceptMoreSpecifics: true }]
      keys: [{ keyId: 1, secretFile: ${join(directory, 'paris.key')} }]
`

/** A controller with a data directory of its own. */
const start = async (address: string, directory: string, target: string): Promise<ControllerProcess> => {
  const config = join(directory, 'heddle.yaml')
  await writeFile(join(directory, 'paris.key'), `${secret}\n`)
  await writeFile(config, configuration(directory))
  return startProcess({ config, 'northbound.target': target, 'lisp.listen': `${address}:${port}` })
}

describe('a controller that runs a Map-Server', () => {
  let database: OvsdbServer
  const directories: string[] = []
  let controller: ControllerProcess
  let standby: ControllerProcess | undefined
  let router: LispRouter
  let itr: LispRouter

  beforeAll(async () => {
    database = await OvsdbServer.start({ schemas: [schema] })
    directories.push(await makeDataDirectory(), await makeDataDirectory())
    controller = await start(first, directories[0] ?? '', database.target)
    router = await LispRouter.start({ address: first, port }, '127.0.54.3', port)
    itr = await LispRouter.start({ address: first, port }, '127.0.54.4', port)
    await soon(async () => (await controller.client.readiness()).ready)
    await listens(controller)
  })
  afterAll(async () => {
    for (const one of [router, itr]) one?.close()
    await controller?.stop()
    await standby?.stop()
    await database?.remove()
    for (const directory of directories) await removeDataDirectory(directory)
  })

  const listens = (one: ControllerProcess): Promise<void> =>
    soon(async () => one.log.some(({ msg }) => msg === 'Map-Server and Map-Resolver listen'))

  const registration = (nonce: bigint) =>
    router.registration({ nonce, eid: '[7]10.1.1.1/32', rloc: '192.0.2.1', proof, xtrId: 1n })

  it('takes a registration of a site of its configuration and answers for it', async () => {
    router.send(registration(10n))
    expect(await router.next('map-notify')).toMatchObject({ nonce: 10n })
    itr.ask(1n, '[7]10.1.1.1/32')
    expect(await itr.next('map-reply')).toMatchObject({
      nonce: 1n,
      records: [{ ttl: 10, locators: [{ rloc: { family: 'ipv4', value: 0xc000_0201 } }] }],
    })
    const { client } = controller
    expect(await client.mappings.explain(7, '10.1.1.1')).toMatchObject({
      answer: { kind: 'reply' },
      mapping: { origin: 'registered', site: 'paris' },
    })
    expect(await client.mappings.site('paris')).toMatchObject({ origin: 'configured', registrations: 1 })
    await expect(client.mappings.deleteSite('paris')).rejects.toMatchObject({ code: 'managed-elsewhere' })
    expect(await metric(client, 'heddle_mappings', 'registered')).toBe(1)
  })

  it('tells nobody the secret', async () => {
    const said = [
      JSON.stringify(controller.log),
      JSON.stringify(await controller.client.mappings.sites()),
      await (await fetch(`${controller.url}/metrics`)).text(),
    ]
    for (const text of said) expect(text).not.toContain(secret)
  })

  it('answers for what is put over REST', async () => {
    const { client } = controller
    await client.mappings.put(7, '10.2.0.0/16', { locators: [{ rloc: '192.0.2.9' }] })
    itr.ask(2n, '[7]10.2.3.4/32')
    expect((await itr.next('map-reply')).records).toMatchObject([
      { maskLength: 16, locators: [{ rloc: { value: 0xc000_0209 } }] },
    ])
    await client.mappings.putSite('rome', {
      prefixes: [{ iid: 7, eid: '10.3.0.0/16' }],
      keys: [{ keyId: 1, secret: 'a secret of rome' }],
    })
  })

  it('answers for endpoints of its networks with their nodes, and “not registered” for the rest of a network', async () => {
    const { client } = controller
    await client.putNode('n1', { rloc: '192.0.2.50' })
    await client.overlay.putNetwork('blue', { vni: 9000, subnets: [{ cidr: '10.9.0.0/24' }] })
    const endpoint = { network: 'blue', node: 'n1', interface: 'e0', addresses: ['10.9.0.7'] }
    await client.overlay.putEndpoint('e1', endpoint, { wait: 0 })
    itr.ask(20n, '[9000]10.9.0.7/32')
    expect((await itr.next('map-reply')).records).toMatchObject([
      { authoritative: true, locators: [{ rloc: { value: 0xc000_0232 } }] },
    ])
    await client.putNode('n1', { rloc: '192.0.2.51' })
    itr.ask(21n, '[9000]10.9.0.7/32')
    expect((await itr.next('map-reply')).records[0]?.locators).toMatchObject([
      { rloc: { value: 0xc000_0233 } },
    ])
    expect(await client.mappings.explain(9000, '10.9.0.8')).toMatchObject({
      answer: { kind: 'quiet' },
      site: { name: 'network.blue', eid: '10.9.0.0/24' },
    })
    expect(await client.mappings.list({ node: 'n1' })).toMatchObject({
      mappings: [{ iid: 9000, eid: '10.9.0.7/32', origin: 'local' }],
    })
  })

  it('killed and started again refuses what was sent before, and says no “no” for a while', async () => {
    // Nonces are on the disk after a second at most.
    await delay(1_200)
    await controller.kill()
    controller = await start(first, directories[0] ?? '', database.target)
    await soon(async () => (await controller.client.readiness()).ready)
    await listens(controller)
    const { client } = controller
    router.send(registration(10n))
    await eventually(() => metric(client, 'heddle_lisp_refusals_total', 'replayed-nonce'), 1)
    itr.ask(3n, '[7]10.1.1.1/32')
    await eventually(() => metric(client, 'heddle_lisp_refusals_total', 'quiet'), 1)
    expect(await client.mappings.explain(7, '10.1.1.1')).toMatchObject({ answer: { kind: 'quiet' } })

    router.send(registration(11n))
    expect(await router.next('map-notify')).toMatchObject({ nonce: 11n })
    itr.ask(4n, '[7]10.1.1.1/32')
    expect(await itr.next('map-reply')).toMatchObject({ nonce: 4n })
    // What is stored is there again without anybody's help.
    itr.ask(5n, '[7]10.2.3.4/32')
    expect(await itr.next('map-reply')).toMatchObject({ nonce: 5n, records: [{ maskLength: 16 }] })
    itr.ask(22n, '[9000]10.9.0.7/32')
    expect((await itr.next('map-reply')).records[0]?.locators).toMatchObject([
      { rloc: { value: 0xc000_0233 } },
    ])
    await delay(registrationSeconds * 1_000)
    itr.ask(6n, '[7]10.1.9.9/32')
    expect((await itr.next('map-reply')).records).toMatchObject([{ ttl: 1, locators: [] }])
  })

  it('waits with its sockets while another one leads, and takes over when that one ends', async () => {
    standby = await start(second, directories[1] ?? '', database.target)
    const { client } = standby
    const waiting = await LispRouter.start({ address: second, port }, '127.0.54.5', port)
    waiting.ask(7n, '[7]10.2.3.4/32')
    expect(await waiting.silent(300)).toBe(true)
    expect(standby.log.map(({ msg }) => msg)).not.toContain('Map-Server and Map-Resolver listen')
    expect((await client.mappings.sites()).sites.map(({ name }) => name)).toEqual([
      'network.blue',
      'paris',
      'rome',
    ])
    await expect(client.mappings.list()).rejects.toMatchObject({ code: 'not-leader' })

    expect(await controller.terminate()).toBe(0)
    await listens(standby)
    waiting.ask(8n, '[7]10.2.3.4/32')
    expect(await waiting.next('map-reply')).toMatchObject({ nonce: 8n, records: [{ maskLength: 16 }] })
    expect(await client.mappings.explain(7, '10.1.1.1')).toMatchObject({ answer: { kind: 'quiet' } })
    waiting.close()
  })

  it('says which setting to change when its port is taken', async () => {
    const directory = await makeDataDirectory()
    directories.push(directory)
    const other = await OvsdbServer.start({ schemas: [schema] })
    const blocked = await start('127.0.54.3', directory, other.target)
    await soon(async () =>
      /cannot listen for LISP on 127\.0\.54\.3 port 4342: .*lisp\.listen/.test(
        (await blocked.client.health()).reason ?? '',
      ),
    )
    await blocked.stop()
    await other.remove()
  })
})
