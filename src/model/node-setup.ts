/**
 * What OVSDB cannot configure on a node that is an endpoint itself: the addresses and routes of its port, and masquerading of what leaves
 * the fabric. As text for ip(8) and nft(8), to be given as often as one likes. The CNI plugin and `heddle nodes setup` share it.
 */
import { nodePort } from './node-port.js'

/** The node's endpoint as REST shows it, and the subnets of its network. */
export interface NodeSetup {
  readonly addresses: readonly {
    readonly address: string
    readonly prefixLength: number
    readonly gateway: string
  }[]
  readonly subnets: readonly { readonly cidr: string; readonly gateway?: string | undefined }[]
  readonly routes: readonly { readonly destination: string; readonly gateway?: string | undefined }[]
  /** Bytes. */
  readonly mtu?: number | undefined
}

/** Bytes where the underlay is not known. */
const mtuDefault = 1400

const isIpv6 = (text: string): boolean => text.includes(':')

/** Lines for `ip -batch`: the port's addresses, and routes for every subnet and route of the network, from its own addresses. */
export const nodePortLines = ({ addresses, subnets, routes, mtu = mtuDefault }: NodeSetup): string[] => {
  const ownFor = (destination: string) =>
    addresses.find(({ address }) => isIpv6(address) === isIpv6(destination))
  // The kernel makes a route by itself for the subnet that an address is in.
  const others = subnets.filter(({ gateway }) => addresses.every((each) => each.gateway !== gateway))
  return [
    `link set dev ${nodePort} mtu ${mtu} up`,
    ...addresses.map(
      ({ address, prefixLength }) =>
        `addr replace ${address}/${prefixLength} dev ${nodePort}${isIpv6(address) ? ' nodad' : ''}`,
    ),
    ...others.flatMap(({ cidr }) => {
      const own = ownFor(cidr)
      return own === undefined ? [] : [`route replace ${cidr} dev ${nodePort} src ${own.address}`]
    }),
    ...routes.flatMap(({ destination, gateway }) => {
      const own = ownFor(destination)
      // The world outside is behind the node, not behind the fabric.
      if (own === undefined || destination.endsWith('/0')) return []
      const via = gateway ?? own.gateway
      return [`route replace ${destination} via ${via} dev ${nodePort} src ${own.address}`]
    }),
  ]
}

/** Files of the kernel that have to say 1, so that the node routes between its port and the others. */
export const forwardingFiles = ({ addresses }: Pick<NodeSetup, 'addresses'>): string[] => [
  ...(addresses.some(({ address }) => !isIpv6(address)) ? ['/proc/sys/net/ipv4/ip_forward'] : []),
  ...(addresses.some(({ address }) => isIpv6(address)) ? ['/proc/sys/net/ipv6/conf/all/forwarding'] : []),
]

const families = [
  { table: 'ip', type: 'ipv4_addr', isOurs: (prefix: string) => !isIpv6(prefix) },
  { table: 'ip6', type: 'ipv6_addr', isOurs: isIpv6 },
] as const

/**
 * Rules for `nft -f`: a set of the prefixes whose members are masqueraded unless they speak to one another.
 * @param prefixes addresses with prefix length
 */
export const masqueradeRules = (prefixes: readonly string[]): string => {
  const lines = families.flatMap(({ table, type, isOurs }) => {
    const ours = prefixes.filter((prefix) => isOurs(prefix))
    if (ours.length === 0) return []
    const name = `${table} heddle-cni`
    return [
      `add table ${name}`,
      `add set ${name} members { type ${type}; flags interval; auto-merge; }`,
      `add element ${name} members { ${ours.join(', ')} }`,
      `add chain ${name} postrouting { type nat hook postrouting priority srcnat; }`,
      `flush chain ${name} postrouting`,
      `add rule ${name} postrouting ${table} saddr @members ${table} daddr != @members masquerade`,
    ]
  })
  return `${lines.join('\n')}\n`
}
