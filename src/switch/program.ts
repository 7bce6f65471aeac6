/** Carries a plan out on one switch: ports in the database, meters, one bundle of flows and a barrier. */
import type { MeterWish } from '#compile/desired.js'
import { errorText } from '#model/error.js'
import type { Channel } from '#openflow/channel.js'
import { OpenFlowError } from '#openflow/errors.js'
import type { MessageOf } from '#openflow/messages.js'
import type { OvsdbClient } from '#ovsdb/client.js'
import { OvsdbError } from '#ovsdb/errors.js'
import type { Operation } from '#ovsdb/operations.js'
import type { FlowBook } from '#reconcile/flow-book.js'
import { applyToBook, type SwitchPlan } from '#reconcile/plan.js'
import type { Outcome } from '#reconcile/switch-handle.js'
import { readBook } from './flow-watch.js'
import { addPorts, bundleOf, meterMods, meterRemovals, portMods, removePorts } from './messages.js'
import { readMeters } from './meters.js'
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

const refusals: ReadonlySet<string> = new Set(['rejected', 'partly-rejected', 'unencodable'])

/** A failure that says nothing about what the switch holds now. */
const isUnknown = (error: unknown): boolean =>
  error instanceof OpenFlowError
    ? !refusals.has(error.code)
    : error instanceof OvsdbError
      ? error.code !== 'operation-failed'
      : true

const outcomeOf = (error: unknown): Outcome => {
  const reason = errorText(error)
  if (isUnknown(error)) return { state: 'unknown', reason }
  const change = error instanceof OpenFlowError ? error.index : undefined
  return change === undefined ? { state: 'refused', reason } : { state: 'refused', change, reason }
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

/** One step at the OpenFlow side; `then` takes what was confirmed up. */
const step = async (send: () => Promise<void>, then: () => void = () => {}): Promise<Outcome> => {
  try {
    await send()
    then()
    return done
  } catch (error) {
    return outcomeOf(error)
  }
}

/** A refusal of something that is no change of a flow has no index among them. */
const whole = (outcome: Outcome): Outcome =>
  outcome.state === 'refused' ? { state: 'refused', reason: outcome.reason } : outcome

/** Of meters that are changed one by one, some may be there where others were refused: they are read anew. */
const changeMeters = async (
  { channel, meters }: Programmed,
  mods: readonly MessageOf<'meter_mod'>[],
  then: () => void,
): Promise<Outcome> => {
  if (mods.length === 0) return done
  const outcome = whole(await step(() => channel.batch(mods), then))
  if (outcome.state !== 'refused') return outcome
  const reread = await step(() => readMeters(channel, meters))
  return reread.state === 'done' ? outcome : reread
}

const setMeters = (target: Programmed, { setMeters: wishes }: SwitchPlan): Promise<Outcome> =>
  changeMeters(target, meterMods(wishes, target.meters), () => {
    for (const wish of wishes) target.meters.set(wish.meterId, wish)
  })

const removeMeters = (target: Programmed, { removeMeters: meterIds }: SwitchPlan): Promise<Outcome> =>
  changeMeters(target, meterRemovals(meterIds), () => {
    for (const meterId of meterIds) target.meters.delete(meterId)
  })

/**
 * One round trip: the bundle is committed at once, with the barrier behind it. Where the switch leaves something out it has
 * taken the rest, so the book is read anew before the refusal is told.
 */
const changeFlows = async ({ channel, book }: Programmed, { changes }: SwitchPlan): Promise<Outcome> => {
  if (changes.length === 0) return done
  const [bundle, barrier] = await Promise.allSettled([
    channel.bundle(bundleOf(changes), { commit: 'at-once' }),
    channel.barrier(),
  ])
  if (bundle.status === 'fulfilled') {
    applyToBook(changes, book)
    return barrier.status === 'fulfilled' ? done : outcomeOf(barrier.reason)
  }
  const outcome = outcomeOf(bundle.reason)
  if (outcome.state !== 'refused') return outcome
  const reread = await step(() => readBook(channel, book))
  return reread.state === 'done' ? outcome : reread
}

/** A port that refuses has gone meanwhile, and its going is reported: that is no failure of the plan. */
const holdPorts = async ({ channel, open }: Programmed, { holds }: SwitchPlan): Promise<Outcome> => {
  const mods = portMods(holds, (ofport) => open.get(ofport))
  if (mods.length === 0) return done
  const outcome = await step(() => channel.batch(mods))
  return outcome.state === 'refused' ? done : outcome
}

const program = async (target: Programmed, plan: SwitchPlan): Promise<Outcome> => {
  // Flows that use a meter come behind it on the same connection: there is no need to wait for one before the other is sent.
  const [metered, changed] = await Promise.all([setMeters(target, plan), changeFlows(target, plan)])
  if (metered.state !== 'done') return metered
  if (changed.state !== 'done') return changed
  for (const part of [holdPorts, removeMeters]) {
    const outcome = await part(target, plan)
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
