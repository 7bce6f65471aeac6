/** Carries a plan out on one switch: ports in the database, meters, one bundle of flows and a barrier. */
import type { MeterWish } from '#compile/desired.js'
import { errorText } from '#model/error.js'
import type { Channel } from '#openflow/channel.js'
import { OpenFlowError } from '#openflow/errors.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import { OvsdbError } from '#ovsdb/errors.js'
import type { Operation } from '#ovsdb/operations.js'
import type { FlowBook } from '#reconcile/flow-book.js'
import { applyToBook, type SwitchPlan } from '#reconcile/plan.js'
import type { Outcome } from '#reconcile/switch-handle.js'
import { addPorts, bundleOf, meterMods, meterRemovals, removePorts } from './messages.js'
import type { OpenFlowPorts } from './of-ports.js'
import type { SwitchTable } from './tables.js'
import type { SwitchView } from './view.js'

export interface Programmed {
  readonly client: OvsdbClient<SwitchTable>
  readonly channel: Channel
  readonly view: SwitchView
  readonly book: FlowBook
  readonly meters: Map<number, MeterWish>
  readonly open: OpenFlowPorts
}

/** A failure that says nothing about what the switch holds now. */
const isUnknown = (error: unknown): boolean =>
  error instanceof OpenFlowError
    ? error.code !== 'rejected' && error.code !== 'unencodable'
    : error instanceof OvsdbError
      ? error.code !== 'operation-failed'
      : true

const outcomeOf = (error: unknown, indexes: readonly number[] = []): Outcome => {
  const reason = errorText(error)
  if (isUnknown(error)) return { state: 'unknown', reason }
  const at = error instanceof OpenFlowError && error.index !== undefined ? indexes[error.index] : undefined
  return at === undefined ? { state: 'refused', reason } : { state: 'refused', change: at, reason }
}

const done: Outcome = { state: 'done' }

const transact = async ({ client }: Programmed, operations: readonly Operation[]): Promise<Outcome> => {
  if (operations.length === 0) return done
  try {
    await client.transact(operations)
    return done
  } catch (error) {
    return outcomeOf(error)
  }
}

const setMeters = async ({ channel, meters }: Programmed, wishes: readonly MeterWish[]): Promise<Outcome> => {
  if (wishes.length === 0) return done
  try {
    await channel.batch(meterMods(wishes, meters))
    for (const wish of wishes) meters.set(wish.meterId, wish)
    return done
  } catch (error) {
    return outcomeOf(error)
  }
}

const removeMeters = async (
  { channel, meters }: Programmed,
  meterIds: readonly number[],
): Promise<Outcome> => {
  if (meterIds.length === 0) return done
  try {
    await channel.batch(meterRemovals(meterIds))
    for (const meterId of meterIds) meters.delete(meterId)
    return done
  } catch (error) {
    return outcomeOf(error)
  }
}

const changeFlows = async (target: Programmed, plan: SwitchPlan): Promise<Outcome> => {
  if (plan.changes.length === 0) return done
  const { messages, indexes } = bundleOf(plan.changes, (ofport) => target.open.get(ofport))
  try {
    if (messages.length > 0) await target.channel.bundle(messages)
    applyToBook(plan.changes, target.book)
    await target.channel.barrier()
    return done
  } catch (error) {
    return outcomeOf(error, indexes)
  }
}

const program = async (target: Programmed, plan: SwitchPlan): Promise<Outcome> => {
  const steps = [
    () => setMeters(target, plan.setMeters),
    () => changeFlows(target, plan),
    () => removeMeters(target, plan.removeMeters),
  ]
  for (const step of steps) {
    const outcome = await step()
    if (outcome.state !== 'done') return outcome
  }
  return done
}

/** New ports need no flows yet, so both sides go at once; ports leave after the flows that use them. Never rejects. */
export const carryOut = async (target: Programmed, plan: SwitchPlan): Promise<Outcome> => {
  const { view } = target
  const bridgeUuid = view.bridge?._uuid
  if (bridgeUuid === undefined) return { state: 'unknown', reason: 'the bridge is gone' }
  const [added, programmed] = await Promise.all([
    transact(target, addPorts(plan.addPorts, view, bridgeUuid)),
    program(target, plan),
  ])
  if (programmed.state !== 'done') return programmed
  if (added.state !== 'done') return added
  return transact(target, removePorts(plan.removePorts, view, bridgeUuid))
}
