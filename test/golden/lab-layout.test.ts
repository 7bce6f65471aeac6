/** What a lab does to a machine, as the `ip` commands that it runs: read it here before you run it there. */
import { expect, it } from 'vitest'
import {
  cableLines,
  fabricLines,
  hostLines,
  namespacesOf,
  nodeLines,
  rlocLines,
  rootLines,
} from '#lab/layout.js'
import type { LabState } from '#lab/state.js'

const state: LabState = {
  name: 'blue',
  state: 'building',
  builder: { pid: 1, startTicks: 1 },
  createdAt: '2026-01-01T00:00:00.000Z',
  subnet: 1,
  datapath: 'netdev',
  underlayMtu: 1600,
  ipv6: true,
  rlocFamily: 'ipv4',
  nodes: ['n1'],
}

const text = (lines: readonly string[]): string => `\n${lines.join('\n')}\n`

it('gives the fabric and each node a namespace', () => {
  expect(namespacesOf(state)).toEqual(['heddle-blue-fabric', 'heddle-blue-n1'])
})

it('puts one device into the root namespace', () => {
  expect(text(rootLines(state))).toBe(`
link add hdl-blue type veth peer name root netns heddle-blue-fabric
link set hdl-blue addrgenmode none
addr add 198.18.7.254/22 dev hdl-blue
addr add fd98:18:2::ffff/64 dev hdl-blue nodad
link set hdl-blue up
`)
})

it('joins the nodes by two silent bridges', () => {
  expect(text(fabricLines(state))).toBe(`
link add mgmt type bridge stp_state 0 mcast_snooping 0
link set mgmt mtu 1500 arp off addrgenmode none
link set mgmt up
link add under type bridge stp_state 0 mcast_snooping 0
link set under mtu 1600 arp off addrgenmode none
link set under up
link set root mtu 1500 master mgmt arp off addrgenmode none
link set root up
link add m1 type veth peer name mgmt netns heddle-blue-n1
link set m1 mtu 1500 master mgmt arp off addrgenmode none
link set m1 up
link add u1 type veth peer name eth1 netns heddle-blue-n1
link set u1 mtu 1600 master under arp off addrgenmode none
link set u1 up
`)
})

it('gives a node its management address at once and its RLOC with its switch', () => {
  expect(text(nodeLines(state, 1))).toBe(`
link set lo up
link set mgmt addrgenmode none
link set mgmt up
addr add 198.18.4.1/22 dev mgmt
addr add fd98:18:2::1/64 dev mgmt nodad
link set eth1 mtu 1600 arp off addrgenmode none
link set eth1 up
`)
  expect(text(rlocLines(state, 1))).toBe(`
link set br-phy up
addr replace 100.64.0.1/16 dev br-phy
addr replace fd64::1/64 dev br-phy nodad
`)
})

it('leaves the RLOC on the cable where the kernel forwards', () => {
  const system: LabState = { ...state, datapath: 'system', ipv6: false }
  expect(text(nodeLines(system, 1))).toBe(`
link set lo up
link set mgmt addrgenmode none
link set mgmt up
addr add 198.18.4.1/22 dev mgmt
link set eth1 mtu 1600 address 02:64:40:00:00:01
link set eth1 up
`)
  expect(text(rlocLines(system, 1))).toBe(`
link set eth1 up
addr replace 100.64.0.1/16 dev eth1
`)
})

it('plugs a host in', () => {
  const gig1 = { name: 'gig1', device: 'r1-gig1', mtu: 9000, mac: '02:00:00:00:00:07' }
  const interfaces = [{ ...gig1, addresses: ['10.0.0.1/24', '2001:db8::1/64'] }]
  expect(text(cableLines('heddle-blue-r1', interfaces))).toBe(`
link add r1-gig1 type veth peer name gig1 netns heddle-blue-r1
link set r1-gig1 mtu 9000 arp off addrgenmode none
link set r1-gig1 up
`)
  expect(text(hostLines(interfaces))).toBe(`
link set lo up
link set gig1 group 100 mtu 9000 address 02:00:00:00:00:07 up
addr add 10.0.0.1/24 dev gig1
addr add 2001:db8::1/64 dev gig1 nodad
`)
})
