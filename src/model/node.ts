/** Nodes: what the user says of them (the intent) and what is known of them (the inventory). */
import { z } from 'zod'

/** What a user may say of a node. A node that dials in by itself needs none of it. */
export const nodeSpec = z.strictObject({
  /** A passive target to dial, `tcp:192.0.2.1:6640`; absent: the node dials us. */
  target: z
    .string()
    .regex(
      /^(tcp|ssl):(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$|^unix:.+$/,
      'tcp:HOST:PORT, ssl:HOST:PORT or unix:PATH',
    )
    .optional(),
  /** The address of its tunnel endpoint; wins over external_ids:heddle-rloc. */
  rloc: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** MTU of the underlay at this node in bytes. */
  underlayMtu: z.int().min(576).max(65_535).optional(),
})
export type NodeSpec = z.infer<typeof nodeSpec>

/** A port of the integration bridge as the switch reports it. */
export interface Port {
  readonly name: string
  /** OpenFlow port number; absent until the switch has assigned one. */
  readonly ofport?: number
  /** What the switch says when it could not open the device. */
  readonly error?: string
  /** The switch has not opened the device that bears this name now: the port has to be taken off the bridge and put back. */
  readonly stale?: boolean
  /** Whether the rows of this port are ours (external_ids:heddle-owner). */
  readonly ours: boolean
  readonly mac?: string
  readonly mtu?: number
  /** The MTU that was asked of the device (Interface.mtu_request). */
  readonly mtuRequest?: number
  /** The MAC address that was asked of a device that the switch makes itself (Interface.mac of type internal). */
  readonly internalMac?: string
  /** OFPPS_LINK_DOWN: the device has no carrier. Absent until the OpenFlow port is known. */
  readonly linkDown?: boolean
  /** OFPPC_PORT_DOWN: the port was turned down through OpenFlow. */
  readonly held?: boolean
}

export type NodeState =
  | 'offline' /** no OVSDB connection */
  | 'preparing' /** bridge, tunnel port or OpenFlow channel are not ready yet */
  | 'ready'

/** A node for those who look at it. */
export interface NodeView {
  readonly name: string
  readonly state: NodeState
  /** Why it is not ready, in words. */
  readonly reason?: string
  readonly spec: NodeSpec
  /** `tcp:192.0.2.1:40000`: where its OVSDB connection comes from or goes to. */
  readonly peer?: string
  readonly rloc?: string
  /** 16 hex digits. */
  readonly datapathId?: string
  readonly datapathType?: string
  readonly ovsVersion?: string
  readonly underlayMtu: number
  readonly tunnelOfport?: number
  readonly ports: number
  readonly flows: number
  readonly wires: number
  /** Milliseconds since the Unix epoch. */
  readonly connectedAt?: number
}

/** One installed flow and why it is there. */
export interface FlowView {
  readonly table: string
  readonly priority: number
  /** Sixteen hex digits after 0x. */
  readonly cookie: string
  readonly match: string
  readonly actions: string
  /** As `ovs-ofctl dump-flows` prints the flow. */
  readonly text: string
  readonly packets: string
  readonly bytes: string
  readonly durationSeconds: number
  /** The object that the flow exists for; absent for flows of others. */
  readonly origin?: {
    /** `eid`: an entry of the map-cache. */
    readonly kind: 'link' | 'node' | 'network' | 'endpoint' | 'eid'
    readonly name: string
    readonly requestId?: string
    readonly by?: string
    readonly at?: string
  }
}
