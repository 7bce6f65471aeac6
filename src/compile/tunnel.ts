/** Into the tunnel: which port, between which addresses, and how much fits. */
import type { Rloc } from '#model/address.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { Network } from '#model/network.js'
import { type Action, setField } from '#openflow/actions.js'

/** `vxlan` to nodes, `gpe` (VXLAN-GPE without inner Ethernet) to LISP routers. */
export type Encapsulation = 'vxlan' | 'gpe'

/** From this node to another RLOC. */
export interface Way {
  readonly ofport: number
  readonly own: Rloc
  readonly far: Rloc
  /** Bytes of the largest layer-3 packet that fits. */
  readonly mtu: number
}

/** Ethernet's header, which VXLAN carries and VXLAN-GPE does not. */
export const ethernetHeader = 14

/** UDP's and VXLAN's header and the outer IP header, in bytes: RFC 7348, section 5. */
const overhead = (family: 4 | 6, encapsulation: Encapsulation): number =>
  8 + 8 + (family === 4 ? 20 : 40) + (encapsulation === 'vxlan' ? ethernetHeader : 0)

/** Undefined while a number or an address is missing, or where the families differ. `peer`: the node that has `far`, where one has. */
export const wayTo = (
  far: Rloc,
  encapsulation: Encapsulation,
  near: NodeFacts,
  peer?: NodeFacts,
): Way | undefined => {
  const ofport = encapsulation === 'vxlan' ? near.tunnelOfport : near.gpeOfport
  const own = near.rloc
  if (ofport === undefined || own === undefined || own.family !== far.family) return undefined
  const underlay = Math.min(near.underlayMtu, peer?.underlayMtu ?? near.underlayMtu)
  return { ofport, own, far, mtu: underlay - overhead(far.family, encapsulation) }
}

/** The addresses of the outer header. Both: a node with several must not leave the choice to its routes. */
export const tunnelBetween = ({ own, far }: Pick<Way, 'own' | 'far'>): readonly Action[] => [
  own.family === 4 ? setField('tun_src', own.value) : setField('tun_ipv6_src', own.value),
  far.family === 4 ? setField('tun_dst', far.value) : setField('tun_ipv6_dst', far.value),
]

/** What endpoints of the network on `node` may send, in bytes: the network's MTU, else what the node's underlay leaves of its own. */
export const networkMtu = (network: Network, inventory: Inventory, node: string): number | undefined => {
  if (network.mtu !== undefined) return network.mtu
  const { rloc, underlayMtu } = inventory.node(node)
  return rloc === undefined ? undefined : underlayMtu - overhead(rloc.family, 'vxlan')
}
