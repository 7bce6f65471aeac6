/**
 * One line of the field table: what a match field is called on the wire, how wide it is, how it is written as text and
 * what must be matched before it. `fields.ts` gathers the lines; type, codec, text form and manual derive from them.
 */

/** Sizes in bits whose values are bigints; everything up to 32 bits is a number. */
export type WideWidth = 48 | 64 | 128 | 992

/** The type of the values of a field of `W` bits. */
export type ValueOfWidth<W extends number> = W extends WideWidth ? bigint : number

/** How a value stands in text: ovs-fields(7), "Format". */
export type FieldFormat =
  | 'decimal'
  | 'hexadecimal'
  | 'ethernet'
  | 'ipv4'
  | 'ipv6'
  | 'port'
  | 'frag'
  | 'tunnel flags'
  | 'tcp flags'
  | 'ct state'
  | 'packet type'

/** What else a match must say before it may name the field: ovs-fields(7), "Prerequisites". */
export type Prerequisite =
  | 'none'
  | 'ethernet'
  | 'vlan'
  | 'mpls'
  | 'ipv4'
  | 'ipv6'
  | 'ip'
  | 'arp'
  | 'nsh'
  | 'ct'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmpv4'
  | 'icmpv6'
  | 'nd solicit'
  | 'nd advert'
  | 'nd'

/** Whether actions may write the field, and whether a match may name some of its bits only. */
export type Access = 'rw masked' | 'rw exact' | 'ro masked' | 'ro exact'

/** One way to name a field on the wire: OpenFlow 1.5, section 7.2.3.2. */
export interface OxmHeader {
  /** As in `OXM_OF_IN_PORT`, `NXM_NX_REG0`. */
  readonly name: string
  readonly oxmClass: number
  readonly number: number
  /** Of experimenter headers, whose class is 0xffff: 32 bits between header and value. */
  readonly experimenter?: number
}

export interface FieldLine<W extends number = number> {
  /** Significant bits: what an action means that names the field without a range of bits. */
  readonly width: W
  /** The bits that a value may have. */
  readonly ones: bigint
  /** Bytes on the wire; of a field of variable length, at most. */
  readonly bytes: number
  readonly format: FieldFormat
  readonly maskable: boolean
  readonly writable: boolean
  readonly needs: Prerequisite
  /** The one that Open vSwitch sends in OpenFlow 1.5 comes first; empty: the field never travels. */
  readonly headers: readonly OxmHeader[]
  /** Other spellings that text may use. */
  readonly aliases: readonly string[]
  /** As many bytes as the sender likes, up to `bytes`. */
  readonly variable: boolean
  /** The match keys that hold this field's bits, for a field that is another view of them. */
  readonly viewOf: readonly string[]
  readonly doc: string
}

export interface LineOptions {
  readonly needs?: Prerequisite
  readonly aliases?: readonly string[]
  readonly bytes?: number
  /** Where it is not all bits of `width`. */
  readonly ones?: bigint
  readonly variable?: boolean
  readonly viewOf?: readonly string[]
}

/** Which class, and which experimenter, the prefix of a header's name stands for; longer prefixes first. */
const prefixes: readonly (readonly [prefix: string, oxmClass: number, experimenter?: number])[] = [
  ['OXM_OF_PKT_REG', 0x8001],
  ['OXM_OF_', 0x8000],
  ['NXM_OF_', 0x0000],
  ['NXM_NX_', 0x0001],
  ['ONFOXM_ET_', 0xffff, 0x4f4e4600],
  ['NXOXM_NSH_', 0xffff, 0x005ad650],
  ['NXOXM_ET_', 0xffff, 0x00002320],
  ['ERICOXM_OF_', 0x1000],
]

/** `NXM_NX_REG0(0)` as a header. */
const header = (text: string): OxmHeader => {
  const parts = /^(\w+)\((\d+)\)$/.exec(text)
  const name = parts?.[1] ?? ''
  const prefix = prefixes.find(([start]) => name.startsWith(start))
  if (prefix === undefined) throw new TypeError(`${text} is no OXM or NXM header`)
  const [, oxmClass, experimenter] = prefix
  const number = Number(parts?.[2])
  return experimenter === undefined ? { name, oxmClass, number } : { name, oxmClass, number, experimenter }
}

/** Values of up to 8 bits take a byte, up to 16 two, up to 32 four; wider ones as many as they fill. */
const bytesOf = (width: number): number =>
  width <= 8 ? 1 : width <= 16 ? 2 : width <= 32 ? 4 : Math.ceil(width / 8)

/** Declares a field: `headers` are named as ovs-fields(7) names them, separated by spaces, the preferred one first. */
export const line = <const W extends number>(
  width: W,
  format: FieldFormat,
  access: Access,
  headers: string,
  doc: string,
  options: LineOptions = {},
): FieldLine<W> => ({
  width,
  ones: options.ones ?? (1n << BigInt(width)) - 1n,
  bytes: options.bytes ?? bytesOf(width),
  format,
  maskable: access.endsWith('masked'),
  writable: access.startsWith('rw'),
  needs: options.needs ?? 'none',
  headers: headers === '' ? [] : headers.split(' ').map(header),
  aliases: options.aliases ?? [],
  variable: options.variable ?? false,
  viewOf: options.viewOf ?? [],
  doc,
})

/** The same line `count` times under numbered names: `reg0`, `reg1`, … */
export const numbered = <const P extends string, const N extends readonly number[], W extends number>(
  prefix: P,
  numbers: N,
  make: (index: number) => FieldLine<W>,
): { readonly [K in `${P}${N[number]}`]: FieldLine<W> } =>
  Object.fromEntries(numbers.map((index) => [`${prefix}${index}`, make(index)])) as {
    readonly [K in `${P}${N[number]}`]: FieldLine<W>
  }
