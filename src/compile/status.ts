/** How a wire is doing, derived from the inventory alone: nothing here remembers anything. */
import { vxlanOverhead } from '#model/address.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { PendingReason, WireStatus } from '#model/status.js'
import { type EndName, endNames, type Wire } from '#model/wire.js'
import { carrierOf } from './carrier.js'

/** What the switch workers know of an end: its flows are confirmed, or why the switch did not take them. */
export interface EndProgress {
  readonly confirmed: boolean
  readonly refusal?: string | undefined
}

/** The largest layer-3 packet that two nodes can exchange through the tunnel, in bytes; absent while unknown. */
export const tunnelMtu = (a: NodeFacts, b: NodeFacts): number | undefined => {
  const family = (b.rloc ?? a.rloc)?.family
  if (family === undefined) return undefined
  return Math.min(a.underlayMtu, b.underlayMtu) - vxlanOverhead(family)
}

/** MTU in force: the wire's own, else the underlay's less the tunnel's headers, else unknown. */
export const effectiveMtu = (wire: Wire, inventory: Inventory): number | undefined => {
  if (wire.mtu !== undefined) return wire.mtu
  if (wire.a.node !== wire.b.node) return tunnelMtu(inventory.node(wire.a.node), inventory.node(wire.b.node))
  const mtus = endNames.flatMap((end) => inventory.port(wire[end].node, wire[end].interface)?.mtu ?? [])
  return mtus.length === 2 ? Math.min(...mtus) : undefined
}

const nodeReason = (node: NodeFacts, end: EndName): PendingReason | undefined => {
  if (node.state === 'ready') return undefined
  const at = { end, node: node.name }
  switch (node.state) {
    case 'unknown':
      return {
        ...at,
        code: 'node-unknown',
        message: `no node ${node.name} has joined; on it, run ovs-vsctl set-manager tcp:CONTROLLER:6640 with external_ids:system-id=${node.name}`,
      }
    case 'offline':
      return { ...at, code: 'node-offline', message: `node ${node.name} is not connected` }
    case 'preparing':
      return {
        ...at,
        code: 'node-preparing',
        message: `node ${node.name} is being prepared: ${node.reason ?? 'waiting for its bridge'}`,
      }
  }
}

const portReason = (wire: Wire, end: EndName, inventory: Inventory): PendingReason | undefined => {
  const { node, interface: name } = wire[end]
  const port = inventory.port(node, name)
  if (port?.ofport !== undefined) return undefined
  const at = { end, node, interface: name }
  if (port?.error === undefined) {
    return {
      ...at,
      code: 'applying',
      message: `interface ${name} of node ${node} is being added to the bridge`,
    }
  }
  if (/no such device/i.test(port.error)) {
    return { ...at, code: 'interface-missing', message: `node ${node} has no interface ${name} yet` }
  }
  return {
    ...at,
    code: 'interface-error',
    message: `node ${node} cannot use interface ${name}: ${port.error}`,
  }
}

const endReason = (
  wire: Wire,
  end: EndName,
  inventory: Inventory,
  progress: EndProgress,
): PendingReason | undefined => {
  const node = inventory.node(wire[end].node)
  const early = nodeReason(node, end) ?? portReason(wire, end, inventory)
  if (early !== undefined) return early
  if (wire.a.node !== wire.b.node && node.rloc === undefined) {
    return {
      code: 'rloc-missing',
      end,
      node: node.name,
      message: `node ${node.name} has no tunnel address; set external_ids:heddle-rloc`,
    }
  }
  if (progress.refusal !== undefined) {
    return {
      code: 'switch-refused',
      end,
      node: node.name,
      message: `node ${node.name} refused: ${progress.refusal}`,
    }
  }
  return progress.confirmed
    ? undefined
    : { code: 'applying', end, node: node.name, message: `flows are on their way to node ${node.name}` }
}

/** The far end's RLOC can only be reached from one of its own family. */
const familyReason = (wire: Wire, inventory: Inventory): PendingReason | undefined => {
  if (wire.a.node === wire.b.node) return undefined
  const [a, b] = endNames.map((end) => inventory.node(wire[end].node).rloc?.family)
  if (a === undefined || b === undefined || a === b) return undefined
  return {
    code: 'rloc-missing',
    message: `${wire.a.node} has an IPv${a} tunnel address and ${wire.b.node} an IPv${b} one; set external_ids:heddle-rloc of one of them`,
  }
}

const mtuReason = (wire: Wire, inventory: Inventory): PendingReason | undefined => {
  if (wire.mtu === undefined || wire.a.node === wire.b.node) return undefined
  const room = tunnelMtu(inventory.node(wire.a.node), inventory.node(wire.b.node))
  if (room === undefined || wire.mtu <= room) return undefined
  return {
    code: 'mtu-too-large',
    message: `the link wants an MTU of ${wire.mtu}, the underlay between ${wire.a.node} and ${wire.b.node} carries ${room}`,
  }
}

/** The status of a wire. `down` names the ends whose own side lost carrier. */
export const statusOf = (
  wire: Wire,
  inventory: Inventory,
  progress: Readonly<Record<EndName, EndProgress>>,
): WireStatus => {
  const reasons = [
    ...endNames.flatMap((end) => endReason(wire, end, inventory, progress[end]) ?? []),
    ...[familyReason(wire, inventory), mtuReason(wire, inventory)].flatMap((reason) => reason ?? []),
  ]
  if (reasons.length > 0) return { state: 'pending', reasons }
  const lostCarrier = endNames.filter((end) => {
    const { node, interface: name } = wire[end]
    return carrierOf(inventory.port(node, name), true) === 'lost'
  })
  return lostCarrier.length === 0 ? { state: 'up' } : { state: 'down', lostCarrier }
}
