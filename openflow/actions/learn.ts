/** The action `learn`: the packet adds a flow. ovs-actions(7), "The learn action". Its text is in `learn-text.ts`. */
import { type Codec, constant, flagsOf, u8, u16, u32, u64 } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Writer } from '#wire/writer.js'
import { refuse } from './error.js'
import { learnText } from './learn-text.js'
import { action, checked, type Fault, type Form, nx, variable } from './spec.js'
import { destinationFault, legacyField, type Subfield, shortField, sourceFault } from './subfield.js'

/** Where the bits come from: a field of the packet, or a constant as wide as the destination. */
export type LearnSource = Subfield | bigint

/** One element of the new flow: something it matches, writes, or sends to. */
export type LearnSpec =
  | { readonly type: 'match'; readonly destination: Subfield; readonly source: LearnSource }
  | { readonly type: 'load'; readonly destination: Subfield; readonly source: LearnSource }
  | { readonly type: 'output'; readonly source: Subfield }

export interface Learn {
  readonly table: number
  readonly priority: number
  readonly cookie: bigint
  /** Seconds; 0: never. */
  readonly idleTimeout: number
  readonly hardTimeout: number
  /** Seconds that are left after a FIN or RST; 0: no change. */
  readonly finIdleTimeout: number
  readonly finHardTimeout: number
  /** At most so many flows with this table and cookie; 0: any number. */
  readonly limit: number
  readonly sendFlowRem: boolean
  /** The flows go when the last learn action of their table and cookie goes. */
  readonly deleteLearned: boolean
  /** A bit that says whether there was room for the flow. */
  readonly resultDestination?: Subfield
  readonly specs: readonly LearnSpec[]
}

const immediate = 0x2000
const kinds = { match: 0x0000, load: 0x0800, output: 0x1000 } as const
const kindMask = 0x1800
const widthMask = 0x07ff

/** Open vSwitch takes all bits of the bytes that a constant of so many bits fills. */
const roomFor = (width: number): bigint => BigInt(Math.ceil(width / 8) * 8)

/** A constant: as many 16-bit words as its width needs. */
const readConstant = (r: Reader, width: number): bigint => {
  const value = r.uint(Math.ceil(width / 16) * 2)
  if (value >> roomFor(width) !== 0n) refuse(r, 'OFPBAC_BAD_ARGUMENT', `a constant wider than ${width} bits`)
  return value
}

const readPlace = (r: Reader, width: number): Subfield => {
  const field = shortField.read(r)
  const place = { field, offset: r.u16(), width }
  const fault = sourceFault(place)
  return fault === undefined ? place : refuse(r, fault[0], fault[1])
}

const writePlace = (w: Writer, place: Subfield): void => {
  const fault = sourceFault(place)
  if (fault !== undefined) refuse(w, fault[0], fault[1])
  shortField.write(w, place.field)
  w.u16(place.offset)
}

const readSpec = (r: Reader, header: number): LearnSpec => {
  const width = header & widthMask
  const source = (header & immediate) === 0 ? readPlace(r, width) : readConstant(r, width)
  switch (header & ~(immediate | widthMask)) {
    case kinds.match:
      return { type: 'match', source, destination: readPlace(r, width) }
    case kinds.load:
      return { type: 'load', source, destination: readPlace(r, width) }
    case kinds.output:
      if (typeof source !== 'bigint') return { type: 'output', source }
  }
  return refuse(r, 'OFPBAC_BAD_ARGUMENT', `flow_mod_spec 0x${header.toString(16)} means nothing`)
}

const writeSpec = (w: Writer, spec: LearnSpec): void => {
  const { type, source } = spec
  const { width } = spec.type === 'output' ? spec.source : spec.destination
  const constant = typeof source === 'bigint'
  if (width > widthMask) w.fail(`${width} bits`)
  if (!constant && source.width !== width) w.fail(`${source.width} bits into ${width}`)
  w.u16((kinds[type] & kindMask) | (constant ? immediate : 0) | width)
  if (!constant) writePlace(w, source)
  else {
    if (source < 0n || source >> roomFor(width) !== 0n) w.fail(`${source} does not fit in ${width} bits`)
    w.uint(source, Math.ceil(width / 16) * 2)
  }
  if (spec.type !== 'output') writePlace(w, spec.destination)
}

