/**
 * A simulated bridge's end of an OpenFlow 1.5 channel: real bytes over a transport. Messages are carried out in the order in
 * which they come; bundles all or nothing, as Open vSwitch has them (port changes do not join atomic ones, meters none).
 */

import type { Transport } from '#link/transport.js'
import { Framer } from '#openflow/channel/framing.js'
import { hello } from '#openflow/channel/handshake.js'
import { OpenFlowError } from '#openflow/errors.js'
import {
  decodeMessage,
  type Envelope,
  type Message,
  type MessageOf,
  writeMessage,
} from '#openflow/messages.js'
import { type PeerErrorName, peerErrors } from '#openflow/peer-errors.js'
import { Writer } from '#wire/writer.js'
import { Bundles, type ChangeMessage } from './bundles.js'
import type { Datapath, DatapathListener, FakePort } from './datapath.js'
import type { Applied, FlowChange } from './flow-tables.js'
import { answer, initialFlows, inParts, portDesc } from './openflow-answers.js'
import {
  changedSettings,
  type PacketForController,
  type PacketInSettings,
  packetInMessage,
  standardSettings,
} from './packet-ins.js'

/** What tests may do to a channel. */
export interface ServedChannel {
  /** Why a message is refused; undefined: it is not. */
  refuse?(message: Message): PeerErrorName | undefined
  /** Whether a bundle that is committed is never answered, and the connection lost. */
  losesCommit?(): boolean
}

export interface OpenFlowServerOptions {
  readonly datapath: Datapath
  readonly datapathId: bigint
  readonly hooks?: ServedChannel
  /** Changes of this channel that others are to hear of. */
  readonly onChanges: (changes: readonly FlowChange[], by: OpenFlowServer) => void
  readonly onReady: () => void
  readonly onClose: () => void
  /** Messages that change flows, counted where they are asked for. */
  readonly onFlowMods?: (count: number) => void
}

/** What Open vSwitch takes without a word. */
const ignored: ReadonlySet<string> = new Set(['hello', 'echo_reply', 'set_config', 'error'])

const replies: Readonly<Record<string, 'open_reply' | 'close_reply' | 'discard_reply'>> = {
  open_request: 'open_reply',
  close_request: 'close_reply',
  discard_request: 'discard_reply',
}

const writer = new Writer(64 * 1024)

export class OpenFlowServer implements DatapathListener {
  private readonly framer = new Framer()
  private readonly bundles = new Bundles((message) => this.apply(message))
  private packetIns: PacketInSettings = standardSettings
  private monitor: MessageOf<'flow_monitor_request'>['items'] = []
  private closed = false

  constructor(
    private readonly transport: Transport,
    private readonly options: OpenFlowServerOptions,
  ) {
    transport.start({ onData: (chunk) => this.receive(chunk), onClose: () => this.end() })
    options.datapath.listeners.add(this)
    this.send([hello], 1)
  }

  /** Asks the peer whether it is there. */
  probe(): void {
    this.send([{ type: 'echo_request', data: new Uint8Array() }], 0)
  }

  close(): void {
    if (this.closed) return
    this.end()
    this.transport.close()
  }

  portChanged(reason: 'add' | 'delete' | 'modify', port: FakePort): void {
    this.send([{ type: 'port_status', reason, port: portDesc(port) }], 0)
  }

  packetIn(packet: PacketForController): void {
    const message = packetInMessage(packet, this.packetIns)
    if (message !== undefined) this.send([message], 0)
  }

  /** Flows were changed by somebody else. */
  tell(changes: readonly FlowChange[]): void {
    if (this.monitor.length === 0 || changes.length === 0) return
    this.send(inParts<MessageOf<'flow_monitor_reply'>>('flow_monitor_reply', changes, false), 0)
  }

  private end(): void {
    if (this.closed) return
    this.closed = true
    this.options.datapath.listeners.delete(this)
    this.options.onClose()
  }

  private receive(chunk: Uint8Array): void {
    try {
      for (const { data, xid } of this.framer.push(chunk)) if (!this.closed) this.take(data, xid)
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      this.close()
    }
  }

  private take(data: Uint8Array, xid: number): void {
    let envelope: Envelope
    try {
      envelope = decodeMessage(data)
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error
      this.refuse('OFPBRC_BAD_TYPE', xid, data)
      return
    }
    this.carryOut(envelope.message, xid)
  }

