/**
 * The loop of one switch: keyed and level-triggered. What changed is only a mark on an origin or an interface; each round
 * compiles the marked ones as they are now, compares with what the switch holds and sends the difference, one plan at a
 * time. Marks that arrive meanwhile make the next round.
 */
import { originAt, type Slot, slotOf } from '#compile/cookie.js'
import type { Desired, PortWish } from '#compile/desired.js'
import type { Clock } from '#link/clock.js'
import { errorText } from '#model/error.js'
import { isEmpty, planSwitch, type SwitchPlan, type Wanted, type WantedPort } from './plan.js'
import type { Outcome, SwitchHandle } from './switch-handle.js'

/** What the loop asks about what is wanted, at the moment when it needs it. */
export interface Wants {
  /** Whether it is known what is wanted. Until then nothing is compared: nothing wanted would be a lot to delete. */
  known(): boolean
  /** `nothing` for an origin that is gone or has nothing at `node`; undefined: not known yet, what is there stays. */
  desired(slot: Slot, node: string): Desired | undefined
  port(node: string, name: string): PortWish | undefined
  /** The origins that want something at `node`. */
  slotsAt(node: string): Iterable<Slot>
  interfacesAt(node: string): Iterable<string>
}

/** What the loop tells. */
export interface Progress {
  /** These origins were compared with the switch, and it holds what they want or has refused it. */
  settled(node: string, slots: readonly Slot[]): void
  planned(node: string, plan: SwitchPlan, outcome: Outcome, milliseconds: number): void
}

export interface WorkerOptions {
  readonly handle: SwitchHandle
  readonly wants: Wants
  readonly progress: Progress
  readonly clock: Clock
}

/** The most origins of one round: bounds the bundle and the time for which the process does nothing else. */
const roundMax = 4096
const retryMinMs = 1_000
const retryMaxMs = 60_000

interface Refusal {
  readonly reason: string
  readonly delayMs: number
  readonly cancel: () => void
}

interface Round {
  readonly slots: Set<Slot>
  /** Interfaces that were marked by themselves. */
  readonly ports: readonly string[]
  readonly whole: boolean
  readonly plan: SwitchPlan
}

export class SwitchWorker {
  private readonly slots = new Set<Slot>()
  private readonly ports = new Set<string>()
  private readonly refusals = new Map<Slot, Refusal>()
  private inFlight: ReadonlySet<Slot> = new Set()
  private everything = false
  private running = false
  private stopped = false
  /** Marks that are set again after a refusal that was not about one origin alone. */
  private again: { readonly cancel: () => void } | undefined
  private againMs = 0

  constructor(private readonly options: WorkerOptions) {}

  /** Something about an origin may have changed. */
  mark(slot: Slot): void {
    this.slots.add(slot)
    this.wake()
  }

  /** Something about an interface may have changed. */
  markPort(name: string): void {
    this.ports.add(name)
    this.wake()
  }

  /** Compare everything: the switch has just connected. */
  markAll(): void {
    this.everything = true
    this.wake()
  }

  /** What is wanted has become known. */
  resume(): void {
    this.wake()
  }

  /** Whether the switch is known to hold what the origin wants of it now. */
  confirmed(slot: Slot): boolean {
    return (
      this.options.handle.ready &&
      !this.everything &&
      !this.slots.has(slot) &&
      !this.inFlight.has(slot) &&
      !this.refusals.has(slot)
    )
  }

  /** Whether the origin waits to be compared with a switch that can be asked, or the answer is under way. */
  isComparing(slot: Slot): boolean {
    return this.options.handle.ready && (this.everything || this.slots.has(slot) || this.inFlight.has(slot))
  }

  /** Why the switch did not take the origin's flows, in its own words. */
  refusal(slot: Slot): string | undefined {
    return this.refusals.get(slot)?.reason
  }

  /** Marks that wait. */
  get backlog(): number {
    return this.slots.size + this.ports.size
  }

  /** The connection is gone or the node is: marks are kept for nobody. */
  stop(): void {
    this.stopped = true
    for (const { cancel } of this.refusals.values()) cancel()
    this.refusals.clear()
    this.again?.cancel()
  }

  private wake(): void {
    if (this.running || this.stopped || !this.options.handle.ready || !this.options.wants.known()) return
    this.running = true
    // Everything that one event marks makes one round.
    queueMicrotask(() => void this.run())
  }

  private async run(): Promise<void> {
    const { handle, clock, progress } = this.options
    while (!this.stopped && handle.ready && this.marked()) {
      const round = this.take()
      this.inFlight = round.slots
      const began = clock.now()
      const outcome: Outcome = isEmpty(round.plan) ? { state: 'done' } : await handle.apply(round.plan)
      this.inFlight = new Set()
      if (!isEmpty(round.plan)) progress.planned(handle.node, round.plan, outcome, clock.now() - began)
      this.settle(round, outcome)
    }
    this.running = false
  }

  private marked(): boolean {
    return this.everything || this.slots.size > 0 || this.ports.size > 0
  }

