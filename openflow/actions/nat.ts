/** The action `nat`, which stands only inside `ct`. ovs-actions(7), "The ct action". */
import type { Codec } from '#wire/codec.js'
import { constant, u16 } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import { parseIpv4, parseIpv6, printIpv4, printIpv6 } from '../field-text.js'
import { refuse } from './error.js'
import { action, checked, type Fault, nx, variable } from './spec.js'
import { badText, keyValues, parseNumber } from './text.js'

interface Range<V> {
  readonly min: V
  /** Absent: `min` alone. */
  readonly max?: V
}

/** Addresses that are chosen from. */
export type NatRange =
  | ({ readonly family: 'ipv4' } & Range<number>)
  | ({ readonly family: 'ipv6' } & Range<bigint>)

export interface Nat {
  /** Which address is replaced; absent: as the committed connection says. */
  readonly direction?: 'src' | 'dst'
  /** The same address is chosen after a restart. */
  readonly persistent: boolean
  readonly selection?: 'hash' | 'random'
  readonly range?: NatRange
  readonly ports?: Range<number>
}

const flag = { src: 1, dst: 2, persistent: 4, hash: 8, random: 16 } as const
const allFlags = 31
const present = { min4: 1, max4: 2, min6: 4, max6: 8, portMin: 16, portMax: 32 } as const

const fault = ({ direction, persistent, selection, range, ports }: Nat): Fault | undefined => {
  const wrong = (reason: string): Fault => ['OFPBAC_BAD_ARGUMENT', reason]
  if (direction === undefined && (persistent || selection !== undefined || range !== undefined)) {
    return wrong('addresses and flags need src or dst')
  }
  if (ports !== undefined && range === undefined) return wrong('ports need addresses')
  if (range !== undefined && BigInt(range.min) === 0n) return wrong('the least address is zero')
  if (range?.max !== undefined && range.max < range.min) return wrong('the range of addresses is upside down')
  if (ports !== undefined && ports.min === 0) return wrong('the least port is zero')
  if (ports?.max !== undefined && ports.max < ports.min) return wrong('the range of ports is upside down')
  return undefined
}

const head = struct({ _zero: constant(u16, 0), flags: u16, present: u16 })

const readFlags = (r: Reader, flags: number) => {
  const has = (bit: number): boolean => (flags & bit) !== 0
  if (flags > allFlags || (has(flag.src) && has(flag.dst)) || (has(flag.hash) && has(flag.random))) {
    refuse(r, 'OFPBAC_BAD_ARGUMENT', `flags ${flags} cannot be`)
  }
  return {
    ...(has(flag.src) && { direction: 'src' as const }),
    ...(has(flag.dst) && { direction: 'dst' as const }),
    persistent: has(flag.persistent),
    ...(has(flag.hash) && { selection: 'hash' as const }),
    ...(has(flag.random) && { selection: 'random' as const }),
  }
}

const readRange = (r: Reader, bits: number): NatRange | undefined => {
  const families = bits & 15
  const max4 = families === (present.min4 | present.max4)
  const max6 = families === (present.min6 | present.max6)
  if (families === present.min4 || max4)
    return { family: 'ipv4', min: r.u32(), ...(max4 && { max: r.u32() }) }
  if (families === present.min6 || max6)
    return { family: 'ipv6', min: r.uint(16), ...(max6 && { max: r.uint(16) }) }
  return families === 0 ? undefined : refuse(r, 'OFPBAC_BAD_ARGUMENT', `members ${bits} cannot be`)
}

const readPorts = (r: Reader, bits: number): Range<number> | undefined => {
  const hasMax = (bits & present.portMax) !== 0
  if ((bits & present.portMin) !== 0) return { min: r.u16(), ...(hasMax && { max: r.u16() }) }
  return hasMax ? refuse(r, 'OFPBAC_BAD_ARGUMENT', 'a greatest port and no least one') : undefined
}

const presentBits = ({ range, ports }: Nat): number => {
  const four = range?.family === 'ipv4'
  return (
    (range === undefined ? 0 : four ? present.min4 : present.min6) |
    (range?.max === undefined ? 0 : four ? present.max4 : present.max6) |
    (ports === undefined ? 0 : present.portMin) |
    (ports?.max === undefined ? 0 : present.portMax)
  )
}

