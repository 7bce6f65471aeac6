/** One simulated bridge as OpenFlow sees it: ports, flows, groups, meters, and what becomes of packets. */
import type { Clock } from '#link/clock.js'
import type { Action } from '#openflow/actions.js'
import type { FieldName } from '#openflow/fields.js'
import type { FlowMod } from '#openflow/messages/flows.js'
import type { PacketProperty } from '#openflow/messages/packets.js'
import type { MessageOf } from '#openflow/messages.js'
import type { PeerErrorName } from '#openflow/peer-errors.js'
import type { PacketState } from '#trace/state.js'
import type { Trace, TracedGroup, TracedOutput, TracedSwitch } from '#trace/switch.js'
import { tracePacket, tracePacketOut, traceResumed } from '#trace/trace.js'
import { Expiry } from './expiry.js'
import { type Applied, type FlowChange, FlowTables } from './flow-tables.js'
import { noCookie, type PacketForController, PausedPackets } from './packet-ins.js'

export interface FakePort {
  readonly ofport: number
  readonly name: string
  mac: string
  config: readonly string[]
  /** The device has no carrier of its own accord. */
  carrier: boolean
  /** Its device is gone, and the datapath has not noticed. */
  dead?: true
  received: number
  sent: number
}

export type MeterMod = MessageOf<'meter_mod'>
export type GroupMod = MessageOf<'group_mod'>
export type PortMod = MessageOf<'port_mod'>

/** Who wants to know of changes. */
export interface DatapathListener {
  portChanged(reason: 'add' | 'delete' | 'modify', port: FakePort): void
  packetIn(packet: PacketForController): void
}

export interface DatapathOptions {
  readonly clock: Clock
  /** A frame leaves by a port. */
  readonly onOutput: (port: FakePort, output: TracedOutput) => void
  /** Flows have left by themselves. */
  readonly onExpired: (changes: readonly FlowChange[]) => void
}

/** A port that is turned down has no link, whatever its device says. */
export const isUp = ({ config, carrier }: FakePort): boolean => carrier && !config.includes('port_down')

/** Below the reserved numbers, in 16 bits. */
const ofportMax = 0xfeff

const undone: Applied = { changes: [], undo: () => {} }

export class Datapath implements TracedSwitch {
  readonly flows: FlowTables
  readonly meters = new Map<number, MeterMod>()
  readonly groups = new Map<number, GroupMod>()
  readonly listeners = new Set<DatapathListener>()
  private readonly byNumber = new Map<number, FakePort>()
  private lastOfport = 0

  private readonly expiry: Expiry
  private readonly paused = new PausedPackets()

  constructor(private readonly options: DatapathOptions) {
    const { clock, onExpired } = options
    this.flows = new FlowTables(
      () => clock.now(),
      (entry) => this.expiry.watch(entry),
    )
    this.expiry = new Expiry(clock, this.flows, onExpired)
  }

  get now(): number {
    return this.options.clock.now()
  }

  stop(): void {
    this.expiry.stop()
  }

  /** Adds a port under the number asked for where it is free, else under another one. */
  addPort(name: string, mac: string, carrier: boolean, wish?: number): FakePort {
    const ofport = wish !== undefined && !this.byNumber.has(wish) ? wish : this.freeOfport()
    const port: FakePort = { ofport, name, mac, config: [], carrier, received: 0, sent: 0 }
    this.byNumber.set(ofport, port)
    for (const listener of this.listeners) listener.portChanged('add', port)
    return port
  }

  removePort(ofport: number): void {
    const port = this.byNumber.get(ofport)
    if (port === undefined) return
    this.byNumber.delete(ofport)
    for (const listener of this.listeners) listener.portChanged('delete', port)
  }

  setCarrier(ofport: number, carrier: boolean): void {
    const port = this.byNumber.get(ofport)
    if (port === undefined || port.carrier === carrier) return
    port.carrier = carrier
    this.portModified(port)
  }

  setMac(ofport: number, mac: string): void {
    const port = this.byNumber.get(ofport)
    if (port === undefined || port.mac === mac) return
    port.mac = mac
    this.portModified(port)
  }

  allPorts(): Iterable<FakePort> {
    return this.byNumber.values()
  }

  openPort(ofport: number): FakePort | undefined {
    return this.byNumber.get(ofport)
  }

  /** OFPT_FLOW_MOD, or why not. */
  flowMod(mod: FlowMod): Applied | PeerErrorName {
    if (mod.flow.table === 0xff && !mod.command.startsWith('delete')) return 'OFPFMFC_BAD_TABLE_ID'
    // What a modification asks for is only looked at where there is something to modify.
    const [touched] = mod.command.startsWith('modify') ? this.flows.selected(mod) : [true]
    const fault =
      mod.command.startsWith('delete') || touched === undefined ? undefined : this.fault(mod.flow.actions)
    if (fault !== undefined) return fault
    return this.flows.apply(mod)
  }

  /** OFPT_METER_MOD, or why not. Flows go with the meter that they pass. */
  meterMod(mod: MeterMod): Applied | PeerErrorName {
    const before = this.meters.get(mod.meterId)
    if (mod.command === 'delete') {
      const all = mod.meterId === 0xffff_ffff
      const gone = [...this.meters.keys()].filter((meterId) => all || meterId === mod.meterId)
      for (const meterId of gone) this.meters.delete(meterId)
      const passing = [...this.flows.all()].filter(({ flow }) =>
        flow.actions.some((one) => one.type === 'meter' && gone.includes(one.meterId)),
      )
      return gone.length === 0 ? undone : this.flows.remove(passing, 'meter_delete')
    }
    if (mod.command === 'add' && before !== undefined) return 'OFPMMFC_METER_EXISTS'
    if (mod.command === 'modify' && before === undefined) return 'OFPMMFC_UNKNOWN_METER'
    this.meters.set(mod.meterId, mod)
    return undone
  }

