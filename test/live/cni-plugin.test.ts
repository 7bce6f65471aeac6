/**
 * The CNI executable with real namespaces and cables, real `ip`, `ethtool` and reference plugins; REST is real, and before it networks in
 * memory: what the plugin does on a node, whatever the fabric behind it does.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createServer } from '#api/server.js'
import { createLab } from '#lab/create-lab.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { FakeFabric } from '../fake/fabric.js'
import { keepingLogger } from '../fake/log.js'
import { FakeNetworks } from '../fake/networks.js'
import { buildPlugin, type CniCall, type Container, callCni, hostEnds, makeContainer } from './support/cni.js'

const name = 'cniplugin'
let lab: Lab
let app: FastifyInstance
let networks: FakeNetworks
let directory: string
let configuration: Readonly<Record<string, unknown>>
const containers: Container[] = []

const container = async (id: string): Promise<Container> => {
  const made = await makeContainer(lab, id)
  containers.push(made)
  return made
}

const node = () => lab.node('n1')
const call = (
  command: 'ADD' | 'DEL' | 'CHECK' | 'GC',
  one: Pick<Container, 'id' | 'netns'>,
  more: Partial<CniCall> = {},
) =>
  callCni(node(), command, {
    container: one.id,
    netns: one.netns,
    ...more,
    configuration: { ...configuration, ...more.configuration },
  })

const collect = () =>
  call('GC', { id: '', netns: '' }, { configuration: { 'cni.dev/valid-attachments': [] } })

/** Everything that could be left: on the node, in its notes, at the controller. */
const remains = async (): Promise<readonly string[]> => [
  ...(await hostEnds(node())),
  ...(await readdir(join(directory, 'attachments')).catch(() => [])),
  ...(await readdir(join(directory, 'pending')).catch(() => [])),
  ...networks.stored.keys(),
]

beforeAll(async () => {
  await buildPlugin()
  await destroyLab(name)
  lab = await createLab({ name, nodes: 1 })
  const fabric = new FakeFabric({ clock: systemClock })
  fabric.setNode('n1', 'ready')
  networks = new FakeNetworks()
  networks.add({ name: 'blue', subnets: [{ cidr: '10.1.0.0/16' }, { cidr: 'fd01::/64' }] })
  const common = { logger: keepingLogger(), clock: systemClock, random: seededRandom(1) }
  app = createServer({ ...common, fabric, networks })
  directory = await mkdtemp(join(tmpdir(), 'heddle-cni-'))
  const controller = await app.listen({ host: lab.controllerAddress, port: 0 })
  configuration = { name: 'blue', controller, node: 'n1', stateDirectory: directory, isDefaultGateway: true }
})

afterEach(async () => {
  for (const one of containers.splice(0)) await one.remove().catch(() => {})
})

afterAll(async () => {
  await app.close()
  await destroyLab(name)
  await rm(directory, { recursive: true, force: true })
})

