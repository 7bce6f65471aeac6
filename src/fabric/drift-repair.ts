/** Flows that somebody else changed: ours are compared again, which repairs them; those of others are told. */
import { type Origin, originOf, slotOf } from '#compile/cookie.js'
import type { Drift } from '#reconcile/switch-handle.js'
import type { Convergence } from './convergence.js'
import type { Fleet } from './fleet.js'
import type { NewEvent } from './journal.js'
import type { Metrics } from './metrics.js'
import { kindWords, type Owner } from './views.js'

export interface DriftRepairOptions {
  readonly fleet: Pick<Fleet, 'mark'>
  readonly convergence: Pick<Convergence, 'markWire'>
  readonly metrics: Pick<Metrics, 'drift'>
  /** The object that flows of an origin exist for. */
  readonly ownerOf: (origin: Origin, node: string) => Owner | undefined
  readonly tell: (event: NewEvent) => void
}

export class DriftRepair {
  constructor(private readonly options: DriftRepairOptions) {}

  take(node: string, drift: Drift): void {
    const { fleet, convergence, metrics, ownerOf, tell } = this.options
    const origin = originOf(drift.overwritten ?? drift.cookie)
    const owner = origin && ownerOf(origin, node)
    const object =
      origin === undefined || owner === undefined ? `node ${node}` : `${kindWords[origin.kind]} ${owner.name}`
    if (origin === undefined) {
      metrics.drift('foreign')
      const message = `somebody else ${drift.type} a flow on ${node}: ${drift.text}`
      tell({ type: 'drift-foreign', object, message, data: { node } })
      return
    }
    metrics.drift('repaired')
    if (origin.kind === 'wire') convergence.markWire(node, origin.serial)
    else fleet.mark(node, slotOf(origin))
    const message = `a flow of ${object} on ${node} was ${drift.type} by somebody else and is repaired: ${drift.text}`
    tell({ type: 'drift-repaired', object, message, data: { node } })
  }
}
