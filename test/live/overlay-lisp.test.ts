/**
 * LISP routers in the overlay, on real switches: a router that is not ours registers its site's prefixes with the Map-Server, asks the
 * Map-Resolver, and exchanges packets with containers by VXLAN-GPE; the VNI is the instance id.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { systemClock } from '#link/clock.js'
import { seededRandom } from '#link/random.js'
import { type Addresses, attach, pings } from './support/containers.js'
import { type Settings, startHere } from './support/controller.js'
import { eventually, type Fabric, startFabric } from './support/fabric.js'
import { type LispSite, openSite } from './support/lisp-site.js'
import { tcpCarries } from './support/tcp.js'

const families = [4, 6] as const
const vni = 7000
const secret = 'a secret of the branch'
const behind = { 4: '10.77.0.2', 6: 'fd77::2' } as const
/** Of the network's own subnet, and behind the router. */
const inside = '10.9.0.200'

let fabric: Fabric
let lab: Lab
let client: Client
let site: LispSite
const hosts = new Map<string, LabHost>()
const addresses = new Map<string, Addresses>()

const hostOf = (name: string): LabHost => hosts.get(name) ?? expect.fail(`no host ${name}`)
const addressOf = (name: string, family: 4 | 6): string => addresses.get(name)?.[family] ?? 'no address'

const register = async (...eids: string[]): Promise<void> => {
  for (const eid of eids) expect((await site.xtr.register(vni, eid)).rlocs).toEqual([site.rloc])
}

beforeAll(async () => {
  // Where switches dial in, routers register and ask.
  const listening = (settings: Settings): Settings => {
    const address = settings['listen.ovsdb']?.replace('ptcp:6640:', '')
    return { ...settings, 'lisp.listen': `${address}:4342` }
  }
  fabric = await startFabric('ctlgpe', (settings) => startHere(listening(settings)), { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  for (const host of await lab.addHosts([
    { name: 'a', node: 'n1', interfaces: ['e0'] },
    { name: 'b', node: 'n2', interfaces: ['e0'] },
  ]))
    hosts.set(host.name, host)
  await client.overlay.putNetwork('blue', {
    vni,
    subnets: [{ cidr: '10.9.0.0/24', exclude: ['10.9.0.192/26'] }, { cidr: 'fd09::/64' }],
    idleTimeoutSeconds: 2,
  })
  for (const name of ['a', 'b']) addresses.set(name, await attach(client, lab, hostOf(name), 'blue'))
  site = await openSite({
    lab,
    iid: vni,
    gateways: ['10.77.0.1/24', 'fd77::1/64'],
    addresses: ['10.77.0.2/24', 'fd77::2/64', `${inside}/32`],
    overlay: ['10.9.0.0/24', 'fd09::/64'],
    key: { id: 1, secret },
    xtrId: 1n,
    siteId: 1n,
    clock: systemClock,
    random: seededRandom(Date.now()),
  })
})
afterAll(async () => {
  await site?.close()
  await fabric?.stop()
})

it('says that nobody is there before the router has come', async () => {
  const { stdout } = await hostOf('a').exec(['ping', '-c', '1', '-W', '2', behind[4]])
  expect(stdout).toContain('Unreachable')
})

it('takes the registration of a site that was put over REST', async () => {
  await client.mappings.putSite('branch', {
    prefixes: ['10.77.0.0/24', 'fd77::/64', '10.9.0.192/26'].map((eid) => ({
      iid: vni,
      eid,
      acceptMoreSpecifics: true,
    })),
    keys: [{ keyId: 1, secret }],
  })
  await register('10.77.0.0/24', 'fd77::/64', `${inside}/32`)
})

describe.each(families)('IPv%i', (family) => {
  it('goes from containers of every node to a machine behind the router, the first packet included', async () => {
    for (const name of ['a', 'b']) expect(await pings(hostOf(name), behind[family])).toBe(true)
  })

  it('goes from there to containers, whose nodes the router asks for', async () => {
    for (const name of ['a', 'b']) {
      expect(await pings(site, addressOf(name, family))).toBe(true)
    }
    expect(site.dataPlane.dropped).toBe(0)
  })
})

it('carries TCP whole, both ways, with addresses as they are', async () => {
  for (const family of families) {
    expect(await tcpCarries(hostOf('a'), site, behind[family])).toBe(addressOf('a', family))
    expect(await tcpCarries(site, hostOf('b'), addressOf('b', family))).toBe(behind[family])
  }
})

it('follows a container that moves: the router is told to ask again', async () => {
  const [eid, host] = [addressOf('b', 4), hostOf('b')]
  expect(await pings(site, eid)).toBe(true)
  expect(site.dataPlane.rlocOf(eid)).toBe(lab.node('n2').rloc)
  const moved = await lab.moveHost('b', 'n1')
  await client.overlay.putEndpoint('b', { network: 'blue', node: 'n1', interface: host.device('e0') })
  await eventually(async () => (await pings(site, eid)) && site.dataPlane.rlocOf(eid), lab.node('n1').rloc)
  expect(await pings(moved, behind[4])).toBe(true)
})

it('shows the router in the map-cache of a node', async () => {
  await pings(hostOf('a'), behind[4])
  const entries = await client.overlay.mapCache('n1')
  expect(entries.find(({ eid }) => eid.startsWith('10.77.0.'))).toMatchObject({
    why: 'resolved',
    rloc: site.rloc,
  })
})

it('reaches an EID of the network’s own subnet that is behind the router', async () => {
  expect(await pings(hostOf('a'), inside)).toBe(true)
})

it('says that nobody is there when the site is gone', async () => {
  await client.mappings.deleteSite('branch')
  const said = async () => (await hostOf('a').exec(['ping', '-c', '1', '-W', '1', behind[4]])).stdout
  await eventually(async () => (await said()).includes('Unreachable'), true, 10_000)
  expect(await pings(hostOf('a'), addressOf('b', 4))).toBe(true)
})
