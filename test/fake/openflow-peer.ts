/** The far end of an OpenFlow channel in memory: writes down what comes, sends what a test tells it to. */
import type { Transport } from '#link/transport.js'
import { Framer } from '#openflow/channel/framing.js'
import { hello } from '#openflow/channel/handshake.js'
import { decodeMessage, type Envelope, encodeMessage, type Message } from '#openflow/messages.js'

const features: Message = {
  type: 'features_reply',
  datapathId: 0x42n,
  bufferCount: 0,
  tableCount: 254,
  auxiliaryId: 0,
  capabilities: ['flow_stats'],
}

export class OpenFlowPeer {
  /** What has come and has not been taken. */
  readonly received: Envelope[] = []
  closed: Error | undefined | 'open' = 'open'
  readonly #transport: Transport
  readonly #framer = new Framer()

  constructor(transport: Transport) {
    this.#transport = transport
    transport.start({
      onData: (chunk) => {
        for (const { data } of this.#framer.push(chunk)) this.received.push(decodeMessage(data))
      },
      onClose: (error) => {
        this.closed = error
      },
    })
  }

  send(message: Message, xid = 0): void {
    this.#transport.write(encodeMessage(message, xid))
  }

  sendBytes(data: Uint8Array): void {
    this.#transport.write(data)
  }

  /** Answers as a switch does: hello, then the features that it is asked for. */
  greet(): void {
    this.send(hello)
    this.send(features)
  }

  /** The types of what has come since the last call. */
  take(): readonly Envelope[] {
    return this.received.splice(0)
  }

  pause(): void {
    this.#transport.pause()
  }

  close(error?: Error): void {
    this.#transport.close(error)
  }
}
