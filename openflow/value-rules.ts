/** Which values a field can have at all: OFPBMC_BAD_VALUE is the answer to others. */
import { type Field, fields } from './fields.js'

/** 32-bit port numbers: 16-bit ones, or reserved ones. ovs-fields(7), `in_port_oxm`. */
const isPort = (port: number): boolean => port < 0xff00 || port >= 0xffff_ff00

const rules = new Map<Field, (value: number) => boolean>([
  [fields.in_port, isPort],
  [fields.in_port_oxm, isPort],
  [fields.actset_output, isPort],
  [fields.dl_vlan, (value) => value <= 0xfff || value === 0xffff],
  [fields.arp_op, (value) => value <= 0xff],
  [fields.nw_tos, (value) => (value & 3) === 0],
  [fields.nsh_ttl, (value) => value <= 63],
  [fields.nsh_mdtype, (value) => value === 1 || value === 2],
])

/** Whether `value`, or part of it behind a mask, can be a value of `field`. */
export const fitsField = (field: Field, value: number | bigint): boolean => {
  if (typeof value === 'bigint') return value >= 0n && (value & ~field.ones) === 0n
  if (!(Number.isInteger(value) && value >= 0 && value <= Number(field.full))) return false
  return rules.get(field)?.(value) ?? true
}
