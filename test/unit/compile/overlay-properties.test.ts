/**
 * Overlay networks of any shape: who reaches whom does not depend on how a network resolves, networks with the same addresses never
 * mix, and nobody speaks in another's name.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileCache, originOfCache } from '#compile/cache.js'
import { cookieOf, originOf } from '#compile/cookie.js'
import { type Cidr, cidrHas, type Ip } from '#model/cidr.js'
import { type Endpoint, nodePort } from '#model/endpoint.js'
import { gatewayMac } from '#model/gateway.js'
import { derivedMac } from '#model/mac.js'
import type { Network } from '#model/network.js'
import { flowKey } from '#reconcile/flow-book.js'
import { type Fate, Overlay, tunnelOfport } from '../../fake/overlay.js'
import { endpointOf, ipOf, networkOf, nodeFacts } from '../../fake/overlay-objects.js'
import { arpFrame, discoveryFrame, udpFrame } from '../../fake/overlay-packets.js'

const runs = { numRuns: 60 }
const nodes = [nodeFacts('n1', '192.0.2.1'), nodeFacts('n2', '192.0.2.2'), nodeFacts('n3', '192.0.2.3')]
const nodeNames = nodes.map(({ name }) => name)

/** The same few subnets, so that networks overlap. */
const subnetSets = [
  ['10.0.0.0/29', 'fd00::/125'],
  ['10.0.0.0/29', '10.0.0.8/29'],
  ['fd00::/125'],
  ['10.0.0.0/28'],
] as const

/** What endpoints are made from: network, node, which of the subnets' addresses, MAC of its own. */
const seat = fc.record({
  network: fc.nat(2),
  node: fc.nat(2),
  host: fc.integer({ min: 2, max: 6 }),
  ownMac: fc.boolean(),
  nodePort: fc.boolean(),
})

const world = fc
  .record({
    sets: fc.array(fc.nat(subnetSets.length - 1), { minLength: 3, maxLength: 3 }),
    isolated: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    seats: fc.array(seat, { minLength: 2, maxLength: 9 }),
  })
  .map(({ sets, isolated, seats }) => {
    const networks = sets.map((set, index) =>
      networkOf(index + 1, subnetSets[set] ?? [], { isolation: isolated[index] === true }),
    )
    return { networks, endpoints: endpointsOf(networks, seats) }
  })

type World = typeof world extends fc.Arbitrary<infer T> ? T : never
type Seat = typeof seat extends fc.Arbitrary<infer T> ? T : never

/** Addresses and node ports have one owner each, as the northbound database sees to. */
const endpointsOf = (networks: readonly Network[], seats: readonly Seat[]): readonly Endpoint[] => {
  const taken = new Set<string>()
  const claim = (key: string): boolean => !taken.has(key) && taken.add(key).has(key)
  return seats.flatMap((one, index) => {
    const network = networks[one.network]
    if (network === undefined || !claim(`${network.name} ${one.host}`)) return []
    const node = nodeNames[one.node] ?? 'n1'
    const addresses = network.subnets.map(({ cidr }) => textOf(cidr, one.host))
    const isGate = one.nodePort && claim(`port of ${node}`)
    return [
      endpointOf(index + 1, network, node, addresses, {
        ...(one.ownMac && { mac: 0x02_00_00_00_01_00 + index }),
        ...(isGate && { interface: nodePort }),
      }),
    ]
  })
}

const textOf = ({ family, value }: Cidr, host: number): string =>
  family === 4 ? `10.0.0.${Number(value & 0xffn) + host}` : `fd00::${host}`

const overlay = ({ networks, endpoints }: World, proactive: boolean): Overlay =>
  new Overlay({ nodes, networks, endpoints, proactive })

const speaks = (endpoint: Endpoint, network: Network): boolean =>
  !(network.isolation && endpoint.interface === nodePort)

