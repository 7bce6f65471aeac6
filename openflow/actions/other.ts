/** The remaining actions: time to live, queues, notes, samples, timeouts. */
import { type Codec, pad, u8, u16, u32 } from '#wire/codec.js'
import { countOf, repeat, struct } from '#wire/struct.js'
import { type FieldName, fields } from '../fields.js'
import { sample } from './sample.js'
import { action, checked, nothing, nx, standard, variable } from './spec.js'
import {
  destinationFault,
  legacyField,
  parseArrow,
  parseDestination,
  parseSubfield,
  printSubfield,
  type Subfield,
} from './subfield.js'
import {
  badText,
  keyValues,
  keyword,
  numbered,
  parseBytes,
  parseNumber,
  printBytes,
  type TextForm,
} from './text.js'

interface DecTtl {
  /** Which controllers hear of a packet whose time is over; absent: those without a number. */
  readonly controllerIds?: readonly number[]
}

const decTtlIds = struct({
  _count: countOf('controllerIds', u16),
  _zero: pad(4),
  controllerIds: repeat('_count', u16),
})
const decTtlWithIds: Codec<DecTtl> = {
  read: decTtlIds.read,
  write: (w, { controllerIds = [] }) => decTtlIds.write(w, { controllerIds }),
}
const plain: Codec<DecTtl> = nothing

const parseIds = (text: string): DecTtl =>
  text === ''
    ? {}
    : { controllerIds: text.split(/[, ]+/).map((id) => parseNumber(id, 0xffff, 'controller id')) }

/** Protocols that have ports, by their number in the IP header. */
const transports: ReadonlyMap<number | undefined, 'tcp' | 'udp' | 'sctp'> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
])

/** Where the match says which protocol it is, the text means `set_field`. */
const transportPort = (side: 'src' | 'dst'): TextForm<{ readonly port: number }> => {
  const text = numbered(`mod_tp_${side}`, 'port', { max: 0xffff })
  return {
    ...text,
    parse: (argument, { flow }) => {
      const protocol = transports.get(flow.ipProtocol)
      const value = parseNumber(argument, 0xffff, 'port')
      return protocol === undefined
        ? { port: value }
        : [{ type: 'set_field', field: `${protocol}_${side}`, value }]
    },
  }
}

const conjunction = struct({ clause: u8, clauses: u8, id: u32 })

const maxClauses = 64

const checkedConjunction = checked(conjunction, ({ clause, clauses }) =>
  clauses < 2 || clauses > maxClauses || clause >= clauses
    ? ['NXBAC_BAD_CONJUNCTION', `clause ${clause + 1} of ${clauses}`]
    : undefined,
)

/** Any number of bytes; on the wire they are filled up with zeros to 6 more than a multiple of 8. */
const note: Codec<{ readonly data: Uint8Array }> = {
  read: (r) => ({ data: r.raw(r.remaining) }),
  write: (w, { data }) => w.raw(data),
}

/** The bytes of a note filled up with zeros to a size that travels. */
const padNote = (data: Uint8Array): Uint8Array => {
  const padded = new Uint8Array(Math.max(0, Math.ceil((data.length - 6) / 8)) * 8 + 6)
  padded.set(data)
  return padded
}

const finTimeout = struct({ idleTimeout: u16, hardTimeout: u16 })

const parseFinTimeout = (argument: string) => {
  const found = { idleTimeout: 0, hardTimeout: 0 }
  for (const { key, value } of keyValues(argument)) {
    if (key === 'idle_timeout') found.idleTimeout = parseNumber(value, 0xffff, key)
    else if (key === 'hard_timeout') found.hardTimeout = parseNumber(value, 0xffff, key)
    else badText(`fin_timeout has no argument ${key}`)
  }
  return found
}

interface CheckPacketLarger {
  readonly length: number
  /** One bit. */
  readonly destination: Subfield
}

const checkPacketLarger: Codec<CheckPacketLarger> = checked(
  {
    read: (r) => {
      const length = r.u16()
      const offset = r.u16()
      return { length, destination: { field: legacyField.read(r), offset, width: 1 } }
    },
    write: (w, { length, destination }) => {
      w.u16(length)
      w.u16(destination.offset)
      legacyField.write(w, destination.field)
    },
  },
  ({ destination }) => destinationFault(destination),
)

const parseCheckPacketLarger = (argument: string): CheckPacketLarger => {
  const [length, place] = parseArrow(argument)
  const destination = parseDestination(place)
  if (destination.width !== 1) badText(`${place} is not one bit`)
  return { length: parseNumber(length.replace(/\)$/, ''), 0xffff, 'length'), destination }
}

