/** The actions of the connection tracker. ovs-actions(7), "Firewalling Actions". The text of addresses is in `nat.ts`. */
import { type Codec, constant, u8, u16 } from '#wire/codec.js'
import type { Reader } from '#wire/reader.js'
import { struct } from '#wire/struct.js'
import type { Action } from '../actions.js'
import { refuse } from './error.js'
import { nat } from './nat.js'
import { type ActionSpec, action, checked, type Fault, nothing, nx, variable } from './spec.js'
import { parseSubfield, printSubfield, range, type Subfield, shortField, sourceFault } from './subfield.js'
import { badText, keyValues, keyword, parseNumber, type TextContext } from './text.js'

export interface Ct {
  /** Remembers the connection; without it the packet is only looked up. */
  readonly commit: boolean
  /** A committed connection of the other direction is replaced. */
  readonly force: boolean
  /** A number, or 16 bits of the packet that hold it. */
  readonly zone: number | Subfield
  /** Where the packet goes on once its connection is known; absent: nowhere. */
  readonly table?: number
  /** Port number of the protocol whose related connections are followed, 21 or 69; 0: none. */
  readonly alg: number
  /** `nat`, and writes to ct_mark and ct_label. */
  readonly actions: readonly Action[]
}

const commitFlag = 1
const forceFlag = 2
const noTable = 255

const readZone = (r: Reader): number | Subfield => {
  const imm = r.u32() === 0
  if (imm) return r.u16()
  r.pos -= 4
  const field = shortField.read(r)
  const zone = { field, ...range.read(r) }
  const fault = sourceFault(zone)
  if (fault !== undefined) refuse(r, fault[0], fault[1])
  return zone.width === 16 ? zone : refuse(r, 'OFPBAC_BAD_SET_LEN', `a zone of ${zone.width} bits`)
}

const zone: Codec<number | Subfield> = {
  read: readZone,
  write: (w, value) => {
    if (typeof value === 'number') {
      w.u32(0)
      return w.u16(value)
    }
    if (value.width !== 16) w.fail(`a zone of ${value.width} bits`)
    shortField.write(w, value.field)
    range.write(w, value)
  },
}

const head = struct({
  flags: u16,
  zone,
  table: u8,
  _zero: constant(u16, 0),
  _zero2: constant(u8, 0),
  alg: u16,
})

const isPlainNat = (one: Action): boolean =>
  one.type === 'nat' && one.direction === undefined && one.range === undefined

const fault = ({ commit, force, actions }: Ct): Fault | undefined => {
  if (force && !commit) return ['OFPBAC_BAD_ARGUMENT', 'force without commit']
  if (commit || actions.every(isPlainNat)) return undefined
  return ['OFPBAC_BAD_ARGUMENT', 'without commit there is nothing to do but nat without arguments']
}

const body = (actions: Codec<readonly Action[]>): Codec<Ct> => ({
  read: (r) => {
    const { flags, table, ...found } = head.read(r)
    if (flags > (commitFlag | forceFlag)) refuse(r, 'OFPBAC_BAD_ARGUMENT', `unknown flags ${flags}`)
    const commit = (flags & commitFlag) !== 0
    const force = (flags & forceFlag) !== 0
    const known = { commit, force, ...found, ...(table !== noTable && { table }), actions: [] }
    if (force && !commit) refuse(r, 'OFPBAC_BAD_ARGUMENT', 'force without commit')
    return { ...known, actions: actions.read(r) }
  },
  write: (w, value) => {
    const flags = (value.commit ? commitFlag : 0) | (value.force ? forceFlag : 0)
    head.write(w, { flags, zone: value.zone, table: value.table ?? noTable, alg: value.alg })
    actions.write(w, value.actions)
  },
})

const algs: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['tftp', 69],
])

const printAlg = (alg: number): string => [...algs].find(([, port]) => port === alg)?.[0] ?? String(alg)

const print = (value: Ct, list: (actions: readonly Action[]) => string): string => {
  const parts: string[] = []
  if (value.commit) parts.push('commit')
  if (value.force) parts.push('force')
  if (value.table !== undefined) parts.push(`table=${value.table}`)
  if (typeof value.zone !== 'number') parts.push(`zone=${printSubfield(value.zone)}`)
  else if (value.zone !== 0) parts.push(`zone=${value.zone}`)
  const [first, ...others] = value.actions
  const natFirst = first?.type === 'nat'
  if (natFirst) parts.push(list([first]))
  const inside = natFirst ? others : value.actions
  if (inside.length > 0) parts.push(`exec(${list(inside)})`)
  if (value.alg !== 0) parts.push(`alg=${printAlg(value.alg)}`)
  return `ct(${parts.join(',')})`
}

const parseZone = (text: string): number | Subfield => {
  if (/^\d/.test(text)) return parseNumber(text, 0xffff, 'zone')
  const place = parseSubfield(text)
  return place.width === 16 ? place : badText(`zone ${text} has ${place.width} bits, not 16`)
}

const parseArgument = (found: Ct, key: string, value: string, context: TextContext): Ct => {
  switch (key) {
    case 'commit':
      return { ...found, commit: true }
    case 'force':
      return { ...found, force: true }
    case 'table':
      return { ...found, table: parseNumber(value, 254, key) }
    case 'zone':
      return { ...found, zone: parseZone(value) }
    case 'alg':
      return { ...found, alg: algs.get(value) ?? parseNumber(value, 0xffff, key) }
    case 'nat':
      return {
        ...found,
        actions: [...found.actions, ...context.list(value === '' ? 'nat' : `nat(${value})`, 'ct')],
      }
    case 'exec':
      return { ...found, actions: [...found.actions, ...context.list(value, 'ct')] }
    default:
      return badText(`ct has no argument ${key}`)
  }
}

const empty: Ct = { commit: false, force: false, zone: 0, alg: 0, actions: [] }

const ct: ActionSpec<Ct> = action(
  [nx(35, variable(24), ({ list }) => checked(body(list('ct')), fault))],
  {
    names: ['ct'],
    syntax: ['ct(commit,force,table=table,zone=zone,nat(…),exec(action,…),alg=protocol)'],
    print,
    parse: (argument, context) => {
      const found = keyValues(argument).reduce(
        (ct, { key, value }) => parseArgument(ct, key, value, context),
        empty,
      )
      const wrong = fault(found)
      return wrong === undefined ? found : badText(`ct: ${wrong[1]}`)
    },
  },
  'Sends the packet through the connection tracker, commits its connection, translates its addresses.',
)

export const conntrackActions = {
  ct,
  nat,
  ct_clear: action(
    [nx(43, 16, nothing)],
    keyword('ct_clear'),
    'Forgets what the connection tracker said of the packet.',
  ),
} as const
