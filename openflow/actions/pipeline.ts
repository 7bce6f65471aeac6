/** The actions that steer the packet's way through the switch. ovs-actions(7), "Programming and Control Flow Actions". */
import { type Codec, constant, enumOf, mapped, pad, u8, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import type { Action } from '../actions.js'
import { hashFields, parseName } from './bundle.js'
import { parsePort, port16, printPort, reservedPorts } from './ports.js'
import { type ActionSpec, action, checked, nothing, nx, type Size, variable } from './spec.js'
import {
  destinationFault,
  destinationRangeFirst,
  legacyField,
  parseDestination,
  parseSubfield,
  printSubfield,
  type Subfield,
  sourceFault,
} from './subfield.js'
import { badText, keyword, parseNumber } from './text.js'

interface Resubmit {
  /** The port the packet is looked up with; absent: the one it came in by. */
  readonly port?: number
  /** Absent: the table that the packet is in. */
  readonly table?: number
  /** The packet is looked up with the addresses of its connection's original direction. */
  readonly ct?: true
}

const currentTable = 255
const exact16: Size = { min: 16, max: 16 }

/** NXAST_RESUBMIT_TABLE and NXAST_RESUBMIT_TABLE_CT differ in their subtype. */
const resubmitBody = (ct: boolean): Codec<Resubmit> => {
  const wire = struct({ port: port16, table: u8, _zero: constant(u16, 0), _zero2: constant(u8, 0) })
  return {
    read: (r) => {
      const { port, table } = wire.read(r)
      return {
        ...(port !== reservedPorts.in_port && { port }),
        ...(table !== currentTable && { table }),
        ...(ct && { ct: true }),
      }
    },
    write: (w, { port, table }) =>
      wire.write(w, { port: port ?? reservedPorts.in_port, table: table ?? currentTable }),
  }
}

/** The first form of the extension: the port only. */
const resubmitPort: Codec<Resubmit> = mapped(
  struct({ port: port16 }),
  ({ port }) => (port === reservedPorts.in_port ? {} : { port }),
  ({ port }) => ({ port: port ?? reservedPorts.in_port }),
)

const parseResubmit = (argument: string): Resubmit => {
  const [port = '', table = '', ct = '', ...more] = argument.split(',').map((part) => part.trim())
  if (more.length > 0 || (ct !== '' && ct !== 'ct')) badText(`resubmit(${argument}) has an unknown argument`)
  const number = port === '' ? reservedPorts.in_port : parsePort(port)
  const there = table === '' ? currentTable : parseNumber(table, currentTable, 'table')
  if (number === reservedPorts.in_port && there === currentTable) badText('resubmit needs a port or a table')
  return {
    ...(number !== reservedPorts.in_port && { port: number }),
    ...(there !== currentTable && { table: there }),
    ...(ct === 'ct' && { ct: true }),
  }
}

const printResubmit = ({ port, table, ct }: Resubmit): string => {
  if (port !== undefined && table === undefined && !ct) return `resubmit:${printPort(port)}`
  return `resubmit(${port === undefined ? '' : printPort(port)},${table ?? ''}${ct ? ',ct' : ''})`
}

/** NXAST_STACK_PUSH and NXAST_STACK_POP: offset, field, number of bits. */
const stackEntry: Codec<Subfield> = {
  read: (r) => {
    const offset = r.u16()
    const field = legacyField.read(r)
    return { field, offset, width: r.u16() }
  },
  write: (w, { field, offset, width }) => {
    w.u16(offset)
    legacyField.write(w, field)
    w.u16(width)
  },
}

/** How `multipath` chooses a link: ovs-actions(7). */
const multipathAlgorithms = { modulo_n: 0, hash_threshold: 1, hrw: 2, iter_hash: 3 } as const

const multipathBody = struct({
  fields: enumOf(u16, hashFields),
  basis: u16,
  _pad: pad(2),
  algorithm: enumOf(u16, multipathAlgorithms),
  maxLink: u16,
  argument: u32,
  _pad2: pad(2),
  destination: destinationRangeFirst,
})

const parseMultipath = (argument: string) => {
  const [hashed = '', basis = '', algorithm = '', links = '', parameter = '', destination = ''] =
    argument.split(/[, ]+/)
  return {
    fields: parseName(hashFields, hashed, 'hash fields'),
    basis: parseNumber(basis, 0xffff, 'basis'),
    algorithm: parseName(multipathAlgorithms, algorithm, 'algorithm'),
    maxLink: parseNumber(links, 0x1_0000, 'number of links', 1) - 1,
    argument: parseNumber(parameter, 0xffff_ffff, 'argument'),
    destination: parseDestination(destination),
  }
}

/** `clone`: actions on a copy of the packet. */
const clone: ActionSpec<{ readonly actions: readonly Action[] }> = action(
  [
    nx(42, variable(16), ({ list }) => {
      const actions = list('clone')
      return struct({ _pad: pad(6), actions })
    }),
  ],
  {
    names: ['clone'],
    syntax: ['clone(action,…)'],
    print: ({ actions }, list) => `clone(${list(actions)})`,
    parse: (argument, context) => ({ actions: context.list(argument, 'clone') }),
  },
  'Carries actions out on a copy of the packet and its metadata.',
)

export const pipelineActions = {
  resubmit: action(
    [
      nx(14, exact16, resubmitBody(false), { when: ({ ct }) => !ct }),
      nx(44, exact16, resubmitBody(true)),
      nx(1, exact16, resubmitPort, { readOnly: true }),
    ],
    {
      names: ['resubmit'],
      syntax: ['resubmit:port', 'resubmit([port],[table][,ct])'],
      print: printResubmit,
      parse: parseResubmit,
    },
    'Looks the packet up in a table and carries out what it finds, then goes on here.',
  ),
  clone,
  push: action(
    [
      nx(
        27,
        24,
        checked(struct({ source: stackEntry }), ({ source }) => sourceFault(source)),
        {
          padding: 'NXBRC_MUST_BE_ZERO',
        },
      ),
    ],
    {
      names: ['push'],
      syntax: ['push:source'],
      print: ({ source }) => `push:${printSubfield(source)}`,
      parse: (argument) => ({ source: parseSubfield(argument) }),
    },
    'Puts the bits of a field on the stack.',
  ),
  pop: action(
    [
      nx(
        28,
        24,
        checked(struct({ destination: stackEntry }), ({ destination }) => destinationFault(destination)),
        {
          padding: 'NXBRC_MUST_BE_ZERO',
        },
      ),
    ],
    {
      names: ['pop'],
      syntax: ['pop:destination'],
      print: ({ destination }) => `pop:${printSubfield(destination)}`,
      parse: (argument) => ({ destination: parseDestination(argument) }),
    },
    'Takes bits from the stack into a field.',
  ),
  exit: action(
    [nx(17, 16, nothing)],
    keyword('exit'),
    'Ends the processing of the packet; its action set is carried out.',
  ),
  multipath: action(
    [
      nx(
        10,
        32,
        checked(multipathBody, ({ maxLink, destination }) =>
          destination.width < 16 && maxLink >= 1 << destination.width
            ? ['OFPBAC_BAD_ARGUMENT', `${maxLink + 1} links do not fit in ${destination.width} bits`]
            : undefined,
        ),
      ),
    ],
    {
      names: ['multipath'],
      syntax: ['multipath(fields,basis,algorithm,links,argument,destination)'],
      print: ({ fields, basis, algorithm, maxLink, argument, destination }) =>
        `multipath(${fields},${basis},${algorithm},${maxLink + 1},${argument},${printSubfield(destination)})`,
      parse: parseMultipath,
    },
    'Writes into a field a link number chosen by a hash.',
  ),
} as const
