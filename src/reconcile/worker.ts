/**
 * The loop of one switch: keyed and level-triggered. What changed is only a mark on an origin or an interface; each round
 * compiles the marked ones as they are now, compares with what the switch holds and sends the difference, one plan at a
 * time. Marks that arrive meanwhile make the next round.
 */
import type { Origin } from '#compile/cookie.js'
import type { Desired, PortWish } from '#compile/desired.js'
import type { Clock } from '#link/clock.js'
import { errorText } from '#model/error.js'
import { isEmpty, planSwitch, type SwitchPlan, type Wanted, type WantedPort } from './plan.js'
import type { Outcome, SwitchHandle } from './switch-handle.js'

/** What the loop asks about what is wanted, at the moment when it needs it. */
export interface Wants {
  /** Whether it is known what is wanted. Until then nothing is compared: nothing wanted would be a lot to delete. */
  known(): boolean
  /** `nothing` for a wire that is gone or has no end at `node`. */
  wire(serial: number, node: string): Desired
  node(node: string): Desired
  port(node: string, name: string): PortWish | undefined
  /** Serials of the wires with an end at `node`. */
  serialsAt(node: string): Iterable<number>
  interfacesAt(node: string): Iterable<string>
}

/** What the loop tells. */
export interface Progress {
  /** These wires were compared with the switch, and it holds what they want or has refused it. */
  settled(node: string, serials: readonly number[]): void
  planned(node: string, plan: SwitchPlan, outcome: Outcome, milliseconds: number): void
}

export interface WorkerOptions {
  readonly handle: SwitchHandle
  readonly wants: Wants
  readonly progress: Progress
  readonly clock: Clock
}

/** The most wires of one round: bounds the bundle and the time for which the process does nothing else. */
const roundMax = 4096
const retryMinMs = 1_000
const retryMaxMs = 60_000

interface Refusal {
  readonly reason: string
  readonly delayMs: number
  readonly cancel: () => void
}

interface Round {
  readonly serials: Set<number>
  /** Interfaces that were marked by themselves. */
  readonly ports: readonly string[]
  /** Whether flows of the node itself were compared. */
  readonly node: boolean
  readonly whole: boolean
  readonly plan: SwitchPlan
}

export class SwitchWorker {
  private readonly serials = new Set<number>()
  private readonly ports = new Set<string>()
  private readonly refusals = new Map<number, Refusal>()
  private inFlight: ReadonlySet<number> = new Set()
  private everything = false
  private nodeMarked = false
  private running = false
  private stopped = false
  /** Marks that are set again after a refusal that was not about a wire alone. */
  private again: { readonly cancel: () => void } | undefined
  private againMs = 0

  constructor(private readonly options: WorkerOptions) {}

  /** Something about a wire may have changed. */
  markWire(serial: number): void {
    this.serials.add(serial)
    this.wake()
  }

  /** Something about an interface may have changed. */
  markPort(name: string): void {
    this.ports.add(name)
    this.wake()
  }

  /** Flows of the node itself may have changed. */
  markNode(): void {
    this.nodeMarked = true
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

  /** Whether the switch is known to hold what the wire wants of it now. */
  confirmed(serial: number): boolean {
    return (
      this.options.handle.ready &&
      !this.everything &&
      !this.serials.has(serial) &&
      !this.inFlight.has(serial) &&
      !this.refusals.has(serial)
    )
  }

  /** Whether the wire waits to be compared with a switch that can be asked, or the answer is under way. */
  isComparing(serial: number): boolean {
    return (
      this.options.handle.ready && (this.everything || this.serials.has(serial) || this.inFlight.has(serial))
    )
  }

  /** Why the switch did not take the wire's flows, in its own words. */
  refusal(serial: number): string | undefined {
    return this.refusals.get(serial)?.reason
  }

  /** Marks that wait. */
  get backlog(): number {
    return this.serials.size + this.ports.size
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
      this.inFlight = round.serials
      const began = clock.now()
      const outcome: Outcome = isEmpty(round.plan) ? { state: 'done' } : await handle.apply(round.plan)
      this.inFlight = new Set()
      if (!isEmpty(round.plan)) progress.planned(handle.node, round.plan, outcome, clock.now() - began)
      this.settle(round, outcome)
    }
    this.running = false
  }

  private marked(): boolean {
    return this.everything || this.nodeMarked || this.serials.size > 0 || this.ports.size > 0
  }

