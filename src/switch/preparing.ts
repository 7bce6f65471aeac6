/**
 * Keeps a switch's database as a node's has to be: compares it with what `prepare` says and mends it, one transaction at a
 * time, as often as something changes.
 */
import type { Clock } from '#link/clock.js'
import type { Logger } from '#model/logger.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import { type Preparation, prepare } from './prepare.js'
import type { SwitchSettings } from './settings.js'
import type { SwitchTable } from './tables.js'
import type { SwitchView } from './view.js'

export interface PreparingOptions {
  readonly node: string
  readonly client: OvsdbClient<SwitchTable>
  readonly view: SwitchView
  readonly settings: SwitchSettings
  readonly clock: Clock
  readonly logger: Logger
  readonly controllerTarget: string
  /** The bridge turned out to belong to somebody else. */
  readonly onRefused: (reason: string) => void
  readonly onChanged: () => void
}

/** After an attempt to prepare the database failed. */
const retryMs = 1_000

export class Preparing {
  private preparation: Preparation = { operations: [], reason: 'its database is being read' }
  /** Whether a transaction is under way. */
  private mending = false
  private stopped = false

  constructor(private readonly options: PreparingOptions) {}

  /** Why the node is not ready as far as its database shows. */
  get reason(): string | undefined {
    return this.preparation.reason
  }

  look(): void {
    if (this.mending || this.stopped) return
    const { view, settings, node, controllerTarget, logger, onRefused, onChanged } = this.options
    const { fault: before } = this.preparation
    this.preparation = prepare(view, settings, node, controllerTarget)
    const { fault } = this.preparation
    if (fault !== undefined && fault !== before) logger.warn({ node, fault }, 'a port of the node is missing')
    if (this.preparation.refusal !== undefined) {
      onRefused(this.preparation.refusal)
      return
    }
    if (this.preparation.operations.length > 0) void this.mend(this.preparation)
    onChanged()
  }

  stop(): void {
    this.stopped = true
  }

  /** Looking may begin again. */
  resume(): void {
    this.stopped = false
  }

  private async mend({ operations }: Preparation): Promise<void> {
    const { client, clock, logger, node } = this.options
    this.mending = true
    try {
      await client.transact(operations)
      this.mending = false
      this.look()
    } catch (error) {
      logger.warn({ node, err: error }, 'the node could not be prepared')
      clock.schedule(retryMs, () => {
        this.mending = false
        this.look()
      })
    }
  }
}
