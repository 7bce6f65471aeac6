/** What every node holds whatever its wires: the flow that counts what belongs to nothing. */
import type { Origin } from './cookie.js'
import { type Desired, nothing } from './desired.js'
import { tables } from './pipeline.js'

/** A switch holds the flows of one node, so nodes need no serial numbers. */
export const originOfNode: Origin = { kind: 'node', serial: 0 }

const desired: Desired = Object.freeze({
  ...nothing,
  flows: [tables.classify({ origin: originOfNode, priority: 0, match: {}, actions: [] })],
})

export const compileNode = (): Desired => desired
