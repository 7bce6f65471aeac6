/** The actions `bundle` and `bundle_load`, which choose a port among members, and the names they share with `multipath`. */
import { type Codec, constant, enumOf, u16, u32 } from '#wire/codec.js'
import { countOf, repeat, struct } from '#wire/struct.js'
import { parsePort, port16, printPort, reservedPorts } from './ports.js'
import { action, checked, type Fault, nx, variable } from './spec.js'
import { destinationRangeFirst, parseDestination, printSubfield, type Subfield } from './subfield.js'
import { badText, parseNumber } from './text.js'

/** Which parts of a packet are hashed: NX_HASH_FIELDS_* of Open vSwitch. */
export const hashFields = {
  eth_src: 0,
  symmetric_l4: 1,
  symmetric_l3l4: 2,
  'symmetric_l3l4+udp': 3,
  nw_src: 4,
  nw_dst: 5,
  symmetric_l3: 6,
} as const

/** How a member is chosen: the first live one, or by highest random weight. */
const bundleAlgorithms = { active_backup: 0, hrw: 1 } as const

/** A name of the table `names`, in either case. */
export const parseName = <const E extends Record<string, number>>(
  names: E,
  text: string,
  what: string,
): keyof E & string => {
  const name = text.toLowerCase()
  return Object.hasOwn(names, name)
    ? name
    : badText(`${what} ${text || '(empty)'} is none of ${Object.keys(names).join(', ')}`)
}

interface Bundle {
  readonly algorithm: keyof typeof bundleAlgorithms
  readonly fields: keyof typeof hashFields
  readonly basis: number
  /** Port numbers; `reservedPorts.any` is a member that is always live. */
  readonly members: readonly number[]
}

const maxMembers = 2048
/** Members are ports, said by the header of NXM_OF_IN_PORT. */
const memberType = constant(u32, 0x0000_0002)

const head = {
  algorithm: enumOf(u16, bundleAlgorithms),
  fields: enumOf(u16, hashFields),
  basis: u16,
  _memberType: memberType,
  _count: countOf('members', u16),
}
const tail = { _zero: constant(u32, 0), members: repeat('_count', port16) }

const fault = ({ members }: Bundle): Fault | undefined => {
  if (members.length > maxMembers)
    return ['OFPBAC_BAD_ARGUMENT', `${members.length} members, more than ${maxMembers}`]
  if (members.includes(reservedPorts.controller))
    return ['OFPBAC_BAD_OUT_PORT', 'the controller cannot be a member']
  return undefined
}

const plain: Codec<Bundle> = struct({ ...head, _range: constant(u16, 0), _field: constant(u32, 0), ...tail })
const loading: Codec<Bundle & { readonly destination: Subfield }> = struct({
  ...head,
  destination: destinationRangeFirst,
  ...tail,
})

const printMembers = ({ members }: Bundle): string => `members:${members.map(printPort).join(',')}`
const printHead = ({ fields, basis, algorithm }: Bundle): string => `${fields},${basis},${algorithm},ofport`

/** Cuts the text into what stands before `members:` and the members; `slaves:` is an older spelling. */
const cut = (argument: string): readonly [readonly string[], readonly number[]] => {
  const parts = /^(.*?)[, ](?:members|slaves)\s*:(.*)$/i.exec(argument)
  if (parts === null) return badText('a bundle needs members:')
  const words = (text = ''): readonly string[] => text.split(/[, [\]]+/).filter((word) => word !== '')
  return [(parts[1] ?? '').split(/[, ]+/), words(parts[2]).map(parsePort)]
}

const parseHead = (words: readonly string[]): Omit<Bundle, 'members'> => {
  const [fields = '', basis = '', algorithm = '', memberType = ''] = words
  if (memberType.toLowerCase() !== 'ofport')
    badText(`members are of type ofport, not ${memberType || '(empty)'}`)
  return {
    fields: parseName(hashFields, fields, 'hash fields'),
    basis: parseNumber(basis, 0xffff, 'basis'),
    algorithm: parseName(bundleAlgorithms, algorithm, 'algorithm'),
  }
}

export const bundle = action(
  [nx(12, variable(32), checked(plain, fault))],
  {
    names: ['bundle'],
    syntax: ['bundle(fields,basis,algorithm,ofport,members:port,…)'],
    print: (body) => `bundle(${printHead(body)},${printMembers(body)})`,
    parse: (argument) => {
      const [words, members] = cut(argument)
      return { ...parseHead(words), members }
    },
  },
  'Sends the packet to one of several ports, chosen by a hash or by liveness.',
)

export const bundleLoad = action(
  [
    nx(
      13,
      variable(32),
      checked(loading, (body) =>
        body.destination.width < 16 ? ['OFPBAC_BAD_ARGUMENT', 'a port number needs 16 bits'] : fault(body),
      ),
    ),
  ],
  {
    names: ['bundle_load'],
    syntax: ['bundle_load(fields,basis,algorithm,ofport,destination,members:port,…)'],
    print: (body) =>
      `bundle_load(${printHead(body)},${printSubfield(body.destination)},${printMembers(body)})`,
    parse: (argument) => {
      const [words, members] = cut(argument)
      return { ...parseHead(words), destination: parseDestination(words[4] ?? ''), members }
    },
  },
  'Writes into a field the number of one of several ports, chosen by a hash or by liveness.',
)
