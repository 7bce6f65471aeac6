/**
 * What flow tables look at: the packet, and what the pipeline knows of it beyond its bytes (ports, tunnel, registers,
 * connection). A value: writing a field makes another one, so that a copy costs nothing.
 */
import { type Field, type FieldName, fields } from '#openflow/fields.js'
import { hasField, isHeaderField, readHeader, writeHeader } from './header-fields.js'
import type { Packet } from './packet.js'

export type FieldValues = ReadonlyMap<FieldName, number | bigint>

export interface PacketState {
  readonly packet: Packet
  /** Fields that no header holds; absent: 0. */
  readonly values: FieldValues
}

/** Bits of a field, from its least significant one upwards. */
export interface BitRange {
  readonly field: FieldName
  readonly offset: number
  readonly width: number
}

const isRegisterView = ({ viewOf }: Field): boolean =>
  viewOf.length > 1 && viewOf[0]?.startsWith('reg') === true

/** The value of any field; 0 where the packet has none. */
export const readField = ({ packet, values }: PacketState, name: FieldName): number | bigint => {
  const field = fields[name]
  if (isHeaderField(name)) return readHeader(packet, name, field.wide)
  if (isRegisterView(field)) {
    return field.viewOf.reduce(
      (whole, part) => (whole << 32n) | BigInt(values.get(part as FieldName) ?? 0),
      0n,
    )
  }
  if (name === 'nw_tos') return Number(readHeader(packet, 'ip_dscp', false)) << 2
  if (name === 'in_port_oxm') return values.get('in_port') ?? 0
  return values.get(name) ?? (field.wide ? 0n : 0)
}

/** Whether the packet has the field: header fields may be missing, and options of tunnels. */
export const presentField = ({ packet, values }: PacketState, name: FieldName): boolean => {
  if (name === 'nw_tos') return hasField(packet, 'ip_dscp')
  if (fields[name].variable) return values.has(name)
  return !isHeaderField(name) || hasField(packet, name)
}

const setValue = (state: PacketState, field: Field, value: bigint): PacketState => {
  const values = new Map(state.values)
  values.set(field.name, field.wide ? value : Number(value))
  return { ...state, values }
}

const writeWhole = (state: PacketState, field: Field, value: bigint): PacketState => {
  const { name } = field
  if (isHeaderField(name)) return { ...state, packet: writeHeader(state.packet, name, value) }
  if (isRegisterView(field)) {
    return field.viewOf.reduce((written, part, index) => {
      const shift = BigInt(32 * (field.viewOf.length - 1 - index))
      return setValue(written, fields[part as FieldName], (value >> shift) & 0xffff_ffffn)
    }, state)
  }
  if (name === 'nw_tos') return { ...state, packet: writeHeader(state.packet, 'ip_dscp', value >> 2n) }
  return setValue(state, name === 'in_port_oxm' ? fields.in_port : field, value)
}

/** Writes a field, or those of its bits that `mask` has. A header that the packet lacks stays away. */
export const writeField = (
  state: PacketState,
  name: FieldName,
  value: number | bigint,
  mask?: number | bigint,
): PacketState => {
  const field = fields[name]
  if (mask === undefined) return writeWhole(state, field, BigInt(value))
  const bits = BigInt(mask)
  return writeWhole(state, field, (BigInt(readField(state, name)) & ~bits) | (BigInt(value) & bits))
}

const onesOf = (width: number): bigint => (1n << BigInt(width)) - 1n

export const readBits = (state: PacketState, { field, offset, width }: BitRange): bigint =>
  (BigInt(readField(state, field)) >> BigInt(offset)) & onesOf(width)

export const writeBits = (
  state: PacketState,
  { field, offset, width }: BitRange,
  value: bigint,
): PacketState => writeField(state, field, value << BigInt(offset), onesOf(width) << BigInt(offset))

/** Forgets a field. */
export const clearField = (state: PacketState, name: FieldName): PacketState => {
  const values = new Map(state.values)
  values.delete(name)
  return { ...state, values }
}
