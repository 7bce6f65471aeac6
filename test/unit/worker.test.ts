/** The loop of one switch: rounds, refusals, answers that never come. */
import { beforeEach, describe, expect, test } from 'vitest'
import { cookieOf, slotOf } from '#compile/cookie.js'
import { type Desired, nothing } from '#compile/desired.js'
import { compileNode } from '#compile/node.js'
import { output } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { flowKey } from '#reconcile/flow-book.js'
import type { Outcome } from '#reconcile/switch-handle.js'
import { SwitchWorker } from '#reconcile/worker.js'
import { IdealSwitch } from '../fake/ideal-switch.js'
import { VirtualClock } from '../fake/virtual-clock.js'

const flowOf = (serial: number): Flow => ({
  table: 0,
  priority: 200,
  cookie: cookieOf({ kind: 'wire', serial }),
  match: { in_port: serial },
  actions: [output(100 + serial)],
})

const nodeFlow = compileNode().flows[0] as Flow

const nodeSlot = slotOf({ kind: 'node', serial: 0 })

let clock: VirtualClock
let handle: IdealSwitch
let worker: SwitchWorker
let wanted: Set<number>
let known: boolean
let settled: number[][]

beforeEach(() => {
  clock = new VirtualClock()
  handle = new IdealSwitch('n1')
  wanted = new Set([1, 2, 3])
  known = true
  settled = []
  const desired = (serial: number): Desired =>
    wanted.has(serial) ? { ...nothing, flows: [flowOf(serial)] } : nothing
  worker = new SwitchWorker({
    handle,
    clock,
    wants: {
      known: () => known,
      desired: (slot) => (slot === nodeSlot ? compileNode() : desired(slot)),
      port: () => undefined,
      slotsAt: () => [nodeSlot, ...wanted],
      interfacesAt: () => [],
    },
    progress: {
      settled: (_node, serials) => settled.push([...serials]),
      planned: () => {},
    },
  })
})

/** Lets what was begun come to its end, without time passing. */
const quiet = (): Promise<void> => clock.run(0)

const holds = (flow: Flow): boolean => handle.book.get(flowKey(flow)) !== undefined
const held = (): number[] => [...wanted].filter((serial) => holds(flowOf(serial)))

const refused = (change?: number): Outcome => ({
  state: 'refused',
  reason: 'OFPFMFC_TABLE_FULL',
  ...(change !== undefined && { change }),
})

/** An answer that comes when the test says so. */
const later = (): { outcome: Promise<Outcome>; answer: (outcome: Outcome) => void } => {
  let answer = (_outcome: Outcome): void => {}
  const outcome = new Promise<Outcome>((resolve) => {
    answer = resolve
  })
  return { outcome, answer }
}

describe('rounds', () => {
  test('what one event marks makes one plan', async () => {
    for (const serial of wanted) worker.mark(serial)
    await quiet()
    expect(handle.plans.length).toBe(1)
    expect(held()).toEqual([1, 2, 3])
    expect(settled).toEqual([[1, 2, 3]])
  })

  test('marks that come while an answer is under way make the next round, one plan at a time', async () => {
    const { outcome, answer } = later()
    handle.outcomes.push(outcome)
    worker.mark(1)
    await quiet()
    worker.mark(2)
    worker.mark(3)
    await quiet()
    expect(handle.plans.length).toBe(1)
    expect(worker.confirmed(1)).toBe(false)
    answer({ state: 'done' })
    await quiet()
    expect(handle.plans.length).toBe(2)
    expect(worker.confirmed(1)).toBe(true)
    expect(held()).toEqual([1, 2, 3])
  })

  test('a mark on a wire whose flows are right sends nothing and settles it', async () => {
    worker.markAll()
    await quiet()
    worker.mark(2)
    await quiet()
    expect(handle.plans.length).toBe(1)
    expect(settled.at(-1)).toEqual([2])
  })

  test('a whole round takes away what nobody wants any more', async () => {
    worker.markAll()
    await quiet()
    wanted.delete(2)
    worker.markAll()
    await quiet()
    expect(held()).toEqual([1, 3])
    expect(handle.book.size).toBe(3)
  })

  test('a switch that connects before it is known what is wanted is left as it is', async () => {
    worker.markAll()
    await quiet()
    wanted.clear()
    known = false
    worker.markAll()
    await quiet()
    expect([handle.plans.length, handle.book.size, worker.confirmed(1)]).toEqual([1, 4, false])
    wanted.add(1).add(3)
    known = true
    worker.resume()
    await quiet()
    expect(held()).toEqual([1, 3])
  })

  test('nothing is sent to a switch that is not ready, nor after the end', async () => {
    handle.ready = false
    worker.markAll()
    await quiet()
    expect(handle.plans).toEqual([])
    handle.ready = true
    worker.stop()
    worker.markAll()
    await quiet()
    expect(handle.plans).toEqual([])
  })
})

