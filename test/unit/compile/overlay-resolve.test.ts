/** What a node answers by itself: ARP, neighbour discovery, echo requests; and what it leaves to the controller. */
import { expect, it } from 'vitest'
import { gatewayLinkLocal, gatewayMac, linkLocalOf } from '#model/gateway.js'
import { readHeader } from '#trace/header-fields.js'
import { parsePacket } from '#trace/packet.js'
import { ipOf } from '../../fake/overlay-objects.js'
import { arpFrame, discoveryFrame, echoFrame, udpFrame } from '../../fake/overlay-packets.js'
import { a, fabric, network, only, toGateway, why } from './overlay-fabric.js'

it.each(['10.0.0.1', 'fd00::1'])('answers an echo request to the gateway %s', (gateway) => {
  const one = fabric()
  const source = ipOf(gateway.includes(':') ? 'fd00::10' : '10.0.0.10')
  const back = only(
    one.send('n1', one.ofport(a), echoFrame({ ...toGateway, source, destination: ipOf(gateway) })),
  )
  expect(back.ofport).toBe(one.ofport(a))
  const reply = { sourceMac: gatewayMac, destinationMac: a.mac, source: ipOf(gateway), destination: source }
  const expected = echoFrame(reply)
  const type = source.family === 4 ? 34 : 54
  // The reply differs from a request the other way round by its type and checksum.
  expect(Buffer.from(back.bytes.subarray(type + 4))).toEqual(Buffer.from(expected.subarray(type + 4)))
  expect(back.bytes[type]).toBe(source.family === 4 ? 0 : 129)
  expect(Buffer.from(back.bytes.subarray(0, type))).toEqual(
    source.family === 4 ? expect.anything() : Buffer.from(expected.subarray(0, type)),
  )
})

it('refuses other services of the gateway', () => {
  const one = fabric()
  const sent = udpFrame({ ...toGateway, source: ipOf('10.0.0.10'), destination: ipOf('10.0.0.1') })
  expect(why(one.send('n1', one.ofport(a), sent))).toMatchObject([{ error: 'port-unreachable' }])
})

const arpReply = (bytes: Uint8Array) => {
  const packet = parsePacket(bytes)
  return {
    op: readHeader(packet, 'arp_op', false),
    sha: readHeader(packet, 'arp_sha', true),
    spa: readHeader(packet, 'arp_spa', false),
    tha: readHeader(packet, 'arp_tha', true),
    tpa: readHeader(packet, 'arp_tpa', false),
    to: readHeader(packet, 'eth_dst', true),
    from: readHeader(packet, 'eth_src', true),
  }
}

it.each([
  ['10.0.0.1', gatewayMac],
  ['10.0.0.12', 0x0a58_0a00_000c],
  ['10.0.0.200', 0x0a58_0a00_00c8],
] as const)('answers ARP for %s, be somebody there or not', (asked, mac) => {
  const one = fabric()
  const asks = { mac: a.mac, from: ipOf('10.0.0.10').value, asks: ipOf(asked).value }
  const back = only(one.send('n1', one.ofport(a), arpFrame(asks)))
  expect(back.ofport).toBe(one.ofport(a))
  expect(arpReply(back.bytes)).toEqual({
    op: 2,
    sha: BigInt(mac),
    spa: Number(asks.asks),
    tha: BigInt(a.mac),
    tpa: Number(asks.from),
    to: BigInt(a.mac),
    from: BigInt(mac),
  })
})

it('answers no ARP for addresses of no subnet, no probe and no announcement', () => {
  const one = fabric()
  const own = ipOf('10.0.0.10').value
  const arp = (from: bigint, asks: bigint) =>
    one.send('n1', one.ofport(a), arpFrame({ mac: a.mac, from, asks }))
  for (const fate of [arp(own, ipOf('10.0.1.1').value), arp(0n, own), arp(own, own)])
    expect(fate).toEqual({ arrived: [], asked: [] })
})

it.each([
  ['fd00::1', gatewayMac, 0xe000_0000],
  ['fd00::12', 0x0a58_0000_0012, 0x6000_0000],
  ['fe80::48:45ff:fe00:1', gatewayMac, 0xe000_0000],
] as const)('answers neighbour solicitations for %s', (asked, mac, flags) => {
  const one = fabric()
  for (const from of [ipOf('fd00::10').value, linkLocalOf(a.mac)]) {
    const target = ipOf(asked).value
    const asks = { mac: a.mac, from, asks: target, option: a.mac }
    const { ofport, bytes } = only(one.send('n1', one.ofport(a), discoveryFrame(asks)))
    const packet = parsePacket(bytes)
    expect(ofport).toBe(one.ofport(a))
    expect({
      type: readHeader(packet, 'icmpv6_type', false),
      target: readHeader(packet, 'nd_target', true),
      flags: readHeader(packet, 'nd_reserved', false),
      option: readHeader(packet, 'nd_tll', true),
      from: readHeader(packet, 'ipv6_src', true),
      to: readHeader(packet, 'ipv6_dst', true),
    }).toEqual({ type: 136, target, flags, option: BigInt(mac), from: target, to: from })
  }
  expect(gatewayLinkLocal).toBe(ipOf('fe80::48:45ff:fe00:1').value)
})

it('does not answer duplicate address detection, nor hear advertisements', () => {
  const one = fabric()
  const target = ipOf('fd00::10').value
  const quiet = [
    discoveryFrame({ mac: a.mac, from: 0n, asks: target }),
    discoveryFrame({ mac: a.mac, from: target, asks: target, option: a.mac, type: 136 }),
    discoveryFrame({ mac: a.mac, from: target, asks: target, option: a.mac, type: 134 }),
  ]
  for (const frame of quiet) expect(one.send('n1', one.ofport(a), frame)).toEqual({ arrived: [], asked: [] })
})

it('answers a solicitation without option, and none whose option is another’s', () => {
  const one = fabric()
  const asks = { mac: a.mac, from: ipOf('fd00::10').value, asks: ipOf('fd00::12').value }
  only(one.send('n1', one.ofport(a), discoveryFrame(asks)))
  const lying = discoveryFrame({ ...asks, option: 0x0a58_0000_0012 })
  expect(one.send('n1', one.ofport(a), lying)).toEqual({ arrived: [], asked: [] })
})

it('hands requests for an address and for a router to the controller', () => {
  const one = fabric()
  const discover = udpFrame(
    {
      sourceMac: a.mac,
      destinationMac: 0xffff_ffff_ffff,
      source: ipOf('0.0.0.0'),
      destination: ipOf('255.255.255.255'),
    },
    68,
    67,
  )
  const solicit = discoveryFrame({ mac: a.mac, from: linkLocalOf(a.mac), asks: 0n, type: 133 })
  const asker = { vni: network.vni, endpoint: a.serial }
  expect(why(one.send('n1', one.ofport(a), discover))).toEqual([{ ...asker, reason: 'dhcp' }])
  expect(why(one.send('n1', one.ofport(a), solicit))).toEqual([{ ...asker, reason: 'router-solicitation' }])
})
