/**
 * The plan for one switch: what to send so that it holds what the origins at hand want. Pure. Comparing is per origin, so the
 * cost of a change does not depend on how much the switch holds already.
 */
import { cookieOf, type Origin, slotOf } from '#compile/cookie.js'
import { type Desired, type HoldWish, type MeterWish, nothing, type PortWish } from '#compile/desired.js'
import { printMac } from '#model/mac.js'
import type { Port } from '#model/node.js'
import type { Flow } from '#openflow/flow.js'
import { differInActions, type FlowKey, flowBody, flowKey, type Held, keyParts } from './flow-book.js'
import type { SwitchHandle } from './switch-handle.js'

/** One message of the bundle. */
export type Change =
  | {
      readonly type: 'add' | 'modify'
      readonly origin: Origin
      readonly key: FlowKey
      readonly held: Held
      readonly flow: Flow
    }
  | { readonly type: 'delete'; readonly origin: Origin; readonly key: FlowKey; readonly cookie: bigint }

/** Ordered: ports to add, meters to set, the bundle of `changes`, holds, meters to remove, ports to remove. */
export interface SwitchPlan {
  readonly addPorts: readonly PortWish[]
  readonly setMeters: readonly MeterWish[]
  readonly changes: readonly Change[]
  /** Open vSwitch takes no port-mod into an atomic bundle. */
  readonly holds: readonly HoldWish[]
  readonly removeMeters: readonly number[]
  readonly removePorts: readonly string[]
}

type Actual = Pick<SwitchHandle, 'book' | 'meters' | 'port' | 'portByOfport'>

export const isEmpty = (plan: SwitchPlan): boolean =>
  plan.addPorts.length === 0 &&
  plan.setMeters.length === 0 &&
  plan.changes.length === 0 &&
  plan.holds.length === 0 &&
  plan.removeMeters.length === 0 &&
  plan.removePorts.length === 0

/** An origin and what it wants here; `nothing` when it is gone. */
export interface Wanted {
  readonly origin: Origin
  readonly desired: Desired
}

/** An interface and what is wanted of it; absent when no wire claims it. */
export interface WantedPort {
  readonly name: string
  readonly wish: PortWish | undefined
}

const flowChanges = ({ origin, desired }: Wanted, actual: Actual): { deletes: Change[]; puts: Change[] } => {
  const cookie = cookieOf(origin)
  const puts: Change[] = []
  const wanted = new Set<FlowKey>()
  for (const flow of desired.flows) {
    const key = flowKey(flow)
    const body = flowBody(flow)
    wanted.add(key)
    if (actual.book.holds(key, origin, body)) continue
    const there = actual.book.get(key)
    // Modifying keeps counters, duration and time-outs of the flow; adding takes it over from whoever holds it.
    const same = there?.cookie === cookie && differInActions(there.body, body)
    puts.push({
      type: same ? 'modify' : 'add',
      origin,
      key,
      held: { cookie, body },
      flow,
    })
  }
  const deletes = actual.book
    .keysOf(slotOf(origin))
    .filter((key) => !wanted.has(key))
    .map((key): Change => ({ type: 'delete', origin, key, cookie }))
  return { deletes, puts }
}

/** The local ports that the present flows of an origin begin at. */
const portsOf = (origin: Origin, actual: Actual): readonly number[] =>
  actual.book.keysOf(slotOf(origin)).flatMap((key) => {
    const { in_port: inPort } = keyParts(key).match
    return typeof inPort === 'number' ? [inPort] : []
  })

/** Holds: those that are wanted, and the release of the ports of origins that are gone, unless another one has them now. */
const holdChanges = (wanted: readonly Wanted[], left: readonly number[], actual: Actual): HoldWish[] => {
  const holds = wanted.flatMap(({ desired }) => desired.holds)
  const claimed = new Set(holds.map(({ ofport }) => ofport))
  return [
    ...holds.filter(({ ofport, held }) => actual.portByOfport(ofport)?.held !== held),
    ...left.flatMap((ofport) =>
      !claimed.has(ofport) && actual.portByOfport(ofport)?.held ? [{ ofport, held: false }] : [],
    ),
  ]
}

