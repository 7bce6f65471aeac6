/** Meters: changes, descriptions, counters, features. */
import type { MessageOf } from '../messages.js'
import { asItIs, bitsText, durationText } from './parts.js'
import type { Printers } from './printer.js'

type MeterDesc = MessageOf<'meter_desc_reply'>['items'][number]
type Band = MeterDesc['bands'][number]

const meterMax = 0xffff_0000
const names: Readonly<Record<number, string>> = {
  4294967293: 'slowpath',
  4294967294: 'controller',
  4294967295: 'all',
}
const meterText = (meter: number): string => (meter <= meterMax ? String(meter) : (names[meter] ?? 'unknown'))

const bandText = (band: Band, hasBurst: boolean): string => {
  if (band.type === 'unknown') return `\ntype=${band.typeCode}`
  const burst = hasBurst ? ` burst_size=${band.burstSize}` : ''
  const level = band.type === 'dscp_remark' ? ` prec_level=${band.precLevel}` : ''
  return `\ntype=${band.type} rate=${band.rate}${burst}${level}`
}

const meterBody = (meter: Pick<MeterDesc, 'meterId' | 'flags' | 'bands'>): string => {
  const flags = meter.flags.map((flag) => (flag.startsWith('0x') ? `flags:${flag} ` : `${flag} `))
  const bands = meter.bands.map((band) => bandText(band, meter.flags.includes('burst')))
  return `meter=${meterText(meter.meterId)} ${flags.join('')}bands=${bands.join('')}\n`
}

const commands: Readonly<Record<string, string>> = { add: 'ADD', modify: 'MOD', delete: 'DEL' }

const request = ({ meterId }: { readonly meterId: number }): string => ` meter=${meterText(meterId)}`

const meterStats = (stats: MessageOf<'meter_stats_reply'>['items'][number]): string =>
  `\nmeter:${meterText(stats.meterId)} flow_count:${stats.flowCount} packet_in_count:${stats.packetInCount} ` +
  `byte_in_count:${stats.byteInCount} ` +
  `duration:${durationText({ sec: stats.durationSec, nsec: stats.durationNsec })} bands:\n` +
  stats.bands
    .map(
      ({ packetCount, byteCount }, index) =>
        `${index}: packet_count:${packetCount} byte_count:${byteCount}\n`,
    )
    .join('')

const bandTypeNames = [
  [1 << 1, 'drop'],
  [1 << 2, 'dscp_remark'],
] as const

const bandTypes = (bits: number): string => {
  const known = bandTypeNames.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name)
  const others = bandTypeNames.reduce((left, [bit]) => left & ~bit, bits) >>> 0
  return bitsText(others === 0 ? known : [...known, `0x${others.toString(16)}`], ' ', asItIs)
}

export const meterPrinters = {
  meter_mod: (message) => ` ${commands[message.command] ?? `cmd:${message.command}`} ${meterBody(message)}`,
  meter_stats_request: request,
  meter_desc_request: request,
  meter_desc_reply: ({ items }) => items.map((item) => `\n${meterBody(item)}`).join(''),
  meter_stats_reply: ({ items }) => items.map(meterStats).join(''),
  meter_features_reply: (features) =>
    `\nmax_meter:${features.maxMeter} max_bands:${features.maxBands} max_color:${features.maxColor}\n` +
    `band_types: ${bandTypes(features.bandTypes)}\n` +
    `capabilities: ${bitsText(features.capabilities, ' ', asItIs)}\n`,
} as const satisfies Printers
