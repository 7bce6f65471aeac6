/** The action `sample`, in the four forms it has grown. ovs-actions(7), "The sample action". */
import { type Codec, constant, enumOf, pad, u8, u16, u32 } from '#wire/codec.js'
import { struct } from '#wire/struct.js'
import { refuse } from './error.js'
import { parsePort, port16, printPort, reservedPorts } from './ports.js'
import { action, checked, type Fault, type Form, nx } from './spec.js'
import { parseSubfield, printSubfield, range, type Subfield, shortField, sourceFault } from './subfield.js'
import { badText, keyValues, parseNumber } from './text.js'

/** Which way the packet goes, where the sampling port does not say it. */
const directions = { default: 0, ingress: 1, egress: 2 } as const

export interface Sample {
  /** Of 65535 packets, how many are sampled; at least 1. */
  readonly probability: number
  readonly collectorSetId: number
  /** A number, or up to 32 bits of the packet. */
  readonly obsDomainId: number | Subfield
  readonly obsPointId: number | Subfield
  /** The port the packet came in by or leaves through; `reservedPorts.any`: not said. */
  readonly samplingPort: number
  readonly direction: keyof typeof directions
}

const fault = ({ probability, obsDomainId, obsPointId }: Sample): Fault | undefined => {
  if (probability === 0) return ['OFPBAC_BAD_ARGUMENT', 'a probability of 0']
  for (const id of [obsDomainId, obsPointId]) {
    if (typeof id === 'number') continue
    if (id.width > 32) return ['OFPBAC_BAD_ARGUMENT', `an id of ${id.width} bits`]
    const wrong = sourceFault(id)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const numberOnly: Codec<number | Subfield> = {
  read: u32.read,
  write: (w, value) => (typeof value === 'number' ? u32.write(w, value) : w.fail('no room for a field')),
}

/** A header of zero says that the number itself follows. */
const numberOrField: Codec<number | Subfield> = {
  read: (r) => {
    if (r.u32() === 0) return r.u32()
    r.pos -= 4
    const field = shortField.read(r)
    const found = { field, ...range.read(r) }
    r.take(2)
    return found
  },
  write: (w, value) => {
    if (typeof value === 'number') {
      w.u32(0)
      return w.u32(value)
    }
    shortField.write(w, value.field)
    range.write(w, value)
    w.zeros(2)
  },
}

const zeros: Codec<undefined> = {
  read: (r) => {
    if (r.raw(5).some((byte) => byte !== 0)) refuse(r, 'NXBRC_MUST_BE_ZERO', 'reserved bytes are not zero')
    return undefined
  },
  write: (w) => w.zeros(5),
}

const direction = enumOf(u8, directions)
const ids = { probability: u16, collectorSetId: u32, obsDomainId: numberOnly, obsPointId: numberOnly }
const first = struct(ids)
const second = struct({ ...ids, samplingPort: port16, _direction: constant(u8, 0), _pad: pad(5) })
const third: Codec<Sample> = struct({ ...ids, samplingPort: port16, direction, _zero: zeros })
const fourth: Codec<Sample> = struct({
  ...ids,
  obsDomainId: numberOrField,
  obsPointId: numberOrField,
  samplingPort: port16,
  direction,
  _zero: zeros,
})

const noPort = { samplingPort: reservedPorts.any, direction: 'default' } as const

const isPlain = ({ obsDomainId, obsPointId }: Sample): boolean =>
  typeof obsDomainId === 'number' && typeof obsPointId === 'number'

const forms: readonly Form<Sample>[] = [
  nx(29, 24, checked({ read: (r) => ({ ...first.read(r), ...noPort }), write: first.write }, fault), {
    when: (one) => isPlain(one) && one.direction === 'default' && one.samplingPort === reservedPorts.any,
  }),
  nx(
    38,
    32,
    checked({ read: (r) => ({ ...second.read(r), direction: 'default' }), write: second.write }, fault),
    { when: (one) => isPlain(one) && one.direction === 'default' },
  ),
  nx(41, 32, checked(third, fault), { when: isPlain }),
  nx(51, 40, checked(fourth, fault)),
]

const printId = (id: number | Subfield): string => (typeof id === 'number' ? String(id) : printSubfield(id))

const print = (one: Sample): string => {
  const parts = [
    `probability=${one.probability}`,
    `collector_set_id=${one.collectorSetId}`,
    `obs_domain_id=${printId(one.obsDomainId)}`,
    `obs_point_id=${printId(one.obsPointId)}`,
  ]
  if (one.samplingPort !== reservedPorts.any) parts.push(`sampling_port=${printPort(one.samplingPort)}`)
  if (one.direction !== 'default') parts.push(one.direction)
  return `sample(${parts.join(',')})`
}

const parseId = (text: string, what: string): number | Subfield =>
  /^\d/.test(text) ? parseNumber(text, 0xffff_ffff, what) : parseSubfield(text)

const parseArgument = (found: Sample, key: string, value: string): Sample => {
  switch (key) {
    case 'probability':
      return { ...found, probability: parseNumber(value, 0xffff, key, 1) }
    case 'collector_set_id':
      return { ...found, collectorSetId: parseNumber(value, 0xffff_ffff, key) }
    case 'obs_domain_id':
      return { ...found, obsDomainId: parseId(value, key) }
    case 'obs_point_id':
      return { ...found, obsPointId: parseId(value, key) }
    case 'sampling_port':
      return { ...found, samplingPort: parsePort(value) }
    case 'ingress':
    case 'egress':
      return { ...found, direction: key }
    default:
      return badText(`sample has no argument ${key}`)
  }
}

const start: Sample = { probability: 0, collectorSetId: 0, obsDomainId: 0, obsPointId: 0, ...noPort }

export const sample = action(
  forms,
  {
    names: ['sample'],
    syntax: [
      'sample(probability=n,collector_set_id=id,obs_domain_id=id,obs_point_id=id,sampling_port=port,ingress|egress)',
    ],
    print,
    parse: (argument) => {
      const found = keyValues(argument).reduce((one, { key, value }) => parseArgument(one, key, value), start)
      const wrong = fault(found)
      return wrong === undefined ? found : badText(`sample: ${wrong[1]}`)
    },
  },
  'Sends one packet in so many to IPFIX collectors.',
)
