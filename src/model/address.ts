/** IP addresses as numbers, for what compares and encodes them; ip-num does the reading. */
import { IPv4, IPv6 } from 'ip-num'

/** An RLOC as OpenFlow fields have it, 32 bits as a number or 128 as a bigint, and as it was written. */
export type Rloc =
  | { readonly family: 4; readonly value: number; readonly text: string }
  | { readonly family: 6; readonly value: bigint; readonly text: string }

/** Undefined when `text` is not an address. An IPv4 address mapped into IPv6 is the IPv4 address. */
export const parseRloc = (text: string): Rloc | undefined => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1]
  try {
    if (mapped !== undefined || !text.includes(':')) {
      return { family: 4, value: Number(IPv4.fromString(mapped ?? text).getValue()), text }
    }
    return { family: 6, value: IPv6.fromString(text).getValue(), text }
  } catch {
    return undefined
  }
}

/** Ethernet, VXLAN, UDP and outer IP headers that a tunnelled frame gains, in bytes: RFC 7348, section 5. */
export const vxlanOverhead = (family: 4 | 6): number => 14 + 8 + 8 + (family === 4 ? 20 : 40)