/** Up to the end; a zero header and zeros after it are padding. */
const specs: Codec<readonly LearnSpec[]> = {
  read: (r) => {
    const found: LearnSpec[] = []
    while (r.remaining >= 2) {
      const header = r.u16()
      if (header === 0) return found
      found.push(readSpec(r, header))
    }
    return found
  },
  write: (w, value) => {
    for (const spec of value) writeSpec(w, spec)
  },
}

const flagNames = flagsOf(u16, { sendFlowRem: 1, deleteLearned: 2, writeResult: 4 })
const flags: typeof flagNames = {
  read: (r) => {
    const known = flagNames.read(r)
    r.pos -= 2
    if (u16.read(r) > 7) refuse(r, 'OFPBAC_BAD_ARGUMENT', 'unknown flags')
    return known
  },
  write: flagNames.write,
}

const head = struct({
  idleTimeout: u16,
  hardTimeout: u16,
  priority: u16,
  cookie: u64,
  flags,
  table: u8,
  _zero: constant(u8, 0),
  finIdleTimeout: u16,
  finHardTimeout: u16,
})
const second = struct({ limit: u32, resultOffset: u16, _zero: constant(u16, 0) })

const fault = ({ table, resultDestination }: Learn): Fault | undefined => {
  if (table === 255) return ['OFPBAC_BAD_ARGUMENT', 'there is no table 255']
  if (resultDestination === undefined) return undefined
  if (resultDestination.width !== 1) return ['OFPBAC_BAD_ARGUMENT', 'the result is one bit']
  return destinationFault(resultDestination)
}

const readResult = (r: Reader, wanted: boolean, offset: number): { resultDestination?: Subfield } => {
  if (wanted) return { resultDestination: { field: legacyField.read(r), offset, width: 1 } }
  if (offset !== 0) refuse(r, 'OFPBAC_BAD_ARGUMENT', 'an offset and no result')
  return {}
}

/** NXAST_LEARN, or with limit and result NXAST_LEARN2. */
const body = (extended: boolean): Codec<Learn> => ({
  read: (r) => {
    const { flags: set, ...found } = head.read(r)
    const wanted = set.includes('writeResult')
    if (wanted && !extended) refuse(r, 'OFPBAC_BAD_ARGUMENT', 'a result needs NXAST_LEARN2')
    const { limit, resultOffset } = extended ? second.read(r) : { limit: 0, resultOffset: 0 }
    return {
      ...found,
      limit,
      sendFlowRem: set.includes('sendFlowRem'),
      deleteLearned: set.includes('deleteLearned'),
      ...readResult(r, wanted, resultOffset),
      specs: specs.read(r),
    }
  },
  write: (w, value) => {
    const { sendFlowRem, deleteLearned, resultDestination } = value
    const set = [
      ...(sendFlowRem ? (['sendFlowRem'] as const) : []),
      ...(deleteLearned ? (['deleteLearned'] as const) : []),
      ...(resultDestination === undefined ? [] : (['writeResult'] as const)),
    ]
    head.write(w, { ...value, flags: set })
    if (extended) second.write(w, { limit: value.limit, resultOffset: resultDestination?.offset ?? 0 })
    if (resultDestination !== undefined) legacyField.write(w, resultDestination.field)
    specs.write(w, value.specs)
  },
})

const isSimple = ({ limit, resultDestination }: Learn): boolean =>
  limit === 0 && resultDestination === undefined

const forms: readonly Form<Learn>[] = [
  nx(16, variable(32), checked(body(false), fault), { when: isSimple, padding: 'OFPBAC_BAD_ARGUMENT' }),
  nx(45, variable(40), checked(body(true), fault), { padding: 'OFPBAC_BAD_ARGUMENT' }),
]

export const learn = action(forms, learnText, 'Adds a flow made of parts of the packet, or refreshes it.')
