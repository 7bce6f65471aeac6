/** Packets on their way between switch and controller. */
import { printActions } from '../action-text.js'
import { type PacketProperty, packetInfo } from '../messages/packets.js'
import { noBuffer } from '../messages/parts.js'
import type { MessageOf } from '../messages.js'
import { packetText } from './packet-text.js'
import { dottedHex, hexText, matchText } from './parts.js'
import type { Printers } from './printer.js'

type PacketIn = Omit<MessageOf<'packet_in'>, 'type'>

const noCookie = 0xffff_ffff_ffff_ffffn

const bufferText = ({ bufferId, data, totalLength }: PacketIn): string => {
  if (bufferId === noBuffer) {
    return ` (unbuffered)${totalLength === data.length ? '' : ' (***total_len != data_len***)'}`
  }
  const short = totalLength < data.length ? ' (***total_len < data_len***)' : ''
  return ` buffer=0x${bufferId.toString(16).padStart(8, '0')}${short}`
}

const packetIn = (message: PacketIn): string =>
  (message.table === 0 ? '' : ` table_id=${message.table}`) +
  (message.cookie === noCookie ? '' : ` cookie=${hexText(message.cookie)}`) +
  ` total_len=${message.totalLength} ${matchText(message.match)} (via ${message.reason})` +
  ` data_len=${message.data.length}${bufferText(message)}\n`

/** A continuation is the switch's own business: it is not taken apart. */
const packetIn2 = ({ properties }: { readonly properties: readonly PacketProperty[] }): string => {
  const info = packetInfo(properties)
  const buffer = properties.find((property) => property.type === 'buffer_id')
  const userdata = info.userdata === undefined ? '' : ` userdata=${dottedHex(info.userdata)}\n`
  const message = { ...info, bufferId: buffer?.bufferId ?? noBuffer, data: info.packet }
  return packetIn(message) + userdata + packetText(info.packet)
}

const packetOut = (message: MessageOf<'packet_out'>): string => {
  const head = ` ${matchText(message.match)} actions=${printActions(message.actions)}`
  if (message.bufferId !== noBuffer)
    return `${head} buffer=0x${message.bufferId.toString(16).padStart(8, '0')}`
  const packet = message.data.length === 0 ? '' : `\n${packetText(message.data)}`
  return `${head} data_len=${message.data.length}${packet}`
}

export const packetPrinters = {
  packet_in: (message) => packetIn(message) + packetText(message.data),
  packet_in2: packetIn2,
  resume: packetIn2,
  packet_out: packetOut,
} as const satisfies Printers
