/** Wires between containers on real switches: on one node, across nodes, at every kind of interface, whatever comes first. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client, LinkSpec } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { startHere } from './support/controller.js'
import {
  becomes,
  type Fabric,
  flowsAt,
  hasCarrier,
  managerOf,
  reaches,
  said,
  soon,
  startFabricHere,
} from './support/fabric.js'
import { arrive, capture, frameOf, openTap } from './support/frames.js'

let fabric: Fabric
let lab: Lab
let client: Client
let a: LabHost
let b: LabHost
let c: LabHost

const link = (name: string, one: string, other: string): LinkSpec => {
  const end = (at: string) => {
    const [node = '', device = ''] = at.split(' ')
    return { node, interface: device }
  }
  return { name, a: end(one), b: end(other) }
}

const underlayMtu = 9100

beforeAll(async () => {
  fabric = await startFabricHere('ctlwires', { nodes: 3, join: ['n1', 'n2'], underlayMtu })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const face = (name: string, ...addresses: string[]) => ({ name, addresses, mtu: 9000 })
  ;[a, b, c] = (await lab.addHosts([
    {
      name: 'a',
      node: 'n1',
      interfaces: [face('e0', '10.1.0.1/24', 'fd01::1/64'), face('e1', '10.2.0.1/24')],
    },
    { name: 'b', node: 'n1', interfaces: [face('e0', '10.1.0.2/24')] },
    { name: 'c', node: 'n2', interfaces: [face('e0'), face('e1', '10.2.0.2/24', 'fd02::2/64')] },
  ])) as [LabHost, LabHost, LabHost]
})
afterAll(() => fabric?.stop())

it('joins two containers on one node with two flows and no port but theirs', async () => {
  const before = await flowsAt(client, 'n1')
  const made = await client.createLink(link('local', 'n1 a-e0', 'n1 b-e0'))
  expect(made.status).toEqual({ state: 'up' })
  expect(await reaches(a, '10.1.0.2')).toBe(true)
  expect(await flowsAt(client, 'n1')).toHaveLength(before.length + 2)
  expect((await client.ports('n1')).map(({ name }) => name).toSorted()).toEqual([
    'a-e0',
    'b-e0',
    'br-int',
    'heddle-vxlan',
  ])
})

it('joins two containers across nodes, with a receipt and flows that say why they are there', async () => {
  const made = await client.createLink(link('far', 'n1 a-e1', 'n2 c-e1'), { requestId: 'req-far' })
  const { storedMs, portsReadyMs = 0, flowsConfirmedMs } = made.receipt ?? expect.fail('no receipt')
  expect(storedMs).toBeGreaterThan(0)
  expect(portsReadyMs).toBeGreaterThan(0)
  expect(flowsConfirmedMs).toEqual({ n1: expect.any(Number), n2: expect.any(Number) })
  for (const ms of Object.values(flowsConfirmedMs)) expect(ms).toBeGreaterThan(0)
  await soon(() => reaches(a, '10.2.0.2'))
  const ours = (await client.flows('n2')).filter(({ origin }) => origin?.name === 'far')
  expect(ours).toHaveLength(2)
  expect(ours[0]?.origin).toMatchObject({ kind: 'link', requestId: 'req-far', by: 'anonymous' })
  expect(await client.flowsText('n2')).toMatch(/tun_id=.* # link far, request req-far by anonymous at 2/)
})

it('carries packets as large as the underlay allows, and says so of those above', async () => {
  await client.deleteLink('far')
  const spec = link('jumbo', 'n1 a-e1', 'n2 c-e1')
  await expect(client.createLink({ ...spec, mtu: underlayMtu - 49 })).rejects.toMatchObject({
    code: 'mtu-too-large',
    status: 422,
    problem: { field: 'mtu' },
  })
  const made = await client.createLink({ ...spec, mtu: 9000 })
  expect(made).toMatchObject({ effectiveMtu: 9000, status: { state: 'up' } })
  const { code, stdout } = await a.exec([
    'ping',
    '-c',
    '2',
    '-i',
    '0.2',
    '-M',
    'do',
    '-s',
    '8972',
    '10.2.0.2',
  ])
  expect(stdout).toContain('2 received')
  expect(code).toBe(0)
  const { mtu } = (await client.ports('n2')).find(({ name }) => name === 'c-e1') ?? {}
  expect(mtu).toBe(9000)
})

it('takes a tap interface', async () => {
  const node = lab.node('n2')
  await node.exec(['ip', 'tuntap', 'add', 'tap7', 'mode', 'tap'])
  const tap = await openTap(node, 'tap7')
  await node.exec(['ip', 'link', 'set', 'tap7', 'up', 'arp', 'off', 'addrgenmode', 'none'])
  await client.deleteLink('local')
  await client.createLink(link('tapped', 'n2 tap7', 'n1 b-e0'))
  await becomes(client, 'tapped', 'up')
  const seen = await capture(b, 'e0')
  const frame = frameOf('ffffffffffff02000000000788b5')
  tap.send(frame)
  await arrive(seen, [frame])
  await seen.stop()
  await tap.close()
  await becomes(client, 'tapped', 'down a')
  await client.deleteLink('tapped')
})

it("takes an operator's internal port, and leaves it on the bridge", async () => {
  const node = lab.node('n1')
  await node.vsctl('add-port', 'br-int', 'int7', '--', 'set', 'Interface', 'int7', 'type=internal')
  await node.exec(['ip', 'addr', 'add', '10.1.0.7/24', 'dev', 'int7'])
  await node.exec(['ip', 'link', 'set', 'int7', 'up'])
  const made = await client.createLink(link('inner', 'n1 int7', 'n1 b-e0'))
  expect(said(made)).toBe('up')
  expect(await reaches(b, '10.1.0.7')).toBe(true)
  await client.deleteLink('inner')
  expect(await node.vsctl('list-ports', 'br-int')).toContain('int7')
  expect(await node.vsctl('list-ports', 'br-int')).not.toContain('b-e0')
})

/** A VLAN of `c-e0` with its peer in the container; a macvlan that takes every frame where the kernel has no VLANs. */
const addSubInterface = async (): Promise<void> => {
  const node = lab.node('n2')
  const sub = ['ip', 'link', 'add', 'link', 'c-e0', 'name', 'c-e0.100', 'type']
  const { code } = await node.exec([...sub, 'vlan', 'id', '100'])
  if (code !== 0) await node.exec([...sub, 'macvlan', 'mode', 'passthru'])
  const device = code === 0 ? 'e0.100' : 'e0'
  if (code === 0) {
    await c.exec(['ip', 'link', 'add', 'link', 'e0', 'name', device, 'type', 'vlan', 'id', '100'])
    await c.exec(['ip', 'link', 'set', device, 'up'])
  }
  await c.exec(['ip', 'addr', 'add', '10.1.0.100/24', 'dev', device])
  await node.exec(['ip', 'link', 'set', 'c-e0.100', 'up', 'arp', 'off', 'addrgenmode', 'none'])
}

