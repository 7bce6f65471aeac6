/** What a printer is: a function from a message to the text behind `NAME (OF1.5) (xid=0x…):`. */
import type { Envelope, Message, MessageOf, MessageType } from '../messages.js'

export interface PrintContext {
  readonly version: number
  /** Prints a message inside this one. */
  readonly nested: (envelope: Envelope) => string
  /** Prints a message without its name. */
  readonly body: (message: Message) => string
  /** Prints bytes that should be a message, and may be cut off or none at all. */
  readonly bytes: (data: Uint8Array) => string
}

export type Printers = {
  readonly [T in MessageType]?: (message: MessageOf<T>, context: PrintContext) => string
}
