/**
 * Convergence of wires: intent and inventory on one side, the switches of the fleet on the other. Whatever happens (a stored change, a
 * port that appears, a switch that comes or goes, drift) is turned into marks on wires; the workers compare and repair, and
 * the status of every wire that was touched is derived anew.
 */
import { carrierOf } from '#compile/carrier.js'
import type { Slot } from '#compile/cookie.js'
import { type Desired, nothing, type PortWish } from '#compile/desired.js'
import { type EndProgress, statusOf } from '#compile/status.js'
import { compileWire, endsAt, portWishOf } from '#compile/wire.js'
import type { Clock } from '#link/clock.js'
import type { NodeFacts } from '#model/facts.js'
import type { WireStatus } from '#model/status.js'
import { endNames, type Wire, type WireEnd } from '#model/wire.js'
import type { Changed } from '#store/store.js'
import type { Feature } from './feature.js'
import type { Fleet } from './fleet.js'
import { Intent } from './intent.js'
import type { LiveInventory } from './inventory.js'
import { Receipts } from './receipts.js'
import { Waits } from './waits.js'

/** What convergence tells its owner. */
export interface ConvergenceEvents {
  /** The state of a wire is another one than when this was last called for it. */
  wireState(wire: Wire, status: WireStatus): void
}

export interface ConvergenceOptions {
  readonly clock: Clock
  readonly fleet: Fleet
  readonly events: ConvergenceEvents
}

const nodesOf = (wire: Wire): readonly string[] =>
  wire.a.node === wire.b.node ? [wire.a.node] : [wire.a.node, wire.b.node]

export class Convergence implements Feature {
  readonly kinds = ['wire'] as const
  readonly intent = new Intent()
  readonly inventory: LiveInventory
  readonly receipts = new Receipts()
  /** Last state told of each wire, by serial. */
  private readonly states = new Map<number, WireStatus['state']>()
  private readonly counts = { up: 0, down: 0, pending: 0 }
  /** Wires from before the start whose state has not been found yet. */
  private readonly loaded = new Set<number>()
  private readonly toRefresh = new Set<number>()
  private readonly waits: Waits<number>
  /** What was just found of a wire, for those who wait for it. */
  private looked: { readonly serial: number; readonly state: WireStatus['state'] | undefined } | undefined
  private refreshing = false

  constructor(private readonly options: ConvergenceOptions) {
    this.inventory = options.fleet.inventory
    this.waits = new Waits(options.clock)
    options.fleet.add(this)
  }

  /** Wires by state. */
  get wireCounts(): Readonly<Record<WireStatus['state'], number>> {
    return this.counts
  }

  status(wire: Wire): WireStatus {
    return statusOf(wire, this.inventory, { a: this.progress(wire, wire.a), b: this.progress(wire, wire.b) })
  }

  private stateOfSerial(serial: number): WireStatus['state'] | undefined {
    const wire = this.intent.withSerial(serial)
    return wire && this.status(wire).state
  }

  /** The state of a wire as it was told last. */
  stateOf(wire: Wire): WireStatus['state'] {
    return this.states.get(wire.serial) ?? 'pending'
  }

  /** Whether every reachable switch holds what the wire with this serial wants now, be it nothing. */
  isSettled(serial: number, nodes: readonly string[]): boolean {
    return nodes.every((node) => this.options.fleet.confirmed(node, serial) ?? true)
  }

  /** The wires that the store held at the start: those that are found up are what they were, and no news. */
  wiresLoaded(wires: readonly Wire[]): void {
    this.wiresChanged(wires.map((wire) => ({ new: wire })))
    for (const { serial } of wires) this.loaded.add(serial)
  }

  /** One transaction of the store. */
  wiresChanged(changes: readonly Changed<Wire>[]): void {
    this.intent.apply(changes)
    for (const { old, new: wire } of changes) {
      for (const touched of [old, wire]) if (touched !== undefined) this.markEnds(touched)
      if (old !== undefined && wire === undefined) this.gone(old)
      else if (wire !== undefined) this.stored(wire)
    }
  }

  /** A flow of ours was changed by somebody else. */
  markWire(node: string, serial: number): void {
    this.options.fleet.mark(node, serial)
    this.queueRefresh(serial)
  }

  /**
   * Resolves with true once `done` has held for each of these wires, asked whenever something about one changed, with its
   * state then (undefined for a wire that is gone); with false after `waitMs` or when the signal is aborted.
   */
  wait(
    serials: readonly number[],
    waitMs: number,
    done: (serial: number, state: WireStatus['state'] | undefined) => boolean,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const isDone = (serial: number): boolean =>
      done(serial, this.looked?.serial === serial ? this.looked.state : this.stateOfSerial(serial))
    return this.waits.until(serials, waitMs, isDone, signal)
  }

  desired(serial: Slot, node: string): Desired {
    const wire = this.intent.withSerial(serial)
    return wire === undefined ? nothing : compileWire(wire, this.inventory, node)
  }

  *slotsAt(node: string): Generator<Slot> {
    for (const { serial } of this.intent.wiresAt(node)) yield serial
  }

  port(node: string, name: string): PortWish | undefined {
    const wire = this.intent.claim(node, name)
    const end = endNames.find((one) => wire?.[one].node === node && wire[one].interface === name)
    return wire === undefined || end === undefined ? undefined : portWishOf(wire, wire[end])
  }