const body: Codec<Nat> = {
  read: (r) => {
    const { flags, present: bits } = head.read(r)
    const said = readFlags(r, flags)
    const range = readRange(r, bits)
    const ports = readPorts(r, bits)
    return { ...said, ...(range !== undefined && { range }), ...(ports !== undefined && { ports }) }
  },
  write: (w, value) => {
    const { direction, persistent, selection, range, ports } = value
    const flags =
      (direction === undefined ? 0 : flag[direction]) |
      (persistent ? flag.persistent : 0) |
      (selection === undefined ? 0 : flag[selection])
    head.write(w, { flags, present: presentBits(value) })
    if (range?.family === 'ipv4') {
      w.u32(range.min)
      if (range.max !== undefined) w.u32(range.max)
    } else if (range !== undefined) {
      w.uint(range.min, 16)
      if (range.max !== undefined) w.uint(range.max, 16)
    }
    if (ports !== undefined) w.u16(ports.min)
    if (ports?.max !== undefined) w.u16(ports.max)
  },
}

const printAddress = (family: NatRange['family'], address: number | bigint, brackets: boolean): string => {
  if (family === 'ipv4') return printIpv4(Number(address))
  return brackets ? `[${printIpv6(BigInt(address))}]` : printIpv6(BigInt(address))
}

const printRange = ({ family, min, max }: NatRange, brackets: boolean): string => {
  const first = printAddress(family, min, brackets)
  return max === undefined || max === min ? first : `${first}-${printAddress(family, max, brackets)}`
}

const print = ({ direction, persistent, selection, range, ports }: Nat): string => {
  if (direction === undefined) return 'nat'
  let chosen: string = direction
  if (range !== undefined) chosen += `=${printRange(range, ports !== undefined)}`
  if (ports !== undefined) {
    chosen += `:${ports.min}${ports.max === undefined || ports.max === ports.min ? '' : `-${ports.max}`}`
  }
  return `nat(${[chosen, ...(persistent ? ['persistent'] : []), ...(selection === undefined ? [] : [selection])].join(',')})`
}

const four = /^(\d+\.[0-9.]+)(?:-([0-9.]+))?(?::(.*))?$/
const six = /^([0-9a-fA-F:.]+)(?:-([0-9a-fA-F:.]+))?$/
const bracketed = /^\[([0-9a-fA-F:.]+)\](?:-\[([0-9a-fA-F:.]+)\])?(?::(.*))?$/

const rangeOf = <V>(parse: (text: string) => V, min: string, max: string | undefined): Range<V> =>
  max === undefined ? { min: parse(min) } : { min: parse(min), max: parse(max) }

const parsePorts = (text: string | undefined): { ports?: Range<number> } => {
  if (text === undefined) return {}
  const [min = '', max, ...more] = text.split('-')
  if (more.length > 0) badText(`${text} is not a range of ports`)
  return { ports: rangeOf((port) => parseNumber(port, 0xffff, 'port'), min, max) }
}

const parseRange = (text: string): { range?: NatRange; ports?: Range<number> } => {
  if (text === '') return {}
  const in4 = four.exec(text)
  if (in4 !== null) {
    return { range: { family: 'ipv4', ...rangeOf(parseIpv4, in4[1] ?? '', in4[2]) }, ...parsePorts(in4[3]) }
  }
  const in6 = six.exec(text) ?? bracketed.exec(text)
  if (in6 === null) return badText(`${text} is not a range of addresses`)
  return { range: { family: 'ipv6', ...rangeOf(parseIpv6, in6[1] ?? '', in6[2]) }, ...parsePorts(in6[3]) }
}

/** The address zero alone stands for none: only ports are translated, and those the switch chooses. */
const withoutZero = (found: Pick<Nat, 'range' | 'ports'>): Pick<Nat, 'range' | 'ports'> =>
  found.range !== undefined && BigInt(found.range.min) === 0n && found.range.max === undefined ? {} : found

const parseArgument = (found: Nat, key: string, value: string): Nat => {
  switch (key) {
    case 'src':
    case 'dst':
      if (found.direction !== undefined) badText('nat takes one of src and dst')
      return { ...found, direction: key, ...withoutZero(parseRange(value)) }
    case 'persistent':
      return { ...found, persistent: true }
    case 'hash':
    case 'random':
      if (found.selection !== undefined && found.selection !== key)
        badText('nat takes one of hash and random')
      return { ...found, selection: key }
    default:
      return badText(`nat has no argument ${key}`)
  }
}

export const nat = action(
  [nx(36, variable(16), checked(body, fault))],
  {
    names: ['nat'],
    syntax: ['nat', 'nat(src|dst[=addresses[:ports]][,persistent][,hash|random])'],
    print,
    parse: (argument) => {
      const start: Nat = { persistent: false }
      const found = keyValues(argument).reduce((nat, { key, value }) => parseArgument(nat, key, value), start)
      const wrong = fault(found)
      return wrong === undefined ? found : badText(`nat: ${wrong[1]}`)
    },
  },
  'Translates addresses and ports, inside `ct`.',
)