describe('on a node', () => {
  it('a container gets its interface: name, MAC, addresses, MTU, routes, checksums', async () => {
    const one = await container('c1')
    const { code, body } = await call('ADD', one)
    expect(body?.code, JSON.stringify(body)).toBeUndefined()
    expect(code).toBe(0)
    const [shown] = JSON.parse((await one.exec('ip', '-json', 'addr', 'show', 'dev', 'eth0')).stdout)
    expect(shown).toMatchObject({ mtu: 1450, address: '0a:58:0a:01:00:02', operstate: 'UP' })
    const addresses = shown.addr_info.filter(({ scope }: { scope: string }) => scope === 'global')
    expect(addresses).toMatchObject([
      { local: '10.1.0.2', prefixlen: 16 },
      { local: 'fd01::2', prefixlen: 64 },
    ])
    expect((await one.exec('ip', 'route')).stdout).toContain('default via 10.1.0.1 dev eth0')
    expect((await one.exec('ip', '-6', 'route')).stdout).toContain('default via fd01::1 dev eth0')
    expect((await one.exec('ethtool', '-k', 'eth0')).stdout).toContain('tx-checksumming: off')
    expect((await one.exec('ip', 'link', 'show', 'lo')).stdout).toContain('LOWER_UP')
    expect(await call('CHECK', one, { configuration: { prevResult: body } })).toEqual({
      code: 0,
      body: undefined,
    })
    expect(await call('ADD', one)).toEqual({ code, body })
    expect(await call('DEL', one)).toEqual({ code: 0, body: undefined })
    expect(await call('DEL', one)).toEqual({ code: 0, body: undefined })
    expect(await remains()).toEqual([])
    expect((await one.exec('ip', 'link', 'show', 'eth0')).code).not.toBe(0)
  })

  it('IPv6 works where the runtime has turned it off', async () => {
    const one = await container('c1')
    await one.exec('sh', '-c', 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6')
    expect((await call('ADD', one)).code).toBe(0)
    expect((await one.exec('ip', '-6', 'addr', 'show', 'dev', 'eth0')).stdout).toContain('fd01::2/64')
    await call('DEL', one)
  })

  it('several interfaces, and what another plugin made before', async () => {
    const one = await container('c1')
    for (const interfaceName of ['eth0', 'net1', 'net2'])
      expect(
        (
          await call('ADD', one, {
            interfaceName,
            configuration: { isDefaultGateway: interfaceName === 'eth0' },
          })
        ).code,
      ).toBe(0)
    expect(await hostEnds(node())).toHaveLength(3)
    await call('DEL', one, { interfaceName: 'net1' })
    expect((await one.exec('ip', '-brief', 'link')).stdout).toMatch(/eth0[\s\S]*net2/)
    for (const interfaceName of ['eth0', 'net2']) await call('DEL', one, { interfaceName })
    expect(await remains()).toEqual([])
  })

  it('the namespace may be gone', async () => {
    const one = await container('c1')
    await call('ADD', one)
    await one.remove()
    expect(await call('DEL', one)).toEqual({ code: 0, body: undefined })
    expect(await remains()).toEqual([])
  })

  it('50 containers at once: no duplicate, nothing left', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, (_, index) => container(`m${index}`)))
    const answers = await Promise.all(many.map((one) => call('ADD', one)))
    expect(answers.filter(({ code }) => code !== 0)).toEqual([])
    const addresses = answers.flatMap(({ body }) => body?.ips?.map(({ address }) => address) ?? [])
    expect(new Set(addresses).size).toBe(100)
    expect(await hostEnds(node())).toHaveLength(50)
    await Promise.all(many.map((one) => call('DEL', one)))
    expect(await remains()).toEqual([])
  })

  it('killed at any moment, GC finds what is left', async () => {
    let left = 0
    for (const killAfterMs of [12, 16, 20, 25, 30, 40]) {
      const one = await container(`k${killAfterMs}`)
      await call('ADD', one, { killAfterMs })
      left += (await remains()).length
      expect((await collect()).code).toBe(0)
      expect(await remains()).toEqual([])
      await one.remove()
    }
    expect(left).toBeGreaterThan(0)
  })

  it('the controller goes away: DEL succeeds, and GC tells it later', async () => {
    const one = await container('c1')
    await call('ADD', one)
    const away = { configuration: { controller: `http://${lab.controllerAddress}:9` } }
    expect(await call('DEL', one, away)).toEqual({ code: 0, body: undefined })
    expect(networks.stored.size).toBe(1)
    expect((await call('ADD', one, away)).body).toMatchObject({ code: 11 })
    expect((await collect()).code).toBe(0)
    expect(await remains()).toEqual([])
  })

  it('host-local gives out the addresses', async () => {
    const one = await container('c1')
    const dataDir = join(directory, 'leases')
    const ipam = { type: 'host-local', dataDir, subnet: '10.1.7.0/24', gateway: '10.1.0.1' }
    const more = { configuration: { ipam, cniVersion: '1.0.0' } }
    const { body } = await call('ADD', one, more)
    expect(body).toMatchObject({ ips: [{ address: '10.1.7.1/24' }] })
    expect(await call('ADD', one, more)).toEqual({ code: 0, body })
    await call('DEL', one, more)
    expect((await readdir(join(dataDir, 'blue'))).filter((file) => file.startsWith('10.'))).toEqual([])
    expect(await remains()).toEqual([])
  })

  it('masquerading rules are as nft reads them', async () => {
    const one = await container('c1')
    expect((await call('ADD', one, { configuration: { ipMasq: true } })).body?.code).toBeUndefined()
    expect((await call('ADD', one, { configuration: { ipMasq: true } })).code).toBe(0)
    const { stdout } = await node().exec(['nft', 'list', 'ruleset'])
    expect(stdout).toMatch(/10\.1\.0\.0\/16/)
    expect(stdout.match(/masquerade/g)).toHaveLength(2)
    await call('DEL', one)
  })
})
