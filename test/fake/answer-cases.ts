/** Packets that ask and what the controller answers: as hexadecimal in test/golden/answers.txt, read by tshark in test/live. */

import { dhcpAnswer, type Lease4 } from '#answers/dhcp.js'
import { dhcp6Answer, type Lease6 } from '#answers/dhcp6.js'
import { everybody, writeIpFrame, writeUdpFrame } from '#answers/frame.js'
import { icmpErrorFor } from '#answers/icmp-error.js'
import { routerAdvertisement } from '#answers/router-advertisement.js'
import { linkLocalOf } from '#model/gateway.js'
import { type IcmpError, icmpErrors } from '#model/icmp-error.js'
import { hexBytes } from './frames.js'
import { cidrOf, ipOf } from './overlay-objects.js'
import { echoFrame, udpFrame } from './overlay-packets.js'

export const mac = 0x0a58_0a00_000a
const macHex = mac.toString(16).padStart(12, '0')
const gateway4 = ipOf('10.0.0.1')
const gateway6 = ipOf('fd00::1')

export interface AnswerCase {
  readonly name: string
  readonly asked: Uint8Array
  readonly answer: Uint8Array | undefined
}

const toOutside = (family: 4 | 6) =>
  udpFrame({
    sourceMac: mac,
    destinationMac: 0x0248_4500_0001,
    source: ipOf(family === 4 ? '10.0.0.10' : 'fd00::a'),
    destination: ipOf(family === 4 ? '198.51.100.7' : '2001:db8::7'),
  })

const errorCase = (error: IcmpError, family: 4 | 6): AnswerCase => {
  const asked = toOutside(family)
  const from = family === 4 ? gateway4 : gateway6
  const answer = icmpErrorFor(asked, { error, from, to: mac, mtu: 1450 })
  return { name: `${error}, IPv${family}`, asked, answer }
}

export const lease4: Lease4 = {
  mac,
  address: ipOf('10.0.0.10'),
  length: 24,
  gateway: gateway4,
  mtu: 1450,
  leaseSeconds: 3600,
}

export interface DhcpFacts {
  readonly kind: number
  /** `code length value` in hexadecimal. */
  readonly options?: string
  readonly client?: string
  readonly flags?: string
  readonly hardware?: string
}

export const dhcpRequest = ({
  kind,
  options = '',
  client = '00000000',
  flags = '0000',
  hardware = macHex,
}: DhcpFacts): Uint8Array =>
  writeUdpFrame(
    {
      sourceMac: mac,
      destinationMac: everybody,
      source: ipOf('0.0.0.0'),
      destination: ipOf('255.255.255.255'),
    },
    { source: 68, destination: 67 },
    hexBytes(
      `01 01 06 00 12345678 0000 ${flags} ${client} 00000000 00000000 00000000 ${hardware}${'00'.repeat(10 + 192)}` +
        `63825363 3501${kind.toString(16).padStart(2, '0')} ${options} ff`,
    ),
  )

const dhcpCase = (name: string, facts: DhcpFacts, lease = lease4): AnswerCase => {
  const asked = dhcpRequest(facts)
  return { name: `DHCP: ${name}`, asked, answer: dhcpAnswer(asked, lease) }
}

const routed: Lease4 = {
  ...lease4,
  routes: [{ destination: cidrOf('172.16.0.0/12'), gateway: ipOf('10.0.0.5') }],
}

export const lease6: Lease6 = { mac, addresses: [ipOf('fd00::a')], leaseSeconds: 3600 }

/** Client id, an identity association, what else is given. */
export const dhcp6Request = (type: number, more = ''): Uint8Array =>
  writeUdpFrame(
    {
      sourceMac: mac,
      destinationMac: 0x3333_0001_0002,
      source: { family: 6, value: linkLocalOf(mac) },
      destination: ipOf('ff02::1:2'),
    },
    { source: 546, destination: 547 },
    hexBytes(
      `${type.toString(16).padStart(2, '0')} abcdef 0001 000a 0003 0001 ${macHex} 0003 000c 00000007 00000000 00000000 ${more}`,
    ),
  )

