/**
 * Every frame crosses a wire unchanged, on one node and between nodes with IPv6 tunnel addresses: raw frames in, the same bytes
 * out, and nothing for a stranger who has guessed the VNI.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '#api/client.js'
import type { LabHost } from '#lab/host.js'
import type { Lab } from '#lab/lab.js'
import { type Fabric, metric, reaches, soon, startFabricHere } from './support/fabric.js'
import { arrive, capture, frameOf, type Hex, sendFrames, silence } from './support/frames.js'

const source = '020000000a01'
const other = '020000000b02'

/** Frames that a bridge would keep, answer or change: destination, source, EtherType or length, payload. */
const frames: Readonly<Record<string, Hex>> = {
  LLDP: frameOf(`0180c200000e${source}88cc0207040200000000010403`),
  'LLDP, nearest customer bridge': frameOf(`0180c2000000${source}88cc02070402000000000104`),
  'STP BPDU': frameOf(`0180c2000000${source}0026424203000000000080000200000000010000`),
  'PVST+ BPDU': frameOf(`01000ccccccd${source}0032aaaa0300000c010b00000000`),
  LACP: frameOf(`0180c2000002${source}88090101011480000200000000010001`, 124),
  'Ethernet OAM': frameOf(`0180c2000002${source}8809030050000e`),
  PAUSE: frameOf(`0180c2000001${source}88080001ffff`),
  EAPOL: frameOf(`0180c2000003${source}888e01010000`),
  PTP: frameOf(`0180c200000e${source}88f70002002c`),
  CDP: frameOf(`01000ccccccc${source}0058aaaa0300000c2000`, 102),
  '802.1Q': frameOf(`${other}${source}8100606408004500`),
  '802.1Q with priority alone': frameOf(`${other}${source}8100e00088b5`),
  'Q-in-Q, 802.1ad': frameOf(`${other}${source}88a820c88100006488b5`),
  'Q-in-Q, twice 8100': frameOf(`${other}${source}8100006481000065810000660800`),
  MPLS: frameOf(`${other}${source}88470001013f4500`),
  'IS-IS': frameOf(`0180c2000014${source}0040fefe0383`, 78),
  'unknown EtherType': frameOf(`${other}${source}88b5`),
  'from a multicast address': frameOf(`${other}01005e00000188b5`),
  'to itself': frameOf(`${source}${source}88b5`),
  'of full size': frameOf(`${other}${source}88b5`, 1514),
  'of full size with two tags': frameOf(`${other}${source}88a80001810000020800`, 1522),
}

let fabric: Fabric
let lab: Lab
let client: Client
let near: LabHost
let far: LabHost
let stranger: LabHost

beforeAll(async () => {
  fabric = await startFabricHere('ctlframes', { nodes: 3, join: ['n1', 'n2'], rlocFamily: 'ipv6' })
  ;({ lab } = fabric)
  ;({ client } = fabric.controller)
  const face = (name: string, ...addresses: string[]) => ({ name, addresses, mtu: 1508 })
  ;[near, far, stranger] = (await lab.addHosts([
    { name: 'near', node: 'n1', interfaces: [face('e0'), face('e1'), face('e2', '10.3.0.1/24')] },
    { name: 'far', node: 'n2', interfaces: [face('e2', '10.3.0.2/24')] },
    { name: 'odd', node: 'n3', interfaces: [face('e0')] },
  ])) as [LabHost, LabHost, LabHost]
  await Promise.all([near, far, stranger].map(silence))
})
afterAll(() => fabric?.stop())

it('on one node', async () => {
  const [a, b] = ['near-e0', 'near-e1'].map((name) => ({ node: 'n1', interface: name }))
  if (a === undefined || b === undefined) return
  await client.createLink({ name: 'local', a, b })
  const seen = await capture(near, 'e1')
  await sendFrames(near, 'e0', Object.values(frames))
  await arrive(seen, Object.values(frames))
  await seen.stop()
})

it('between nodes, both ways', async () => {
  const [a, b] = [
    { node: 'n1', interface: 'near-e2' },
    { node: 'n2', interface: 'far-e2' },
  ]
  const made = await client.createLink({ name: 'across', a, b })
  expect(made.status.state).toBe('up')
  expect((await client.node('n1')).rloc).toContain(':')
  await soon(() => reaches(near, '10.3.0.2'))
  for (const host of [near, far]) await host.exec(['ip', 'link', 'set', 'e2', 'arp', 'off'])
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    const seen = await capture(to, 'e2')
    await sendFrames(from, 'e2', Object.values(frames))
    await arrive(seen, Object.values(frames))
    await seen.stop()
  }
})

/** A switch that is no node of ours sends into a VNI that it has guessed, as another peer would. */
const intrude = async (vni: number, victim: string): Promise<void> => {
  const node = lab.node('n3')
  await node.vsctl(
    ...['add-br', 'br-odd', '--', 'set', 'Bridge', 'br-odd', `datapath_type=${lab.state.datapath}`],
    ...['--', 'add-port', 'br-odd', 'odd-e0', '--', 'add-port', 'br-odd', 'vx'],
    ...['--', 'set', 'Interface', 'vx', 'type=vxlan', 'options:remote_ip=flow', 'options:key=flow'],
  )
  await node.ofctl('del-flows', 'br-odd')
  const set = `set_field:${vni}->tun_id,set_field:${victim}->tun_ipv6_dst`
  await node.ofctl('add-flow', 'br-odd', `in_port=odd-e0,actions=${set},output:vx`)
}

const dropped = async (): Promise<number> => {
  const flows = await client.flows('n2')
  return Number(flows.find(({ origin }) => origin?.kind === 'node')?.packets)
}

it('nothing of a stranger who has guessed the VNI: it is counted and dropped', async () => {
  const { vni } = await client.link('across')
  await intrude(vni, lab.node('n2').rloc)
  const seen = await capture(far, 'e2')
  const before = await dropped()
  const frame = frameOf(`${other}${source}88b5`)
  // The first one goes with the search for the victim's link address.
  await soon(async () => {
    await sendFrames(stranger, 'e0', [frame])
    return (await dropped()) > before
  })
  expect(seen.frames).toEqual([])
  const own = frameOf(`${other}${source}88b6`)
  await sendFrames(near, 'e2', [own])
  await arrive(seen, [own])
  await seen.stop()
  expect(await metric(client, 'heddle_drift_total')).toBe(0)
})
