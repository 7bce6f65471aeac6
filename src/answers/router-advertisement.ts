/** What a gateway says to those that listen for routers: RFC 4861, section 4.2. */

import type { Cidr, Ip } from '#model/cidr.js'
import { gatewayLinkLocal, gatewayMac } from '#model/gateway.js'
import { constant, encode, list, pad, u8, u16, u32, uint } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { mac } from './frame.js'
import { writeIcmpFrame } from './icmp.js'

/** Lengths of options are in units of 8 bytes. */
const linkLayer = struct({ _type: constant(u8, 1), _length: constant(u8, 1), address: mac })
const mtuOption = struct({ _type: constant(u8, 5), _length: constant(u8, 1), _pad: pad(2), mtu: u32 })
const prefixOption = struct({
  _type: constant(u8, 3),
  _length: constant(u8, 4),
  prefixLength: u8,
  flags: u8,
  validSeconds: u32,
  preferredSeconds: u32,
  _pad: pad(4),
  prefix: uint(16),
})

const body = struct({
  hopLimit: u8,
  flags: u8,
  lifetimeSeconds: u16,
  reachableMs: u32,
  retransmitMs: u32,
  linkLayer,
  mtu: list(mtuOption),
  prefixes: list(prefixOption),
})

const advertisement = 134
/** Addresses come by DHCPv6. */
const managed = 0x80
/** On link, and not for addresses of one's own making: those would be no EIDs. */
const onLink = 0x80
/** The longest there are: RFC 8319, section 4. A prefix does not end. */
const lifetimeSeconds = 0xffff
const endless = 0xffff_ffff

const allNodes: Ip = { family: 6, value: (0xff02n << 112n) | 1n }
const allNodesMac = 0x3333_0000_0001

export interface RouterFacts {
  /** IPv6 subnets of the network. */
  readonly prefixes: readonly Cidr[]
  /** Bytes; absent: not said. IPv6 has none below 1,280. */
  readonly mtu?: number
}

/** The frame that tells all who listen at a port. `to`: the endpoint's MAC address; absent: all nodes' group address. */
export const routerAdvertisement = ({ prefixes, mtu }: RouterFacts, to = allNodesMac): Uint8Array =>
  writeIcmpFrame(
    {
      sourceMac: gatewayMac,
      destinationMac: to,
      source: { family: 6, value: gatewayLinkLocal },
      destination: allNodes,
    },
    {
      type: advertisement,
      code: 0,
      body: encode(body, {
        hopLimit: 64,
        flags: managed,
        lifetimeSeconds,
        reachableMs: 0,
        retransmitMs: 0,
        linkLayer: { address: gatewayMac },
        mtu: mtu === undefined || mtu < 1280 ? [] : [{ mtu }],
        prefixes: prefixes.map(({ value, length }) => ({
          prefixLength: length,
          flags: onLink,
          validSeconds: endless,
          preferredSeconds: endless,
          prefix: value,
        })),
      }),
    },
    { ttl: 255 },
  )