/** Who should get a packet to `to`. The judge knows nothing of flows. */
const receiverOf = (one: Overlay, { endpoints }: World, from: Endpoint, to: Ip): Endpoint | undefined => {
  const network = one.network(from)
  const owner = endpoints.find(
    (each) =>
      each.network === from.network &&
      each.addresses.some(({ family, value }) => family === to.family && value === to.value),
  )
  const inside = network.subnets.some(({ cidr }) => cidrHas(cidr, to))
  const gate = endpoints.find(
    (each) => each.network === from.network && each.node === from.node && each.interface === nodePort,
  )
  const receiver = inside ? owner : gate
  return receiver !== undefined && speaks(receiver, network) ? receiver : undefined
}

const places = ({ arrived }: Fate): string[] => arrived.map(({ node, ofport }) => `${node} ${ofport}`)

const targets = [
  ...Array.from({ length: 15 }, (_, host) => ipOf(`10.0.0.${host}`)),
  ...Array.from({ length: 8 }, (_, host) => ipOf(`fd00::${host}`)),
  ipOf('198.51.100.9'),
  ipOf('2001:db8::9'),
]

const isGateway = ({ subnets }: Network, { value }: Ip): boolean =>
  subnets.some(({ gateway }) => gateway === value)

it('takes a packet to the one who has its address, and nowhere else, however the network resolves', () => {
  const choice = fc.record({ world, from: fc.nat(8), to: fc.constantFrom(...targets) })
  fc.assert(
    fc.property(choice, ({ world, from, to }) => {
      const sender = world.endpoints[from % world.endpoints.length]
      const source = sender?.addresses.find(({ family }) => family === to.family)
      const lazy = overlay(world, false)
      if (sender === undefined || source === undefined) return
      const network = lazy.network(sender)
      if (isGateway(network, to) || !speaks(sender, network)) return
      const frame = udpFrame({
        sourceMac: sender.mac,
        destinationMac: gatewayMac,
        source,
        destination: to,
      })
      const fates = [lazy, overlay(world, true), lazy].map((one) =>
        one.send(sender.node, one.ofport(sender), frame),
      )
      const receiver = receiverOf(lazy, world, sender, to)
      // A switch sends nothing back by the port that it came in by.
      const right =
        receiver === undefined || receiver === sender ? [] : [`${receiver.node} ${lazy.ofport(receiver)}`]
      for (const fate of fates) {
        expect(places(fate)).toEqual(right)
        // Whose packet has no receiver is told why.
        const errors = fate.asked.filter(({ why }) => why?.reason !== 'miss').length
        expect(errors).toBe(receiver === undefined ? 1 : 0)
      }
      expect(fates[2]?.asked.filter(({ why }) => why?.reason === 'miss')).toEqual([])
    }),
    { numRuns: 200 },
  )
})

it('lets nobody speak in another’s name', () => {
  const choice = fc.record({
    world,
    from: fc.nat(8),
    as: fc.constantFrom(...targets),
    mac: fc.constantFrom(undefined, 0x02_00_00_00_01_00, 0x0a58_0a00_0003, gatewayMac),
    to: fc.constantFrom(...targets),
  })
  fc.assert(
    fc.property(choice, ({ world, from, as, mac, to }) => {
      const sender = world.endpoints[from % world.endpoints.length]
      if (sender === undefined || as.family !== to.family) return
      const one = overlay(world, true)
      const network = one.network(sender)
      const sourceMac = mac ?? sender.mac
      const own = sender.addresses.some(({ family, value }) => family === as.family && value === as.value)
      const foreign = sender.interface === nodePort && !network.subnets.some(({ cidr }) => cidrHas(cidr, as))
      if (sourceMac === sender.mac && (own || foreign)) return
      const said = [
        udpFrame({ sourceMac, destinationMac: gatewayMac, source: as, destination: to }),
        as.family === 4
          ? arpFrame({ mac: sourceMac, from: as.value, asks: to.value })
          : discoveryFrame({ mac: sourceMac, from: as.value, asks: to.value, option: sourceMac }),
        // The right sender in the frame, another in the question.
        as.family === 4
          ? arpFrame({ mac: sender.mac, sha: sourceMac, from: as.value, asks: to.value })
          : discoveryFrame({ mac: sender.mac, from: as.value, asks: to.value, option: 0x0a58_0a00_0003 }),
      ]
      for (const frame of said.slice(0, sourceMac === sender.mac && foreign ? 1 : 3))
        expect(one.send(sender.node, one.ofport(sender), frame)).toEqual({ arrived: [], asked: [] })
    }),
    runs,
  )
})

