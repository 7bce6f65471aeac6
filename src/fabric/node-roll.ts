/** Nodes as they come, are ready and go: told as events, and remembered in the store with their addresses, which peers need while they are away. */
import type { Clock } from '#link/clock.js'
import type { Logger } from '#model/logger.js'
import type { SwitchHandle } from '#reconcile/switch-handle.js'
import type { StoreBatch } from '#store/store.js'
import type { LiveInventory } from './inventory.js'
import type { NewEvent } from './journal.js'

export interface NodeRollOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly inventory: LiveInventory
  /** Whether what the store holds is known, and may be changed. */
  readonly leads: () => boolean
  readonly commit: (batch: StoreBatch) => Promise<void>
  readonly tell: (event: NewEvent) => void
}

export class NodeRoll {
  /** States already told, so that each change is told once. */
  private readonly states = new Map<string, string>()
  /** Nodes whose row is being written, so that one change makes one transaction. */
  private readonly storing = new Set<string>()

  constructor(private readonly options: NodeRollOptions) {}

  joined({ node, facts }: SwitchHandle): void {
    this.tell('node-joined', node, `${node} joined from ${facts.peer}`)
  }

  deleted(node: string): void {
    this.tell('node-deleted', node, `node ${node} was deleted`)
  }

  refused(peer: string, node: string | undefined, reason: string): void {
    this.options.tell({
      type: 'node-refused',
      object: node === undefined ? 'controller' : `node ${node}`,
      message: `the switch at ${peer} was refused: ${reason}`,
      data: { peer },
    })
  }

  changed(node: string, handle: SwitchHandle | undefined): void {
    const { state } = this.options.inventory.node(node)
    const before = this.states.get(node)
    if (before !== state) {
      this.states.set(node, state)
      if (state === 'ready') this.tell('node-ready', node, `${node} is ready`)
      if (state === 'offline' && before !== undefined)
        this.tell('node-offline', node, `${node} is not connected any more`)
    }
    if (handle !== undefined) void this.remember(node, handle)
  }

  /** A node that has joined is stored with its address and the MTU of its underlay. */
  async remember(node: string, handle: SwitchHandle): Promise<void> {
    const { inventory, leads, commit, clock, logger } = this.options
    const stored = inventory.stored.get(node)
    const { rloc, underlayMtu } = handle.facts
    if (!leads() || this.storing.has(node)) return
    const same = stored?.lastRloc === rloc && stored?.lastUnderlayMtu === underlayMtu
    if (stored !== undefined && (rloc === undefined || same)) return
    this.storing.add(node)
    try {
      await commit({
        putNode: {
          name: node,
          spec: stored?.spec ?? {},
          joinedAt: stored?.joinedAt ?? clock.wallTime(),
          ...(rloc !== undefined && { lastRloc: rloc }),
          ...(underlayMtu !== undefined && { lastUnderlayMtu: underlayMtu }),
        },
      })
    } catch (error) {
      logger.warn({ err: error, node }, 'the node could not be stored; its next change tries again')
    } finally {
      this.storing.delete(node)
    }
  }

  private tell(type: NewEvent['type'], node: string, message: string): void {
    this.options.tell({ type, object: `node ${node}`, message })
  }
}
