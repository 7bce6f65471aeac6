/**
 * A run: one packet on its way through the tables, and what has become of it so far. Mutable inside one trace and nowhere
 * else. The bounds are Open vSwitch's (`ofproto/ofproto-dpif-xlate.c`): a packet that exceeds one is given up as a whole.
 */
import type { Action } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import { type PacketState, writeField } from './state.js'
import type { Step, Trace, TracedOutput, TracedPacketIn, TracedSwitch, Unfinished } from './switch.js'

export interface Bounds {
  /** Tables, groups and clones inside one another. */
  readonly depthMax: number
  /** Lookups by `resubmit` in all. */
  readonly resubmitsMax: number
  /** Actions in all: a bound of ours. */
  readonly actionsMax: number
  /** Bits on the stack. */
  readonly stackBitsMax: number
}

export const ovsBounds: Bounds = {
  depthMax: 64,
  resubmitsMax: 64 * 64,
  actionsMax: 1 << 20,
  stackBitsMax: 64 * 1024 * 8,
}

/** What a connection tracker would say of a packet that it is given for the first time: tracked and new. */
export const newConnection = 0x21

export interface TraceOptions {
  readonly bounds?: Partial<Bounds>
  /** `ct_state` after each `ct` action in turn, `newConnection` when they are used up. */
  readonly ctNext?: readonly number[]
}

/** Gives the packet up as a whole. */
export class GivenUp extends Error {}

export class Run {
  state: PacketState
  table = 0
  flow: Flow | undefined
  actionSet: readonly Action[] = []
  stack: { readonly width: number; readonly value: bigint }[] = []
  queueId: number | undefined
  truncatedTo: number | undefined
  /** `list`: no further action of this list. `exit`: of none. `paused`: not even of the action set. */
  ended: 'list' | 'exit' | 'paused' | undefined
  readonly bounds: Bounds
  private depth = 0
  private resubmits = 0
  private actions = 0
  private readonly ctNext: number[]
  private readonly outputs: TracedOutput[] = []
  private readonly packetIns: TracedPacketIn[] = []
  private readonly left: Unfinished['lists'][number][] = []
  private readonly learned: Flow[] = []
  private readonly matched: Flow[] = []
  private readonly meters: number[] = []
  private readonly steps: Step[] = []
  private readonly uninterpreted: Action[] = []

  constructor(
    readonly target: TracedSwitch,
    start: PacketState,
    options: TraceOptions,
    private readonly carryOut: (run: Run, actions: readonly Action[]) => void,
  ) {
    this.state = start
    this.bounds = { ...ovsBounds, ...options.bounds }
    this.ctNext = [...(options.ctNext ?? [])]
  }

  get inPort(): number {
    return Number(this.state.values.get('in_port') ?? 0)
  }

  execute(actions: readonly Action[]): void {
    this.carryOut(this, actions)
  }

  /** The packet waits: these actions of the list at hand are left for later. */
  leave(actions: readonly Action[]): void {
    const { table, flow } = this
    if (actions.length > 0) this.left.push({ table, actions, ...(flow !== undefined && { flow }) })
  }

  /** Goes on where a packet was left. */
  takeUp({ lists, actionSet, stack }: Unfinished): void {
    this.actionSet = actionSet
    this.stack = [...stack]
    lists.forEach(({ table, flow, actions }) => {
      this.table = table
      this.flow = flow
      if (this.ended === undefined) this.execute(actions)
      else if (this.ended === 'paused') this.leave(actions)
    })
  }

  note(text: string): void {
    this.steps.push({ depth: this.depth, table: this.table, type: 'note', text })
  }

  action(action: Action): void {
    this.actions += 1
    if (this.actions > this.bounds.actionsMax)
      throw new GivenUp(`more than ${this.bounds.actionsMax} actions`)
    this.steps.push({ depth: this.depth, table: this.table, type: 'action', action })
  }

  unknown(action: Action): void {
    this.uninterpreted.push(action)
    this.note(`${action.type} is not interpreted`)
  }

  learn(flow: Flow): void {
    this.learned.push(flow)
  }

  meter(meterId: number): void {
    this.meters.push(meterId)
  }

  packetIn(packetIn: TracedPacketIn): void {
    this.packetIns.push(packetIn)
  }

  /** Sends the packet as it is now out of a port, unless the port does not take it. */
  output(ofport: number): void {
    const port = this.target.port(ofport)
    if (port === undefined) this.note(`there is no port ${ofport}`)
    else if (!port.forwards) this.note(`port ${ofport} does not forward`)
    else {
      this.outputs.push({
        ofport,
        state: this.state,
        ...(this.truncatedTo !== undefined && { truncatedTo: this.truncatedTo }),
        ...(this.queueId !== undefined && { queueId: this.queueId }),
      })
    }
  }

  nextCtState(): number {
    return this.ctNext.shift() ?? newConnection
  }

  /** Counts a lookup by `resubmit`. */
  resubmit(): void {
    this.resubmits += 1
    if (this.resubmits > this.bounds.resubmitsMax)
      throw new GivenUp(`more than ${this.bounds.resubmitsMax} resubmits`)
  }

  /** Does something one level deeper. */
  deeper(what: () => void): void {
    if (this.depth >= this.bounds.depthMax) throw new GivenUp(`more than ${this.bounds.depthMax} levels deep`)
    this.depth += 1
    what()
    this.depth -= 1
  }

  /** Does something with a copy of the packet; what it knows afterwards is forgotten. */
  apart(what: () => void): void {
    const { state, stack, actionSet, queueId } = this
    this.stack = [...stack]
    this.deeper(what)
    this.state = state
    this.stack = stack
    this.actionSet = actionSet
    this.queueId = queueId
  }

  /** Looks the packet up in `table`, as if it had come in by `inPort`, and carries out what is found. */
  lookup(table: number, inPort = this.inPort): void {
    const before = { table: this.table, flow: this.flow }
    this.table = table
    const found = this.target.find(
      table,
      inPort === this.inPort ? this.state : writeField(this.state, 'in_port', inPort),
    )
    this.flow = found
    if (found === undefined) this.steps.push({ depth: this.depth, table, type: 'miss' })
    else {
      this.steps.push({ depth: this.depth, table, type: 'flow', flow: found })
      this.matched.push(found)
      this.execute(found.actions)
    }
    this.table = before.table
    this.flow = before.flow
  }

  finish(failure?: string): Trace {
    const { packetIns, learned, matched, meters, steps, uninterpreted, state, actionSet, stack } = this
    const waits = this.ended === 'paused' && failure === undefined
    const outputs = failure === undefined ? this.outputs : []
    return {
      outputs,
      packetIns,
      learned,
      matched,
      meters,
      steps,
      uninterpreted,
      state,
      ...(waits && { waiting: { lists: this.left, actionSet, stack } }),
      ...(failure !== undefined && { failure }),
    }
  }
}