const dhcp6Case = (name: string, asked: Uint8Array): AnswerCase => ({
  name: `DHCPv6: ${name}`,
  asked,
  answer: dhcp6Answer(asked, lease6),
})

const serverId = '0002 000a 0003 0001 024845000001'

export const answerCases: readonly AnswerCase[] = [
  ...(Object.keys(icmpErrors) as IcmpError[]).flatMap((error) => [errorCase(error, 4), errorCase(error, 6)]),
  dhcpCase('discover', { kind: 1 }),
  dhcpCase('discover by a client that wants a broadcast', { kind: 1, flags: '8000' }),
  dhcpCase('request of what is due', { kind: 3, options: '3204 0a00000a 3604 0a000001' }, routed),
  dhcpCase('request of another address', { kind: 3, options: '3204 0a00000b' }),
  dhcpCase('renewal', { kind: 3, client: '0a00000a' }),
  dhcpCase('inform', { kind: 8, client: '0a00000a' }),
  dhcp6Case('solicit', dhcp6Request(1)),
  dhcp6Case('solicit with rapid commit', dhcp6Request(1, '000e 0000')),
  dhcp6Case('request', dhcp6Request(3, serverId)),
  dhcp6Case('confirm', dhcp6Request(4)),
  {
    name: 'router advertisement',
    asked: new Uint8Array(),
    answer: routerAdvertisement({ prefixes: [cidrOf('fd00::/64')], mtu: 1450 }, mac),
  },
]

const echo = (source: string, destination: string) =>
  echoFrame({ sourceMac: mac, destinationMac: 2, source: ipOf(source), destination: ipOf(destination) })

/** What must not be answered, and why. */
const silent: readonly (readonly [name: string, asked: Uint8Array])[] = [
  ['to a group', echo('10.0.0.10', '224.0.0.5')],
  ['to everybody', echo('10.0.0.10', '255.255.255.255')],
  ['from nobody', echo('0.0.0.0', '10.0.0.11')],
  ['to an IPv6 group', echo('fd00::a', 'ff02::5')],
  [
    'an ICMP error',
    icmpErrorFor(toOutside(4), { error: 'prohibited', from: gateway4, to: mac }) ?? hexBytes(''),
  ],
  [
    'an ICMPv6 error',
    icmpErrorFor(toOutside(6), { error: 'prohibited', from: gateway6, to: mac }) ?? hexBytes(''),
  ],
  [
    'ICMP that is cut off',
    writeIpFrame(
      { sourceMac: mac, destinationMac: 2, source: gateway4, destination: gateway4 },
      { protocol: 1, ttl: 1 },
      hexBytes('08'),
    ),
  ],
  [
    'a later fragment',
    hexBytes(`0248450000010a580a00000a0800 4500001c 0001 0010 40110000 0a00000a c6336407 0001020304050607`),
  ],
  ['no IP', hexBytes('0248450000010a580a00000a88b50000')],
  ['nothing', hexBytes('')],
]

export const silentErrors: readonly AnswerCase[] = silent.map(([name, asked]) => ({
  name,
  asked,
  answer: icmpErrorFor(asked, { error: 'host-unreachable', from: gateway4, to: mac }),
}))

/** Requests that are none, or another's. */
export const silentRequests: readonly AnswerCase[] = [
  dhcpCase('request of another server’s offer', { kind: 3, options: '3204 0a00000a 3604 0a000002' }),
  dhcpCase('release', { kind: 7 }),
  dhcpCase('another’s hardware address', { kind: 1, hardware: '020000000001' }),
  dhcp6Case('request to another server', dhcp6Request(3, '0002 000a 0003 0001 024845000002')),
  dhcp6Case('release', dhcp6Request(8)),
  dhcp6Case('cut off', dhcp6Request(1).subarray(0, 70)),
]