  private carryOut(message: Message, xid: number): void {
    switch (message.type) {
      case 'hello':
        this.options.onReady()
        break
      case 'echo_request':
        this.send([{ type: 'echo_reply', data: message.data }], xid)
        break
      case 'flow_mod':
      case 'meter_mod':
      case 'port_mod':
      case 'group_mod':
        this.change(message, xid)
        break
      case 'packet_out':
        this.options.datapath.packetOut(Number(message.match.in_port ?? 0), message.data, message.actions)
        break
      case 'resume':
        this.resume(message, xid)
        break
      case 'set_packet_in_format':
      case 'set_controller_id':
      case 'set_async':
        this.packetIns = changedSettings(this.packetIns, message)
        break
      case 'flow_monitor_request':
        this.watch(message, xid)
        break
      case 'bundle_control':
        if (message.control === 'commit_request') this.commit(message, xid)
        else this.control(message, xid)
        break
      case 'bundle_add':
        this.answerTo(this.bundles.add(message, xid), xid)
        break
      default:
        this.ask(message, xid)
    }
  }

  private ask(message: Message, xid: number): void {
    const messages = answer(message, this.options)
    if (messages !== undefined) this.send(messages, xid)
    else if (!ignored.has(message.type)) this.refuse('OFPBRC_BAD_TYPE', xid)
  }

  private resume({ properties }: MessageOf<'resume'>, xid: number): void {
    const resumed = this.options.datapath.resume(properties)
    if (typeof resumed === 'string') this.refuse(resumed, xid)
  }

  private watch(message: MessageOf<'flow_monitor_request'>, xid: number): void {
    this.monitor = message.items
    const flows = initialFlows(this.options.datapath, message.items)
    this.send(inParts<MessageOf<'flow_monitor_reply'>>('flow_monitor_reply', flows), xid)
  }

  private change(message: ChangeMessage, xid: number): void {
    if (message.type === 'flow_mod') this.options.onFlowMods?.(1)
    const applied = this.apply(message)
    if (typeof applied === 'string') this.refuse(applied, xid)
    else this.applied(applied.changes, xid)
  }

  private answerTo(refused: PeerErrorName | undefined, xid: number): void {
    if (refused !== undefined) this.refuse(refused, xid)
  }

  private apply(message: ChangeMessage): Applied | PeerErrorName {
    const refused = this.options.hooks?.refuse?.(message)
    if (refused !== undefined) return refused
    const { datapath } = this.options
    switch (message.type) {
      case 'flow_mod':
        return datapath.flowMod(message)
      case 'meter_mod':
        return datapath.meterMod(message)
      case 'port_mod':
        return datapath.portMod(message)
      case 'group_mod':
        return datapath.groupMod(message)
    }
  }

  /** What this channel asked for comes back abbreviated, once for all of it. */
  private applied(changes: readonly FlowChange[], xid: number): void {
    if (changes.length === 0) return
    if (this.monitor.length > 0)
      this.send([{ type: 'flow_monitor_reply', items: [{ event: 'abbrev', xid }] }], 0)
    this.options.onChanges(changes, this)
  }

  private control(message: MessageOf<'bundle_control'>, xid: number): void {
    const reply = replies[message.control]
    const refused = this.bundles.control(message)
    if (refused !== undefined) this.refuse(refused, xid)
    else if (reply !== undefined) this.send([{ ...message, control: reply }], xid)
  }

  private commit(message: MessageOf<'bundle_control'>, xid: number): void {
    const commit = this.bundles.commit(message.bundleId)
    if (typeof commit === 'string') this.refuse(commit, xid)
    else if (commit.state === 'failed') {
      this.refuse(commit.name, commit.xid)
      this.refuse('OFPBFC_MSG_FAILED', xid)
    } else {
      const { applied, messages } = commit
      this.options.onFlowMods?.(messages.filter((one) => one.message.type === 'flow_mod').length)
      this.applied(
        applied.flatMap(({ changes }) => changes),
        messages[0]?.xid ?? 0,
      )
      if (this.options.hooks?.losesCommit?.()) this.close()
      else this.send([{ ...message, control: 'commit_reply' }], xid)
    }
  }

  private refuse(name: PeerErrorName, xid: number, data: Uint8Array = new Uint8Array()): void {
    const [type, code, experimenter] = peerErrors[name] as readonly [number, number, number?]
    const error = {
      name,
      type,
      code,
      data: data.subarray(0, 64),
      ...(experimenter !== undefined && { experimenter }),
    }
    this.send([{ type: 'error', error }], xid)
  }

  private send(messages: readonly Message[], xid: number): void {
    if (this.closed) return
    writer.reset()
    for (const message of messages) writeMessage(writer, message, xid)
    this.transport.write(writer.finish())
  }
}
