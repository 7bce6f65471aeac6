/** A wire whose flows cannot be made or written costs itself alone: the loop of its switch goes on with the others. */
import { expect, it } from 'vitest'
import { type Desired, nothing } from '#compile/desired.js'
import { tables } from '#compile/pipeline.js'
import { type Action, gotoTable, output } from '#openflow/actions.js'
import { SwitchWorker } from '#reconcile/worker.js'
import { IdealSwitch } from '../fake/ideal-switch.js'
import { VirtualClock } from '../fake/virtual-clock.js'

const flowOf = (serial: number, action: Action): Desired => ({
  ...nothing,
  flows: [
    tables.classify({
      origin: { kind: 'wire', serial },
      priority: 200,
      match: { in_port: serial },
      actions: [action],
    }),
  ],
})

const desired = new Map<number, () => Desired>([
  [1, () => flowOf(1, output(2))],
  // There are 255 tables: this action has no encoding.
  [2, () => flowOf(2, gotoTable(300))],
  [
    3,
    () => {
      throw new TypeError('a defect of ours')
    },
  ],
  [4, () => flowOf(4, output(2))],
])

it('postpones the wires with a defect and confirms the others', async () => {
  const handle = new IdealSwitch('n1')
  const settled: number[] = []
  const worker = new SwitchWorker({
    handle,
    clock: new VirtualClock(),
    wants: {
      known: () => true,
      desired: (slot) => desired.get(slot)?.() ?? nothing,
      port: () => undefined,
      slotsAt: () => desired.keys(),
      interfacesAt: () => [],
    },
    progress: { settled: (_, serials) => settled.push(...serials), planned: () => {} },
  })
  worker.markAll()
  await expect.poll(() => settled.length).toBe(4)
  expect([1, 2, 3, 4].map((serial) => worker.confirmed(serial))).toEqual([true, false, false, true])
  expect(worker.refusal(2)).toContain('300')
  expect(worker.refusal(3)).toBe('a defect of ours')
  expect([...handle.book.slots()]).toEqual([1, 4])
})
