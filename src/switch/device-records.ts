/**
 * Which devices the switch has opened, written down in its database beside our ports: a controller that starts later finds out
 * by it which of them were replaced while none ran.
 */
import type { Clock } from '#link/clock.js'
import type { Logger } from '#model/logger.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import { mutate, type Operation } from '#ovsdb/operations.js'
import type { Devices } from './devices.js'
import { ids, port, type SwitchTable } from './tables.js'
import type { SwitchView } from './view.js'

/** Nobody waits for it, and each transaction costs the switch some milliseconds: many ports make one. */
const pauseMs = 1_000

/** What was written down of the device of a port of ours. */
export const recordedIndex = (view: SwitchView, name: string): number | undefined => {
  const index = Number(view.port(name)?.external_ids.get(ids.ifindex))
  return Number.isInteger(index) && index > 0 ? index : undefined
}

const recordOperations = (devices: Devices, view: SwitchView): Operation[] =>
  devices
    .takeNews((name) => view.interface(name))
    .flatMap(([name, ifindex]) => {
      const row = view.port(name)
      if (row === undefined || !row.external_ids.has(ids.owner) || recordedIndex(view, name) === ifindex)
        return []
      return [
        mutate(
          port,
          [['_uuid', '==', row._uuid]],
          [
            ['external_ids', 'delete', [ids.ifindex]],
            ['external_ids', 'insert', { [ids.ifindex]: String(ifindex) }],
          ],
        ),
      ]
    })

export interface DeviceRecordsOptions {
  readonly devices: Devices
  readonly client: OvsdbClient<SwitchTable>
  readonly view: SwitchView
  readonly clock: Clock
  readonly logger: Logger
}

export class DeviceRecords {
  private cancel: (() => void) | undefined

  constructor(private readonly options: DeviceRecordsOptions) {}

  /** Writes down what is new, a while from now. */
  soon(): void {
    const { devices, clock } = this.options
    if (!devices.hasNews) return
    this.cancel ??= clock.schedule(pauseMs, () => {
      this.cancel = undefined
      void this.write()
    })
  }

  stop(): void {
    this.cancel?.()
  }

  private async write(): Promise<void> {
    const { devices, client, view, logger } = this.options
    const operations = view.forwardsInUserSpace ? recordOperations(devices, view) : []
    if (operations.length === 0) return
    try {
      await client.transact(operations)
    } catch (error) {
      // What is lost by it is a replaced device that nobody saw, until the port changes again.
      logger.debug({ err: error }, 'the devices of ports were not written down')
    }
  }
}
