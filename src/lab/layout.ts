/**
 * The devices of a lab, as `ip` commands: pure, so that what a lab does to a machine can be read and tested without one.
 *
 *     root namespace        heddle-LAB-fabric              heddle-LAB-n1
 *     hdl-LAB ───────────── root ─┐
 *     198.18.3.254               mgmt (bridge) ── m1 ───── mgmt    198.18.0.1
 *                                under (bridge) ─ u1 ───── eth1 ── br-phy 100.64.0.1 (the RLOC)
 *
 * Management and underlay are apart, so that a node whose switch is stopped can still be talked to, as on real machines.
 * With the kernel datapath the RLOC is on `eth1` itself.
 */
import {
  controllerAddress,
  controllerAddress6,
  managementAddress,
  managementAddress6,
  managementPrefix,
  managementPrefix6,
  rlocAddress,
  rlocAddress6,
  rlocPrefix,
  rlocPrefix6,
} from './addresses.js'
import { fabricMember, namespaceOf, rootDeviceOf } from './names.js'
import type { HostInterface, LabState } from './state.js'

/** The bridge that owns the underlay address where Open vSwitch forwards in user space. */
export const physicalBridge = 'br-phy'
export const underlayDevice = 'eth1'
export const managementDevice = 'mgmt'

/**
 * The link-layer address of a node's underlay: the same after every restart, so that its neighbours' caches stay right.
 * @param position 1 for the first node
 */
export const underlayMac = (position: number): string => {
  const bytes = [2, 0x64, 0x40, 0, position >> 8, position & 255]
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/**
 * Brings a device up that says nothing on its own account: no link-local address, no answers to ARP requests (a Linux
 * machine answers on every device for every address it has). In this order: a device that is up has its address already.
 */
const raiseSilently = (device: string, settings: string): string[] => [
  `link set ${device} ${settings} arp off addrgenmode none`,
  `link set ${device} up`,
]

/** Everything that has a namespace of its own when the lab comes up. */
export const namespacesOf = (state: LabState): string[] =>
  [fabricMember, ...state.nodes].map((member) => namespaceOf(state.name, member))

/** In the root namespace: the management link and the controller's addresses. */
export const rootLines = ({ name, subnet, ipv6 }: LabState): string[] => {
  const device = rootDeviceOf(name)
  const address6 = `addr add ${controllerAddress6(subnet)}/${managementPrefix6} dev ${device} nodad`
  return [
    `link add ${device} type veth peer name root netns ${namespaceOf(name, fabricMember)}`,
    `link set ${device} addrgenmode none`,
    `addr add ${controllerAddress(subnet)}/${managementPrefix} dev ${device}`,
    ...(ipv6 ? [address6] : []),
    `link set ${device} up`,
  ]
}

const bridgeLines = (bridge: string, mtu: number): string[] => [
  `link add ${bridge} type bridge stp_state 0 mcast_snooping 0`,
  ...raiseSilently(bridge, `mtu ${mtu}`),
]

const portLines = (bridge: string, device: string, mtu: number): string[] =>
  raiseSilently(device, `mtu ${mtu} master ${bridge}`)

/** In the fabric namespace: the two bridges, and a cable from each to every node. */
export const fabricLines = (state: LabState): string[] => {
  const cables = state.nodes.flatMap((node, index) => {
    const namespace = namespaceOf(state.name, node)
    const [management, underlay] = [`m${index + 1}`, `u${index + 1}`]
    return [
      `link add ${management} type veth peer name ${managementDevice} netns ${namespace}`,
      ...portLines(managementDevice, management, 1500),
      `link add ${underlay} type veth peer name ${underlayDevice} netns ${namespace}`,
      ...portLines('under', underlay, state.underlayMtu),
    ]
  })
  return [
    ...bridgeLines(managementDevice, 1500),
    ...bridgeLines('under', state.underlayMtu),
    ...portLines(managementDevice, 'root', 1500),
    ...cables,
  ]
}

/** The underlay cable: a port of the physical bridge, which answers in its place, or the owner of the RLOC itself. */
const underlayLines = ({ datapath, underlayMtu }: LabState, position: number): string[] => {
  if (datapath === 'netdev') return raiseSilently(underlayDevice, `mtu ${underlayMtu}`)
  const address = underlayMac(position)
  return [`link set ${underlayDevice} mtu ${underlayMtu} address ${address}`, `link set ${underlayDevice} up`]
}

/** In a node's namespace: its management address, and the underlay cable without any. */
export const nodeLines = (state: LabState, position: number): string[] => {
  const address6 = `${managementAddress6(state.subnet, position)}/${managementPrefix6}`
  return [
    'link set lo up',
    `link set ${managementDevice} addrgenmode none`,
    `link set ${managementDevice} up`,
    `addr add ${managementAddress(state.subnet, position)}/${managementPrefix} dev ${managementDevice}`,
    ...(state.ipv6 ? [`addr add ${address6} dev ${managementDevice} nodad`] : []),
    ...underlayLines(state, position),
  ]
}

/** The device that owns a node's RLOC. */
export const rlocDevice = (state: LabState): string =>
  state.datapath === 'netdev' ? physicalBridge : underlayDevice

/** In a node's namespace, whenever its switch has started: the RLOC. Done twice it does no harm. */
export const rlocLines = (state: LabState, position: number): string[] => {
  const device = rlocDevice(state)
  return [
    `link set ${device} up`,
    `addr replace ${rlocAddress(position)}/${rlocPrefix} dev ${device}`,
    ...(state.ipv6 ? [`addr replace ${rlocAddress6(position)}/${rlocPrefix6} dev ${device} nodad`] : []),
  ]
}

/** In a node's namespace: one cable to a host for each interface; nothing but the host's own frames comes out of it. */
export const cableLines = (hostNamespace: string, interfaces: readonly HostInterface[]): string[] =>
  interfaces.flatMap(({ name, device, mtu }) => [
    `link add ${device} type veth peer name ${name} netns ${hostNamespace}`,
    ...raiseSilently(device, `mtu ${mtu}`),
  ])

/** In a node's namespace: a cable that came from another node. */
export const arrivalLines = ({ device, mtu }: HostInterface): string[] => raiseSilently(device, `mtu ${mtu}`)

/** The host's ends are of one device group, which goes in one step: one after the other they take 20 ms each. */
const cableGroup = 100

/** In a host's namespace: unplugs all its cables, here and at the node. */
export const unplugLines = (): string[] => [`link del group ${cableGroup}`]

/** In a host's namespace. */
export const hostLines = (interfaces: readonly HostInterface[]): string[] => [
  'link set lo up',
  ...interfaces.flatMap(({ name, mtu, mac, addresses }) => [
    `link set ${name} group ${cableGroup} mtu ${mtu}${mac === undefined ? '' : ` address ${mac}`} up`,
    ...addresses.map((address) => `addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
  ]),
]