  private take(): Round {
    const { handle, wants } = this.options
    const { node, book } = handle
    const whole = this.everything
    if (whole) {
      for (const serial of wants.serialsAt(node)) this.serials.add(serial)
      for (const serial of book.wireSerials()) this.serials.add(serial)
      for (const name of wants.interfacesAt(node)) this.ports.add(name)
      for (const port of handle.ourPorts()) this.ports.add(port.name)
    }
    const serials = takeSome(this.serials, whole ? Number.POSITIVE_INFINITY : roundMax)
    const wanted = this.compile(serials)
    const withNode = whole || this.nodeMarked
    if (withNode) wanted.push({ origin: nodeOrigin, desired: wants.node(node) })
    // A wire brings its own interfaces along; marked ones may be claimed by nobody any more.
    const names = new Set(wanted.flatMap(({ desired }) => desired.ports.map(({ name }) => name)))
    const marked = [...this.ports]
    const ports: WantedPort[] = [...new Set([...marked, ...names])].map((name) => ({
      name,
      wish: wants.port(node, name),
    }))
    this.ports.clear()
    this.everything = false
    this.nodeMarked = false
    const plan = this.plan(serials, wanted, ports, whole)
    return { serials, ports: marked, node: withNode, whole, plan }
  }

  /** What the wires want; one that cannot be compiled is taken out of `serials`. */
  private compile(serials: Set<number>): Wanted[] {
    const { handle, wants } = this.options
    return [...serials].flatMap((serial) => {
      const compiled = this.attempt(serials, serial, () => wants.wire(serial, handle.node))
      return compiled === undefined ? [] : [{ origin: wireOrigin(serial), desired: compiled }]
    })
  }

  /** Compares them all at once; where that fails, those that it fails for are found and taken out of `serials`. */
  private plan(
    serials: Set<number>,
    wanted: readonly Wanted[],
    ports: readonly WantedPort[],
    whole: boolean,
  ): SwitchPlan {
    const { handle } = this.options
    try {
      return planSwitch(wanted, ports, handle, whole)
    } catch {
      const sound = wanted.filter(
        (one) =>
          one.origin.kind !== 'wire' ||
          this.attempt(serials, one.origin.serial, () => planSwitch([one], [], handle)) !== undefined,
      )
      return planSwitch(sound, ports, handle, whole)
    }
  }

  /** A defect in what one wire wants is that wire's alone: it waits as if the switch had refused it. */
  private attempt<T>(serials: Set<number>, serial: number, make: () => T): T | undefined {
    try {
      return make()
    } catch (error) {
      serials.delete(serial)
      this.postpone(serial, errorText(error))
      this.options.progress.settled(this.options.handle.node, [serial])
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
      for (const serial of round.serials) this.forgive(serial)
      this.againMs = 0
    }
    const settled = [...round.serials].filter((serial) => !this.serials.has(serial))
    this.options.progress.settled(this.options.handle.node, settled)
  }

  /** One refused change ends the bundle: its origin waits, the others go again at once. */
  private refused(round: Round, change: number | undefined, reason: string): void {
    const culprit = change === undefined ? undefined : round.plan.changes[change]
    const origin = culprit?.origin
    for (const serial of round.serials) {
      if (origin === undefined || (origin.kind === 'wire' && origin.serial === serial))
        this.postpone(serial, reason)
      else this.serials.add(serial)
    }
    // What was not about a wire has nobody who would mark it again, nor have meters whose flows are not there.
    const { setMeters, removeMeters } = round.plan
    const whole = round.whole || setMeters.length + removeMeters.length > 0
    if (origin?.kind === 'wire' && !whole) {
      this.nodeMarked ||= round.node
      for (const name of round.ports) this.ports.add(name)
    } else this.tryAgain({ ...round, whole })
  }

  /** Marks the rest of a refused round again after a while; a whole one whole, since it alone finds meters that nobody wants. */
  private tryAgain({ whole, node, ports }: Round): void {
    this.againMs = Math.min(Math.max(this.againMs * 2, retryMinMs), retryMaxMs)
    const before = this.again
    const cancel = this.options.clock.schedule(this.againMs, () => {
      if (whole) this.everything = true
      this.nodeMarked ||= node
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

  private postpone(serial: number, reason: string): void {
    const before = this.refusals.get(serial)
    before?.cancel()
    const delayMs = Math.min(before === undefined ? retryMinMs : before.delayMs * 2, retryMaxMs)
    const cancel = this.options.clock.schedule(delayMs, () => this.markWire(serial))
    this.refusals.set(serial, { reason, delayMs, cancel })
  }

  private forgive(serial: number): void {
    this.refusals.get(serial)?.cancel()
    this.refusals.delete(serial)
  }
}

const nodeOrigin: Origin = { kind: 'node', serial: 0 }
const wireOrigin = (serial: number): Origin => ({ kind: 'wire', serial })

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
