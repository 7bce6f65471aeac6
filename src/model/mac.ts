/** MAC addresses as numbers of 48 bits, and the one that an endpoint has when nobody chose one. */
import type { Ip } from './cidr.js'

const macDigits = 12

/** Undefined when `text` is no MAC address. */
export const parseMac = (text: string): number | undefined =>
  /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text)
    ? Number.parseInt(text.replaceAll(':', ''), 16)
    : undefined

/** `0a:58:0a:00:00:05` */
export const printMac = (mac: number): string =>
  mac
    .toString(16)
    .padStart(macDigits, '0')
    .replace(/..(?=.)/g, '$&:')

/** Locally administered, as container networks have used it for long. */
const derivedPrefix = 0x0a_58

/** `0a:58` and the IPv4 address, or the low 32 bits of the IPv6 address where there is no other: decision 0011. */
export const derivedMac = (addresses: readonly Ip[]): number => {
  const from = addresses.find(({ family }) => family === 4) ?? addresses[0]
  return derivedPrefix * 2 ** 32 + Number((from?.value ?? 0n) & 0xffff_ffffn)
}
