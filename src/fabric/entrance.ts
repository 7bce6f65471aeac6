/** Where switches come in while this controller leads: the door is opened, again and again until its addresses are free, and stored targets are dialled. */
import type { Clock } from '#link/clock.js'
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import type { SwitchDoor } from '#reconcile/switch-handle.js'
import type { StoredNode } from '#store/store.js'

/** After an address for switches was taken, as after a controller that has just ended. */
const listenRetryMs = 1_000

export interface EntranceOptions {
  readonly openDoor: (fabricId: string) => SwitchDoor
  readonly clock: Clock
  readonly logger: Logger
  readonly events: Parameters<SwitchDoor['listen']>[0]
  /** Nodes to be dialled once the door is open; none before they are known. */
  readonly nodes: () => Iterable<StoredNode>
}

export class Entrance {
  private door: SwitchDoor | undefined
  /** Whether the door is open: from then on stored targets are dialled. */
  private listening = false
  /** Ends the wait for the next attempt to open the door. */
  private cancelRetry: (() => void) | undefined
  /** Why switches cannot come in; undefined while they can. */
  trouble: string | undefined

  constructor(private readonly options: EntranceOptions) {}

  get isMade(): boolean {
    return this.door !== undefined
  }

  async open(fabricId: string): Promise<void> {
    const { openDoor, clock, logger, events, nodes } = this.options
    const door = openDoor(fabricId)
    this.door = door
    try {
      await door.listen(events)
      if (this.door !== door) return
      this.trouble = undefined
      this.listening = true
      for (const node of nodes()) this.dial(node.name, undefined, node)
    } catch (error) {
      if (this.door !== door) return
      const trouble = `cannot listen for switches: ${errorText(error)}`
      if (trouble !== this.trouble) logger.error({ err: error }, trouble)
      this.trouble = trouble
      this.cancelRetry = clock.schedule(listenRetryMs, () => void this.open(fabricId))
    }
  }

  async close(): Promise<void> {
    this.cancelRetry?.()
    const { door } = this
    this.door = undefined
    this.listening = false
    await door?.close()
  }

  dial(name: string, old: StoredNode | undefined, node: StoredNode | undefined): void {
    if (this.door === undefined || !this.listening) return
    if (old === undefined) this.door.recall(name)
    if (old?.spec.target === node?.spec.target) return
    this.door.undial(name)
    if (node?.spec.target !== undefined) this.door.dial(name, node.spec.target)
  }

  dismiss(name: string): void {
    this.door?.dismiss(name)
  }
}
