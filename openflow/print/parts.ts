/** Pieces of text that many messages are printed with, each as `ovs-ofctl ofp-print` writes it. */
import { reservedPorts } from '../actions.js'
import type { Match } from '../match.js'
import { printMatch } from '../match-text.js'
import { everything } from '../messages/parts.js'
import type { Duration } from '../messages/stats.js'

const portNames = new Map<number, string>(
  Object.entries(reservedPorts).map(([name, port]) => [port, name.toUpperCase()]),
)

export const portText = (port: number): string => portNames.get(port) ?? String(port)

export const groupText = (group: number): string =>
  group === everything.group ? 'ALL' : group === everything.anyGroup ? 'ANY' : String(group)

/** `0` for none. Names are ours; Open vSwitch's are the same in capitals, or as `rename` says. */
export const bitsText = (
  set: readonly string[],
  separator = ' ',
  rename = (name: string): string => name.toUpperCase(),
): string =>
  set.length === 0 ? '0' : set.map((name) => (name.startsWith('0x') ? name : rename(name))).join(separator)

export const asItIs = (name: string): string => name

/** Whole seconds, milliseconds where that is exact, else as many decimals as there are. */
export const durationText = ({ sec, nsec }: Duration): string => {
  if (nsec === 0) return `${sec}s`
  const decimals =
    nsec % 1_000_000 === 0
      ? String(nsec / 1_000_000).padStart(3, '0')
      : String(nsec).padStart(9, '0').replace(/0+$/, '')
  return `${sec}.${decimals}s`
}

const usualPriority = 0x8000

/** A match, behind its priority where that is not the usual one. */
export const matchText = (match: Match, priority = usualPriority): string => {
  const fields = printMatch(match)
  if (priority === usualPriority) return fields
  return fields === '' ? `priority=${priority}` : `priority=${priority},${fields}`
}

export const hexText = (value: number | bigint): string => `0x${value.toString(16)}`

/** With the `#` of printf: 0 has no prefix. */
export const hexOrZero = (value: number | bigint): string =>
  value === 0 || value === 0n ? '0' : hexText(value)

const dumpLine = (data: Uint8Array, offset: number): string => {
  const part = data.subarray(offset, offset + 16)
  let hex = ''
  for (let i = 0; i < 16; i++) {
    const byte = part[i]
    const gap = i === 7 ? '-' : ' '
    hex += byte === undefined ? '   ' : byte.toString(16).padStart(2, '0') + gap
  }
  const ascii = Array.from(part, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
  return `${offset.toString(16).padStart(8, '0')}  ${hex}|${ascii.join('').padEnd(16)}|\n`
}

export const hexDump = (data: Uint8Array): string => {
  let text = ''
  for (let offset = 0; offset < data.length; offset += 16) text += dumpLine(data, offset)
  return text
}

/** Bytes with dots between, as in `userdata`. */
export const dottedHex = (data: Uint8Array): string =>
  Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('.')
