/** What may change of a link changes in the switches: ends, rate, MTU; and a whole topology at once. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client, LinkSpec } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { type Fabric, flowsAt, metric, reaches, said, soon, startFabricHere } from './support/fabric.js'

let fabric: Fabric
let lab: Lab
let client: Client
let a: LabHost
let b: LabHost

beforeAll(async () => {
  fabric = await startFabricHere('ctlchanges', { nodes: 2 })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const host = (name: string, node: string, ...addresses: string[]) => ({
    name,
    node,
    interfaces: addresses.map((address, index) => ({ name: `e${index}`, addresses: [address] })),
  })
  ;[a, b] = (await lab.addHosts([
    host('a', 'n1', '10.6.0.1/24', '10.7.0.1/24', '10.8.0.1/24'),
    host('b', 'n2', '10.6.0.2/24', '10.7.0.2/24', '10.8.0.2/24'),
    host('c', 'n2', '10.6.0.3/24'),
  ])) as [LabHost, LabHost]
})
afterAll(() => fabric?.stop())

const link = (index: number): LinkSpec => ({
  name: `l${index}`,
  a: { node: 'n1', interface: `a-e${index}` },
  b: { node: 'n2', interface: `b-e${index}` },
})

it('measures what it does', async () => {
  const before = await metric(client, 'heddle_northbound_transactions_total', 'stored')
  await client.createLink(link(0))
  const values = {
    heddle_nodes: await metric(client, 'heddle_nodes', 'ready'),
    heddle_links: await metric(client, 'heddle_links', 'up'),
    heddle_flows: await metric(client, 'heddle_flows'),
    heddle_flow_mods_total: await metric(client, 'heddle_flow_mods_total', 'add'),
    heddle_switch_transactions_total: await metric(client, 'heddle_switch_transactions_total', 'add'),
    heddle_backlog: await metric(client, 'heddle_backlog'),
    stored: (await metric(client, 'heddle_northbound_transactions_total', 'stored')) - before,
  }
  // Each node has a flow of its own besides the two of the link.
  expect(values).toEqual({
    heddle_nodes: 2,
    heddle_links: 1,
    heddle_flows: 6,
    heddle_flow_mods_total: 6,
    heddle_switch_transactions_total: 2,
    heddle_backlog: 0,
    stored: 1,
  })
  expect(await metric(client, 'heddle_reconcile_seconds_count')).toBeGreaterThan(0)
  const taken = await client.createLink({ ...link(1), vni: (await client.link('l0')).vni }).catch(String)
  expect(taken).toContain('belongs to link l0')
  await client.deleteLink('l0')
  expect(await metric(client, 'heddle_links')).toBe(0)
})

it('moves an end to another interface: the old one is off, the new one is on', async () => {
  await client.createLink(link(0))
  await soon(() => reaches(a, '10.6.0.2'))
  const moved = await client.changeLink('l0', { b: { node: 'n2', interface: 'c-e0' } })
  expect(said(moved)).toBe('up')
  await soon(() => reaches(a, '10.6.0.3'))
  expect(await reaches(a, '10.6.0.2')).toBe(false)
  expect(await lab.node('n2').vsctl('list-ports', 'br-int')).not.toContain('b-e0')
})

it('moves an end to another node', async () => {
  const before = (await flowsAt(client, 'n2')).length
  const moved = await client.changeLink('l0', { b: { node: 'n1', interface: 'a-e1' } })
  expect(said(moved)).toBe('up')
  expect(await flowsAt(client, 'n2')).toHaveLength(before - 2)
  await client.changeLink('l0', { b: { node: 'n2', interface: 'b-e0' } })
  await soon(() => reaches(a, '10.6.0.2'))
})

it('takes another VNI at both ends', async () => {
  const { vni } = await client.changeLink('l0', { vni: 77_777 })
  expect(vni).toBe(77_777)
  for (const node of ['n1', 'n2']) {
    expect((await flowsAt(client, node)).filter((flow) => flow.includes('tun_id=0x12fd1'))).toHaveLength(1)
  }
  await soon(() => reaches(a, '10.6.0.2'))
})

/** TCP throughput in Mbit/s as iperf3 measures it at the receiver. */
const throughput = async (from: LabHost, to: string): Promise<number> => {
  const { stdout } = await from.exec(['iperf3', '--client', to, '--time', '1', '--json'])
  const { end } = JSON.parse(stdout)
  return end.sum_received.bits_per_second / 1e6
}

