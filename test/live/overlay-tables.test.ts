/** The flow tables of an overlay network on real switches: every flow is taken as it is meant, and real hosts see what they should. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CacheEntry } from '#compile/cache.js'
import { compileEndpoint } from '#compile/endpoint.js'
import { compileNetwork } from '#compile/network.js'
import { compileNode } from '#compile/node.js'
import { createLab } from '#lab/create-lab.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { destroyLab } from '#lab/teardown.js'
import { parseRloc } from '#model/address.js'
import { printIp } from '#model/cidr.js'
import { type Endpoint, nodePort } from '#model/endpoint.js'
import type { Inventory } from '#model/facts.js'
import { printMac } from '#model/mac.js'
import { flowBody, flowKey } from '#reconcile/flow-book.js'
import { endpointOf, networkOf } from '../fake/overlay-objects.js'
import { answersAt, everyEntry, type OverlayPlan } from './support/overlay-answers.js'
import { gpeOfport, OverlaySwitch, tunnelOfport } from './support/overlay-switch.js'

const name = 'overlay'
const network = networkOf(1, ['10.0.0.0/24', '10.0.1.0/24', 'fd00::/64'], { broadcast: true })
const a = endpointOf(1, network, 'n1', ['10.0.0.10', 'fd00::a'])
const b = endpointOf(2, network, 'n2', ['10.0.0.11', 'fd00::b'], { mac: 0x02_00_00_00_00_0b })
const c = endpointOf(3, network, 'n2', ['10.0.1.12', 'fd00::c'])
const gate = endpointOf(4, network, 'n1', ['10.0.0.4', 'fd00::4'], { interface: nodePort })
const endpoints = [a, b, c, gate]
const nodes = ['n1', 'n2', 'n3']
const world = '203.0.113.9'

let lab: Lab
let inventory: Inventory
const hosts = new Map<Endpoint, LabHost>()
const switches = new Map<string, OverlaySwitch>()
const plan = (): OverlayPlan => ({ network, endpoints, inventory })
const ofportOf = (endpoint: Endpoint): number => 10 + endpoint.serial

const hostOf = (endpoint: Endpoint): LabHost => hosts.get(endpoint) ?? expect.fail('no host')
const entriesAt = (node: string): readonly CacheEntry[] => everyEntry(plan(), node)
const switchOf = (node: string): OverlaySwitch => switches.get(node) ?? expect.fail('no switch')

const program = (node: string, entries: readonly CacheEntry[]) =>
  switchOf(node).program(
    [
      compileNode(),
      compileNetwork(network, inventory, node, {
        at: (at) => endpoints.filter((one) => one.node === at),
        nodes: () => nodes.slice(0, 2),
      }),
      ...endpoints.map((one) => compileEndpoint(one, network, inventory, node)),
    ],
    entries,
  )

/** What a host does that the lab's options have no word for. */
const configure = async (host: LabHost, ...lines: readonly string[]): Promise<void> => {
  for (const line of lines) {
    const { code, stderr } = await host.exec(['sh', '-c', line])
    if (code !== 0) expect.fail(`${line}: ${stderr}`)
  }
}

beforeAll(async () => {
  await destroyLab(name)
  lab = await createLab({ name, nodes: 3, datapath: 'netdev', underlayMtu: 1500 })
  inventory = {
    node: (at) => {
      const rloc = parseRloc(lab.node(at).rloc)
      const facts = { name: at, state: 'ready', tunnelOfport, gpeOfport, underlayMtu: 1500 } as const
      return rloc === undefined ? facts : { ...facts, rloc }
    },
    port: (_, device) => {
      const found = endpoints.find((one) => one.interface === device)
      return found && { name: device, ofport: ofportOf(found), ours: true }
    },
  }
  for (const node of nodes) {
    const one = new OverlaySwitch(lab.node(node), inventory)
    switches.set(node, one)
    await one.start()
    one.answers = answersAt(plan(), node)
  }
  for (const endpoint of [a, b, c]) {
    const addresses = endpoint.addresses.map(
      (address) => `${printIp(address)}/${address.family === 4 ? 24 : 64}`,
    )
    const eth0 = { name: 'eth0', mac: printMac(endpoint.mac), addresses }
    const host = await lab.addHost({ name: endpoint.id, node: endpoint.node, interfaces: [eth0] })
    hosts.set(endpoint, host)
    await switchOf(endpoint.node).addPort(host.device('eth0'), ofportOf(endpoint))
    const four = endpoint === c ? '10.0.1.1' : '10.0.0.1'
    await configure(host, `ip route add default via ${four}`, 'ip -6 route add default via fd00::1')
  }
  await switchOf('n1').addPort(nodePort, ofportOf(gate), 'type=internal', `mac="${printMac(gate.mac)}"`)
  const settings = [
    `ip link set ${nodePort} up mtu 1450`,
    `ip addr add 10.0.0.4/24 dev ${nodePort}`,
    `ip -6 addr add fd00::4/64 dev ${nodePort} nodad`,
    `ip route add 10.0.1.0/24 dev ${nodePort} src 10.0.0.4`,
    `ip addr add ${world}/32 dev lo`,
    `ip link set lo up`,
    `ethtool -K ${nodePort} tx off`,
  ]
  for (const line of settings) {
    const { code, stderr } = await lab.node('n1').exec(['sh', '-c', line])
    if (code !== 0) expect.fail(`${line}: ${stderr}`)
  }
  for (const node of nodes) await program(node, entriesAt(node))
  // The first packet between two nodes may go with the search for the other's link address.
  await ping(hostOf(a), '10.0.0.11')
})
afterAll(async () => {
  for (const one of switches.values()) await one.stop()
  await destroyLab(name)
})

