/** The inventory: what the store remembers of nodes and what their switches report, in one view. */
import { parseRloc } from '#model/address.js'
import type { Inventory, NodeFacts } from '#model/facts.js'
import type { Port } from '#model/node.js'
import type { SwitchHandle } from '#reconcile/switch-handle.js'
import type { StoredNode } from '#store/store.js'

export class LiveInventory implements Inventory {
  readonly stored = new Map<string, StoredNode>()
  readonly handles = new Map<string, SwitchHandle>()
  /** Facts are asked for at every end of every wire, and change seldom. */
  private readonly facts = new Map<string, NodeFacts>()

  constructor(private readonly defaultUnderlayMtu: number) {}

  node(name: string): NodeFacts {
    let facts = this.facts.get(name)
    if (facts === undefined) {
      facts = this.look(name)
      this.facts.set(name, facts)
    }
    return facts
  }

  port(node: string, name: string): Port | undefined {
    const handle = this.handles.get(node)
    return handle?.ready ? handle.port(name) : undefined
  }

  /** Every node that is stored or connected. */
  names(): string[] {
    return [...new Set([...this.stored.keys(), ...this.handles.keys()])].sort()
  }

  /** Forgets what was derived of a node; returns the facts before and now. */
  refresh(name: string): { readonly before: NodeFacts; readonly after: NodeFacts } {
    const before = this.node(name)
    this.facts.delete(name)
    return { before, after: this.node(name) }
  }

  private look(name: string): NodeFacts {
    const stored = this.stored.get(name)
    const handle = this.handles.get(name)
    const rloc = parseRloc(stored?.spec.rloc ?? handle?.facts.rloc ?? stored?.lastRloc ?? '')
    const { tunnelOfport, gpeOfport, reason } = handle?.facts ?? {}
    return {
      name,
      state: stateOf(stored, handle),
      underlayMtu:
        stored?.spec.underlayMtu ??
        (handle === undefined ? stored?.lastUnderlayMtu : handle.facts.underlayMtu) ??
        this.defaultUnderlayMtu,
      ...(rloc !== undefined && { rloc }),
      ...(tunnelOfport !== undefined && { tunnelOfport }),
      ...(gpeOfport !== undefined && { gpeOfport }),
      ...(reason !== undefined && { reason }),
    }
  }
}

const stateOf = (stored: StoredNode | undefined, handle: SwitchHandle | undefined): NodeFacts['state'] => {
  if (handle !== undefined) return handle.ready ? 'ready' : 'preparing'
  return stored === undefined ? 'unknown' : 'offline'
}