/** What arrives of so many Mbit/s of UDP. */
const delivered = async (from: LabHost, to: string, mbps: number): Promise<number> => {
  const options = ['--udp', '--bitrate', `${mbps}M`, '--length', '1400', '--time', '1', '--json']
  const { stdout } = await from.exec(['iperf3', '--client', to, ...options])
  const { sum } = JSON.parse(stdout).end
  return (sum.bits_per_second / 1e6) * (1 - sum.lost_percent / 100)
}

it('limits the rate, changes the limit and lifts it, and keeps the flows meanwhile', async () => {
  expect((await b.exec(['iperf3', '--server', '--daemon'])).code).toBe(0)
  await soon(async () => (await throughput(a, '10.6.0.2')) > 100)
  await client.changeLink('l0', { rateMbps: 20 })
  const limited = await delivered(a, '10.6.0.2', 60)
  expect(limited).toBeGreaterThan(17)
  expect(limited).toBeLessThan(25)
  const { packets = '0' } =
    (await client.flows('n1')).find(({ match }) => match.includes('in_port') && !match.includes('tun')) ?? {}
  expect(Number(packets)).toBeGreaterThan(0)
  const meters = await lab.node('n1').ofctl('dump-meters', 'br-int')
  expect(meters).toMatch(/rate=20000 burst_size=2000/)
  await client.changeLink('l0', { rateMbps: 40 })
  expect(await lab.node('n1').ofctl('dump-meters', 'br-int')).toMatch(/rate=40000/)
  const { rateMbps } = await client.changeLink('l0', { rateMbps: null })
  expect(rateMbps).toBeUndefined()
  expect(await lab.node('n1').ofctl('dump-meters', 'br-int')).not.toContain('meter=')
  expect(await throughput(a, '10.6.0.2')).toBeGreaterThan(100)
})

it('sets and lifts an MTU', async () => {
  await client.changeLink('l0', { mtu: 1400 })
  const mtuOf = async (): Promise<unknown> =>
    (await client.ports('n1')).find(({ name }) => name === 'a-e0')?.mtu
  await soon(async () => (await mtuOf()) === 1400)
  const { effectiveMtu } = await client.changeLink('l0', { mtu: null })
  expect(effectiveMtu).toBe(1550)
})

it('applies a topology: adds, changes, removes, and leaves what stays untouched', async () => {
  await client.deleteLink('l0')
  const first = await client.applyTopology('t', { links: [link(0), link(1)] })
  expect(first).toMatchObject({ plan: { add: ['l0', 'l1'] }, counts: { up: 2 } })
  await soon(() => reaches(a, '10.7.0.2'))
  const kept = (await flowsAt(client, 'n1')).filter((flow) => flow.includes('output:'))
  const planned = await client.planTopology('t', { links: [link(1), link(2)] })
  expect(planned).toMatchObject({ dryRun: true, plan: { add: ['l2'], remove: ['l0'], keep: 1 } })
  expect(await flowsAt(client, 'n1')).toEqual(expect.arrayContaining(kept))
  const mods = await metric(client, 'heddle_flow_mods_total')
  await client.applyTopology('t', { links: [link(1), link(2)] })
  // Two flows at each end of the one that goes and of the one that comes; none of the one that stays.
  expect(await metric(client, 'heddle_flow_mods_total')).toBe(mods + 8)
  await soon(() => reaches(a, '10.8.0.2'))
  expect(await reaches(a, '10.6.0.2')).toBe(false)
  const swapped = {
    links: [
      { ...link(1), b: link(2).b },
      { ...link(2), b: link(1).b },
    ],
  }
  expect(await client.applyTopology('t', swapped)).toMatchObject({
    plan: {
      add: [],
      change: [
        { name: 'l1', fields: ['b'] },
        { name: 'l2', fields: ['b'] },
      ],
      keep: 0,
    },
    counts: { up: 2, pending: 0 },
  })
  expect(await reaches(a, '10.8.0.2')).toBe(false)
  await client.applyTopology('t', { links: [link(1), link(2)] })
  await soon(() => reaches(a, '10.8.0.2'))
  await expect(client.deleteLink('l1')).rejects.toMatchObject({
    code: 'topology-owns-link',
    problem: { owner: 'topology t' },
  })
  await client.deleteTopology('t')
  for (const node of ['n1', 'n2']) {
    expect(await flowsAt(client, node)).toHaveLength(1)
    expect((await lab.node(node).vsctl('list-ports', 'br-int')).trim()).toBe('heddle-vxlan')
  }
})
