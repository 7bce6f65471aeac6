/**
 * Every control message of LISP, one line each: type → codec. RFC 9301, section 5.1. A message is a plain value with its
 * name in `type`; `print.ts` gives it text, `auth.ts` makes and checks its authentication data.
 */
import { type Codec, decode } from '#wire/codec.js'
import { Writer } from '#wire/writer.js'
import { LispError, readingError, writingError } from './errors.js'
import { type Encapsulated, encapsulated } from './messages/encapsulated.js'
import { type Info, info } from './messages/info.js'
import { type MapNotify, type MapNotifyAck, mapNotify, mapNotifyAck } from './messages/map-notify.js'
import { type MapReferral, mapReferral } from './messages/map-referral.js'
import { type MapRegister, mapRegister } from './messages/map-register.js'
import { type MapReply, mapReply } from './messages/map-reply.js'
import { type MapRequest, mapRequest } from './messages/map-request.js'

export type Message =
  | MapRequest
  | MapReply
  | MapRegister
  | MapNotify
  | MapNotifyAck
  | MapReferral
  | Info
  | Encapsulated

export type MessageType = Message['type']

/** [type on the wire, codec] of each message. */
const lines = {
  'map-request': [1, mapRequest],
  'map-reply': [2, mapReply],
  'map-register': [3, mapRegister],
  'map-notify': [4, mapNotify],
  'map-notify-ack': [5, mapNotifyAck],
  'map-referral': [6, mapReferral],
  'info-request': [7, info],
  'info-reply': [7, info],
  encapsulated: [8, encapsulated],
} as const

export const messageTypes = Object.keys(lines) as readonly MessageType[]

const names: readonly (MessageType | undefined)[] = Array.from({ length: 16 }, (_, code) =>
  messageTypes.find((name) => lines[name][0] === code),
)

/**
 * The message that a datagram holds. Throws `LispError` `malformed` for bytes that are none, `unknown-type` for a type
 * that is not read here. Byte fields of the value are views of `data`.
 */
export const decodeMessage = (data: Uint8Array): Message => {
  if (data.length === 0) throw new LispError('malformed', 'an empty message')
  const code = (data[0] ?? 0) >>> 4
  const name = names[code]
  if (name === undefined)
    throw new LispError(code === 0 ? 'malformed' : 'unknown-type', `message type ${code}`)
  const codec: Codec<Message> = lines[name][1]
  try {
    return decode(codec, data, name)
  } catch (error) {
    throw readingError(error)
  }
}

/** Writes a message behind what `writer` holds already. Throws `LispError` `unencodable`. */
export const writeMessage = (writer: Writer, message: Message): void => {
  const codec: Codec<Message> = lines[message.type][1]
  const before = writer.pos
  try {
    codec.write(writer, message)
  } catch (error) {
    writer.rewind(before)
    throw writingError(error)
  }
}

/** One buffer for all messages: writing one calls nothing that writes another. */
const shared = new Writer(2_048)

/** The bytes of a message. Throws `LispError` `unencodable`. */
export const encodeMessage = (message: Message): Uint8Array => {
  shared.reset()
  writeMessage(shared, message)
  return shared.finish()
}