const deleteField: Codec<{ readonly field: FieldName }> = checked(
  struct({ field: legacyField }),
  ({ field }) =>
    fields[field].variable ? undefined : ['OFPBAC_BAD_ARGUMENT', `the field ${field} cannot be deleted`],
)

export const otherActions = {
  dec_ttl: action<DecTtl>(
    [
      standard(24, 8, plain, { when: ({ controllerIds }) => controllerIds === undefined }),
      nx(21, variable(16), decTtlWithIds),
      nx(18, 16, plain, { readOnly: true }),
    ],
    {
      names: ['dec_ttl'],
      syntax: ['dec_ttl', 'dec_ttl(controller,…)'],
      print: ({ controllerIds }) =>
        controllerIds === undefined ? 'dec_ttl' : `dec_ttl(${controllerIds.join(',')})`,
      parse: parseIds,
    },
    'Counts the time to live, or hop limit, of the IP header down.',
  ),
  set_queue: action(
    [
      standard(21, 8, struct({ queueId: u32 })),
      nx(4, 16, struct({ _pad: pad(2), queueId: u32 }), { readOnly: true }),
    ],
    numbered('set_queue', 'queueId', { max: 0xffff_ffff }),
    'Chooses the queue of later outputs.',
  ),
  pop_queue: action(
    [nx(5, 16, nothing)],
    keyword('pop_queue'),
    'Chooses the queue again that the packet had at first.',
  ),
  mod_tp_src: action(
    [standard(9, 8, struct({ port: u16 }))],
    transportPort('src'),
    'Sets the source port of TCP, UDP or SCTP, where the match leaves open which.',
  ),
  mod_tp_dst: action(
    [standard(10, 8, struct({ port: u16 }))],
    transportPort('dst'),
    'Sets the destination port of TCP, UDP or SCTP, where the match leaves open which.',
  ),
  fin_timeout: action(
    [nx(19, 16, finTimeout)],
    {
      names: ['fin_timeout'],
      syntax: ['fin_timeout(idle_timeout=seconds,hard_timeout=seconds)'],
      print: ({ idleTimeout, hardTimeout }) => {
        const parts = [
          ...(idleTimeout === 0 ? [] : [`idle_timeout=${idleTimeout}`]),
          ...(hardTimeout === 0 ? [] : [`hard_timeout=${hardTimeout}`]),
        ]
        return `fin_timeout(${parts.join(',')})`
      },
      parse: parseFinTimeout,
    },
    'Shortens the timeouts of this flow when a TCP connection ends.',
  ),
  check_pkt_larger: action(
    [nx(49, 24, checkPacketLarger, { padding: 'NXBRC_MUST_BE_ZERO' })],
    {
      names: ['check_pkt_larger'],
      syntax: ['check_pkt_larger(length)->destination'],
      print: ({ length, destination }) => `check_pkt_larger(${length})->${printSubfield(destination)}`,
      parse: parseCheckPacketLarger,
    },
    'Writes into a bit whether the packet is longer than that.',
  ),
  delete_field: action(
    [nx(50, 24, deleteField)],
    {
      names: ['delete_field'],
      syntax: ['delete_field:field'],
      print: ({ field }) => `delete_field:${field}`,
      parse: (argument) => ({ field: parseSubfield(argument).field }),
    },
    'Takes tunnel metadata away.',
  ),
  conjunction: action(
    [nx(34, 16, checkedConjunction)],
    {
      names: ['conjunction'],
      syntax: ['conjunction(id,clause/clauses)'],
      print: ({ id, clause, clauses }) => `conjunction(${id},${clause + 1}/${clauses})`,
      parse: (argument) => {
        const parts = /^\s*(\w+)\s*,\s*(\w+)\s*\/\s*(\w+)\s*$/.exec(argument)
        if (parts === null) return badText('conjunction takes (id,clause/clauses)')
        const clauses = parseNumber(parts[3] ?? '', maxClauses, 'number of clauses', 2)
        return {
          id: parseNumber(parts[1] ?? '', 0xffff_ffff, 'id'),
          clause: parseNumber(parts[2] ?? '', clauses, 'clause', 1) - 1,
          clauses,
        }
      },
    },
    'Says that the flow is one clause of a conjunctive match.',
  ),
  note: action(
    [nx(8, variable(16), note)],
    {
      names: ['note'],
      syntax: ['note:hex'],
      print: ({ data }) => `note:${printBytes(data)}`,
      parse: (argument) => ({ data: padNote(parseBytes(argument, 'note')) }),
    },
    'Does nothing; carries bytes for those who read the flow.',
  ),
  sample,
} as const
