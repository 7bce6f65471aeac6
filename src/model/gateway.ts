/** The gateway of every network: what all nodes answer for alike, so that a container that moves keeps its next hop. */
import { type Cidr, cidrHas, type Ip } from './cidr.js'
import type { Network, Subnet } from './network.js'

/** Locally administered; not `0a:58`, which endpoints have. */
export const gatewayMac = 0x0248_4500_0001

/** `fe80::/10`: RFC 4291, section 2.5.6. */
export const linkLocals: Cidr = { family: 6, value: 0xfe80n << 112n, length: 10 }

/** The link-local address of an interface: its MAC as modified EUI-64. RFC 4291, appendix A. */
export const linkLocalOf = (mac: number): bigint => {
  const bits = BigInt(mac)
  const upper = (bits >> 24n) ^ 0x02_0000n
  return linkLocals.value | (upper << 40n) | (0xfffen << 24n) | (bits & 0xff_ffffn)
}

/** Where router advertisements come from. */
export const gatewayLinkLocal = linkLocalOf(gatewayMac)

/** The subnet of the network that has the address. */
export const subnetOf = (network: Pick<Network, 'subnets'>, address: Ip): Subnet | undefined =>
  network.subnets.find(({ cidr }) => cidrHas(cidr, address))

/** The gateway's address that answers what `address` has sent: of its subnet, else the first of its family. */
export const gatewayFor = (network: Pick<Network, 'subnets'>, address: Ip): Ip | undefined => {
  const { family } = address
  const subnet = subnetOf(network, address) ?? network.subnets.find(({ cidr }) => cidr.family === family)
  return subnet && { family, value: subnet.gateway }
}
