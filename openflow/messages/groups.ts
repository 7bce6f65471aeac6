/** Groups: sets of buckets among which packets are shared out. OpenFlow 1.5, sections 7.3.4.3 and 7.3.5.10 to 7.3.5.12. */
import {
  type Codec,
  enumOf,
  lengthOf,
  list,
  pad,
  rest,
  text,
  u8,
  u16,
  u32,
  u64,
  type ValueOf,
} from '#wire/codec.js'
import { sized, sizeOf, struct } from '#wire/struct.js'
import { tlv } from '#wire/tlv.js'
import { type FieldName, fields } from '../fields.js'
import { readFieldValue, readOxmHeader, writeFieldValue, writeOxmHeader } from '../oxm.js'
import { actionList } from './flow-parts.js'
import { experimenter, experimenterType } from './parts.js'

export const groupTypes = { all: 0, select: 1, indirect: 2, fast_failover: 3 } as const

/** `add_or_modify` is Open vSwitch's. */
export const groupCommands = {
  add: 0,
  modify: 1,
  delete: 2,
  insert_bucket: 3,
  remove_bucket: 5,
  add_or_modify: 0x8000,
} as const

/** Bucket ids with a meaning in bucket commands; `all` is for removal only. */
export const bucketIds = { first: 0xffff_fffd, last: 0xffff_fffe, all: 0xffff_ffff } as const

export const bucket = struct({
  _length: lengthOf(u16, 2),
  _actionsLength: sizeOf('actions', u16, 2),
  bucketId: u32,
  actions: sized('_actionsLength', actionList),
  properties: list(
    tlv(
      {
        weight: [0, struct({ weight: u16, _pad: pad(2) })],
        watch_port: [1, struct({ portNo: u32 })],
        watch_group: [2, struct({ groupId: u32 })],
        experimenter: [experimenterType, experimenter],
      },
      8,
    ),
  ),
})

/** How a select group of Open vSwitch chooses its bucket: an extension of Netronome's, ovs-ofctl(8), `selection_method`. */
const netronome = 0x0000154d
const selectionMethodType = 1

/** A field that goes into the choice, and which of its bits. */
export interface SelectionField {
  readonly field: FieldName
  readonly mask: number | bigint
}

/** An OXM entry without a mask, whose value is one. */
const selectionField: Codec<SelectionField> = {
  read: (r) => {
    const { field, size } = readOxmHeader(r)
    return { field: field.name, mask: readFieldValue(r, field, size) }
  },
  write: (w, { field, mask }) => {
    writeOxmHeader(w, fields[field])
    writeFieldValue(w, fields[field], mask)
  },
}

const selectionMethod = struct({
  _pad: pad(4),
  method: text(16),
  parameter: u64,
  fields: list(selectionField),
})
export type SelectionMethod = ValueOf<typeof selectionMethod>

/** A group property of an experimenter: how to choose where it is Netronome's, else opaque. */
interface ExperimenterProperty {
  readonly experimenter: number
  readonly expType: number
  readonly selection?: SelectionMethod
  readonly data: Uint8Array
}

const experimenterProperty: Codec<ExperimenterProperty> = {
  read: (r) => {
    const numbers = { experimenter: r.u32(), expType: r.u32() }
    return numbers.experimenter === netronome && numbers.expType === selectionMethodType
      ? { ...numbers, selection: selectionMethod.read(r), data: rest.read(r) }
      : { ...numbers, data: rest.read(r) }
  },
  write: (w, property) => {
    w.u32(property.experimenter)
    w.u32(property.expType)
    if (property.selection !== undefined) selectionMethod.write(w, property.selection)
    w.raw(property.data)
  },
}

/** The group property that says how to choose. */
export const selectionMethodOf = (selection: SelectionMethod) => ({
  type: 'experimenter' as const,
  experimenter: netronome,
  expType: selectionMethodType,
  selection,
  data: new Uint8Array(),
})

const groupProperties = list(tlv({ experimenter: [experimenterType, experimenterProperty] }, 8))

export const groupMod = struct({
  command: enumOf(u16, groupCommands, { open: true }),
  groupType: enumOf(u8, groupTypes, { open: true }),
  _pad: pad(1),
  groupId: u32,
  _bucketsLength: sizeOf('buckets', u16, 2),
  _pad2: pad(2),
  /** Which bucket a bucket command is about. */
  commandBucketId: u32,
  buckets: sized('_bucketsLength', list(bucket)),
  properties: groupProperties,
})

/** Requests for one group, or `everything.group`. */
export const groupRequest = struct({ groupId: u32, _pad: pad(4) })

export const groupDesc = struct({
  _length: lengthOf(u16, 2),
  groupType: enumOf(u8, groupTypes, { open: true }),
  _pad: pad(1),
  groupId: u32,
  _bucketsLength: sizeOf('buckets', u16, 2),
  _pad2: pad(6),
  buckets: sized('_bucketsLength', list(bucket)),
  properties: groupProperties,
})

export const groupStats = struct({
  _length: lengthOf(u16, 2),
  _pad: pad(2),
  groupId: u32,
  refCount: u32,
  _pad2: pad(4),
  packetCount: u64,
  byteCount: u64,
  durationSec: u32,
  durationNsec: u32,
  buckets: list(struct({ packetCount: u64, byteCount: u64 })),
})

/** One number for each group type, in the order of `groupTypes`. */
const perType = struct({ all: u32, select: u32, indirect: u32, fastFailover: u32 })

export const groupFeatures = struct({
  /** Bit N: groups of type N. */
  types: u32,
  capabilities: u32,
  maxGroups: perType,
  /** Bit N: action type N may stand in a bucket. */
  actions: perType,
})
