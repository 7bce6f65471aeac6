/**
 * Messages as text, as `ovs-ofctl -O OpenFlow15 ofp-print` prints them. `print/` has the bodies by subject; what has none
 * there is printed by its header alone.
 */
import { WireError } from '#wire/error.js'
import { OpenFlowError } from './errors.js'
import { headerLength, readHeader } from './messages/envelope.js'
import {
  decodeMessage,
  type Envelope,
  encodeMessage,
  type Message,
  type MessageOf,
  messageTypeOf,
} from './messages.js'
import { nicira, onf, type PeerErrorName } from './peer-errors.js'
import { asyncPrinters } from './print/async.js'
import { flowPrinters } from './print/flows.js'
import { groupPrinters } from './print/groups.js'
import { meterPrinters } from './print/meters.js'
import { packetPrinters } from './print/packets.js'
import { hexDump, hexText } from './print/parts.js'
import { portPrinters } from './print/ports.js'
import type { PrintContext } from './print/printer.js'
import { sessionPrinters } from './print/session.js'
import { tablePrinters } from './print/tables.js'
import { titleOf } from './print/titles.js'

type AnyPrinter = (message: never, context: PrintContext) => string

const printers = new Map<string, AnyPrinter>(
  Object.entries<AnyPrinter>({
    ...asyncPrinters,
    ...flowPrinters,
    ...groupPrinters,
    ...meterPrinters,
    ...packetPrinters,
    ...portPrinters,
    ...sessionPrinters,
    ...tablePrinters,
  }),
)

const versionNames = ['', '', ' (OF1.1)', ' (OF1.2)', ' (OF1.3)', ' (OF1.4)', ' (OF1.5)']

const versionText = (version: number): string =>
  versionNames[version] ?? ` (OF 0x${version.toString(16).padStart(2, '0')})`

const moreText = (message: Message): string => ('more' in message && message.more ? ' flags=[more]' : '')

/** At most one space at the end goes; there is always a newline. */
const ended = (text: string): string => {
  const chomped = text.endsWith(' ') ? text.slice(0, -1) : text
  return chomped.endsWith('\n') ? chomped : `${chomped}\n`
}

const bodyText = (message: Message, version: number, quoted: boolean): string => {
  const context: PrintContext = {
    version,
    quoted,
    nested: (envelope) => print(envelope, quoted),
    body: (inner) => bodyText(inner, version, quoted),
    quote: (data) => printData(data, true),
  }
  return printers.get(message.type)?.(message as never, context) ?? ''
}

const headText = (type: string, version: number, xid: number): string =>
  `${titleOf(type)}${versionText(version)} (xid=${hexText(xid)}):`

/** The text of a message, one line or several, each with its newline. */
export const printMessage = (envelope: Envelope): string => print(envelope, false)

const print = ({ version, xid, message }: Envelope, quoted: boolean): string => {
  if (message.type === 'unknown') return decodeErrorText(unknownError(message), encodeMessage(message, xid))
  return ended(
    `${headText(message.type, version, xid)}${moreText(message)}${bodyText(message, version, quoted)}`,
  )
}

/**
 * The text of bytes that should be one message. What is none is printed with the reason, and its bytes in hexadecimal;
 * nothing is thrown.
 */
export const printBytes = (data: Uint8Array): string => printData(data, false)

const printData = (data: Uint8Array, quoted: boolean): string => {
  if (data.length === 0) return 'OpenFlow message is empty\n'
  if (data.length < headerLength) {
    return `OpenFlow packet too short (only ${data.length} bytes):\n${hexDump(data)}`
  }
  const { version, length, xid } = readHeader(data)
  if (length < data.length) return `(***only uses ${length} bytes out of ${data.length}***)\n${hexDump(data)}`
  const type = messageTypeOf(data)
  const head = type === undefined ? '' : headText(type, version, xid)
  if (length > data.length) {
    const line = head === '' ? '' : `${head}\n`
    return `${line}(***truncated to ${data.length} bytes from ${length}***)\n${hexDump(data)}`
  }
  try {
    return print(decodeMessage(data), quoted)
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error
    return `${head === '' ? '' : `${head} `}${decodeErrorText(errorName(error), data)}`
  }
}

const decodeErrorText = (reason: string, data: Uint8Array): string =>
  `***decode error: ${reason}***\n${hexDump(data)}`

/** What a switch would answer, where the codec says it; else the reason in words. */
const errorName = ({ cause, message }: OpenFlowError): string =>
  cause instanceof WireError && 'openflow' in cause && typeof cause.openflow === 'string'
    ? cause.openflow
    : message

const unknownError = ({ kind, experimenter }: MessageOf<'unknown'>): PeerErrorName => {
  if (experimenter !== undefined) {
    return experimenter === nicira || experimenter === onf ? 'OFPBRC_BAD_SUBTYPE' : 'OFPBRC_BAD_VENDOR'
  }
  return kind === undefined ? 'OFPBRC_BAD_TYPE' : 'OFPBRC_BAD_STAT'
}
