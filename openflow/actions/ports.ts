/**
 * OpenFlow port numbers as actions use them: 32 bits in the standard, 16 bits in the Nicira extensions, with names for
 * the reserved ones. In values a port is always its 32-bit number.
 */
import { type Codec, mapped, u16, u32 } from '#wire/codec.js'
import { checked, type Fault } from './spec.js'
import { badText, parseNumber } from './text.js'

/** The reserved port numbers of OpenFlow 1.5, section 7.2.1. */
export const reservedPorts = {
  unset: 0xffff_fff7,
  in_port: 0xffff_fff8,
  table: 0xffff_fff9,
  normal: 0xffff_fffa,
  flood: 0xffff_fffb,
  all: 0xffff_fffc,
  controller: 0xffff_fffd,
  local: 0xffff_fffe,
  any: 0xffff_ffff,
} as const

/** Open vSwitch numbers its ports below this. */
const portsEnd = 0xff00

const names = new Map<number, string>(
  Object.entries(reservedPorts).map(([name, port]) => [port, name.toUpperCase()]),
)
const byName = new Map<string, number>([...Object.entries(reservedPorts), ['none', reservedPorts.any]])

/** The 32-bit number of a port that travels in 16 bits: the reserved ones are extended by their sign. */
const widen = (port: number): number => (port < portsEnd || port > 0xffff ? port : port + 0xffff_0000)

/** What stands in 16 bits for a port: other numbers pass unchanged. */
const narrow = (port: number): number => (port >= 0xffff_ff00 ? port - 0xffff_0000 : port)

/** A port in the 16 bits of a Nicira extension. */
export const port16: Codec<number> = mapped(u16, widen, narrow)

/** The value of `field` as it travels: the one 16-bit field that holds a port has its 32-bit number as value. */
export const toWire = <V extends number | bigint>(field: string, value: V): V | number =>
  field === 'in_port' ? narrow(Number(value)) : value

/** The reverse of `toWire`. */
export const fromWire = <V extends number | bigint>(field: string, value: V): V | number =>
  field === 'in_port' ? widen(Number(value)) : value

const outputFault = (port: number): Fault | undefined =>
  port < portsEnd || (port > reservedPorts.unset && port < reservedPorts.any)
    ? undefined
    : ['OFPBAC_BAD_OUT_PORT', `nothing can be sent to port ${printPort(port)}`]

/** A port that something can be sent to. */
export const outputPort: Codec<number> = checked(u32, outputFault)

/** As `outputPort`, in 16 bits. */
export const outputPort16: Codec<number> = checked(port16, outputFault)

/** The number, or the name of a reserved port, in capitals. */
export const printPort = (port: number): string => names.get(port) ?? String(port)

/** Parses a port's number or the name of a reserved one, in either case; `undefined` where the text is neither. */
export const portFromText = (text: string): number | undefined => {
  const named = byName.get(text.toLowerCase())
  if (named !== undefined) return named
  if (!/^(0[xX][0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text)) return undefined
  const port = widen(parseNumber(text, 0xffff_ffff, 'port'))
  return port < portsEnd || (port >= reservedPorts.unset && port <= reservedPorts.any) ? port : undefined
}

/** As `portFromText`; a text that is no port is an error. */
export const parsePort = (text: string): number =>
  portFromText(text) ?? badText(`${text || '(empty)'} is not a port`)
