/** What a switch says before it has been read: kept until then, in bounds. */
import type { EventMessage } from '#openflow/channel.js'

/** Reports are as many as there are changes; packets are as many as anybody sends. */
const packetsMax = 256

export class EarlyEvents {
  private readonly events: EventMessage[] = []
  private packets = 0

  /** False for a packet that is one too many. */
  push(event: EventMessage): boolean {
    // Packets in the standard's form came before we asked for ours, and tell nothing that is of use.
    if (event.type === 'packet_in') return true
    if (event.type === 'packet_in2') {
      if (this.packets >= packetsMax) return false
      this.packets += 1
    }
    this.events.push(event)
    return true
  }

  [Symbol.iterator](): Iterator<EventMessage> {
    return this.events.values()
  }
}