describe('a refusal', () => {
  test('of one change keeps its wire back and lets the others through', async () => {
    handle.outcomes.push(refused(1))
    for (const serial of wanted) worker.mark(serial)
    await quiet()
    expect(held()).toEqual([1, 3])
    expect(worker.refusal(2)).toBe('OFPFMFC_TABLE_FULL')
    expect([1, 2, 3].map((serial) => worker.confirmed(serial))).toEqual([true, false, true])
    await clock.run(1_000)
    expect(held()).toEqual([1, 2, 3])
    expect(worker.refusal(2)).toBeUndefined()
    expect(worker.confirmed(2)).toBe(true)
  })

  test('that lasts is tried again after 1, 2, 4 … seconds and then once a minute', async () => {
    for (let count = 0; count < 12; count++) handle.outcomes.push(refused(0))
    const tries: number[] = []
    const { apply } = handle
    handle.apply = (plan) => {
      tries.push(clock.now() / 1_000)
      return apply.call(handle, plan)
    }
    worker.mark(1)
    await clock.run(300_000)
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
  })

  test('of something that is no wire puts every wire of the round off, and the node', async () => {
    handle.outcomes.push(refused())
    worker.mark(nodeSlot)
    for (const serial of wanted) worker.mark(serial)
    await quiet()
    expect(held()).toEqual([])
    await clock.run(1_000)
    expect(held()).toEqual([1, 2, 3])
    expect(holds(nodeFlow)).toBe(true)
  })

  test('of a wire does not make the flows of the node be forgotten', async () => {
    // The node's own flow comes first.
    handle.outcomes.push(refused(1))
    worker.markAll()
    await clock.run(0)
    expect(held()).toEqual([2, 3])
    await clock.run(2_000)
    expect(holds(nodeFlow)).toBe(true)
    expect(held()).toEqual([1, 2, 3])
  })

  test('does not make ports be forgotten that are to leave', async () => {
    handle.put({ name: 'gone', ofport: 9, ours: true })
    handle.outcomes.push(refused(0))
    worker.mark(1)
    worker.markPort('gone')
    await clock.run(2_000)
    expect(handle.port('gone')).toBeUndefined()
  })

  test('is forgotten with the switch', async () => {
    handle.outcomes.push(refused(0))
    worker.mark(1)
    await quiet()
    worker.stop()
    await clock.run(120_000)
    expect(handle.plans.length).toBe(1)
  })
})

describe('an answer that never comes', () => {
  test('leaves everything open until the switch has been read again', async () => {
    handle.outcomes.push({ state: 'unknown', reason: 'the connection was lost' })
    const { apply } = handle
    handle.apply = async (plan) => {
      const outcome = await apply.call(handle, plan)
      if (outcome.state === 'unknown') handle.ready = false
      return outcome
    }
    for (const serial of wanted) worker.mark(serial)
    await clock.run(120_000)
    expect(handle.plans.length).toBe(1)
    expect(worker.confirmed(1)).toBe(false)
    // The change had taken effect after all: what the dump shows is not sent again.
    const [plan] = handle.plans
    if (plan !== undefined) handle.carryOut(plan)
    handle.ready = true
    worker.markAll()
    await quiet()
    expect(handle.plans.length).toBe(2)
    expect(handle.plans[1]?.changes.map((change) => change.key)).toEqual([flowKey(nodeFlow)])
    expect(worker.confirmed(1)).toBe(true)
  })
})