const ping = async (from: LabHost, to: string, ...options: string[]): Promise<string> => {
  const { stdout, stderr } = await from.exec(['ping', '-c', '2', '-i', '0.2', '-W', '1', ...options, to])
  return stdout + stderr
}
const neighbour = async (host: LabHost, address: string): Promise<string> =>
  (await host.exec(['ip', 'neigh', 'show', address])).stdout

it('takes every flow as it was sent: what it lists is no difference', async () => {
  for (const node of nodes) {
    const sent = await program(node, entriesAt(node))
    const there = new Map((await switchOf(node).flows()).map((flow) => [flowKey(flow), flow]))
    expect(there.size).toBe(sent.length)
    for (const flow of sent) {
      const found = there.get(flowKey(flow)) ?? expect.fail(`no flow ${JSON.stringify(flow.match, String)}`)
      expect({ actions: found.actions, body: flowBody(found) }).toEqual({
        actions: found.actions,
        body: flowBody(flow),
      })
    }
  }
})

describe('two nodes, all entries there', () => {
  it.each(['10.0.0.11', 'fd00::b', '10.0.1.12', 'fd00::c'])('carries pings to %s', async (to) => {
    expect(await ping(hostOf(a), to)).toContain(' 0% packet loss')
  })

  it.each(['10.0.0.1', 'fd00::1', 'fe80::48:45ff:fe00:1%eth0'])(
    'answers pings to the gateway %s',
    async (to) => {
      expect(await ping(hostOf(a), to)).toContain(' 0% packet loss')
    },
  )

  it.each([
    ['10.0.0.99', '0a:58:0a:00:00:63'],
    ['fd00::63', '0a:58:00:00:00:63'],
    ['10.0.0.1', '02:48:45:00:00:01'],
  ])('says who has %s, be somebody there or not', async (to, mac) => {
    await ping(hostOf(a), to, '-c', '1')
    expect(await neighbour(hostOf(a), to)).toContain(mac)
  })

  it('drops packets in another’s name', async () => {
    await configure(hostOf(a), 'ip addr add 10.0.0.77/32 dev eth0')
    expect(await ping(hostOf(a), '10.0.0.11', '-I', '10.0.0.77')).toContain('100% packet loss')
    await configure(hostOf(a), 'ip addr del 10.0.0.77/32 dev eth0')
  })

  it('carries TCP', async () => {
    expect((await hostOf(b).exec(['iperf3', '--server', '--daemon'])).code).toBe(0)
    const client = [
      'iperf3',
      '--client',
      '10.0.0.11',
      '--bytes',
      '2M',
      '--connect-timeout',
      '2000',
      '-M',
      '1300',
    ]
    const transfer = async (): Promise<number> => (await hostOf(a).exec(client, { timeoutMs: 5_000 })).code
    await expect.poll(transfer, { timeout: 20_000, interval: 200 }).toBe(0)
  })

  it('reaches everybody with a broadcast', async () => {
    await configure(hostOf(b), 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_broadcasts')
    expect(await ping(hostOf(a), '10.0.0.255', '-b')).toContain('from 10.0.0.11')
  })
})

describe('errors', () => {
  it.each([
    ['10.0.1.12', 'Time to live exceeded'],
    ['2001:db8::1', 'Hop limit'],
  ])('tell of a TTL that ends on the way to %s', async (to, words) => {
    expect(await ping(hostOf(a), to, '-t', '1')).toContain(words)
  })

  it.each([
    ['10.0.0.11', ['-M', 'do', '-s', '1450'], /mtu ?[=:] ?1450/i],
    ['fd00::b', ['-M', 'do', '-s', '1450'], /mtu ?[=:] ?1450/i],
  ] as const)('tell how much fits on the way to %s', async (to, options, words) => {
    expect(await ping(hostOf(a), to, ...options)).toMatch(words)
  })

  it.each([
    ['10.0.0.99', 'Destination Host Unreachable'],
    ['fd00::63', 'Address unreachable'],
  ])('tell that nobody has %s', async (to, words) => {
    expect(await ping(hostOf(a), to)).toContain(words)
  })

  it('tell that there is no way out of a node without a port of its own', async () => {
    expect(await ping(hostOf(b), '198.51.100.1')).toContain('Destination Net Unreachable')
  })

  it('tell that the gateway has no other services', async () => {
    const { stderr } = await hostOf(a).exec(['busybox', 'nc', '-w', '2', '10.0.0.1', '80'])
    expect(stderr).toMatch(/refused/i)
  })
})

it('leads out of the fabric and back by the port of the node', async () => {
  expect(await ping(hostOf(a), world)).toContain(' 0% packet loss')
  const { stdout } = await lab.node('n1').exec(['ping', '-c', '2', '-i', '0.2', '-W', '1', '10.0.1.12'])
  expect(stdout).toContain(' 0% packet loss')
})

it('loses no first packet where nothing is known yet', async () => {
  for (const node of nodes) await program(node, [])
  switchOf('n1').reasons.length = 0
  expect(await ping(hostOf(a), '10.0.0.11')).toContain(' 0% packet loss')
  expect(await ping(hostOf(a), 'fd00::c')).toContain(' 0% packet loss')
  expect(switchOf('n1').reasons.map(({ reason }) => reason)).toEqual(['miss', 'miss'])
})

const reached = (node: string, encapsulation: 'vxlan' | 'gpe'): readonly CacheEntry[] =>
  entriesAt(node).map((entry) => (entry.state === 'remote' ? { ...entry, encapsulation } : entry))

it('exchanges packets without inner Ethernet headers, as LISP routers have them', async () => {
  for (const node of nodes) await program(node, reached(node, 'gpe'))
  for (const to of ['10.0.0.11', 'fd00::c']) expect(await ping(hostOf(a), to)).toContain(' 0% packet loss')
})

it('sends on what arrives where an EID was', async () => {
  const elsewhere = (entry: CacheEntry): CacheEntry => {
    const { rloc } = inventory.node('n3')
    return entry.state === 'remote' && rloc !== undefined ? { ...entry, rloc, node: 'n3' } : entry
  }
  // n2 believes that everybody of n1 is on n3, where they were.
  await program('n1', entriesAt('n1'))
  await program('n2', entriesAt('n2').map(elsewhere))
  await program(
    'n3',
    entriesAt('n2').map((entry) =>
      entry.state === 'remote' ? { ...entry, state: 'moved', forwardSeconds: 30 } : entry,
    ),
  )
  await ping(hostOf(b), '10.0.0.10')
  for (const to of ['10.0.0.10', 'fd00::a']) expect(await ping(hostOf(b), to)).toContain(' 0% packet loss')
})

it('gives its address to who asks by DHCP', async () => {
  const script = '#!/bin/sh\necho "$1 $ip $mask $router $mtu $serverid"'
  await configure(hostOf(a), `printf '%s\\n' '${script}' >/tmp/${name}-dhcp; chmod +x /tmp/${name}-dhcp`)
  const asked = [
    'busybox',
    'udhcpc',
    '-f',
    '-n',
    '-q',
    '-t',
    '3',
    '-T',
    '1',
    '-i',
    'eth0',
    '-s',
    `/tmp/${name}-dhcp`,
  ]
  const { stdout } = await hostOf(a).exec(asked, { timeoutMs: 10_000 })
  await configure(hostOf(a), `rm /tmp/${name}-dhcp`)
  expect(stdout).toContain('bound 10.0.0.10 24 10.0.0.1 1400 10.0.0.1')
})

it('tells of a router to who asks', async () => {
  await configure(
    hostOf(a),
    'ip -6 route del default',
    'ip link set eth0 down',
    'echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_ra',
    'ip link set eth0 up',
  )
  const route = async (): Promise<string> => (await hostOf(a).exec(['ip', '-6', 'route'])).stdout
  await expect
    .poll(route, { timeout: 10_000 })
    .toContain('default via fe80::48:45ff:fe00:1 dev eth0 proto ra')
  expect(await route()).toContain('mtu 1450')
})
