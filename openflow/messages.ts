/**
 * Every message of OpenFlow 1.5 and of Open vSwitch's extensions, one line each: type → codec. A message as a value is
 * `{ type, …fields }`; an envelope is a message with the version and xid of its header. `print.ts` gives them text.
 */
import { type Codec, lazy, pad, rest, u32, type ValueOf } from '#wire/codec.js'
import { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import { Writer } from '#wire/writer.js'
import { OpenFlowError, readingError, writingError } from './errors.js'
import { asyncConfig } from './messages/async.js'
import { bundleControl, bundleFlagSet } from './messages/bundles.js'
import {
  type AnyEnvelope,
  envelopeCodec,
  type Line,
  lineOf,
  type UnknownMessage,
} from './messages/envelope.js'
import { flowMod, flowRemoved } from './messages/flows.js'
import { groupMod } from './messages/groups.js'
import { meterMod } from './messages/meters.js'
import * as nx from './messages/nicira.js'
import { packetIn, packetOut, packetProperties } from './messages/packets.js'
import { type FlagSet, version } from './messages/parts.js'
import { portMod, portStatus } from './messages/ports.js'
import * as session from './messages/session.js'
import { tableMod, tableStatus } from './messages/tables.js'
import { multipartReplies, multipartRequests } from './multipart.js'
import { nicira } from './peer-errors.js'

export interface Envelope {
  readonly version: number
  readonly xid: number
  readonly message: Message
}

/** A message inside another one. Those that contain messages cannot be nested: they are read as `unknown` there. */
const nested: Codec<Envelope> = lazy(() => innerEnvelope)

/** A message that joins a bundle: its own xid is that of the message around it. */
export interface BundleAdd {
  readonly bundleId: number
  readonly flags: FlagSet<'atomic' | 'ordered'>
  readonly request: Envelope
  /** Padding and properties, as they came. */
  readonly properties: Uint8Array
}

const bundleAdd: Codec<BundleAdd> = struct({
  bundleId: u32,
  _pad: pad(2),
  flags: bundleFlagSet,
  request: nested,
  properties: rest,
})

/** A GROUP_MOD or METER_MOD of another controller. */
const requestForward: Codec<{ readonly request: Envelope }> = struct({ request: nested })

/** [type in the header, body] of the messages of the standard. Multiparts have their own tables in `multipart.ts`. */
const standardMessages = {
  hello: [0, session.hello],
  error: [1, session.error],
  echo_request: [2, session.echo],
  echo_reply: [3, session.echo],
  features_request: [5, session.empty],
  features_reply: [6, session.featuresReply],
  get_config_request: [7, session.empty],
  get_config_reply: [8, session.config],
  set_config: [9, session.config],
  packet_in: [10, packetIn],
  flow_removed: [11, flowRemoved],
  port_status: [12, portStatus],
  packet_out: [13, packetOut],
  flow_mod: [14, flowMod],
  group_mod: [15, groupMod],
  port_mod: [16, portMod],
  table_mod: [17, tableMod],
  barrier_request: [20, session.empty],
  barrier_reply: [21, session.empty],
  role_request: [24, session.role],
  role_reply: [25, session.role],
  get_async_request: [26, session.empty],
  get_async_reply: [27, asyncConfig],
  set_async: [28, asyncConfig],
  meter_mod: [29, meterMod],
  role_status: [30, session.roleStatus],
  table_status: [31, tableStatus],
  requestforward: [32, requestForward],
  bundle_control: [33, bundleControl],
  bundle_add: [34, bundleAdd],
  controller_status: [35, session.controllerStatus],
} as const

/** [subtype, body] of Nicira's messages. */
const niciraMessages = {
  flow_mod_table_id: [15, nx.flowModTableId],
  set_packet_in_format: [16, nx.setPacketInFormat],
  flow_age: [18, session.empty],
  set_controller_id: [20, nx.setControllerId],
  tlv_table_mod: [24, nx.tlvTableMod],
  tlv_table_request: [25, session.empty],
  tlv_table_reply: [26, nx.tlvTableReply],
  resume: [28, packetProperties],
  ct_flush_zone: [29, nx.ctFlushZone],
  packet_in2: [30, packetProperties],
} as const

type Table = Readonly<Record<string, readonly [code: number, body: Codec<unknown>]>>
type MessagesOf<T extends Table, Extra = unknown> = {
  readonly [K in keyof T & string]: { readonly type: K } & ValueOf<T[K][1]> & Extra
}[keyof T & string]

/** Another message of the same multipart follows. */
interface More {
  readonly more?: true
}

export type Message =
  | MessagesOf<typeof standardMessages>
  | MessagesOf<typeof niciraMessages>
  | MessagesOf<typeof multipartRequests, More>
  | MessagesOf<typeof multipartReplies, More>
  | UnknownMessage

export type MessageType = Message['type']
export type MessageOf<T extends MessageType> = Extract<Message, { readonly type: T }>

const linesOf = (table: Table, numbers: (code: number) => Omit<Line, 'name' | 'body'>): Line[] =>
  Object.entries(table).map(([name, [code, body]]) => ({ name, body, ...numbers(code) }))

const lines: readonly Line[] = [
  ...linesOf(standardMessages, (headerType) => ({ headerType })),
  ...linesOf(niciraMessages, (expType) => ({ headerType: 4, experimenter: nicira, expType })),
  ...linesOf(multipartRequests, (kind) => ({ headerType: 18, kind })),
  ...linesOf(multipartReplies, (kind) => ({ headerType: 19, kind })),
]

/** The names of all messages of the tables. */
export const messageTypes: readonly string[] = lines.map(({ name }) => name)

/** The type of the message that `data` begins with, whole or not; undefined where no line has it. */
export const messageTypeOf = (data: Uint8Array): string | undefined => lineOf(lines, data)?.name

/** The tables give the envelope's codec its precise type: each name is read and written by the body beside it. */
const typed = (codec: Codec<AnyEnvelope>): Codec<Envelope> => ({
  read: (r) => codec.read(r) as Envelope,
  write: (w, envelope) => codec.write(w, envelope),
})

const innerEnvelope = typed(
  envelopeCodec(lines.filter(({ name }) => name !== 'bundle_add' && name !== 'requestforward')),
)

/** An OpenFlow message, header included. */
export const envelope: Codec<Envelope> = typed(envelopeCodec(lines))

/** Writes a message behind what `writer` holds already. Throws `OpenFlowError` `unencodable`. */
export const writeMessage = (writer: Writer, message: Message, xid: number): void => {
  const before = writer.pos
  try {
    envelope.write(writer, { version, xid, message })
  } catch (error) {
    writer.pos = before
    throw writingError(error)
  }
}

/** The bytes of one message. Throws `OpenFlowError` `unencodable`. */
export const encodeMessage = (message: Message, xid = 0): Uint8Array => {
  const writer = new Writer()
  writeMessage(writer, message, xid)
  return writer.finish()
}

/** Reads exactly one message. Throws `OpenFlowError` `malformed`, which says where and why. */
export const decodeMessage = (data: Uint8Array): Envelope => {
  const reader = new Reader(data)
  try {
    const value = envelope.read(reader)
    if (reader.remaining === 0) return value
  } catch (error) {
    throw readingError(error)
  }
  throw new OpenFlowError('malformed', `${reader.remaining} bytes left over, at byte ${reader.pos}`)
}
