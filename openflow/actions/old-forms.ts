/**
 * Actions of OpenFlow 1.1 and of Open vSwitch's first extensions that only write a field. They are understood, as the
 * switch understands them in OpenFlow 1.5, and never written: `set_field` says the same.
 */
import { type Codec, mapped, pad, u8, u16, u32, u64, uint } from '#wire/codec.js'
import type { FieldName } from '../fields.js'
import { tagPresent } from '../views.js'
import { refuse } from './error.js'
import type { SetField } from './set-field.js'
import { type Form, nx, standard } from './spec.js'

/** A body that says: this value, changed by `encode`, into this field. `max` is the greatest value on the wire. */
const writes = <V extends number | bigint>(
  field: FieldName,
  value: Codec<V>,
  max: V,
  encode: (value: V) => number | bigint = (same) => same,
): Codec<SetField> => ({
  read: (r) => {
    const found = value.read(r)
    if (found > max) refuse(r, 'OFPBAC_BAD_ARGUMENT', `${field} cannot be ${found}`)
    return { field, value: encode(found) }
  },
  write: () => {
    throw new TypeError(`this form of ${field} is not written`)
  },
})

/** As `codec`, behind `size` bytes without meaning. */
const behind = (size: number, codec: Codec<SetField>): Codec<SetField> => ({
  read: (r) => {
    pad(size).read(r)
    return codec.read(r)
  },
  write: codec.write,
})

const mac = uint(6)
const anyMac = 0xffff_ffff_ffffn
const any32 = 0xffff_ffff
const any64 = 0xffff_ffff_ffff_ffffn
const old = { readOnly: true } as const

/** The upper 6 bits of a byte; the lower two must be zero. */
const dscp = mapped(
  writes('ip_dscp', u8, 0xff),
  ({ field, value }, r): SetField => {
    const tos = Number(value)
    return (tos & 3) === 0
      ? { field, value: tos >>> 2 }
      : refuse(r, 'OFPBAC_BAD_ARGUMENT', `tos ${tos} is not a multiple of 4`)
  },
  (same) => same,
)

export const oldForms: readonly Form<SetField>[] = [
  standard(
    1,
    8,
    writes('vlan_vid', u16, 0xfff, (vid) => vid | tagPresent),
    old,
  ),
  standard(2, 8, writes('vlan_pcp', u8, 7), old),
  standard(3, 16, writes('eth_src', mac, anyMac), old),
  standard(4, 16, writes('eth_dst', mac, anyMac), old),
  standard(5, 8, writes('ip_src', u32, any32), old),
  standard(6, 8, writes('ip_dst', u32, any32), old),
  standard(7, 8, dscp, old),
  standard(8, 8, writes('nw_ecn', u8, 3), old),
  standard(13, 8, writes('mpls_label', u32, 0xfffff), old),
  standard(14, 8, writes('mpls_tc', u8, 7), old),
  nx(2, 16, behind(2, writes('tun_id', u32, any32, BigInt)), old),
  nx(9, 24, behind(6, writes('tun_id', u64, any64)), old),
]