  groupMod(mod: GroupMod): Applied | PeerErrorName {
    const before = this.groups.get(mod.groupId)
    if (mod.command === 'delete') this.groups.delete(mod.groupId)
    else if (mod.command === 'add' && before !== undefined) return 'OFPGMFC_GROUP_EXISTS'
    else if (mod.command === 'modify' && before === undefined) return 'OFPGMFC_UNKNOWN_GROUP'
    else this.groups.set(mod.groupId, mod)
    return {
      changes: [],
      undo: () => {
        if (before === undefined) this.groups.delete(mod.groupId)
        else this.groups.set(mod.groupId, before)
      },
    }
  }

  /** OFPT_PORT_MOD, or why not. */
  portMod({ portNo, hwAddr, config, mask }: PortMod): Applied | PeerErrorName {
    const port = this.byNumber.get(portNo)
    if (port === undefined) return 'OFPPMFC_BAD_PORT'
    if (port.mac !== hwAddr) return 'OFPPMFC_BAD_HW_ADDR'
    const before = port.config
    const masked: readonly string[] = mask
    port.config = [
      ...before.filter((flag) => !masked.includes(flag)),
      ...config.filter((flag) => mask.includes(flag)),
    ]
    if (before.join() !== port.config.join()) this.portModified(port)
    return {
      changes: [],
      undo: () => {
        port.config = before
        this.portModified(port)
      },
    }
  }

  /** A frame comes in by a port, through a tunnel where `values` say which. */
  receive(
    ofport: number,
    bytes: Uint8Array,
    values: ReadonlyMap<FieldName, number | bigint> = new Map(),
  ): Trace | undefined {
    const port = this.byNumber.get(ofport)
    if (port === undefined || port.dead || !isUp(port) || port.config.includes('no_recv')) return undefined
    port.received += 1
    const trace = tracePacket(this, { inPort: ofport, bytes, values })
    return this.follow(trace, bytes.length, trace.matched[0]?.cookie ?? noCookie)
  }

  packetOut(inPort: number, bytes: Uint8Array, actions: readonly Action[]): Trace {
    return this.follow(tracePacketOut(this, { inPort, bytes }, actions), bytes.length, noCookie)
  }

  /** NXT_RESUME, or why not. */
  resume(properties: readonly PacketProperty[]): Trace | PeerErrorName {
    const waiting = this.paused.find(properties)
    if (waiting === undefined) return 'NXR_STALE'
    const { state, unfinished, cookie } = waiting
    return this.follow(traceResumed(this, state, unfinished), state.packet.bytes.length, cookie)
  }

  find(table: number, state: PacketState) {
    return this.flows.find(table, state)?.flow
  }

  port(ofport: number) {
    const port = this.byNumber.get(ofport)
    return port && { ofport, forwards: isUp(port) && !port.config.includes('no_fwd') }
  }

  *ports() {
    for (const ofport of this.byNumber.keys()) {
      const port = this.port(ofport)
      if (port !== undefined) yield port
    }
  }

  group(groupId: number): TracedGroup | undefined {
    const group = this.groups.get(groupId)
    if (group === undefined || typeof group.groupType === 'number') return undefined
    return {
      type: group.groupType,
      buckets: group.buckets.map(({ actions, properties }) => {
        const bucket: {
          -readonly [K in keyof TracedGroup['buckets'][number]]: TracedGroup['buckets'][number][K]
        } = {
          actions,
        }
        for (const property of properties) {
          if (property.type === 'weight') bucket.weight = property.weight
          if (property.type === 'watch_port') bucket.watchPort = property.portNo
          if (property.type === 'watch_group') bucket.watchGroup = property.groupId
        }
        return bucket
      }),
    }
  }

  private fault(actions: readonly Action[]): PeerErrorName | undefined {
    for (const action of actions) {
      if (action.type === 'meter' && !this.meters.has(action.meterId)) return 'OFPMMFC_INVALID_METER'
      if (action.type === 'group' && !this.groups.has(action.groupId)) return 'OFPBAC_BAD_OUT_GROUP'
    }
    return undefined
  }

  /** `cookie`: of the flow that the packet began in. */
  private follow(trace: Trace, size: number, cookie: bigint): Trace {
    for (const flow of trace.matched) this.count(flow, size)
    for (const output of trace.outputs) {
      const port = this.byNumber.get(output.ofport)
      if (port === undefined) continue
      port.sent += 1
      this.options.onOutput(port, output)
    }
    for (const packetIn of trace.packetIns) {
      const packet = packetIn.paused ? { ...packetIn, ...this.pause(trace, cookie) } : packetIn
      for (const listener of this.listeners) listener.packetIn(packet)
    }
    return trace
  }

  /** What is told of a packet that waits is what it began with. */
  private pause({ state, waiting }: Trace, cookie: bigint): Partial<PacketForController> {
    if (waiting === undefined) return {}
    return { table: 0, cookie, continuation: this.paused.keep({ state, unfinished: waiting, cookie }) }
  }

  private count(flow: Trace['matched'][number], size: number): void {
    const entry = this.flows.holding(flow)
    if (entry === undefined) return
    entry.packets += 1
    entry.bytes += size
    entry.used = this.now
  }

  private portModified(port: FakePort): void {
    for (const listener of this.listeners) listener.portChanged('modify', port)
  }

  /** As Open vSwitch: the next number behind the one given last. */
  private freeOfport(): number {
    do this.lastOfport = (this.lastOfport % ofportMax) + 1
    while (this.byNumber.has(this.lastOfport))
    return this.lastOfport
  }
}
