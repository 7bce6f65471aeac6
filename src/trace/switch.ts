/** What the interpreter asks of the switch whose tables it follows, and what a trace tells. */
import type { Action } from '#openflow/actions.js'
import type { Flow } from '#openflow/flow.js'
import type { PacketState } from './state.js'

export interface TracedPort {
  readonly ofport: number
  /** Nothing leaves a port that is down, or that OFPPC_NO_FWD is set on. */
  readonly forwards: boolean
}

export interface TracedBucket {
  readonly actions: readonly Action[]
  /** Of select groups; 1 unless said. */
  readonly weight?: number
  /** Of fast failover groups: the bucket lives while this port forwards. */
  readonly watchPort?: number
  readonly watchGroup?: number
}

export interface TracedGroup {
  readonly type: 'all' | 'select' | 'indirect' | 'fast_failover'
  readonly buckets: readonly TracedBucket[]
}

export interface TracedSwitch {
  /** The flow of `table` that takes the packet. */
  find(table: number, state: PacketState): Flow | undefined
  port(ofport: number): TracedPort | undefined
  ports(): Iterable<TracedPort>
  group(groupId: number): TracedGroup | undefined
}

/** The packet as it leaves. */
export interface TracedOutput {
  readonly ofport: number
  readonly state: PacketState
  /** Bytes that leave, where not all do. */
  readonly truncatedTo?: number
  readonly queueId?: number
}

/** The packet as a controller gets it. */
export interface TracedPacketIn {
  readonly table: number
  readonly cookie: bigint
  readonly reason: string | number
  readonly maxLen: number
  readonly controllerId: number
  readonly userdata?: Uint8Array
  /** The packet waits to be resumed. */
  readonly paused: boolean
  readonly state: PacketState
}

/** What is left to do with a packet that waits for a controller. */
export interface Unfinished {
  /** The rest of each list of actions that it was in, the innermost first. */
  readonly lists: readonly {
    readonly table: number
    readonly flow?: Flow
    readonly actions: readonly Action[]
  }[]
  readonly actionSet: readonly Action[]
  readonly stack: readonly { readonly width: number; readonly value: bigint }[]
}

/** One thing that happened, in order. `depth` grows with every table, group and clone inside another. */
export type Step = { readonly depth: number; readonly table: number } & (
  | { readonly type: 'flow'; readonly flow: Flow }
  | { readonly type: 'miss' }
  | { readonly type: 'action'; readonly action: Action }
  /** Something worth knowing, in words. */
  | { readonly type: 'note'; readonly text: string }
)

export interface Trace {
  readonly outputs: readonly TracedOutput[]
  readonly packetIns: readonly TracedPacketIn[]
  /** Flows that `learn` actions would add. */
  readonly learned: readonly Flow[]
  /** Flows that took the packet, in order, as often as they did. */
  readonly matched: readonly Flow[]
  /** Meters that the packet passed. */
  readonly meters: readonly number[]
  readonly steps: readonly Step[]
  /** Actions that the interpreter gives no meaning to; what a real switch does may differ. */
  readonly uninterpreted: readonly Action[]
  /** Of a packet that a controller has paused. */
  readonly waiting?: Unfinished
  /** Why the switch gives the packet up altogether: nothing leaves. */
  readonly failure?: string
  /** The packet after the last action. */
  readonly state: PacketState
}