const sameMeter = (a: MeterWish | undefined, b: MeterWish): boolean =>
  a !== undefined && a.rateKbps === b.rateKbps && a.burstKbits === b.burstKbits

/** Meters that the present flows of an origin use and that it wants no more: a meter bears the number of its port. */
const metersLeft = (wanted: Wanted, actual: Actual): readonly number[] => {
  if (actual.meters.size === 0) return []
  const kept = new Set(wanted.desired.meters.map(({ meterId }) => meterId))
  return portsOf(wanted.origin, actual).filter((ofport) => actual.meters.has(ofport) && !kept.has(ofport))
}

/** Whether a port of ours is what was asked for. */
const sameDevice = (there: Port, { mtu, internalMac }: PortWish): boolean =>
  there.mtuRequest === mtu && there.internalMac === (internalMac && printMac(internalMac))

const portChanges = (ports: readonly WantedPort[], actual: Actual): { add: PortWish[]; remove: string[] } => {
  const add: PortWish[] = []
  const remove: string[] = []
  for (const { name, wish } of ports) {
    const there = actual.port(name)
    if (wish === undefined) {
      if (there?.ours) remove.push(name)
    } else if (there?.stale) {
      // Its going is reported, and then it is wanted and not there.
      if (there.ours) remove.push(name)
    } else if (there === undefined || (there.ours && !sameDevice(there, wish))) add.push(wish)
  }
  return { add, remove }
}

/** A port that leaves while it is held would leave its device down, whatever flows of its wire there are still. */
const releases = (names: readonly string[], holds: readonly HoldWish[], actual: Actual): HoldWish[] =>
  names.flatMap((name) => {
    const { ofport, held } = actual.port(name) ?? {}
    const known = ofport === undefined || holds.some((hold) => hold.ofport === ofport)
    return held && !known ? [{ ofport, held: false }] : []
  })

/**
 * Compares what `wanted` and `ports` ask for with what the switch holds. With `whole`, `wanted` is everything that is wanted
 * of this switch, and meters that nothing asks for go as well.
 */
export const planSwitch = (
  wanted: readonly Wanted[],
  ports: readonly WantedPort[],
  actual: Actual,
  whole = false,
): SwitchPlan => {
  const deletes: Change[] = []
  const puts: Change[] = []
  const left: number[] = []
  const setMeters: MeterWish[] = []
  const removeMeters = new Set<number>()
  for (const one of wanted) {
    const flows = flowChanges(one, actual)
    deletes.push(...flows.deletes)
    puts.push(...flows.puts)
    if (one.desired === nothing) left.push(...portsOf(one.origin, actual))
    setMeters.push(
      ...one.desired.meters.filter((meter) => !sameMeter(actual.meters.get(meter.meterId), meter)),
    )
    for (const meterId of metersLeft(one, actual)) removeMeters.add(meterId)
  }
  if (whole) for (const meterId of actual.meters.keys()) removeMeters.add(meterId)
  for (const one of wanted) for (const { meterId } of one.desired.meters) removeMeters.delete(meterId)
  const { add, remove } = portChanges(ports, actual)
  const holds = holdChanges(wanted, left, actual)
  holds.push(...releases(remove, holds, actual))
  // Deletions first: a key that passes from one origin to another in the same bundle must not be deleted last.
  return {
    addPorts: add,
    setMeters,
    changes: [...deletes, ...puts],
    holds,
    removeMeters: [...removeMeters],
    removePorts: remove,
  }
}

/** What the book holds once the switch has confirmed `changes`. */
export const applyToBook = (changes: readonly Change[], book: SwitchHandle['book']): void => {
  for (const change of changes) {
    if (change.type === 'add' || change.type === 'modify') book.set(change.key, change.held)
    else if (change.type === 'delete' && book.get(change.key)?.cookie === change.cookie)
      book.delete(change.key)
  }
}