it('takes a sub-interface of a device', async () => {
  await addSubInterface()
  const made = await client.createLink(link('sub', 'n2 c-e0.100', 'n1 b-e0'))
  expect(said(made)).toBe('up')
  await soon(() => reaches(b, '10.1.0.100'))
  await client.deleteLink('sub')
})

it('comes up by itself when an interface appears, waits when it vanishes, and comes back', async () => {
  const late = { name: 'late', node: 'n2', interfaces: [{ name: 'e0', addresses: ['10.1.0.9/24'] }] }
  const made = await client.createLink(link('later', 'n1 b-e0', 'n2 late-e0'), { wait: '500ms' })
  expect(made.status).toEqual({
    state: 'pending',
    reasons: [
      expect.objectContaining({
        code: 'interface-missing',
        end: 'b',
        message: 'node n2 has no interface late-e0 yet',
      }),
    ],
  })
  await lab.addHost(late)
  await becomes(client, 'later', 'up')
  await soon(() => reaches(b, '10.1.0.9'))
  await lab.removeHost('late')
  await becomes(client, 'later', 'pending interface-missing')
  await soon(async () => !(await hasCarrier(b, 'e0')))
  await lab.addHost(late)
  await becomes(client, 'later', 'up')
  await soon(() => reaches(b, '10.1.0.9'))
  await client.deleteLink('later')
})

/** What a container does that stops and starts: its device goes, and another one of the same name comes. */
const replaceDevice = async (): Promise<void> => {
  const commands = [
    'ip link del b-e0',
    `ip link add b-e0 type veth peer name e0 netns ${b.namespace}`,
    'ip link set b-e0 up arp off addrgenmode none',
  ]
  expect((await lab.node('n1').exec(['sh', '-c', commands.join(' && ')])).code).toBe(0)
  await b.exec(['ip', 'addr', 'add', '10.1.0.2/24', 'dev', 'e0'])
  await b.exec(['ip', 'link', 'set', 'e0', 'up'])
}

it('finds out that a device was replaced by another one of its name, at once or after a restart', async () => {
  await client.createLink(link('swapped', 'n1 b-e0', 'n2 c-e0'))
  await c.exec(['ip', 'addr', 'replace', '10.1.0.100/24', 'dev', 'e0'])
  await soon(() => reaches(b, '10.1.0.100'))
  await replaceDevice()
  await soon(() => reaches(b, '10.1.0.100'))
  await becomes(client, 'swapped', 'up')
  // The controller writes down which device it was.
  await delay(1_500)
  await fabric.controller.stop()
  await replaceDevice()
  fabric.controller = await startHere(fabric.settings)
  ;({ client } = fabric.controller)
  await soon(() => reaches(b, '10.1.0.100'))
  await becomes(client, 'swapped', 'up')
  await client.deleteLink('swapped')
})

it('comes up by itself when its node joins', async () => {
  const d = await lab.addHost({
    name: 'd',
    node: 'n3',
    interfaces: [{ name: 'e0', addresses: ['10.1.0.30/24'] }],
  })
  const made = await client.createLink(link('early', 'n3 d-e0', 'n1 b-e0'), { wait: 0 })
  expect(made.status).toMatchObject({ state: 'pending' })
  await becomes(client, 'early', 'pending node-unknown')
  await lab.node('n3').setManager(managerOf(lab))
  await becomes(client, 'early', 'up')
  await soon(() => reaches(d, '10.1.0.2'))
})

it('leaves nothing behind: no flow, no port, no meter', async () => {
  const before = await flowsAt(client, 'n1')
  await client.changeLink('early', { rateMbps: 10 })
  expect(await lab.node('n1').ofctl('dump-meters', 'br-int')).toContain('meter=')
  await client.deleteLink('early')
  expect(await flowsAt(client, 'n1')).toHaveLength(before.length - 2)
  for (const node of ['n1', 'n3']) {
    expect(await lab.node(node).ofctl('dump-meters', 'br-int')).not.toContain('meter=')
    const ports = await lab.node(node).vsctl('list-ports', 'br-int')
    expect(ports).not.toMatch(/b-e0|d-e0/)
  }
})
