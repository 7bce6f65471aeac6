/**
 * A wire on one switch: two flows at each end and no device of its own. No learning and no NORMAL action, which is why
 * LLDP, STP, LACP and every other frame pass unchanged.
 */

import type { Rloc } from '#model/address.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { Port } from '#model/node.js'
import { type EndName, endNames, type Wire, type WireEnd } from '#model/wire.js'
import { meter, output, setField } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import type { Match } from '#openflow/match.js'
import { carrierOf, shouldHold } from './carrier.js'
import type { Origin } from './cookie.js'
import { type Desired, type HoldWish, type MeterWish, nothing, type PortWish } from './desired.js'
import { tables } from './pipeline.js'

const priority = 200

export const originOfWire = (wire: Wire): Origin => ({ kind: 'wire', serial: wire.serial })

/** The other end's name. */
export const farOf = (end: EndName): EndName => (end === 'a' ? 'b' : 'a')

/** The ends of a wire that are on a node: none, one or both. */
export const endsAt = (wire: Wire, node: string): readonly EndName[] =>
  endNames.filter((name) => wire[name].node === node)

/** What a wire wants of the interface at one of its ends. */
export const portWishOf = (wire: Wire, end: WireEnd): PortWish =>
  wire.mtu === undefined ? { name: end.interface } : { name: end.interface, mtu: wire.mtu }

const tunnelTo = (rloc: Rloc) =>
  rloc.family === 4 ? setField('tun_dst', rloc.value) : setField('tun_ipv6_dst', rloc.value)

/** The far end matches the source, so a node with several addresses must not leave the choice to its routes. */
const tunnelAs = (rloc: Rloc) =>
  rloc.family === 4 ? setField('tun_src', rloc.value) : setField('tun_ipv6_src', rloc.value)

const tunnelFrom = (rloc: Rloc): Match =>
  rloc.family === 4 ? { tun_src: rloc.value } : { tun_ipv6_src: rloc.value }

/** A port has one wire, so its number serves as the number of its meter. */
export const meterOf = (wire: Wire, ofport: number): MeterWish | undefined =>
  wire.rateMbps === undefined
    ? undefined
    : // A tenth of a second at full rate: TCP keeps its window, and a burst stays a burst.
      { meterId: ofport, rateKbps: wire.rateMbps * 1000, burstKbits: wire.rateMbps * 100 }

/** From one local port into another: a wire inside one node is two of these. */
const localFlow = (wire: Wire, from: number, to: number): Flow =>
  tables.classify({
    origin: originOfWire(wire),
    priority,
    match: { in_port: from },
    actions: [...limit(wire, from), output(to)],
  })

const limit = (wire: Wire, ofport: number) => {
  const wish = meterOf(wire, ofport)
  return wish === undefined ? [] : [meter(wish.meterId)]
}

/** From one node to another: the tunnel port here, and the addresses of both. */
interface Path {
  readonly tunnel: number
  readonly own: Rloc
  readonly far: Rloc
}

/** What enters the port leaves through the tunnel, and back. The source is matched: who guesses a VNI gets nowhere. */
const tunnelFlows = (wire: Wire, ofport: number, { tunnel, own, far }: Path): readonly Flow[] => [
  tables.classify({
    origin: originOfWire(wire),
    priority,
    match: { in_port: ofport },
    actions: [
      ...limit(wire, ofport),
      setField('tun_id', BigInt(wire.vni)),
      tunnelAs(own),
      tunnelTo(far),
      output(tunnel),
    ],
  }),
  tables.classify({
    origin: originOfWire(wire),
    priority,
    // In the order of the field table, as keys have it.
    match: { tun_id: BigInt(wire.vni), ...tunnelFrom(far), in_port: tunnel },
    actions: [output(ofport)],
  }),
]

/** The flows of one end, or none while a number or an address is missing. */
const endFlows = (wire: Wire, end: EndName, inventory: Inventory): readonly Flow[] => {
  const self = wire[end]
  const far = wire[farOf(end)]
  const ofport = inventory.port(self.node, self.interface)?.ofport
  if (ofport === undefined) return []
  if (self.node === far.node) {
    const farOfport = inventory.port(far.node, far.interface)?.ofport
    return farOfport === undefined ? [] : [localFlow(wire, ofport, farOfport)]
  }
  const path = pathBetween(inventory.node(self.node), inventory.node(far.node))
  return path === undefined ? [] : tunnelFlows(wire, ofport, path)
}

const pathBetween = (near: NodeFacts, distant: NodeFacts): Path | undefined => {
  const tunnel = near.tunnelOfport
  const { rloc: own } = near
  const { rloc: far } = distant
  if (tunnel === undefined || own === undefined || far === undefined) return undefined
  return own.family === far.family ? { tunnel, own, far } : undefined
}

const sideOf = (end: WireEnd, inventory: Inventory) => {
  const port: Port | undefined = inventory.port(end.node, end.interface)
  return {
    held: port?.held === true,
    carrier: carrierOf(port, inventory.node(end.node).state === 'ready'),
  }
}

const holdOf = (wire: Wire, end: EndName, inventory: Inventory): readonly HoldWish[] => {
  const self = wire[end]
  const port = inventory.port(self.node, self.interface)
  if (port?.ofport === undefined || port.linkDown === undefined) return []
  const far = sideOf(wire[farOf(end)], inventory)
  return [{ ofport: port.ofport, held: shouldHold(sideOf(self, inventory), far, end === 'a') }]
}

/** What `wire` wants of the switch of `node`. */
export const compileWire = (wire: Wire, inventory: Inventory, node: string): Desired => {
  const ends = endsAt(wire, node)
  if (ends.length === 0) return nothing
  const flows = ends.flatMap((end) => endFlows(wire, end, inventory))
  const metered = flows.filter(({ actions }) => actions[0]?.type === 'meter')
  return {
    ports: ends.map((end) => portWishOf(wire, wire[end])),
    flows,
    meters: metered.flatMap(({ match }) => meterOf(wire, Number(match.in_port)) ?? []),
    holds: ends.flatMap((end) => holdOf(wire, end, inventory)),
  }
}
