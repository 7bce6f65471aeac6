/** What the flow tables of overlay networks do to packets, by example: routing, answers of the node, the way outside, moves. */
import { expect, it } from 'vitest'
import { nodePort } from '#model/endpoint.js'
import { gatewayLinkLocal, gatewayMac, linkLocalOf } from '#model/gateway.js'
import { derivedMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import { readHeader } from '#trace/header-fields.js'
import { parsePacket } from '#trace/packet.js'
import { type Arrived, type Fate, Overlay, type OverlayOptions, tunnelOfport } from '../../fake/overlay.js'
import { endpointOf, ipOf, networkOf, nodeFacts } from '../../fake/overlay-objects.js'
import { arpFrame, discoveryFrame, echoFrame, ttlFrame, udpFrame } from '../../fake/overlay-packets.js'

const nodes = [nodeFacts('n1', '192.0.2.1'), nodeFacts('n2', '192.0.2.2'), nodeFacts('n3', '192.0.2.3')]
const network = networkOf(1, ['10.0.0.0/24', 'fd00::/64'])
const a = endpointOf(1, network, 'n1', ['10.0.0.10', 'fd00::10'])
const b = endpointOf(2, network, 'n1', ['10.0.0.11', 'fd00::11'], { mac: 0x02_00_00_00_00_0b })
const c = endpointOf(3, network, 'n2', ['10.0.0.12', 'fd00::12'])
const gate = endpointOf(4, network, 'n1', ['10.0.0.4', 'fd00::4'], { interface: nodePort })

const fabric = (rest: Partial<OverlayOptions> = {}): Overlay =>
  new Overlay({ nodes, networks: [network], endpoints: [a, b, c], proactive: false, ...rest })

const toGateway = { sourceMac: a.mac, destinationMac: gatewayMac }
const field = (bytes: Uint8Array, name: Parameters<typeof readHeader>[1]) =>
  readHeader(parsePacket(bytes), name, ['eth_src', 'eth_dst', 'ipv6_src', 'ipv6_dst'].includes(name))

const only = ({ arrived, asked }: Fate): Arrived => {
  expect({ asked, arrived: arrived.length }).toEqual({ asked: [], arrived: 1 })
  return arrived[0] ?? expect.fail('nothing')
}
const why = ({ arrived, asked }: Fate) => {
  expect(arrived).toEqual([])
  return asked.map((one) => one.why)
}

it('bridges within a subnet: the TTL and the source MAC stay, the destination gets its own MAC', () => {
  const one = fabric()
  const sent = echoFrame({
    sourceMac: a.mac,
    destinationMac: derivedMac([ipOf('10.0.0.11')]),
    source: ipOf('10.0.0.10'),
    destination: ipOf('10.0.0.11'),
  })
  const { ofport, bytes } = only(one.send('n1', one.ofport(a), sent))
  expect(ofport).toBe(one.ofport(b))
  expect([field(bytes, 'eth_dst'), field(bytes, 'eth_src'), field(bytes, 'nw_ttl')]).toEqual([
    BigInt(b.mac),
    BigInt(a.mac),
    64,
  ])
})

it('routes what is sent to the gateway: TTL less one, source MAC the gateway’s', () => {
  const one = fabric({ proactive: true })
  const sent = echoFrame({ ...toGateway, source: ipOf('fd00::10'), destination: ipOf('fd00::12') })
  const { node, ofport, bytes } = only(one.send('n1', one.ofport(a), sent))
  expect([node, ofport]).toEqual(['n2', one.ofport(c)])
  expect([field(bytes, 'eth_dst'), field(bytes, 'eth_src'), field(bytes, 'nw_ttl')]).toEqual([
    BigInt(c.mac),
    BigInt(gatewayMac),
    63,
  ])
})

it.each([0, 1])('has the sender told of a TTL of %d that would be routed', (ttl) => {
  const one = fabric()
  const sent = ttlFrame({ ...toGateway, source: ipOf('10.0.0.10'), destination: ipOf('10.0.0.12') }, ttl)
  const told = { reason: 'error', error: 'time-exceeded', mtu: 0, vni: network.vni, endpoint: a.serial }
  expect(why(one.send('n1', one.ofport(a), sent))).toEqual([told])
  const bridged = ttlFrame(
    {
      sourceMac: a.mac,
      destinationMac: 0x0a580a00000c,
      source: ipOf('10.0.0.10'),
      destination: ipOf('10.0.0.11'),
    },
    ttl,
  )
  only(one.send('n1', one.ofport(a), bridged))
})

it('asks once about an unknown EID and then tells the sender, without asking again', () => {
  const one = fabric()
  const sent = udpFrame({ ...toGateway, source: ipOf('10.0.0.10'), destination: ipOf('10.0.0.99') })
  const asker = { vni: network.vni, endpoint: a.serial }
  const unreachable = { ...asker, reason: 'error', error: 'host-unreachable', mtu: 0 }
  expect(why(one.send('n1', one.ofport(a), sent))).toEqual([{ ...asker, reason: 'miss' }, unreachable])
  expect(why(one.send('n1', one.ofport(a), sent))).toEqual([unreachable])
})

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

it('says how much fits where a packet is too large for its way', () => {
  const one = fabric({ proactive: true })
  const sent = (size: number, to: string) =>
    one.send(
      'n1',
      one.ofport(a),
      echoFrame(
        { sourceMac: a.mac, destinationMac: c.mac, source: ipOf('10.0.0.10'), destination: ipOf(to) },
        64,
        size,
      ),
    )
  const header = 20 + 4
  expect(why(sent(1451 - header, '10.0.0.12'))).toMatchObject([{ error: 'too-big', mtu: 1450 }])
  only(sent(1450 - header, '10.0.0.12'))
  only(sent(1451 - header, '10.0.0.11'))
})

const world = { ...toGateway, source: ipOf('10.0.0.10'), destination: ipOf('198.51.100.7') }

it('sends what is outside to the port of the node, and takes what comes back', () => {
  const one = fabric({ endpoints: [a, b, c, gate] })
  const out = only(one.send('n1', one.ofport(a), udpFrame(world)))
  expect([out.ofport, field(out.bytes, 'eth_dst'), field(out.bytes, 'nw_ttl')]).toEqual([
    one.ofport(gate),
    BigInt(gate.mac),
    63,
  ])
  const back = {
    sourceMac: gate.mac,
    destinationMac: a.mac,
    source: world.destination,
    destination: world.source,
  }
  expect(only(one.send('n1', one.ofport(gate), udpFrame(back))).ofport).toBe(one.ofport(a))
  // The node itself, and nobody else of the network, by it.
  const own = { ...back, source: ipOf('10.0.0.4') }
  expect(only(one.send('n1', one.ofport(gate), udpFrame(own))).ofport).toBe(one.ofport(a))
  const spoofed = { ...back, source: ipOf('10.0.0.12') }
  expect(one.send('n1', one.ofport(gate), udpFrame(spoofed))).toEqual({ arrived: [], asked: [] })
})

it('hears a node ask in the name of any address of its own, and nobody’s questions about free addresses', () => {
  const one = fabric({ endpoints: [a, b, c, gate] })
  const send = (frame: Uint8Array) => one.send('n1', one.ofport(gate), frame)
  const asks = ipOf('10.0.0.10').value
  const arp = { mac: gate.mac, asks }
  expect(only(send(arpFrame({ ...arp, from: ipOf('198.51.100.7').value }))).ofport).toBe(one.ofport(gate))
  const own = { mac: gate.mac, from: 0n, asks: ipOf('fd00::4').value }
  const router = { mac: gate.mac, from: linkLocalOf(gate.mac), asks: 0n, type: 133 }
  const quiet = [
    arpFrame({ ...arp, from: 0n }),
    arpFrame({ ...arp, from: ipOf('10.0.0.11').value }),
    discoveryFrame(own),
    discoveryFrame(router),
  ]
  for (const frame of quiet) expect(send(frame)).toEqual({ arrived: [], asked: [] })
})

it('lets nothing from a tunnel leave by the port of the node', () => {
  const one = fabric({ endpoints: [a, b, c, gate] })
  const fate = one.send('n1', tunnelOfport, udpFrame(world), {
    tun_id: BigInt(network.vni),
    tun_src: 0xc000_0202,
  })
  expect(fate).toEqual({ arrived: [], asked: [] })
})

it.each([
  [network, 'network-unreachable'],
  [networkOf(1, ['10.0.0.0/24', 'fd00::/64'], { isolation: true }), 'prohibited'],
] as const)('tells who cannot get out of %#', (of: Network, error) => {
  const one = fabric({ networks: [of], endpoints: of.isolation ? [a, gate] : [a] })
  expect(why(one.send('n1', one.ofport(a), udpFrame(world)))).toMatchObject([{ error }])
})

it('carries for an endpoint that is the gateway of a route', () => {
  const routed = networkOf(1, ['10.0.0.0/24'], {
    routes: [
      { destination: { family: 4, value: 0xac10_0000n, length: 12 }, gateway: ipOf('10.0.0.12').value },
    ],
  })
  const one = fabric({ networks: [routed] })
  const there = {
    sourceMac: a.mac,
    destinationMac: c.mac,
    source: ipOf('10.0.0.10'),
    destination: ipOf('172.16.3.4'),
  }
  const { arrived } = one.send('n1', one.ofport(a), udpFrame(there))
  expect(arrived.map(({ node, ofport }) => [node, ofport])).toEqual([['n2', one.ofport(c)]])
  const back = {
    sourceMac: c.mac,
    destinationMac: a.mac,
    source: there.destination,
    destination: there.source,
  }
  expect(one.send('n2', one.ofport(c), udpFrame(back)).arrived).toHaveLength(1)
  expect(one.send('n1', one.ofport(b), udpFrame({ ...back, sourceMac: b.mac })).arrived).toEqual([])
})

it('sends on what arrives where an EID was, and ends a circle by the TTL', () => {
  const eid = { ...ipOf('10.0.0.12'), length: 32 }
  const moved = (at: string, to: string) => {
    const { rloc } = nodes.find(({ name }) => name === to) ?? expect.fail()
    if (rloc === undefined) return expect.fail('no RLOC')
    const entry = {
      vni: network.vni,
      eid,
      state: 'moved',
      rloc,
      encapsulation: 'vxlan',
      forwardSeconds: 5,
    } as const
    return { node: at, entry }
  }
  const there = endpointOf(9, network, 'n2', ['10.0.0.77'])
  const sent = (ttl: number) =>
    ttlFrame(
      { sourceMac: a.mac, destinationMac: c.mac, source: ipOf('10.0.0.10'), destination: ipOf('10.0.0.12') },
      ttl,
    )
  const tunnel = { tun_id: BigInt(network.vni), tun_src: 0xc000_0203 }
  const right = fabric({ endpoints: [a, b, c], entries: [moved('n1', 'n2')] })
  expect(only(right.send('n1', tunnelOfport, sent(64), tunnel)).node).toBe('n2')
  const wrong = fabric({ endpoints: [a, there], entries: [moved('n1', 'n2'), moved('n2', 'n1')] })
  const fate = wrong.send('n1', tunnelOfport, sent(9), tunnel)
  expect(fate.arrived).toEqual([])
})

it.each([
  [false, []],
  [true, ['n1 11', 'n2 12']],
] as const)('broadcast %s', (broadcast, expected) => {
  const one = fabric({ networks: [networkOf(1, ['10.0.0.0/24', 'fd00::/64'], { broadcast })] })
  const frame = udpFrame({
    sourceMac: a.mac,
    destinationMac: 0xffff_ffff_ffff,
    source: ipOf('10.0.0.10'),
    destination: ipOf('255.255.255.255'),
  })
  const { arrived, asked } = one.send('n1', one.ofport(a), frame)
  expect(asked).toEqual([])
  expect(arrived.map(({ node, ofport }) => `${node} ${ofport}`)).toEqual(expected)
})

it('takes no frame with a VLAN tag', () => {
  const one = fabric()
  const plain = udpFrame({ ...toGateway, source: ipOf('10.0.0.10'), destination: ipOf('10.0.0.11') })
  const tagged = new Uint8Array([...plain.subarray(0, 12), 0x81, 0, 0, 5, ...plain.subarray(12)])
  expect(one.send('n1', one.ofport(a), tagged)).toEqual({ arrived: [], asked: [] })
})
