/** What endpoints are told by the controller itself: ICMP errors, addresses by DHCP, router advertisements. Pure. */
import { dhcpAnswer } from '#answers/dhcp.js'
import { dhcp6Answer } from '#answers/dhcp6.js'
import { readIpFrame } from '#answers/frame.js'
import { icmpErrorFor } from '#answers/icmp-error.js'
import { routerAdvertisement } from '#answers/router-advertisement.js'
import type { PacketReason } from '#compile/packet-reason.js'
import type { Ip } from '#model/cidr.js'
import type { Endpoint } from '#model/endpoint.js'
import { gatewayFor, subnetOf } from '#model/gateway.js'
import type { Network } from '#model/network.js'

/** An address of an endpoint is its own for as long as there is the endpoint; who asked by DHCP asks again after this. */
const leaseSeconds = 3_600

export interface Asking {
  readonly endpoint: Endpoint
  readonly network: Network
  /** Bytes that the network carries; absent while unknown. */
  readonly mtu?: number
}

/** The frame that answers a packet; undefined where there is nothing to be said. */
export const answerTo = (
  frame: Uint8Array,
  why: Exclude<PacketReason, { readonly reason: 'miss' }>,
  { endpoint, network, mtu }: Asking,
): Uint8Array | undefined => {
  switch (why.reason) {
    case 'error': {
      const source = readIpFrame(frame)?.source
      const from = source && gatewayFor(network, source)
      return from && icmpErrorFor(frame, { error: why.error, from, to: endpoint.mac, mtu: why.mtu })
    }
    case 'dhcp':
      return leaseFor(frame, { endpoint, network, ...(mtu !== undefined && { mtu }) })
    case 'router-solicitation': {
      const prefixes = network.subnets.map(({ cidr }) => cidr).filter(({ family }) => family === 6)
      return routerAdvertisement({ prefixes, ...(mtu !== undefined && { mtu }) }, endpoint.mac)
    }
  }
}

const leaseFor = (frame: Uint8Array, { endpoint, network, mtu }: Asking): Uint8Array | undefined => {
  const { mac, addresses } = endpoint
  const six = addresses.filter(({ family }) => family === 6)
  if (readIpFrame(frame)?.source.family === 6)
    return dhcp6Answer(frame, { mac, addresses: six, leaseSeconds })
  const address = addresses.find(({ family }) => family === 4)
  const subnet = address && subnetOf(network, address)
  if (address === undefined || subnet === undefined) return undefined
  const gateway: Ip = { family: 4, value: subnet.gateway }
  const routes = network.routes.flatMap(({ destination, gateway: via }) =>
    destination.family === 4 && via !== undefined
      ? [{ destination, gateway: { family: 4 as const, value: via } }]
      : [],
  )
  const facts = { mac, address, length: subnet.cidr.length, gateway, routes, leaseSeconds }
  return dhcpAnswer(frame, { ...facts, ...(mtu !== undefined && { mtu }) })
}
