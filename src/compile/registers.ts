/**
 * The registers of the pipeline: every bit has one name. What a register holds lives as long as the packet is in the tables,
 * and comes along to the controller.
 */
import { type Action, type Subfield, setField, subfield } from '#openflow/actions.js'
import type { Masked, Match } from '#openflow/match.js'

interface Register {
  readonly field: 'reg0' | 'reg1' | 'reg2' | 'reg3'
  /** Lowest bit, and how many. */
  readonly offset: number
  readonly width: number
  readonly purpose: string
}

export const registers = {
  network: { field: 'reg0', offset: 0, width: 32, purpose: 'VNI of the network that the packet is in' },
  outPort: { field: 'reg1', offset: 0, width: 32, purpose: 'tunnel port by which it leaves' },
  routed: { field: 'reg2', offset: 0, width: 1, purpose: 'it was sent to the gateway' },
  tooBig: { field: 'reg2', offset: 1, width: 1, purpose: 'it is larger than its way carries' },
  asked: { field: 'reg2', offset: 2, width: 1, purpose: 'the controller has been asked about its EID' },
  vetted: {
    field: 'reg2',
    offset: 3,
    width: 1,
    purpose: 'its neighbour discovery options are those of its sender',
  },
  reason: { field: 'reg3', offset: 0, width: 8, purpose: 'why it goes to the controller' },
  error: { field: 'reg3', offset: 8, width: 8, purpose: 'the ICMP error that its sender is to get' },
  mtu: { field: 'reg3', offset: 16, width: 16, purpose: 'the largest layer-3 packet that its way carries' },
} as const satisfies Readonly<Record<string, Register>>

export type RegisterName = keyof typeof registers
export type RegisterValues = { readonly [N in RegisterName]?: number }

type Field = Register['field']

const wholeMask = 0xffff_ffff

const bitsOf = ({ offset, width }: Register): number => 2 ** offset * (2 ** width - 1)

/** What values together make of each field. */
const merged = (values: RegisterValues): readonly (readonly [Field, Masked<number>])[] => {
  const found = new Map<Field, Masked<number>>()
  for (const [name, value] of Object.entries(values) as [RegisterName, number][]) {
    const register = registers[name]
    const { field, offset } = register
    const before = found.get(field) ?? { value: 0, mask: 0 }
    found.set(field, { value: before.value + value * 2 ** offset, mask: before.mask + bitsOf(register) })
  }
  return [...found]
}

/** Actions that write them. */
export const write = (values: RegisterValues): readonly Action[] =>
  merged(values).map(([field, { value, mask }]) =>
    mask === wholeMask ? setField(field, value) : setField(field, value, mask),
  )

/** A match of packets that have them. */
export const having = (values: RegisterValues): Match =>
  Object.fromEntries(
    merged(values).map(([field, masked]) => [field, masked.mask === wholeMask ? masked.value : masked]),
  )

/** The bits of a register, for actions that name them. */
export const bits = (name: RegisterName): Subfield => {
  const { field, offset, width } = registers[name]
  return subfield(field, offset, width)
}

/** The value of a register in what a packet-in says of its field; 0 where it says nothing. */
export const readRegister = (name: RegisterName, match: Match): number => {
  const { field, offset, width } = registers[name]
  const held = match[field] ?? 0
  const value = typeof held === 'object' ? held.value : held
  return Math.floor(value / 2 ** offset) % 2 ** width
}