  interfacesAt(node: string): Iterable<string> {
    return this.intent.claimsAt(node).keys()
  }

  connected(): void {}

  settled(_node: string, serials: readonly Slot[]): void {
    for (const serial of serials) this.queueRefresh(serial)
  }

  private progress(wire: Wire, end: WireEnd): EndProgress {
    const { fleet } = this.options
    return {
      confirmed: fleet.confirmed(end.node, wire.serial) ?? false,
      refusal: fleet.refusal(end.node, wire.serial),
    }
  }

  private markEnds(wire: Wire): void {
    const { fleet } = this.options
    for (const end of endNames) {
      fleet.mark(wire[end].node, wire.serial)
      fleet.markPort(wire[end].node, wire[end].interface)
    }
  }

  factsChanged(node: string, before: NodeFacts, after: NodeFacts): void {
    const addressed = before.rloc?.text !== after.rloc?.text
    const local = before.tunnelOfport !== after.tunnelOfport
    const sized = before.underlayMtu !== after.underlayMtu
    const seen = before.state !== 'ready' && after.state === 'ready'
    const lost = before.state === 'ready' && after.state !== 'ready'
    if (addressed || local || sized || seen || lost) {
      for (const wire of this.intent.wiresAt(node)) {
        // Peers hold this node's address in their flows; the tunnel port is in its own alone.
        const both = addressed || (seen && this.carrierMatters(wire))
        const touched = both ? nodesOf(wire) : local ? [node] : []
        for (const name of touched) this.options.fleet.mark(name, wire.serial)
        // A node that is seen is compared whole, and what comes of that is told then.
        if (addressed || sized || lost) this.queueRefresh(wire.serial)
      }
    }
  }

  /** Whether a port of the wire is held or lost its link: what the other end has to do depends on seeing that. */
  private carrierMatters(wire: Wire): boolean {
    return endNames.some((end) => {
      const port = this.inventory.port(wire[end].node, wire[end].interface)
      return port?.held === true || carrierOf(port, true) === 'lost'
    })
  }

  portsChanged(node: string, names: readonly string[]): void {
    for (const name of names) {
      const wire = this.intent.claim(node, name)
      if (wire === undefined) continue
      // The far end's carrier depends on this port.
      for (const far of nodesOf(wire)) this.options.fleet.mark(far, wire.serial)
      this.queueRefresh(wire.serial)
    }
  }

  private stored(wire: Wire): void {
    if (!this.states.has(wire.serial)) {
      this.states.set(wire.serial, 'pending')
      this.counts.pending++
    }
    this.queueRefresh(wire.serial)
  }

  private gone(wire: Wire): void {
    const state = this.states.get(wire.serial)
    if (state !== undefined) this.counts[state]--
    this.states.delete(wire.serial)
    this.loaded.delete(wire.serial)
    this.receipts.forget(wire.name)
    this.queueRefresh(wire.serial)
  }

  private queueRefresh(serial: number): void {
    this.toRefresh.add(serial)
    if (this.refreshing) return
    this.refreshing = true
    queueMicrotask(() => {
      this.refreshing = false
      const serials = [...this.toRefresh]
      this.toRefresh.clear()
      for (const one of serials) this.refresh(one)
    })
  }

  private refresh(serial: number): void {
    const wire = this.intent.withSerial(serial)
    if (wire !== undefined && this.isUnderWay(wire)) {
      this.note(wire, 'pending')
      return
    }
    const state = wire && this.stateNow(wire)
    if (wire !== undefined && state !== undefined) this.tell(wire, state)
    this.looked = { serial, state }
    this.waits.changed(serial)
    this.looked = undefined
  }

  /** The state without its reasons, which take many words while a node with many wires is away. */
  private stateNow(wire: Wire): WireStatus['state'] {
    const away = endNames.some((end) => this.inventory.node(wire[end].node).state !== 'ready')
    return away ? 'pending' : this.status(wire).state
  }

  /**
   * A switch is being compared with what the wire wants: it reports when that is done, and until then the wire is what it was
   * (one that works goes on working).
   */
  private isUnderWay(wire: Wire): boolean {
    return endNames.some((end) => this.options.fleet.isComparing(wire[end].node, wire.serial))
  }

  private tell(wire: Wire, state: WireStatus['state']): void {
    this.note(wire, state)
    const before = this.states.get(wire.serial)
    if (before === state) return
    if (before !== undefined) this.counts[before]--
    this.counts[state]++
    this.states.set(wire.serial, state)
    const known = this.loaded.delete(wire.serial)
    if (!(known && state === 'up')) this.options.events.wireState(wire, this.status(wire))
  }

  /** Notes in the wire's receipt how far it has come. */
  private note(wire: Wire, state: WireStatus['state']): void {
    if (!this.receipts.open(wire.name)) return
    const attached = endNames.filter((end) => {
      const { node, interface: name } = wire[end]
      return this.inventory.port(node, name)?.ofport !== undefined
    })
    const confirmed = attached.map((end) => wire[end].node).filter((node) => this.isConfirmed(wire, node))
    this.receipts.reached(
      wire.name,
      { portsReady: attached.length === 2, confirmed, complete: state !== 'pending' },
      this.options.clock.now(),
    )
  }

  private isConfirmed(wire: Wire, node: string): boolean {
    return endsAt(wire, node).length > 0 && this.options.fleet.confirmed(node, wire.serial) === true
  }
}
