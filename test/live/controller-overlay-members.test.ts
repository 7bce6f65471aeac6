/** What members of networks can do and cannot: others' addresses, other networks, scans, broadcast, addresses asked for, packets that do not fit. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { must, pings } from './support/containers.js'
import { eventually, type Fabric, metric, soon, startFabricHere } from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
const hosts = new Map<string, LabHost>()
const hostOf = (name: string): LabHost => hosts.get(name) ?? expect.fail(name)

/** Who is where, in which network, with which static address on which interface. */
const members = [
  ['a', 'e0', 'blue', '10.9.0.10'],
  ['b', 'e0', 'blue', '10.9.0.11'],
  ['a', 'e1', 'green', '10.9.0.10'],
  ['c', 'e0', 'green', '10.9.0.12'],
  ['d', 'e0', 'blue', '10.9.0.13'],
  ['a', 'e2', 'loud', '10.7.0.10'],
  ['b', 'e2', 'loud', '10.7.0.11'],
  ['c', 'e2', 'loud', '10.7.0.12'],
  ['c', 'e1', 'known', '10.6.0.12'],
  ['d', 'e1', 'known', '10.6.0.13'],
] as const

/** Makes an interface an endpoint with this address, and equips it. */
const join = async ([name, device, network, address]: (typeof members)[number]): Promise<void> => {
  const host = hostOf(name)
  const body = { network, node: host.node, interface: host.device(device), addresses: [address] }
  const endpoint = await client.overlay.putEndpoint(`${name}-${device}`, body)
  expect(endpoint).toMatchObject({ status: { state: 'up' }, addresses: [{ address }] })
  const lines = [
    `link set ${device} address ${endpoint.mac} mtu ${endpoint.mtu}`,
    `addr add ${address}/24 dev ${device}`,
  ]
  await must(host, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
}

const from = async (name: string, ...words: string[]) => hostOf(name).exec(words)
const script = (name: string, code: string, ...words: string[]) => from(name, 'python3', '-c', code, ...words)

beforeAll(async () => {
  fabric = await startFabricHere('ctlovmem', { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const interfaces = ['e0', 'e1', 'e2'].map((name) => ({ name }))
  const made = await lab.addHosts([
    { name: 'a', node: 'n1', interfaces },
    { name: 'b', node: 'n2', interfaces },
    { name: 'c', node: 'n2', interfaces },
    { name: 'd', node: 'n1', interfaces },
  ])
  for (const host of made) hosts.set(host.name, host)
  const subnet = (cidr: string) => ({ subnets: [{ cidr }] })
  await client.overlay.putNetwork('blue', subnet('10.9.0.0/16'))
  await client.overlay.putNetwork('green', subnet('10.9.0.0/16'))
  await client.overlay.putNetwork('loud', { ...subnet('10.7.0.0/24'), broadcast: true })
  await client.overlay.putNetwork('known', { ...subnet('10.6.0.0/24'), resolution: 'proactive' })
  for (const member of members) await join(member)
})
afterAll(() => fabric?.stop())

const reach = async (name: string, device: string, to: string): Promise<boolean> =>
  (await from(name, 'ping', '-c', '1', '-W', '1', '-I', device, to)).code === 0

it('two networks with the same addresses are two', async () => {
  expect(await reach('a', 'e0', '10.9.0.11')).toBe(true)
  expect(await reach('a', 'e1', '10.9.0.12')).toBe(true)
  expect(await reach('a', 'e1', '10.9.0.11')).toBe(false)
  expect(await reach('a', 'e0', '10.9.0.12')).toBe(false)
})

it('a source that is not its own gets nowhere, neither an address nor a MAC', async () => {
  await must(hostOf('a'), ['ip', 'addr', 'add', '10.9.0.77/16', 'dev', 'e0'])
  expect((await from('a', 'ping', '-c', '1', '-W', '1', '-I', '10.9.0.77', '10.9.0.11')).code).not.toBe(0)
  await must(hostOf('a'), ['ip', 'addr', 'del', '10.9.0.77/16', 'dev', 'e0'])
  const { mac } = await client.overlay.endpoint('a-e0')
  await must(hostOf('a'), ['ip', 'link', 'set', 'e0', 'address', '0a:58:0a:09:00:63'])
  expect(await reach('a', 'e0', '10.9.0.11')).toBe(false)
  await must(hostOf('a'), ['ip', 'link', 'set', 'e0', 'address', mac])
  expect(await reach('a', 'e0', '10.9.0.11')).toBe(true)
})

it('a static MAC address is what others see their packets delivered to', async () => {
  const host = hostOf('b')
  const [network, node, mac] = ['blue', host.node, '02:00:00:00:00:99']
  const body = { network, node, interface: host.device('e1'), addresses: ['10.9.0.99'], mac }
  expect(await client.overlay.putEndpoint('b-e1', body)).toMatchObject({ mac })
  await must(host, ['ip', '-batch', '-'], `link set e1 address ${mac}\naddr add 10.9.0.99/32 dev e1\n`)
  await must(host, ['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0', 'net.ipv4.conf.e1.rp_filter=0'])
  await must(host, ['ip', 'route', 'add', '10.9.0.10/32', 'dev', 'e1', 'src', '10.9.0.99'])
  expect(await reach('a', 'e0', '10.9.0.99')).toBe(true)
  await must(host, ['ip', 'route', 'del', '10.9.0.10/32', 'dev', 'e1'])
})

it('a frame to all gets to all members where the network has broadcast, and to nobody where it has not', async () => {
  for (const name of ['a', 'b', 'c', 'd'])
    await must(hostOf(name), ['sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_broadcasts=0'])
  const answers = async (device: string, to: string): Promise<string[]> => {
    const { stdout } = await from('a', 'ping', '-b', '-c', '2', '-W', '1', '-I', device, to)
    return [...new Set([...stdout.matchAll(/from ([\d.]+)/g)].flatMap(([, who]) => who ?? []))].sort()
  }
  const all = await answers('e2', '10.7.0.255')
  expect(all).toEqual(expect.arrayContaining(['10.7.0.11', '10.7.0.12']))
  expect((await answers('e0', '10.9.0.255')).filter((one) => one !== '10.9.0.10')).toEqual([])
})

it('a proactive network has its entries before there is traffic, and asks nobody', async () => {
  const entries = (await client.overlay.mapCache('n1')).filter(({ network }) => network === 'known')
  expect(entries.map(({ eid, why, node }) => `${eid} ${why} ${node}`).sort()).toEqual([
    '10.6.0.12 proactive n2',
    '10.6.0.13 local n1',
  ])
  const before = await metric(client, 'heddle_packets_to_controller_total', 'miss')
  expect(await reach('d', 'e1', '10.6.0.12')).toBe(true)
  expect(await metric(client, 'heddle_packets_to_controller_total', 'miss')).toBe(before)
})

const scan = `
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'e0')
end = time.time() + 4
i = 0
while time.time() < end:
    i += 1
    try: s.sendto(b'x', ('10.9.%d.%d' % (1 + (i >> 8) % 250, i & 255), 9))
    except OSError: pass
    time.sleep(0.0002)
`

/** Milliseconds of the only ping. */
const firstPing = async (name: string, device: string, to: string): Promise<number> => {
  const { stdout } = await from(name, 'ping', '-c', '1', '-W', '2', '-I', device, to)
  return Number(/time=([\d.]+)/.exec(stdout)?.[1] ?? Number.NaN)
}

it('a scan of a whole subnet by one container does not hold up the first packets of another', async () => {
  // By way of the gateway: the scanner's own kernel has room for a thousand neighbours only.
  await must(hostOf('a'), ['ip', 'route', 'replace', '10.9.0.0/16', 'via', '10.9.0.1', 'dev', 'e0'])
  await client.overlay.deleteEndpoint('b-e1')
  const scanning = script('a', scan)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const host = hostOf('c')
  const body = { network: 'blue', node: host.node, interface: host.device('e1') }
  await client.overlay.deleteEndpoint('c-e1')
  await client.overlay.putEndpoint('c-new', { ...body, addresses: ['10.9.0.200'] })
  await must(
    host,
    ['ip', '-batch', '-'],
    'addr flush dev e1\nlink set e1 address 0a:58:0a:09:00:c8\naddr add 10.9.0.200/16 dev e1\nroute replace 10.9.0.13/32 dev e1\n',
  )
  const busy = await firstPing('d', 'e0', '10.9.0.200')
  await scanning
  expect(await metric(client, 'heddle_packets_to_controller_total', 'miss')).toBeGreaterThan(1_000)
  expect(busy).toBeLessThan(200)
})

it('a packet that does not fit is answered with what fits', async () => {
  const { mtu } = await client.overlay.endpoint('a-e0')
  await must(hostOf('a'), ['ip', 'link', 'set', 'e0', 'mtu', '1600'])
  await must(lab.node('n1'), ['ip', 'link', 'set', hostOf('a').device('e0'), 'mtu', '1600'])
  const { stdout, stderr } = await from(
    'a',
    'ping',
    '-c',
    '2',
    '-W',
    '1',
    '-M',
    'do',
    '-s',
    '1560',
    '-I',
    'e0',
    '10.9.0.11',
  )
  expect(`${stdout}${stderr}`).toMatch(new RegExp(`mtu ?= ?${mtu}`))
  expect(await reach('a', 'e0', '10.9.0.11')).toBe(true)
})

it('an address is given to who asks by DHCP, and a router to who solicits one', async () => {
  const host = hostOf('d')
  await client.overlay.putNetwork('asked', { subnets: [{ cidr: '10.5.0.0/24' }, { cidr: 'fd05::/64' }] })
  const endpoint = await client.overlay.putEndpoint('d-e2', {
    network: 'asked',
    node: host.node,
    interface: host.device('e2'),
  })
  await must(host, ['ip', 'link', 'set', 'e2', 'down'])
  await must(host, ['sysctl', '-qw', 'net.ipv6.conf.e2.accept_ra=2'])
  await must(host, ['ip', 'link', 'set', 'e2', 'address', endpoint.mac, 'up'])
  await soon(async () =>
    /default via fe80::48:45ff:fe00:1 .*ra/.test(
      await must(host, ['ip', '-6', 'route', 'show', 'dev', 'e2']),
    ),
  )
  const { stdout, stderr } = await from(
    'd',
    'busybox',
    'udhcpc',
    '-i',
    'e2',
    '-n',
    '-q',
    '-f',
    '-t',
    '3',
    '-s',
    '/bin/true',
  )
  const [four] = endpoint.addresses.filter(({ address }) => !address.includes(':'))
  expect(`${stdout}${stderr}`).toContain(`lease of ${four?.address} obtained`)
})

it('an endpoint that goes is nobody at once, and its network leaves the node with the last of it', async () => {
  await client.overlay.deleteEndpoint('d-e1')
  const kinds = async (): Promise<string[]> =>
    (await client.flows('n1')).flatMap(({ origin }) =>
      origin?.name.startsWith('known') ? [origin.kind] : [],
    )
  await eventually(kinds, [])
  expect(await pings(hostOf('d'), '10.6.0.12')).toBe(false)
})
