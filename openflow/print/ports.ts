/** Ports: descriptions, changes, counters. */
import type { MessageOf } from '../messages.js'
import { asItIs, bitsText, durationText, portText } from './parts.js'
import type { Printers } from './printer.js'

type PortDesc = MessageOf<'port_status'>['port']
type PortStats = MessageOf<'port_stats_reply'>['items'][number]

/** The name up to the first character that a terminal would not show as itself. */
const printable = (name: string): string => /^[\x20-\x7e]{0,15}/.exec(name)?.[0] ?? ''

const featuresLine = (title: string, set: readonly string[]): string =>
  set.length === 0 ? '' : `     ${title} ${bitsText(set, ' ', asItIs)}\n`

const megabits = (kilobits: number): number => Math.floor(kilobits / 1000)

const portDescText = (port: PortDesc): string => {
  const ethernet = port.properties.find((property) => property.type === 'ethernet')
  return (
    ` ${portText(port.portNo)}(${printable(port.name)}): addr:${port.hwAddr}\n` +
    `     config:     ${bitsText(port.config)}\n` +
    `     state:      ${bitsText(port.state)}\n` +
    featuresLine('current:   ', ethernet?.current ?? []) +
    featuresLine('advertised:', ethernet?.advertised ?? []) +
    featuresLine('supported: ', ethernet?.supported ?? []) +
    featuresLine('peer:      ', ethernet?.peer ?? []) +
    `     speed: ${megabits(ethernet?.currentSpeed ?? 0)} Mbps now, ${megabits(ethernet?.maxSpeed ?? 0)} Mbps max\n`
  )
}

const reasons: Readonly<Record<string, string>> = { add: ' ADD:', delete: ' DEL:', modify: ' MOD:' }

const portMod = (message: MessageOf<'port_mod'>): string => {
  const advertise = message.properties.find((property) => property.type === 'ethernet')?.advertise ?? []
  return (
    ` port: ${portText(message.portNo)}: addr:${message.hwAddr}\n` +
    `     config: ${bitsText(message.config)}\n     mask:   ${bitsText(message.mask)}\n` +
    `     advertise: ${advertise.length === 0 ? 'UNCHANGED' : bitsText(advertise, ' ', asItIs)}\n`
  )
}

const uncounted = 0xffff_ffff_ffff_ffffn
const counter = (name: string, value: bigint | undefined): string =>
  `${name}=${value === undefined || value === uncounted ? '?' : value}`

const portStats = (stats: PortStats): string => {
  const ethernet = stats.properties.find((property) => property.type === 'ethernet')
  const received = [
    counter('pkts', stats.rxPackets),
    counter('bytes', stats.rxBytes),
    counter('drop', stats.rxDropped),
    counter('errs', stats.rxErrors),
    counter('frame', ethernet?.rxFrameErrors),
    counter('over', ethernet?.rxOverErrors),
    counter('crc', ethernet?.rxCrcErrors),
  ]
  const sent = [
    counter('pkts', stats.txPackets),
    counter('bytes', stats.txBytes),
    counter('drop', stats.txDropped),
    counter('errs', stats.txErrors),
    counter('coll', ethernet?.collisions),
  ]
  const duration = durationText({ sec: stats.durationSec, nsec: stats.durationNsec })
  const margin = (stats.portNo & 0xffff) < 10 ? ' ' : ''
  return (
    `  port ${margin}${portText(stats.portNo)}: rx ${received.join(', ')}\n` +
    `           tx ${sent.join(', ')}\n` +
    (stats.durationSec === 0xffff_ffff ? '' : `           duration=${duration}\n`)
  )
}

/** Open vSwitch lists ports by their 16-bit numbers, the reserved ones last. */
const byNumber = (a: PortDesc, b: PortDesc): number => (a.portNo & 0xffff) - (b.portNo & 0xffff)

export const portPrinters = {
  port_status: ({ reason, port }) => `${reasons[reason] ?? ''}${portDescText(port)}`,
  port_mod: portMod,
  port_desc_request: ({ portNo }) => ` port=${portText(portNo)}`,
  port_desc_reply: ({ items }) => `\n${items.toSorted(byNumber).map(portDescText).join('')}`,
  port_stats_request: ({ portNo }) => ` port_no=${portText(portNo)}`,
  port_stats_reply: ({ items }) => ` ${items.length} ports\n${items.map(portStats).join('')}`,
} as const satisfies Printers
