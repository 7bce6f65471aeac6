/** Overlay networks on real switches: containers on three nodes that reach each other by address, first packets included. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { type Fabric, soon, startFabricHere } from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
const hosts = new Map<string, LabHost>()
const addresses = new Map<string, readonly string[]>()

const hostOf = (name: string): LabHost => hosts.get(name) ?? expect.fail(`no host ${name}`)
const addressOf = (name: string, family: 4 | 6): string =>
  addresses.get(name)?.find((text) => text.includes(':') === (family === 6)) ??
  expect.fail(`no address of ${name}`)

/** What a CNI plugin does: the endpoint first, then what it says inside. */
const attach = async (name: string, network: string, node: string): Promise<void> => {
  const endpoint = await client.overlay.putEndpoint(name, { network, node, interface: `${name}-e0` })
  expect(endpoint.status).toEqual({ state: 'up' })
  const host = hostOf(name)
  const run = async (...words: string[]) => {
    const { code, stderr } = await host.exec(words)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  }
  await run('ip', 'link', 'set', 'e0', 'address', endpoint.mac)
  await run('ip', 'link', 'set', 'e0', 'mtu', String(endpoint.mtu))
  for (const one of endpoint.addresses) {
    const six = one.address.includes(':')
    await run(
      'ip',
      'addr',
      'add',
      `${one.address}/${one.prefixLength}`,
      'dev',
      'e0',
      ...(six ? ['nodad'] : []),
    )
    await run('ip', ...(six ? ['-6'] : []), 'route', 'replace', 'default', 'via', one.gateway, 'dev', 'e0')
  }
  addresses.set(
    name,
    endpoint.addresses.map(({ address }) => address),
  )
}

const ping = async (from: string, to: string, ...options: string[]) =>
  (await hostOf(from).exec(['ping', '-c', '1', '-W', '2', ...options, to])).code === 0

beforeAll(async () => {
  fabric = await startFabricHere('ctlover', { nodes: 3 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const made = await lab.addHosts([
    { name: 'a', node: 'n1', interfaces: [{ name: 'e0' }] },
    { name: 'b', node: 'n2', interfaces: [{ name: 'e0' }] },
    { name: 'c', node: 'n3', interfaces: [{ name: 'e0' }] },
    { name: 'd', node: 'n1', interfaces: [{ name: 'e0' }] },
  ])
  for (const host of made) hosts.set(host.name, host)
  await client.overlay.putNetwork('blue', {
    subnets: [{ cidr: '10.9.0.0/24' }, { cidr: 'fd09::/64' }],
    idleTimeoutSeconds: 2,
  })
  for (const [name, node] of [
    ['a', 'n1'],
    ['b', 'n2'],
    ['c', 'n3'],
    ['d', 'n1'],
  ] as const)
    await attach(name, 'blue', node)
})
afterAll(() => fabric?.stop())

it('delivers the first packet between every two containers, IPv4 and IPv6', async () => {
  for (const from of ['a', 'b', 'c', 'd'])
    for (const to of ['a', 'b', 'c', 'd'])
      if (from !== to)
        for (const family of [4, 6] as const)
          expect(`${from} ${to} ${await ping(from, addressOf(to, family))}`).toBe(`${from} ${to} true`)
})

it('answers for the gateway, and says that nobody has an address', async () => {
  expect(await ping('a', '10.9.0.1')).toBe(true)
  const { stdout } = await hostOf('a').exec(['ping', '-c', '1', '-W', '2', '10.9.0.200'])
  expect(stdout).toMatch(/Unreachable/)
})

it('shows the map-cache, whose entries leave when idle', async () => {
  await ping('a', addressOf('b', 4))
  const entries = await client.overlay.mapCache('n1')
  expect(entries.find(({ eid }) => eid.startsWith(addressOf('b', 4)))).toMatchObject({
    why: 'resolved',
    node: 'n2',
  })
  await soon(async () => {
    const now = await client.overlay.mapCache('n1')
    expect(now.filter(({ why }) => why === 'resolved')).toEqual([])
    return true
  }, 20_000)
  expect(await ping('a', addressOf('b', 4))).toBe(true)
})