  private take(): Round {
    const { handle, wants } = this.options
    const { node, book } = handle
    const whole = this.everything
    if (whole) {
      for (const slot of wants.slotsAt(node)) this.slots.add(slot)
      for (const slot of book.slots()) this.slots.add(slot)
      for (const name of wants.interfacesAt(node)) this.ports.add(name)
      for (const port of handle.ourPorts()) this.ports.add(port.name)
    }
    const slots = takeSome(this.slots, whole ? Number.POSITIVE_INFINITY : roundMax)
    const wanted = this.compile(slots)
    // An origin brings its own interfaces along; marked ones may be claimed by nobody any more.
    const names = new Set(wanted.flatMap(({ desired }) => desired.ports.map(({ name }) => name)))
    const marked = [...this.ports]
    const ports: WantedPort[] = [...new Set([...marked, ...names])].map((name) => ({
      name,
      wish: wants.port(node, name),
    }))
    this.ports.clear()
    this.everything = false
    const plan = this.plan(slots, wanted, ports, whole)
    return { slots, ports: marked, whole, plan }
  }

  /** What the origins want; one that cannot be compiled is taken out of `slots`. */
  private compile(slots: Set<Slot>): Wanted[] {
    const { handle, wants } = this.options
    return [...slots].flatMap((slot) => {
      const desired = this.attempt(slots, slot, () => wants.desired(slot, handle.node))
      return desired === undefined ? [] : [{ origin: originAt(slot), desired }]
    })
  }

  /** Compares them all at once; where that fails, those that it fails for are found and taken out of `slots`. */
  private plan(
    slots: Set<Slot>,
    wanted: readonly Wanted[],
    ports: readonly WantedPort[],
    whole: boolean,
  ): SwitchPlan {
    const { handle } = this.options
    try {
      return planSwitch(wanted, ports, handle, whole)
    } catch {
      const sound = wanted.filter(
        (one) => this.attempt(slots, slotOf(one.origin), () => planSwitch([one], [], handle)) !== undefined,
      )
      return planSwitch(sound, ports, handle, whole)
    }
  }

  /** A defect in what one origin wants is that origin's alone: it waits as if the switch had refused it. */
  private attempt<T>(slots: Set<Slot>, slot: Slot, make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      slots.delete(slot)
      this.postpone(slot, errorText(error))
      this.options.progress.settled(this.options.handle.node, [slot])
      return undefined
    }
  }

  private settle(round: Round, outcome: Outcome): void {
    if (outcome.state === 'unknown') {
      // The next connection begins with a dump and `markAll`; until then nothing is known.
      this.everything = true
      return
    }
    if (outcome.state === 'refused') this.refused(round, outcome.change, outcome.reason)
    else {
      for (const slot of round.slots) this.forgive(slot)
      this.againMs = 0
    }
    const settled = [...round.slots].filter((slot) => !this.slots.has(slot))
    this.options.progress.settled(this.options.handle.node, settled)
  }

  /** One refused change ends the bundle: its origin waits, the others go again at once. */
  private refused(round: Round, change: number | undefined, reason: string): void {
    const culprit = change === undefined ? undefined : round.plan.changes[change]
    const guilty = culprit && slotOf(culprit.origin)
    for (const slot of round.slots) {
      if (guilty === undefined || guilty === slot) this.postpone(slot, reason)
      else this.slots.add(slot)
    }
    // Interfaces, and meters whose flows are not there, have nobody who would mark them again.
    const { setMeters, removeMeters } = round.plan
    const whole = round.whole || setMeters.length + removeMeters.length > 0
    if (guilty !== undefined && !whole) for (const name of round.ports) this.ports.add(name)
    else this.tryAgain({ ...round, whole })
  }

  /** Marks the rest of a refused round again after a while; a whole one whole, since it alone finds meters that nobody wants. */
  private tryAgain({ whole, ports }: Round): void {
    this.againMs = Math.min(Math.max(this.againMs * 2, retryMinMs), retryMaxMs)
    const before = this.again
    const cancel = this.options.clock.schedule(this.againMs, () => {
      if (whole) this.everything = true
      for (const name of ports) this.ports.add(name)
      this.wake()
    })
    this.again = {
      cancel: () => {
        before?.cancel()
        cancel()
      },
    }
  }

  private postpone(slot: Slot, reason: string): void {
    const before = this.refusals.get(slot)
    before?.cancel()
    const delayMs = Math.min(before === undefined ? retryMinMs : before.delayMs * 2, retryMaxMs)
    const cancel = this.options.clock.schedule(delayMs, () => this.mark(slot))
    this.refusals.set(slot, { reason, delayMs, cancel })
  }

  private forgive(slot: Slot): void {
    this.refusals.get(slot)?.cancel()
    this.refusals.delete(slot)
  }
}

/** Takes up to `max` items out of a set. */
const takeSome = (from: Set<number>, max: number): Set<number> => {
  const taken = new Set<number>()
  for (const item of from) {
    if (taken.size >= max) break
    taken.add(item)
    from.delete(item)
  }
  return taken
}
