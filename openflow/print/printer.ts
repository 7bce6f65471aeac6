/** What a printer is: a function from a message to the text behind `NAME (OF1.5) (xid=0x…):`. */
import type { Envelope, Message, MessageOf, MessageType } from '../messages.js'

export interface PrintContext {
  readonly version: number
  /** The message stands in an error: its payload is not shown. */
  readonly quoted: boolean
  /** Prints a message inside this one. */
  readonly nested: (envelope: Envelope) => string
  /** Prints a message without its name. */
  readonly body: (message: Message) => string
  /** Prints the bytes of a message that an error gives back, cut off or none at all as they may be. */
  readonly quote: (data: Uint8Array) => string
}

export type Printers = {
  readonly [T in MessageType]?: (message: MessageOf<T>, context: PrintContext) => string
}
