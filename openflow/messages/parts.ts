/** What the bodies of many messages are made of: named bits, MAC addresses, versions, numbers with a meaning of their own. */
import { type Codec, mapped, rest, u32, uint } from '#wire/codec.js'
import { struct } from '#wire/struct.js'

/** The version number of OpenFlow 1.5 in message headers. */
export const version = 6

/** Stands for every table, group, meter, queue or buffer; `reservedPorts` in `actions.ts` has the port numbers. */
export const everything = {
  table: 0xff,
  group: 0xffff_fffc,
  anyPort: 0xffff_ffff,
  anyGroup: 0xffff_ffff,
  meter: 0xffff_ffff,
  queue: 0xffff_ffff,
  bucket: 0xffff_ffff,
} as const

/** A packet that the switch has not buffered. */
export const noBuffer = 0xffff_ffff

/** A set of named bits. Bits without a name are kept together as one hexadecimal number. */
export type FlagSet<Name extends string> = readonly (Name | `0x${string}`)[]

/** Named bits of a number; unnamed ones survive as `0x…` at the end of the set. */
export const flags = <const F extends Readonly<Record<string, number>>>(
  codec: Codec<number>,
  names: F,
): Codec<FlagSet<keyof F & string>> => {
  const entries = Object.entries(names) as [keyof F & string, number][]
  const known = entries.reduce((bits, [, bit]) => (bits | bit) >>> 0, 0)
  return {
    read: (r) => {
      const bits = codec.read(r)
      const set: (keyof F & string)[] = entries.filter(([, bit]) => (bits & bit) !== 0).map(([name]) => name)
      const unknown = (bits & ~known) >>> 0
      return unknown === 0 ? set : [...set, `0x${unknown.toString(16)}`]
    },
    write: (w, set) => {
      const bits = set.reduce((sum, name) => (sum | (names[name] ?? Number(name))) >>> 0, 0)
      codec.write(w, bits)
    },
  }
}

/** A MAC address as text: `aa:bb:cc:dd:ee:ff`. */
export const mac: Codec<string> = mapped(
  uint(6),
  (value) => (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':'),
  (value) => BigInt(`0x${value.replaceAll(':', '')}`),
)

/** A stretch of time as OpenFlow gives it. */
export const duration = struct({ sec: u32, nsec: u32 })

/** A property whose meaning an experimenter defines. */
export const experimenter = struct({ experimenter: u32, expType: u32, data: rest })

/** The type of a property that an experimenter defines. */
export const experimenterType = 0xffff
