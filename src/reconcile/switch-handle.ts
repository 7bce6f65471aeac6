/** One switch as the loop and the fabric see it. `src/switch` implements it; tests fake it. */
import type { Origin } from '#compile/cookie.js'
import type { MeterWish } from '#compile/desired.js'
import type { Port } from '#model/node.js'
import type { Action } from '#openflow/actions.js'
import type { Match } from '#openflow/match.js'
import type { FlowBook } from './flow-book.js'
import type { SwitchPlan } from './plan.js'

/** What became of a plan. Level-triggered: whatever is not `done` is compared again. */
export type Outcome =
  | { readonly state: 'done' }
  /** The switch refused one change and applied none of the flow changes. `change` is an index into `plan.changes`. */
  | { readonly state: 'refused'; readonly change?: number; readonly reason: string }
  /** The connection went while the answer was under way: the switch is not `ready` until the next dump has told. */
  | { readonly state: 'unknown'; readonly reason: string }

/** What is known of a connected switch. */
export interface SwitchFacts {
  /** OVSDB's notation: `tcp:192.0.2.1:40000`. */
  readonly peer: string
  /** From external_ids:heddle-rloc, else the address that the connection comes from. */
  readonly rloc?: string
  /** From external_ids:heddle-underlay-mtu. */
  readonly underlayMtu?: number
  readonly tunnelOfport?: number
  /** Of the VXLAN-GPE port, where nodes have one. */
  readonly gpeOfport?: number
  /** Sixteen hexadecimal digits. */
  readonly datapathId?: string
  readonly datapathType?: string
  readonly ovsVersion?: string
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt: number
  /** Why the switch is not ready, in words. */
  readonly reason?: string
}

/** A flow as the switch reports it now. */
export interface InstalledFlow {
  readonly table: number
  readonly priority: number
  readonly cookie: bigint
  readonly match: string
  readonly actions: string
  /** As `ovs-ofctl dump-flows` prints it. */
  readonly text: string
  readonly packets: bigint
  readonly bytes: bigint
  readonly durationSeconds: number
  /** Since the last packet; undefined where the switch does not tell. */
  readonly idleSeconds?: number
}

/** A change of a flow table that we did not make. */
export interface Drift {
  readonly type: 'added' | 'modified' | 'removed'
  /** The cookie of the flow that was there (removed) or is there now. */
  readonly cookie: bigint
  /** Cookie of a flow of ours that was overwritten. */
  readonly overwritten?: bigint
  /** The flow as `ovs-ofctl` writes it. */
  readonly text: string
}

/** A packet that a flow of ours has sent to the controller. */
export interface PacketIn {
  /** From the metadata; 0 where absent. */
  readonly inPort: number
  /** Empty where the flow gave none. */
  readonly userdata: Uint8Array
  /** Registers, tunnel fields: what `readPacketReason` reads. */
  readonly metadata: Match
  /** The frame. */
  readonly data: Uint8Array
  /** What lets the packet go on: the switch's own. Absent for a packet that does not wait. */
  readonly continuation?: object
}

/** Packets between one switch and us since the handle was made. */
export interface PacketCounts {
  readonly received: number
  readonly resumed: number
  readonly sent: number
  /** Neither resumed nor sent: the switch does not read what waits for it already, or came in while it was still being read. */
  readonly refused: number
}

export interface SwitchEvents {
  /** Facts changed, or `ready` did. */
  changed(): void
  /** These ports came, went or changed. */
  ports(names: readonly string[]): void
  drift(drift: Drift): void
  /** A packet for the controller; its bytes are the listener's to keep. */
  packetIn(packet: PacketIn): void
  /** A flow of this origin left a table by its idle or hard time-out: what the switch did by itself is no drift. */
  expired(origin: Origin, table: number): void
  /** The connection to the switch's database is gone; the handle is dead. */
  closed(reason: string): void
}

export interface SwitchHandle {
  readonly node: string
  /** Whether flows, ports and meters below are complete and plans may be applied. */
  readonly ready: boolean
  readonly facts: SwitchFacts
  readonly book: FlowBook
  readonly meters: ReadonlyMap<number, MeterWish>
  readonly packets: PacketCounts
  ports(): Iterable<Port>
  port(name: string): Port | undefined
  portByOfport(ofport: number): Port | undefined
  /** Ports whose rows are ours. */
  ourPorts(): Iterable<Port>
  /** Starts the events; called once, at once. */
  listen(events: SwitchEvents): void
  /** Applies a plan: ports, meters, one bundle of flows, a barrier. The book is up to date when it resolves. Never rejects. */
  apply(plan: SwitchPlan): Promise<Outcome>
  /** Lets a paused packet go on (NXT_RESUME), at most once. Nothing happens where the switch is not ready. */
  resume(packet: PacketIn): void
  /**
   * Sends a frame through a list of actions, as if it had come in by `inPort`; from the controller where that is left out. An output to
   * `inPort` itself does nothing. Nothing happens where the switch is not ready.
   */
  packetOut(frame: Uint8Array, actions: readonly Action[], inPort?: number): void
  /** Asks for all flows with their counters. Rejects with `FabricError`. */
  readFlows(): Promise<readonly InstalledFlow[]>
  /** Takes everything of ours off the switch: flows, ports, bridge where we made it. */
  release(): Promise<void>
  close(reason: string): void
}

/** Where switches come from: they dial in, or are dialled. */
export interface SwitchDoor {
  listen(events: {
    /** A switch has named itself and is admitted; the handle is not `ready` yet. */
    joined(handle: SwitchHandle): void
    /** A switch was refused: its name or datapath id is taken, its bridge belongs to another fabric, it has no name. */
    refused(peer: string, node: string | undefined, reason: string, repeated?: boolean): void
  }): Promise<void>
  /** Keeps a connection to a passive target; the switch there must bear the name. */
  dial(node: string, target: string): void
  undial(node: string): void
  /** Closes a node that was deleted. One that dials us is not admitted again before it dials anew, or is recalled. */
  dismiss(node: string): void
  recall(node: string): void
  close(): Promise<void>
}
