/** A switch handle without a switch: it does at once what a plan says, or what a test lets it answer instead. */
import type { MeterWish } from '#compile/desired.js'
import { printMac } from '#model/mac.js'
import type { Port } from '#model/node.js'
import type { Action } from '#openflow/actions.js'
import { FlowBook } from '#reconcile/flow-book.js'
import { applyToBook, type SwitchPlan } from '#reconcile/plan.js'
import type {
  InstalledFlow,
  Outcome,
  PacketIn,
  SwitchEvents,
  SwitchFacts,
  SwitchHandle,
} from '#reconcile/switch-handle.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class IdealSwitch implements SwitchHandle {
  ready = true
  readonly book = new FlowBook()
  readonly meters = new Map<number, MeterWish>()
  readonly byName = new Map<string, Mutable<Port>>()
  readonly plans: SwitchPlan[] = []
  readonly resumed: PacketIn[] = []
  readonly sent: {
    readonly frame: Uint8Array
    readonly actions: readonly Action[]
    readonly inPort?: number
  }[] = []
  private received = 0
  /** What the next plans end in; `done` where nothing is here. */
  readonly outcomes: (Outcome | Promise<Outcome>)[] = []
  events: SwitchEvents | undefined
  private nextOfport = 2

  constructor(
    readonly node: string,
    readonly facts: SwitchFacts = { peer: 'test', connectedAt: 0, rloc: '10.0.0.1', tunnelOfport: 1 },
  ) {}

  /** A port that is there, as somebody else made it or as we did. */
  put(port: Port): void {
    this.byName.set(port.name, { ...port })
  }

  ports(): Iterable<Port> {
    return this.byName.values()
  }

  port(name: string): Port | undefined {
    return this.byName.get(name)
  }

  portByOfport(ofport: number): Port | undefined {
    return [...this.byName.values()].find((port) => port.ofport === ofport)
  }

  *ourPorts(): Iterable<Port> {
    for (const port of this.byName.values()) if (port.ours) yield port
  }

  listen(events: SwitchEvents): void {
    this.events = events
  }

  async apply(plan: SwitchPlan): Promise<Outcome> {
    this.plans.push(plan)
    const outcome = (await this.outcomes.shift()) ?? { state: 'done' }
    if (outcome.state === 'done') this.carryOut(plan)
    return outcome
  }

  carryOut(plan: SwitchPlan): void {
    for (const { name, mtu, internalMac } of plan.addPorts) {
      const {
        mtuRequest: _mtu,
        internalMac: _mac,
        ...there
      } = this.byName.get(name) ?? {
        name,
        ofport: this.freeOfport(),
        ours: true,
        linkDown: false,
        held: false,
      }
      this.put({
        ...there,
        ...(mtu !== undefined && { mtuRequest: mtu }),
        ...(internalMac !== undefined && { internalMac: printMac(internalMac) }),
      })
    }
    for (const meter of plan.setMeters) this.meters.set(meter.meterId, meter)
    applyToBook(plan.changes, this.book)
    for (const { ofport, held } of plan.holds)
      for (const port of this.byName.values()) if (port.ofport === ofport) port.held = held
    for (const meterId of plan.removeMeters) this.meters.delete(meterId)
    for (const name of plan.removePorts) this.byName.delete(name)
    const names = [...plan.addPorts.map(({ name }) => name), ...plan.removePorts]
    if (names.length > 0) this.events?.ports(names)
  }

  get packets() {
    return { received: this.received, resumed: this.resumed.length, sent: this.sent.length, refused: 0 }
  }

  /** A packet comes to the controller. */
  packetIn(packet: PacketIn): void {
    this.received += 1
    this.events?.packetIn(packet)
  }

  resume(packet: PacketIn): void {
    if (this.ready) this.resumed.push(packet)
  }

  packetOut(frame: Uint8Array, actions: readonly Action[], inPort?: number): void {
    if (this.ready) this.sent.push({ frame, actions, ...(inPort !== undefined && { inPort }) })
  }

  /** Numbers that a test gave to ports are not given again. */
  private freeOfport(): number {
    while (this.portByOfport(this.nextOfport) !== undefined) this.nextOfport++
    return this.nextOfport++
  }

  async readFlows(): Promise<readonly InstalledFlow[]> {
    return []
  }

  async release(): Promise<void> {}

  close(reason: string): void {
    this.ready = false
    this.events?.closed(reason)
  }
}
