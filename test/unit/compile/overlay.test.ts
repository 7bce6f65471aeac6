/** What the flow tables of overlay networks do to packets, by example: routing, errors, the way outside, moves. */
import { expect, it } from 'vitest'
import { parseCidr } from '#model/cidr.js'
import { gatewayMac, linkLocalOf } from '#model/gateway.js'
import { derivedMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import { tunnelOfport } from '../../fake/overlay.js'
import { endpointOf, ipOf, networkOf } from '../../fake/overlay-objects.js'
import { arpFrame, discoveryFrame, echoFrame, ttlFrame, udpFrame } from '../../fake/overlay-packets.js'
import { a, b, c, fabric, field, gate, network, nodes, only, toGateway, why } from './overlay-fabric.js'

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

it('asks about prefixes of LISP routers before it sends anything to the world outside', () => {
  const beyond = ['172.16.0.0/12', '10.0.0.128/25', 'fd77::/16'].flatMap((text) => parseCidr(text) ?? [])
  const to = (destination: string) =>
    udpFrame({ ...toGateway, source: ipOf('10.0.0.10'), destination: ipOf(destination) })
  const one = fabric({ endpoints: [a, gate], beyond })
  const reasons = why(one.send('n1', one.ofport(a), to('172.16.3.4'))).map((one) => one?.reason)
  expect(reasons).toEqual(['miss', 'error'])
  expect(only(one.send('n1', one.ofport(a), to('172.32.3.4'))).ofport).toBe(one.ofport(gate))
  // Two flows for each prefix, but for what lies in a subnet, and of IPv6 in a network without it.
  const more = (of: Network) =>
    fabric({ networks: [of], beyond }).flows('n1').length - fabric({ networks: [of] }).flows('n1').length
  expect([more(network), more(networkOf(1, ['10.0.0.0/24']))]).toEqual([4, 2])
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
