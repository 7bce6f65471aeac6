/**
 * Packets between one switch and us. What comes is handed on at once and kept nowhere; what goes is refused while the switch has
 * much unread already, since a packet that is late is worth less than the flows behind it.
 */
import { errorText } from '#model/error.js'
import type { Logger } from '#model/logger.js'
import { type Action, reservedPorts } from '#openflow/actions.js'
import type { Channel } from '#openflow/channel.js'
import { type PacketProperty, packetInfo, packetInReasons } from '#openflow/messages/packets.js'
import { noBuffer } from '#openflow/messages/parts.js'
import type { Message, MessageOf } from '#openflow/messages.js'
import type { PacketCounts, PacketIn } from '#reconcile/switch-handle.js'

/** Bytes that may wait for the switch before packets are refused. */
const queueBytesMax = 1024 * 1024

/** What flows of ours ask for. By itself Open vSwitch leaves out packets whose time to live is over. */
const wanted = (1 << packetInReasons.action) | (1 << packetInReasons.invalid_ttl)

/** Asks for packet-ins that can be resumed; to be sent before anything that could cause one. */
export const askForPackets: readonly Message[] = [
  { type: 'set_packet_in_format', format: 'nxt_packet_in2' },
  { type: 'set_async', properties: [{ type: 'packet_in_primary', mask: wanted }] },
]

/** Where packets leave. */
export type Outgoing = Pick<Channel, 'send' | 'queuedBytes'>

const nothing = new Uint8Array()

/** Received bytes are views of what the network gave in one piece: whoever keeps a packet must not keep all of that. */
const own = (property: PacketProperty): PacketProperty =>
  'data' in property ? { ...property, data: Uint8Array.from(property.data) } : property

export class Packets {
  private readonly figures = { received: 0, resumed: 0, sent: 0, refused: 0 }
  /** What paused packets came with; each goes back once, and is forgotten with its packet. */
  private readonly paused = new WeakMap<object, readonly PacketProperty[]>()

  constructor(
    private readonly node: string,
    private readonly logger: Logger,
  ) {}

  get counts(): PacketCounts {
    return this.figures
  }

  read({ properties }: MessageOf<'packet_in2'>): PacketIn {
    this.figures.received += 1
    const kept = properties.map(own)
    const { match, packet, userdata = nothing, continuation } = packetInfo(kept)
    const { in_port: inPort } = match
    const value = {
      inPort: typeof inPort === 'number' ? inPort : 0,
      userdata,
      metadata: match,
      data: packet,
    }
    if (continuation === undefined) return value
    this.paused.set(continuation, kept)
    return { ...value, continuation }
  }

  resume({ continuation }: PacketIn, channel: Outgoing): void {
    const properties = continuation && this.paused.get(continuation)
    if (continuation === undefined || properties === undefined) return
    this.paused.delete(continuation)
    if (this.post({ type: 'resume', properties }, channel)) this.figures.resumed += 1
  }

  send(data: Uint8Array, actions: readonly Action[], inPort: number, channel: Outgoing): void {
    const match = { in_port: inPort }
    if (this.post({ type: 'packet_out', bufferId: noBuffer, match, actions, data }, channel))
      this.figures.sent += 1
  }

  /** A packet was given up before anybody had it. */
  refuse(): void {
    this.figures.refused += 1
  }

  private post(message: Message, channel: Outgoing): boolean {
    try {
      if (channel.queuedBytes <= queueBytesMax) {
        channel.send(message)
        return true
      }
    } catch (error) {
      this.logger.debug({ node: this.node, reason: errorText(error) }, 'a packet was not sent')
    }
    this.refuse()
    return false
  }
}

/** Where a packet of our own comes in. */
export const fromController = reservedPorts.controller