it('answers ARP and neighbour discovery for every address of the subnets, on the node', () => {
  fc.assert(
    fc.property(
      fc.record({ world, from: fc.nat(8), to: fc.constantFrom(...targets) }),
      ({ world, from, to }) => {
        const sender = world.endpoints[from % world.endpoints.length]
        const source = sender?.addresses.find(({ family }) => family === to.family)
        if (sender === undefined || source === undefined || source.value === to.value) return
        const one = overlay(world, false)
        const network = one.network(sender)
        const asks = { mac: sender.mac, from: source.value, asks: to.value }
        const frame = to.family === 4 ? arpFrame(asks) : discoveryFrame({ ...asks, option: sender.mac })
        const { arrived, asked } = one.send(sender.node, one.ofport(sender), frame)
        const inside = speaks(sender, network) && network.subnets.some(({ cidr }) => cidrHas(cidr, to))
        expect(asked).toEqual([])
        expect(arrived.map(({ node, ofport }) => [node, ofport])).toEqual(
          inside ? [[sender.node, one.ofport(sender)]] : [],
        )
        const mac = isGateway(network, to) ? gatewayMac : derivedMac([to])
        if (inside) expect(Buffer.from(arrived[0]?.bytes.subarray(6, 12) ?? []).readUIntBE(0, 6)).toBe(mac)
      },
    ),
    runs,
  )
})

it('delivers what comes out of a tunnel to the network of its VNI, or nowhere', () => {
  const choice = fc.record({
    world,
    at: fc.nat(2),
    vni: fc.integer({ min: 4000, max: 4004 }),
    to: fc.constantFrom(...targets),
  })
  fc.assert(
    fc.property(choice, ({ world, at, vni, to }) => {
      const one = overlay(world, true)
      const node = nodeNames[at] ?? 'n1'
      const source = ipOf(to.family === 4 ? '10.0.0.6' : 'fd00::6')
      const frame = udpFrame({ sourceMac: 2, destinationMac: 4, source, destination: to })
      const fate = one.send(node, tunnelOfport, frame, { tun_id: BigInt(vni), tun_src: 0xc000_0202 })
      const receiver = world.endpoints.find(
        (each) =>
          each.node === node &&
          one.network(each).vni === vni &&
          speaks(each, one.network(each)) &&
          each.addresses.some(({ family, value }) => family === to.family && value === to.value),
      )
      expect(fate.asked).toEqual([])
      expect(places(fate)).toEqual(receiver === undefined ? [] : [`${node} ${one.ofport(receiver)}`])
    }),
    runs,
  )
})

it('gives every flow a key of its own and a cookie that leads to its origin', () => {
  fc.assert(
    fc.property(world, (world) => {
      for (const node of nodeNames) {
        const flows = overlay(world, true).flows(node)
        expect(new Set(flows.map(flowKey)).size).toBe(flows.length)
        expect(flows.every(({ cookie }) => originOf(cookie) !== undefined)).toBe(true)
        expect(overlay(world, true).flows(node)).toEqual(flows)
      }
    }),
    runs,
  )
})

it('has a cookie for every entry of the map-cache', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 0xff_ffff }), fc.constantFrom(...targets), (vni, ip) => {
      const eid = { ...ip, length: ip.family === 4 ? 32 : 128 }
      const origin = originOfCache({ vni, eid })
      expect(originOf(cookieOf(origin))).toEqual(origin)
      const { flows } = compileCache(
        [{ vni, eid, state: 'negative', holdSeconds: 5 }],
        overlay({ networks: [], endpoints: [] }, false).inventory,
        'n1',
      )
      expect(flows.map(({ cookie, hardTimeout }) => [cookie, hardTimeout])).toEqual([[cookieOf(origin), 5]])
    }),
    runs,
  )
})
