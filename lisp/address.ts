/**
 * Addresses as LISP messages carry them: an address family identifier (AFI), then the address. EIDs and RLOCs alike are of
 * this form. The structured ones (AFI 16387, LISP Canonical Address Format) are in `lcaf.ts`, the text of all in
 * `address-text.ts`. Values are plain and small: numbers where 53 bits are enough, bigints where not, no strings but names.
 */
import { type Codec, lazy, tag, u16, u32, u64, uint } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import { lcaf } from './lcaf.js'
import type { Lcaf, UnknownLcaf } from './lcaf-values.js'

/** AFI 0: no address at all, as the source EID of a probe. */
export interface NoAddress {
  readonly family: 'none'
}

/** AFI 1: 32 bits as a number. */
export interface Ipv4Address {
  readonly family: 'ipv4'
  readonly value: number
}

/** AFI 2: 128 bits as a bigint. */
export interface Ipv6Address {
  readonly family: 'ipv6'
  readonly value: bigint
}

/** AFI 16389, or AFI 6 in the older form that lispers.net sends: 48 bits, which a number holds exactly. */
export interface MacAddress {
  readonly family: 'mac' | 'mac-802'
  readonly value: number
}

/** AFI 16390: an EUI-64. */
export interface Eui64Address {
  readonly family: 'eui64'
  readonly value: bigint
}

/** AFI 17: a distinguished name (RFC 9735), one character a byte, without the zero byte that ends it. */
export interface NameAddress {
  readonly family: 'name'
  readonly value: string
}

export type IpAddress = Ipv4Address | Ipv6Address
export type PlainAddress = NoAddress | IpAddress | MacAddress | Eui64Address | NameAddress
export type Address = PlainAddress | Lcaf | UnknownLcaf
export type AddressFamily = Address['family']

export const noAddress: NoAddress = { family: 'none' }

/** A prefix length is one byte and counts the zero byte as well (RFC 9735, section 3): longer names have none. */
const nameBytesMax = 255

const name: Codec<string> = {
  read: (r) => {
    const end = r.bytes.indexOf(0, r.pos)
    if (end < 0 || end >= r.end) return r.fail('a name without an end')
    if (end - r.pos > nameBytesMax) r.fail(`a name of ${end - r.pos} bytes`)
    const text = Buffer.from(r.raw(end - r.pos)).toString('latin1')
    r.take(1)
    return text
  },
  write: (w, value) => {
    const data = Buffer.from(value, 'latin1')
    if (data.length > nameBytesMax) w.fail(`a name of ${data.length} bytes`)
    if (data.includes(0)) w.fail('a name with a zero byte in it')
    w.raw(data)
    w.zeros(1)
  },
}

/** 48 bits as a number. */
const u48: Codec<number> = {
  read: (r) => r.u16() * 2 ** 32 + r.u32(),
  write: (w, value) => {
    w.u16(Math.floor(value / 2 ** 32))
    w.u32(value % 2 ** 32)
  },
}

/** [AFI, codec] of each plain family. IANA, Address Family Numbers. */
const plain = {
  none: [0, struct({ family: tag('none') })],
  ipv4: [1, struct({ family: tag('ipv4'), value: u32 })],
  ipv6: [2, struct({ family: tag('ipv6'), value: uint(16) })],
  'mac-802': [6, struct({ family: tag('mac-802'), value: u48 })],
  name: [17, struct({ family: tag('name'), value: name })],
  mac: [16389, struct({ family: tag('mac'), value: u48 })],
  eui64: [16390, struct({ family: tag('eui64'), value: u64 })],
} as const

const lcafAfi = 16387
const byAfi = new Map<number, Codec<Address>>([...Object.values(plain), [lcafAfi, lazy(() => lcaf)]])

const isPlain = (family: string): family is keyof typeof plain => Object.hasOwn(plain, family)

/** The AFI in front of the addresses of `family`. */
export const afiOf = (family: AddressFamily): number => (isPlain(family) ? plain[family][0] : lcafAfi)

/** An address with its AFI. An AFI that is not known is an error: RFC 9301, section 5.1, wants the message dropped. */
export const address: Codec<Address> = {
  read: (r: Reader) => {
    const afi = r.u16()
    const codec = byAfi.get(afi)
    return codec === undefined ? r.fail(`unknown address family ${afi}`) : codec.read(r)
  },
  write: (w: Writer, value: Address) => {
    const afi = afiOf(value.family)
    u16.write(w, afi)
    byAfi.get(afi)?.write(w, value)
  },
}

/** Bits of an address of `family`; undefined where they are not the same for all of them. */
export const widthOf = (family: AddressFamily): number | undefined => widths.get(family)

const widths = new Map<AddressFamily, number>([
  ['ipv4', 32],
  ['ipv6', 128],
  ['mac', 48],
  ['mac-802', 48],
  ['eui64', 64],
])
