/** What nodes alone tell of endpoints: whether a switch is there to take them. */

import type { Endpoint, EndpointStatus } from '#model/endpoint.js'
import { FabricError } from '#model/error.js'
import type { PendingReason } from '#model/status.js'
import type { LiveInventory } from './inventory.js'
import { overlayMtu } from './overlay-mtu.js'
import type { SwitchSide } from './switch-side.js'

/** A `SwitchSide` whose endpoints are never confirmed. */
export const nodeSide = (inventory: LiveInventory): SwitchSide => ({
  statusOf: (endpoint) => pending(endpoint, inventory),
  whenReady: async () => {},
  whenGone: async () => {},
  overlayMtu: () => overlayMtu(inventory.names().map((name) => inventory.node(name))),
  knowsNode: (name) => inventory.stored.has(name) || inventory.handles.has(name),
  mapCache: async (node) => {
    if (inventory.handles.get(node)?.ready !== true)
      throw new FabricError('node-offline', `node ${node} is not connected`)
    return []
  },
})

const pending = ({ node, interface: name }: Endpoint, inventory: LiveInventory): EndpointStatus => {
  const { state, reason } = inventory.node(node)
  const at = { node, interface: name }
  const reasons: Record<typeof state, PendingReason> = {
    unknown: { ...at, code: 'node-unknown', message: `no node ${node} has joined` },
    offline: { ...at, code: 'node-offline', message: `node ${node} is not connected` },
    preparing: { ...at, code: 'node-preparing', message: `node ${node} is being prepared: ${reason ?? ''}` },
    ready: { ...at, code: 'applying', message: `interface ${name} of node ${node} is being set up` },
  }
  return { state: 'pending', reasons: [reasons[state]] }
}
